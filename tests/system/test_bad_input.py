"""What no client of a valve controller should send: answered with a fault or closed, and nothing moves."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import until
from tests.system.valve_node import Peer, ValveNode

HALF_OPEN = 600
GROWTH_KB = 24 * 1024
"""More resident memory than this after any one attack is a leak: 600 connections and two unread 64 KiB buffers each would
be less."""
TLS_HELLO = bytes.fromhex("16030100f8010000f40303") + os.urandom(240)
GARBAGE = {
    "bytes": os.urandom(8000) + b"\r\nOpen",
    "zeros": b"\0" * 5000,
    "line ends": b"\r\n\n\r\0" * 2000,
    "a line without end": b"A" * 200_000,
    "an over-long line": b"Open " + b"A" * 5000 + b"\r\n",
    "a command behind an over-long line": b"x" * 4090 + b" Open A" + b"y" * 3000 + b"\r\n",
    "over-long JSON": b'{"command": "Open", "value": "' + b"A" * 70_000 + b'"}\r\n',
    "deep JSON": b"[" * 60_000 + b"\r\n",
    "deep JSON in a member": b'{"command": "Open", "value": ' + b"[" * 30_000 + b"]" * 30_000 + b"}\r\n",
    "broken JSON": b'{"command": "Open", "value": "A"\r\n',
    "JSON, doubled key": b'{"command": "GetValveState", "command": "Open", "value": "A"}\r\n',
    "JSON, not an object": b'["Open", "A"]\r\n',
    "JSON, no verb": b'{"value": "A"}\r\n',
    "JSON, value of another type": b'{"command": "Open", "value": {"A": 1}}\r\n',
    "JSON, infinite within": b'{"command": "Open", "value": "A", "within": 1e999}\r\n',
    "JSON, token of another type": b'{"id": "x:1", "command": "Open", "value": ["A", "B"], "token": "1"}\r\n',
    "broken UTF-8": b"Open \xc3\x28\r\n",
    "broken UTF-8 in JSON": b'{"command": "Open", "value": "\xff"}\r\n',
    "UTF-16": "Open A\r\n".encode("utf-16"),
    "frame, count too small": b"{0006}Open A\r\n",
    "frame, count too large": b"{0010}Open A\r\n",
    "frame, no hex": b"{00ZZ}Open A\r\n",
    "frame in a frame": b"{0016}{000E}Open A\r\n",
    "wrong case": b"open A\r\n",
    "no argument": b"Open\r\n",
    "two spaces": b"Open  A\r\n",
    "two arguments": b"Open A,B\r\n",
    "two words": b"Open A B\r\n",
    "unknown valve": b"Open ZZ\r\n",
    "unknown verb": b"OpenSesame A\r\n",
    "control characters": b"Open A\x07\x1b[2J\r\n",
}
HOSTILE = {
    "GET": b"GET /Open/A HTTP/1.1\r\nHost: localhost\r\n\r\nOpen A\r\n",
    "POST": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nOpen A\r\n",
    "POST of JSON": b'POST / HTTP/1.1\r\nContent-Length: 33\r\n\r\n{"command": "Open", "value": "A"}\r\n',
    "OPTIONS": b"OPTIONS * HTTP/1.0\r\n\r\nOpen A\r\n",
    "TLS": TLS_HELLO + b"\r\nOpen A\r\n",
}


@pytest.fixture(scope="module")
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture(scope="module")
def node(bank, tmp_path_factory):
    with ValveNode(tmp_path_factory.mktemp("bad"), bank) as node:
        yield node


@pytest.fixture
def unmoved(node, bank):
    """Nothing moves by what the test does; the node has its memory back, and obeys others."""
    drives, memory = len(bank.drives), node.memory_kb()
    yield
    assert node.ask("GetIndicatorState A") == "False"
    assert len(bank.drives) == drives
    assert node.memory_kb() - memory < GROWTH_KB
    with Peer(node.port, source="127.0.0.9") as other:
        assert other.ask("Open B") == "OK"
        assert other.ask("Close B") == "OK"
    assert [d.address for d in bank.drives[drives:]] == ["102", "102"]


def all_of(peer):
    """Every byte until the node closes the connection."""
    found = b""
    try:
        while data := peer.socket.recv(65536):
            found += data
    except ConnectionResetError:
        return found
    return found


def send(peer, data):
    """What the node takes of it: it may close in the middle."""
    try:
        peer.send(data)
    except (ConnectionError, TimeoutError):
        return


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_a_fault_or_the_end(what, node, unmoved):
    with Peer(node.port) as peer:
        send(peer, GARBAGE[what])
        send(peer, b"\r\nGetValveState B\r\n")
        lines = []
        while lines[-1:] not in ([""], ["False"]):
            lines.append(peer.line())
    assert all("ERROR 0" in line or '"error"' in line for line in lines[:-1]), lines
    assert len(lines) > 1 or lines == [""] or what in ("line ends", "zeros")


@pytest.mark.parametrize("what", HOSTILE)
def test_a_browser_is_closed_unanswered(what, node, unmoved):
    with Peer(node.port) as peer:
        send(peer, HOSTILE[what])
        assert all_of(peer) == b""


@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
def test_text_that_a_connection_s_end_cuts_off_is_no_command(how, node, unmoved):
    for text in (b"Open A", b"Open A1", b"{000E}Open A", b'{"command": "Open", "value": "A"}'):
        with Peer(node.port) as peer:
            peer.send(text)
            if how == "reset":
                peer.reset()
            elif how == "half-close":
                peer.socket.shutdown(socket.SHUT_WR)
                assert b"OK" not in all_of(peer)


def test_garbage_thrice_in_a_row_ends_the_connection(node, unmoved):
    with Peer(node.port) as peer:
        send(peer, b"\xff\xfe\r\n" * 3 + b"Open A\r\n")
        assert all_of(peer).count(b"\r\n") == 3


def test_half_open_connections_keep_nobody_out(node, unmoved):
    """They say nothing, or the beginning of a line."""
    links = []
    try:
        for n in range(HALF_OPEN):
            link = socket.create_connection(("127.0.0.1", node.port), 10, ("127.0.0.5", 0))
            links.append(link)
            if n % 2:
                link.sendall(b"Open A")
            if n % 100 == 99:
                assert node.ask("GetValveState A") == "False"
        assert node.ask("GetValveState A") == "False"
        # Those that say nothing are closed after 10 s; who said half a line is idle for 15 min.
        links[0].settimeout(30)
        with suppress(ConnectionResetError):
            assert links[0].recv(1) == b""
    finally:
        for link in links:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.close()


def test_a_peer_that_never_reads_holds_nobody_up(node, unmoved):
    """It asks until the node reads no more of it: the node's own memory is bounded."""
    before = node.memory_kb()
    with Peer(node.port, source="127.0.0.6") as deaf:
        deaf.socket.settimeout(0.5)
        flood = b"ListValves\r\n" * 500 + b"GetValveStates\r\n" * 500
        sent = 0
        with pytest.raises(TimeoutError):
            for _ in range(20_000):
                sent += deaf.socket.send(flood)
                if sent % 50 == 0:
                    assert node.ask("GetValveState A") == "False"
        assert node.ask("GetValveState A") == "False"
        assert node.memory_kb() - before < GROWTH_KB


def test_thousands_of_faults_leave_no_memory_behind(node, unmoved):
    until(lambda: node.ask("GetValveState A") == "False", "it answers")
    for _ in range(30):
        with Peer(node.port, source="127.0.0.7") as peer:
            peer.send(b"Open ZZ\r\n" * 50)
            assert [peer.line()[:9] for _ in range(50)] == ["ERROR 005"] * 50
