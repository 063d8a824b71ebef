"""servers/remote_command_server.yaml: the seed's own file, every key, every mistake with its line."""

from pathlib import Path

import pytest

from pychron.config.problems import Report
from pychron.config.yaml_file import YamlTable, parse_yaml
from pychron.rpc.server_file import FILE, ServerSpec, parse_server, read_server_file
from pychron.trust.rights import Right

SEED = "port: 1061\nhost: 0.0.0.0 # listen on all interfaces\n"
WHOLE = """\
port: 2061
host: 0.0.0.0
allow: [192.168.1.7, 10.0.0.0/24]
close_after_reply: true
quiet_s: 0.05
udp:
  port: 2061
  actuate: true
legacy:
  port: 2060
  actuate: true
  from: [192.168.1.9]
"""


def parse(text: str) -> tuple[ServerSpec, Report]:
    report = Report()
    table = parse_yaml(text, Path(FILE), report)
    assert isinstance(table, YamlTable)
    return parse_server(table, report), report


def test_without_a_file_this_machine_only(tmp_path: Path) -> None:
    spec = read_server_file(tmp_path, Report(tmp_path))
    assert (spec.host, spec.port, spec.udp, spec.legacy) == ("127.0.0.1", 1061, None, None)
    assert str(spec.place) == f"{FILE}:0"


def test_the_seeds_file_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / FILE).write_text(SEED)
    report = Report(tmp_path)
    spec = read_server_file(tmp_path, report)
    assert report.problems == []
    assert (spec.host, spec.port, str(spec.place)) == ("0.0.0.0", 1061, f"{FILE}:1")
    rights = spec.rights(("127.0.0.1/8", "192.168.1.5/24"))
    assert rights.of("192.168.1.50") is Right.OPERATE
    assert rights.of("203.0.113.1") is Right.OBSERVE


def test_every_key() -> None:
    spec, report = parse(WHOLE)
    assert report.errors == []
    assert spec.close_after_reply
    assert spec.quiet_s == 0.05
    assert spec.udp is not None
    assert (spec.udp.port, spec.udp.actuate) == (2061, True)
    assert spec.legacy is not None
    assert (spec.legacy.host, spec.legacy.port, spec.legacy.actuate) == ("127.0.0.1", 2060, True)
    assert [str(n) for n in spec.legacy.sources] == ["192.168.1.9/32"]
    assert spec.rights(()).of("10.0.0.77") is Right.OPERATE
    assert sorted(p.code for p in report.warnings) == ["legacy.port", "quiet_s"]


@pytest.mark.parametrize("text", ["allow: any\n", "allow: [any]\n", "allow: ANY\n"])
def test_the_old_openness_is_said(text: str) -> None:
    spec, report = parse("host: 0.0.0.0\n" + text)
    assert spec.anyone
    assert [p.code for p in report.warnings] == ["allow"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("port: 70000\n", 1, "65535"),
        ("port: 1061\nallow: [lab]\n", 2, "192.168.1.7"),
        ("hosst: 0.0.0.0\n", 1, "host"),
        ("legacy:\n  port: 1060\n  actuate: true\n", 3, "from: [ADDRESS]"),
        ("quiet_s: -1\n", 1, "quiet_s"),
        ("udp:\n  port: x\n", 2, "udp.port"),
    ],
)
def test_each_mistake_is_an_error_with_its_line(text: str, line: int, words: str) -> None:
    _, report = parse(text)
    (problem,) = report.errors
    assert problem.place.line == line
    assert words in problem.text


def test_an_empty_list_allows_this_machine_only() -> None:
    spec, _ = parse("host: 0.0.0.0\nallow: []\n")
    assert spec.rights(("192.168.1.5/24",)).of("192.168.1.50") is Right.OBSERVE


def test_a_list_instead_of_keys(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / FILE).write_text("- port\n")
    report = Report(tmp_path)
    assert read_server_file(tmp_path, report).port == 1061
    assert "port: 1061" in report.errors[0].text
