"""Datagrams and the deprecated GET: queries, unless the file says otherwise, and never for a browser."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.rpc.datagrams import MOST_OPEN, CommandDatagrams
from pychron.rpc.legacy import LegacyFactory
from pychron.rpc.server_file import LegacySpec
from pychron.rpc.verbs import Verb
from pychron.trust.addresses import read_network
from pychron.trust.rights import Right
from tests.rpc.bench_of_verbs import BenchOfVerbs


class FakeUdp:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []

    def write(self, data: bytes, addr: Any) -> None:
        self.sent.append((data, addr))


class Datagrams(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()

    def port(self, actuate: bool) -> tuple[CommandDatagrams, FakeUdp]:
        protocol, udp = CommandDatagrams(self.bench.dispatcher, actuate), FakeUdp()
        protocol.transport = udp
        return protocol, udp

    def test_a_query_is_answered_with_or_without_a_line_end(self) -> None:
        protocol, udp = self.port(False)
        for text in (b"State A", b"State A\r", b"{000F}State A\r\n"):
            protocol.datagramReceived(text, ("10.0.0.1", 7))
        self.assertEqual([data[-4:] for data, _ in udp.sent], [b"OK\r\n"] * 3)
        self.assertEqual(udp.sent[0][1], ("10.0.0.1", 7))

    def test_nothing_moves_unless_the_file_says_so(self) -> None:
        protocol, udp = self.port(False)
        protocol.datagramReceived(b"Open A", ("10.0.0.1", 7))
        self.assertIn(b"actuate: true", udp.sent[0][0])
        protocol, udp = self.port(True)
        protocol.datagramReceived(b"Open A", ("10.0.0.1", 7))
        protocol.datagramReceived(b"Open B", ("192.0.2.1", 7))
        self.assertEqual(self.bench.begun, ["Open A"])
        self.bench.ends["Open A"].callback(True)
        self.assertEqual(udp.sent[-1][0], b"OK\r\n")
        self.assertEqual(protocol._open, {})

    def test_what_changes_something_without_moving_it_is_no_query_either(self) -> None:
        protocol, udp = self.port(False)
        self.bench.verbs.register(Verb("Unlock", Right.OPERATE, lambda call: self.fail("it was begun")))
        protocol.datagramReceived(b"Unlock A", ("10.0.0.1", 7))
        self.assertIn(b"actuate: true", udp.sent[0][0])

    def test_garbage_and_http_leave_nothing_behind(self) -> None:
        protocol, _ = self.port(True)
        for text in (b"", b"\r\n", b"\xff" * 3000, b"GET / HTTP/1.1\r\n\r\n", b"x" * 9000, b"\1\n\2\n\3\n"):
            protocol.datagramReceived(text, ("10.0.0.1", 7))
        self.assertEqual((protocol._open, self.bench.begun), ({}, []))

    def test_a_flood_of_slow_requests_is_bounded(self) -> None:
        protocol, _ = self.port(True)
        for n in range(MOST_OPEN + 50):
            protocol.datagramReceived(b"Open V%d" % n, ("10.0.0.1", 7))
        self.assertEqual(len(self.bench.calls), MOST_OPEN)


class Transport(StringTransport):
    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.connected = False


class Legacy(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()

    def ask(self, text: bytes, actuate: bool = False, host: str = "10.0.0.1") -> Transport:
        network = read_network("10.0.0.1")
        assert network is not None
        spec = LegacySpec(1060, Place("F"), actuate=actuate, sources=(network,))
        factory = LegacyFactory(self.bench.dispatcher, self.bench.clock, spec)
        protocol = factory.buildProtocol(IPv4Address("TCP", host, 5))
        assert protocol is not None
        transport = Transport()
        protocol.makeConnection(transport)
        for n in range(len(text)):
            protocol.dataReceived(text[n : n + 1])
        self.addCleanup(protocol.connectionLost, Failure(ConnectionDone()))
        return transport

    def test_both_ways_to_ask(self) -> None:
        bare = self.ask(b"GET /State/A\r\n")
        self.assertEqual((bare.value(), bare.disconnecting), (b"OK\r\n", True))
        http = self.ask(b"GET /State/A HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(http.value().startswith(b"HTTP/1.0 200 OK\r\n"))
        self.assertTrue(http.value().endswith(b"\r\n\r\nOK\r\n"))
        self.ask(b"GET /State/a%20b/c\r\n")
        self.assertEqual(self.bench.begun[-1], "State a b,c")

    def test_it_moves_only_where_all_conditions_hold(self) -> None:
        self.ask(b"GET /Open/A\r\n")
        self.ask(b"GET /Open/B\r\n", actuate=True, host="10.0.0.2")
        for header in (b"Origin: http://x", b"referer : x", b"Sec-Fetch-Mode: cors"):
            self.ask(b"GET /Open/C HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n", actuate=True)
        self.assertEqual(self.bench.begun, [])
        self.ask(b"GET /Open/D HTTP/1.1\r\nHost: x\r\n\r\n", actuate=True)
        self.assertEqual(self.bench.begun, ["Open D"])

    def test_a_browser_changes_nothing_without_moving_it(self) -> None:
        self.bench.verbs.register(Verb("Unlock", Right.OPERATE, lambda call: self.fail("it was begun")))
        refused = self.ask(b"GET /Unlock/A HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n\r\n", actuate=True)
        self.assertIn(b"queries only", refused.value())

    def test_what_is_no_such_request(self) -> None:
        for text in (
            b"POST /Open/A\r\n",
            b"GET Open\r\n",
            b"GET /\r\n",
            b"GET /Open/A%0d%0aOpen%20B\r\n",
            b"\xff\r\n",
        ):
            transport = self.ask(text, actuate=True)
            self.assertIn(b"ERROR 004", transport.value())
        self.assertEqual(self.bench.begun, [])
        self.assertTrue(self.ask(b"GET /" + b"a" * 9000).aborted)

    def test_half_a_request_is_let_go(self) -> None:
        transport = self.ask(b"GET /State/A HTTP/1.1\r\nHost")
        self.bench.clock.advance(11)
        self.assertTrue(transport.aborted)
        self.assertEqual(self.bench.begun, [])
