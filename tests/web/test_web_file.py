"""web.yaml: what it says, and what is wrong in it, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pychron.config.problems import Report
from pychron.web.web_file import PORTS, read_web

HASH = "ab" * 32


def read(root, text=None, role="valve", port=None):
    if text is not None:
        (root / "setupfiles").mkdir()
        (root / "setupfiles" / "web.yaml").write_text(text)
    report = Report(root)
    return read_web(root, role, port, report), [str(problem) for problem in report.problems]


@pytest.mark.parametrize(
    ("role", "port"), [("valve", 8888), ("experiment", 8889), ("furpi", 8890), ("crunch", 8891)]
)
def test_without_a_file_it_is_loopback_and_read_only(tmp_path, role, port):
    spec, problems = read(tmp_path, role=role)
    assert (spec.host, spec.port, spec.actuate, problems) == ("127.0.0.1", port, False, [])


def test_the_option_stands_over_the_file(tmp_path):
    spec, problems = read(tmp_path, "port: 9000\nhost: 0.0.0.0\nnames: [Valves.lab]\n", port=0)
    assert (spec.port, spec.host, spec.names, problems) == (0, "0.0.0.0", ("valves.lab",), [])


def test_it_moves_valves_only_with_a_token(tmp_path):
    spec, problems = read(tmp_path, f"actuate: true\ntoken_sha256: {HASH}\n")
    assert (spec.actuate, spec.token_sha256, problems) == (True, HASH, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("actuate: true\n", "setupfiles/web.yaml:1: error: web: actuate: true takes a token_sha256"),
        (
            "actuate: true\ntoken_sha256: secret\n",
            "setupfiles/web.yaml:2: error: web: token_sha256: write the 64 digits",
        ),
        ("port: 99999\n", "setupfiles/web.yaml:1: error"),
        ("prot: 1\n", "did you mean port?"),
        ("- 1\n", "write keys here"),
    ],
)
def test_what_is_wrong_is_told_and_never_opens_the_page(tmp_path, text, said):
    spec, problems = read(tmp_path, text)
    assert any(said in problem for problem in problems)
    assert not spec.actuate


def test_prometheus_reads_each_role_at_its_port():
    file = yaml.safe_load((Path(__file__).parents[2] / "etc" / "prometheus" / "prometheus.yml").read_text())
    [job] = file["scrape_configs"]
    assert job["job_name"] == "pychron", "the alert rules name it"
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{port}" for port in PORTS.values()]
