"""Where a node is, as people write it."""

from pathlib import Path

import click
import pytest

from pychron.cli.address import Address, parse, socket_of, split_target
from pychron.cli.exits import Unreached


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.50", "192.0.2.50", 1061),
        ("192.0.2.50:1062", "192.0.2.50", 1062),
        (":1062", "127.0.0.1", 1062),
        ("[2001:db8::1]:1062", "2001:db8::1", 1062),
        ("[2001:db8::1]", "2001:db8::1", 1061),
        ("2001:db8::1", "2001:db8::1", 1061),
        ("valves.lab", "valves.lab", 1061),
        ("tür.lab", "xn--tr-xka.lab", 1061),
    ],
)
def test_hosts_and_ports(text: str, host: str, port: int) -> None:
    assert parse(text) == Address(host=host, port=port)


@pytest.mark.parametrize(
    "text", ["a:b", "a:0", "a:65536", "a:-1", "Open A", "unix:", "a:１", "a..b", "x" * 70, "a\x01", "\udcff"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse(text)


def test_a_unix_socket() -> None:
    assert str(parse("unix:lab/.appdata/pyvalve/node.sock")) == "unix:lab/.appdata/pyvalve/node.sock"


def test_an_address_is_written_as_it_is_read() -> None:
    for text in ("192.0.2.50:1061", "[2001:db8::1]:1061"):
        assert str(parse(text)) == text


def test_the_socket_of_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[Path] = []
    monkeypatch.setattr("pychron.cli.address.answers", lambda path: path in alive)
    with pytest.raises(Unreached, match="there is no node"):
        socket_of(tmp_path)
    sockets = [tmp_path / ".appdata" / name / "node.sock" for name in ("pyvalve", "pyvalve-simulated")]
    for path in sockets:
        path.parent.mkdir(parents=True)
        path.touch()
    with pytest.raises(Unreached, match="one that died"):
        socket_of(tmp_path)
    alive.append(sockets[1])
    assert socket_of(tmp_path) == Address(path=str(sockets[1]))
    alive.append(sockets[0])
    with pytest.raises(Unreached, match="2 nodes run"):
        socket_of(tmp_path)


def test_the_first_word_is_the_node() -> None:
    assert split_target(("192.0.2.50", "Open", "A"), None, "a request") == (
        parse("192.0.2.50"),
        ["Open", "A"],
    )
    with pytest.raises(click.UsageError, match="a request is missing"):
        split_target(("192.0.2.50",), None, "a request")
    with pytest.raises(click.UsageError, match="name a node"):
        split_target((), None, "a request")
