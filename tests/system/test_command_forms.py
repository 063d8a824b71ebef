"""One command port understands three request forms, and moves nothing for a frame that is not whole."""

import json

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.valve_node import Peer, ValveNode

FORMS = {
    "framed": b"{000E}Open A\r\n",
    "framed as the seed shows it": b"{000F}Open A\r\n",
    "plain, CR": b"Open A\r",
    "plain, LF": b"Open A\n",
    "plain, CRLF": b"Open A\r\n",
    "plain, NUL": b"Open A\0",
    "JSON, value": b'{"command": "Open", "value": "A"}\r\n',
    "JSON, with an id": b'{"id": "test", "command": "Open", "value": "A"}\n',
}


@pytest.fixture(scope="module")
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture(scope="module")
def node(bank, tmp_path_factory):
    with ValveNode(tmp_path_factory.mktemp("forms"), bank) as node:
        yield node


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    with ValveNode(tmp_path_factory.mktemp("simulated")) as node:
        node.ask("Close A")
        yield node


def says_done(form, reply):
    """Each form is answered in its own; JSON without an id in plain text."""
    if form.startswith("framed"):
        return reply == "{000A}OK"
    return json.loads(reply) == {"id": "test", "result": "OK"} if "id" in form else reply == "OK"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_opens(form, node, bank):
    before = len(bank.drives)
    with Peer(node.port) as peer:
        assert says_done(form, peer.ask(FORMS[form]))
        assert bank.is_open("101")
        assert peer.ask("GetValveState A") == "OK"
        assert peer.ask("Close A") == "OK"
    assert not bank.is_open("101")
    assert [d.opens for d in bank.drives[before:]] == [True, False]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_opens_on_a_simulated_root(form, simulated):
    with Peer(simulated.port) as peer:
        assert says_done(form, peer.ask(FORMS[form]))
        assert simulated.valves()["A"]["state"] == "open"
        assert peer.ask("Close A") == "OK"
        assert peer.ask("GetValveState A") == "False"


def test_a_simulated_node_says_so(simulated, node):
    assert simulated.json("GetVersion")["result"]["simulated"] is True
    assert node.json("GetVersion")["result"]["simulated"] is False


@pytest.mark.parametrize("count", ["0010", "000D", "FFFF", "000e ", "zzzz", "-00E", "+00E", "000"])
def test_a_frame_with_another_count_moves_nothing(count, node, bank):
    before = len(bank.drives)
    with Peer(node.port) as peer:
        reply = peer.ask(f"{{{count}}}Open A")
        assert reply == "" or "ERROR 00" in reply, reply
    assert node.ask("GetValveState A") == "False"
    assert len(bank.drives) == before


def test_a_frame_s_count_may_be_written_in_either_case(node, bank):
    with Peer(node.port) as peer:
        assert peer.ask(b"{000e}Open A\r\n") == "{000A}OK"
        assert peer.ask(b"{000f}Close A\r\n") == "{000A}OK"
    assert not bank.is_open("101")


def test_replies_keep_the_order_of_requests_whatever_their_form(node):
    with Peer(node.port) as peer:
        peer.send(b'Open A\r\n{0017}GetValveState A\r\n{"command":"Close","value":"A"}\n')
        peer.send(b"GetValveState A\rGetValveState NONE\n")
        replies = [peer.line() for _ in range(5)]
    # A close waits behind no open: the open may be done before it, or give way to it.
    assert replies[0] == "OK" or replies[0].startswith("ERROR 015"), replies
    assert replies[1] in ("{000A}OK", "{000D}False")
    assert replies[2] in ("OK", "ok")
    assert replies[3] == "False"
    assert replies[4].startswith("ERROR 005 : NONE is not a registered valve name")


def test_close_open_close_at_once_leaves_it_closed(node, bank):
    """The second close is not taken for a copy of the first, however quickly it follows."""
    with Peer(node.port) as peer:
        for _ in range(20):
            peer.send(b"Close A\rOpen A\r")
            peer.send(b"Close A\r")
            assert [peer.line() for _ in range(3)][2] in ("OK", "ok")
            assert not bank.is_open("101")
            assert peer.ask("GetValveState A") == "False"


def test_an_installed_client_is_satisfied(node, bank):
    """Spec 2.2: one recv a request and no read terminator; the state is asked on the same connection or on a new one."""
    replies = []
    with Peer(node.port) as peer:
        for text in (b"Open A\r", b"GetIndicatorState A\r"):
            peer.socket.sendall(text)
            replies.append(peer.socket.recv(4096).strip())
    for text in (b"Close A\r", b"GetIndicatorState A\r"):
        with Peer(node.port) as peer:
            peer.socket.sendall(text)
            replies.append(peer.socket.recv(4096).strip())
    assert replies == [b"OK", b"OK", b"OK", b"False"]
    assert not bank.is_open("101")
