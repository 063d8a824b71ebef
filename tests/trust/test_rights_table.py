"""Rights by address, as one table: listener, list in the file, peer, right."""

import pytest

from pychron.trust.addresses import UNIX, Rights, is_loopback, read_network, rights_for
from pychron.trust.rights import Right

INTERFACES = ("127.0.0.1/8", "::1/128", "192.168.1.5/24", "fe80::1/64", "10.1.2.3/32", "0.0.0.0/0")


def networks(*texts: str) -> tuple:
    return tuple(read_network(text) for text in texts)


@pytest.mark.parametrize(
    ("host", "allow", "address", "right"),
    [
        ("0.0.0.0", None, "192.168.1.77", Right.OPERATE),
        ("0.0.0.0", None, "192.168.2.77", Right.OBSERVE),
        ("0.0.0.0", None, "::ffff:192.168.1.77", Right.OPERATE),
        ("0.0.0.0", None, "fe80::9%eth0", Right.OPERATE),
        ("0.0.0.0", None, "10.1.2.3", Right.OPERATE),
        ("0.0.0.0", None, "10.1.2.4", Right.OBSERVE),
        ("0.0.0.0", None, "127.0.0.1", Right.OPERATE),
        ("0.0.0.0", None, "::1", Right.OPERATE),
        ("0.0.0.0", None, "", Right.OBSERVE),
        ("127.0.0.1", None, "192.168.1.77", Right.OBSERVE),
        ("localhost", None, "127.0.0.1", Right.OPERATE),
        ("0.0.0.0", ("10.0.0.0/8",), "192.168.1.77", Right.OBSERVE),
        ("0.0.0.0", ("10.0.0.0/8",), "10.9.9.9", Right.OPERATE),
        ("0.0.0.0", ("192.168.1.77",), "192.168.1.77", Right.OPERATE),
        ("0.0.0.0", (), "192.168.1.77", Right.OBSERVE),
        ("0.0.0.0", (), "127.0.0.1", Right.OPERATE),
        ("0.0.0.0", None, UNIX, Right.ADMINISTER),
    ],
)
def test_rights(host: str, allow: tuple[str, ...] | None, address: str, right: Right) -> None:
    allowed = None if allow is None else networks(*allow)
    assert rights_for(host, allowed, False, INTERFACES).of(address) is right


def test_anyone_operates_and_nobody_administers() -> None:
    rights = rights_for("0.0.0.0", None, True, INTERFACES)
    assert rights.of("203.0.113.9") is Right.OPERATE
    assert rights.of(UNIX) is Right.ADMINISTER


def test_the_remedy_is_the_line_to_write() -> None:
    assert "add 192.0.2.1 to the list allow:" in Rights(said=True).remedy("192.0.2.1", "F")
    assert "allow: [192.0.2.1] in F" in Rights().remedy("192.0.2.1", "F")


def test_words_that_are_no_networks() -> None:
    assert read_network("lab") is None
    assert read_network("192.168.1.300") is None
    assert not is_loopback("example.org")
    assert is_loopback("127.8.8.8")
