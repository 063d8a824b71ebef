"""Device files of valve controllers: the seed's, those of installed clients, and what is wrong in them."""

from pathlib import Path

import pytest

from pychron.config.device_file import read_device_file
from pychron.config.problems import Report
from pychron.extraction_line.remote.file import Polls, RemoteSettings, read_remote

SEED = """\
name: ExtractionLine
klass: RemoteExtractionLineManager
host: 192.168.1.50 # IP of the pyValve machine
port: 1061
timeout: 2
"""
INSTALLED = """\
[General]
name = pyvalve
klass = PychronGPActuator
[Communications]
type = ethernet
host = 192.0.2.50
port = 8000
kind = TCP
timeout = 1.5
"""


def read(
    tmp_path: Path, text: str, name: str = "extraction_line.yaml"
) -> tuple[RemoteSettings | None, Report]:
    path = tmp_path / name
    path.write_text(text)
    report = Report(tmp_path)
    device = read_device_file(path, report)
    assert device is not None
    return read_remote(device, report), report


def test_the_seeds_file_word_for_word(tmp_path: Path) -> None:
    found, report = read(tmp_path, SEED)
    assert report.problems == []
    assert found is not None
    assert (found.name, found.address, found.timeout_s) == ("ExtractionLine", "192.168.1.50:1061", 2.0)
    assert str(found.place) == "extraction_line.yaml:3"
    assert (found.publish_port, found.polls) == (5555, Polls(1.0, 3, 3, 5, 5))
    assert not found.accept_simulated


def test_an_installed_clients_file(tmp_path: Path) -> None:
    found, report = read(tmp_path, INSTALLED, "pyvalve.cfg")
    assert report.problems == []
    assert found is not None
    assert (found.name, found.address, found.timeout_s) == ("pyvalve", "192.0.2.50:8000", 1.5)


def test_our_own_keys(tmp_path: Path) -> None:
    more = (
        "publish_port: 0\naccept_simulated: true\nupdate_period: 0.5\nstate_freq: 2\nchecksum_freq: 0\n"
        "lock_freq: 7\nowner_freq: 9\nlate_s: 8\n"
    )
    found, report = read(tmp_path, SEED + more)
    assert report.problems == []
    assert found is not None
    assert (found.publish_port, found.accept_simulated, found.late_s) == (0, True, 8.0)
    assert found.polls == Polls(0.5, 2, 0, 7, 9)
    assert found.polls.read_period_s == 1.0


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("host: 1.2.3 .4", "is no host name"),
        ("kind: UDP", "write kind = TCP"),
        ("state_freq: often", "is not a whole number"),
        ("update_period: 0", "out of range"),
        ("publish_port: 70000", "out of range"),
        ("accept_simulated: maybe", "neither true nor false"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, line: str, text: str) -> None:
    kept = [row for row in SEED.splitlines() if row.partition(":")[0] != line.partition(":")[0]]
    _, report = read(tmp_path, "\n".join([*kept, line, ""]))
    assert [str(p) for p in report.problems if text in p.text and p.place.line == len(kept) + 1]


def test_without_a_host_there_is_no_controller(tmp_path: Path) -> None:
    found, report = read(tmp_path, "name: X\nklass: RemoteExtractionLineManager\nport: 1061\n")
    assert found is None
    assert "has no host" in report.errors[0].text
