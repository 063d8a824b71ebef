"""Replies of our nodes, of installed servers, and of things that are neither."""

import pytest

from pychron.cli.address import parse
from pychron.cli.client import Client, Reply, framed, read_reply
from pychron.cli.exits import Unreached


def test_a_frame_counts_all_of_itself() -> None:
    assert framed("Open A") == b"{000E}Open A\r\n"
    assert len(framed("Öffne A")) == int(framed("Öffne A")[1:5], 16)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b'{"id": "a:1", "result": "OK"}', Reply("OK")),
        (b'{"id": "a:1", "result": null}', Reply(None)),
        (b'{"id": "a:1", "result": {"A": 1}}', Reply({"A": 1})),
        (b'{"id": "a:1", "error": {"code": 14, "text": "locked"}}', Reply(code=14, text="locked")),
        (b'{"id": "a:1", "error": {"code": "x"}}', Reply(code=2, text="")),
        (b'{"A": 1}', Reply({"A": 1})),
        (b"OK", Reply("OK")),
        (
            b"ERROR 015 : Valve A failed to actuate open",
            Reply(code=15, text="Valve A failed to actuate open"),
        ),
        (b"ERROR x", Reply(code=2, text="ERROR x")),
        (b"{broken", Reply("{broken")),
        (b"\xff\xfe", Reply("\ufffd\ufffd")),
    ],
)
def test_what_a_line_says(line: bytes, reply: Reply) -> None:
    assert read_reply(line) == reply


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(True), "OK"),
        (Reply(False), "False"),
        (Reply(None), "No Response"),
        (Reply(1.2e-8), "1.2e-08"),
        (Reply(["a"]), '[\n  "a"\n]'),
        (
            Reply(code=5, text="Q is not a registered valve name"),
            "ERROR 005 : Q is not a registered valve name",
        ),
    ],
)
def test_words_as_plain_clients_read_them(reply: Reply, words: str) -> None:
    assert reply.words == words


def test_a_request_has_an_identity_and_a_time(answer) -> None:
    wire = answer({"result": "OK"})
    assert Client(parse("192.0.2.50")).ask("Open", "A") == Reply("OK")
    assert wire.requests == [{"command": "Open", "value": "A", "within": 2.0}]


def test_two_requests_never_share_an_identity(answer) -> None:
    wire = answer({"result": "OK"}, {"result": "OK"})
    client = Client(parse("192.0.2.50"))
    client.ask("Open", "A")
    client.ask("Open", "A")
    wire.close()
    assert wire.asked[0] != wire.asked[1]


def test_an_installed_server_closes_instead_of_ending_a_line(answer) -> None:
    answer(b"OK")
    assert Client(parse("192.0.2.50")).send("GetValveState A", "plain") == Reply("OK")


def test_an_end_without_a_word_is_no_reply(answer) -> None:
    answer(b"")
    with pytest.raises(Unreached, match="closed without a reply"):
        Client(parse("192.0.2.50")).ask("Bogus")
