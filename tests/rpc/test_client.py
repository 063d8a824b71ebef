"""The client: replies by their id, a deadline that aborts first, one request a connection for installed servers."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from pychron.rpc.client import Cut, NotConnected, PeerClient, PeerRefused, ask_once


class Transport(StringTransport):
    protocol: Any
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.end(ConnectionLost())

    def loseConnection(self) -> None:
        self.end(ConnectionDone())

    def end(self, why: Exception) -> None:
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(Failure(why))


class Peer:
    """A host in a world of one: refuses, or accepts and keeps its ends."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.up = True
        self.ends: list[Transport] = []

    def tcp_client(self, host: str, port: int, timeout_s: float) -> Any:
        return self

    def connect(self, factory: Any) -> Deferred[Any]:
        if not self.up:
            return fail(ConnectionRefusedError())
        protocol = factory.buildProtocol(None)
        end = Transport()
        self.ends.append(end)
        made: Deferred[Any] = Deferred()
        made.callback(protocol)
        # ClientService wraps the protocol that its factory makes.
        end.protocol = protocol
        protocol.makeConnection(end)
        return made

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line[6:]) for line in self.ends[-1].value().splitlines()]

    def answer(self, document: object) -> None:
        body = json.dumps(document).encode() + b"\r\n"
        self.ends[-1].protocol.dataReceived(b"{%04X}" % (len(body) + 6) + body)


class Asking(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.peer = Peer(self.clock)
        self.world: Any = SimpleNamespace(wire=self.clock, streams=self.peer, random=random.Random(1))
        self.number = 0
        self.log: list[str] = []
        self.client = PeerClient(self.world, "10.0.0.1", 1061, 2.0, self.next_id)

    def next_id(self) -> str:
        self.number += 1
        return f"boot:{self.number}"

    def start(self) -> None:
        self.client.start(lambda: self.log.append("up"), lambda why: self.log.append("down"))

    def ask(self, verb: str = "State", timeout_s: float = 1.0, **members: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.client.ask(verb, "A", timeout_s, members))

    def test_pipelined_requests_find_their_replies_by_id(self) -> None:
        self.start()
        first, second = self.ask("State"), self.ask("Open", within=0.5)
        self.assertEqual([r["id"] for r in self.peer.requests], ["boot:1", "boot:2"])
        self.assertEqual(self.peer.requests[1]["within"], 0.5)
        self.peer.answer({"id": "boot:2", "error": {"code": 14, "text": "locked", "kind": "Locked"}})
        self.peer.answer({"id": "boot:1", "result": True})
        self.assertEqual(self.successResultOf(first), True)
        self.assertEqual(self.failureResultOf(second, PeerRefused).value.error["kind"], "Locked")

    def test_a_reply_in_pieces(self) -> None:
        self.start()
        asked = self.ask()
        reply = b'{0022}{"id":"boot:1","result":1}\r\n'
        for place in range(len(reply)):
            self.assertNoResult(asked)
            self.peer.ends[-1].protocol.dataReceived(reply[place : place + 1])
        self.assertEqual(self.successResultOf(asked), 1)

    def test_at_its_deadline_the_connection_is_aborted_and_made_again(self) -> None:
        self.start()
        late, other = self.ask(timeout_s=1.0), self.ask(timeout_s=9.0)
        self.clock.advance(1.0)
        self.assertTrue(self.peer.ends[0].aborted)
        self.assertFalse(self.failureResultOf(late, Cut).value.closed)
        self.failureResultOf(other, Cut)
        self.failureResultOf(self.ask(), NotConnected)
        self.clock.advance(1.0)
        self.assertEqual(len(self.peer.ends), 2)
        self.assertEqual(self.log, ["up", "down", "up"])

    def test_a_caller_that_gives_up_aborts_too(self) -> None:
        self.start()
        asked = self.ask(timeout_s=60.0)
        asked.addErrback(lambda failure: None)
        asked.cancel()
        self.assertTrue(self.peer.ends[0].aborted)

    def test_nonsense_ends_the_connection(self) -> None:
        for nonsense in (b"OK\r\n", b"{0004}{}\r\n", b"[" * 5000 + b"\n"):
            self.setUp()
            self.start()
            asked = self.ask()
            self.peer.ends[-1].protocol.dataReceived(nonsense)
            self.failureResultOf(asked, Cut)
            self.assertTrue(self.peer.ends[-1].aborted)

    def test_an_unknown_id_is_nobodys(self) -> None:
        self.start()
        asked = self.ask()
        self.peer.answer({"id": "other:9", "result": 1})
        self.assertNoResult(asked)
        self.peer.answer({"id": "boot:1", "result": 2})
        self.assertEqual(self.successResultOf(asked), 2)

    def test_a_peer_that_is_down_is_told_once_and_tried_again(self) -> None:
        self.peer.up = False
        self.start()
        self.clock.pump([0.1] * 300)
        self.assertEqual(self.log, ["down"])
        self.failureResultOf(self.ask(), NotConnected)
        self.peer.up = True
        self.clock.pump([0.1] * 100)
        self.assertEqual(self.log, ["down", "up"])

    def test_stopping_ends_what_is_under_way(self) -> None:
        self.start()
        asked = self.ask(timeout_s=60.0)
        self.successResultOf(Deferred.fromCoroutine(self.client.stop()))
        self.failureResultOf(asked, Cut)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Once(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.peer = Peer(self.clock)
        self.world: Any = SimpleNamespace(wire=self.clock, streams=self.peer, random=random.Random(1))

    def ask(self) -> Deferred[bytes]:
        return Deferred.fromCoroutine(ask_once(self.world, "h", 1, b"Open A\r", 2.0))

    def test_an_installed_reply_is_read_to_the_end_of_the_connection(self) -> None:
        asked = self.ask()
        end = self.peer.ends[0]
        self.assertEqual(end.value(), b"Open A\r")
        for part in (b"ERROR 005", b" : ZZ"):
            end.protocol.dataReceived(part)
            self.assertNoResult(asked)
        end.end(ConnectionDone())
        self.assertEqual(self.successResultOf(asked), b"ERROR 005 : ZZ")

    def test_one_of_ours_keeps_it_open_and_ends_the_line(self) -> None:
        asked = self.ask()
        self.peer.ends[0].protocol.dataReceived(b"OK\r\n")
        self.assertEqual(self.successResultOf(asked), b"OK\r\n")

    def test_an_end_without_a_byte_is_an_empty_reply_a_reset_is_none(self) -> None:
        asked = self.ask()
        self.peer.ends[0].end(ConnectionDone())
        self.assertEqual(self.successResultOf(asked), b"")
        asked = self.ask()
        self.peer.ends[1].protocol.dataReceived(b"O")
        self.peer.ends[1].end(ConnectionLost())
        self.assertTrue(self.failureResultOf(asked, Cut).value.closed)

    def test_silence_is_cut_and_a_refusal_wrote_nothing(self) -> None:
        asked = self.ask()
        self.clock.advance(2.0)
        self.assertTrue(self.peer.ends[0].aborted)
        self.assertFalse(self.failureResultOf(asked, Cut).value.closed)
        self.peer.up = False
        self.failureResultOf(self.ask(), NotConnected)
