"""The server with in-memory transports: who is let in, how long a silent one stays, a peer that does not read."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from pychron.rpc.connection import CommandConnection
from pychron.rpc.server import CannotListen, RemoteCommandServer
from pychron.rpc.verbs import Call, Verb, VerbTable
from pychron.trust.addresses import Rights, read_network
from pychron.trust.rights import Right


class FakePort:
    def __init__(self) -> None:
        self.open = True

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 1061)

    def stopListening(self) -> None:
        self.open = False


class FakeEndpoint:
    def __init__(self) -> None:
        self.factory: Any = None
        self.port = FakePort()

    def listen(self, factory: Any) -> Deferred[FakePort]:
        self.factory = factory
        return succeed(self.port)


class Transport(StringTransport):
    """Ends its protocol's life as a socket would."""

    aborted = False
    protocol: CommandConnection

    def abortConnection(self) -> None:
        self.aborted = True
        self.end()

    def loseConnection(self) -> None:
        self.end()

    def end(self) -> None:
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(Failure(ConnectionDone()))


class Server(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.calls: list[Call] = []
        self.ends: list[Deferred[object]] = []
        verbs = VerbTable()
        verbs.register(
            Verb("State", Right.OBSERVE, self._state),
            Verb("Open", Right.OPERATE, self._open, moves=True),
            Verb("Stop", Right.ADMINISTER, self._state),
        )
        network = read_network("10.0.0.0/8")
        assert network is not None
        self.server = RemoteCommandServer(self.clock, verbs, Rights((network,)), most=20)
        self.tcp, self.unix = FakeEndpoint(), FakeEndpoint()
        self.server.add_tcp(self.tcp, "0.0.0.0:1061", "port")
        self.server.add_tcp(self.unix, "", "")
        self.server._listeners[1].unix = True
        self.successResultOf(self.server.open())

    def _state(self, call: Call) -> object:
        self.calls.append(call)
        return True

    def _open(self, call: Call) -> Deferred[object]:
        self.calls.append(call)
        self.ends.append(Deferred())
        return self.ends[-1]

    def connect(self, host: str = "10.0.0.1") -> Transport | None:
        address = UNIXAddress("x") if host == "unix" else IPv4Address("TCP", host, 5000)
        protocol = (self.unix if host == "unix" else self.tcp).factory.buildProtocol(address)
        if protocol is None:
            return None
        transport = Transport(peerAddress=address)
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return transport

    def must(self, host: str = "10.0.0.1") -> Transport:
        transport = self.connect(host)
        assert transport is not None
        return transport

    def pass_time(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))

    def test_a_request_is_answered_on_its_transport(self) -> None:
        transport = self.must()
        transport.protocol.dataReceived(b"State A\r")
        self.assertEqual(transport.value(), b"OK\r\n")
        self.assertEqual(self.calls[0].peer.right, Right.OPERATE)

    def test_the_own_socket_administers_and_a_stranger_observes(self) -> None:
        own, stranger = self.must("unix"), self.must("192.0.2.1")
        own.protocol.dataReceived(b"Stop\r\n")
        stranger.protocol.dataReceived(b"Open A\r\nState A\r\n")
        self.assertEqual(own.value(), b"OK\r\n")
        self.assertTrue(stranger.value().startswith(b"ERROR 013"))
        self.assertTrue(stranger.value().endswith(b"\r\nOK\r\n"))

    def test_eight_places_are_kept_for_owners_and_the_own_socket(self) -> None:
        self.server.is_owner = lambda address: address == "10.0.0.99"
        for n in range(12):
            self.assertIsNotNone(self.connect(f"10.0.1.{n}"))
        self.assertIsNone(self.connect("10.0.0.1"))
        self.assertIsNone(self.connect("127.0.0.1"))
        for _ in range(7):
            self.must("unix")
        owner = self.must("10.0.0.99")
        self.assertIsNone(self.connect("unix"))
        owner.end()
        self.must("unix")
        self.assertEqual((self.server.counters.refused, self.server.counters.connected), (3, 20))

    def test_half_open_ones_keep_nobody_out(self) -> None:
        asked, waits = self.must("10.0.1.1"), self.must("10.0.1.2")
        asked.protocol.dataReceived(b"State A\r\n")
        waits.protocol.dataReceived(b"Open A\r\n")
        mute = [self.must(f"10.0.1.{n}") for n in range(3, 13)]
        mute[0].protocol.dataReceived(b"Op")
        self.assertIsNone(self.connect("10.0.0.1"))
        self.pass_time(1.25)
        for n in range(10):
            self.must(f"10.0.2.{n}").protocol.dataReceived(b"State A\r\n")
        self.pass_time(1.25)
        self.assertEqual([t.connected for t in mute], [False] * 10)
        self.assertTrue(asked.connected and waits.connected)
        # Those that ask keep their places, and who is over the limit of an address costs nobody his.
        self.assertIsNone(self.connect("10.0.0.1"))
        self.assertEqual(self.server.counters.connected, 12)

    def test_an_owner_whose_sixty_four_hang_still_gets_in(self) -> None:
        self.server._doorkeeper.most = 2000
        for _ in range(64):
            self.must("10.0.0.99")
        self.assertIsNone(self.connect("10.0.0.99"))
        self.server.is_owner = lambda address: address == "10.0.0.99"
        for _ in range(8):
            self.must("10.0.0.99")
        self.assertIsNone(self.connect("10.0.0.99"))

    def test_sixty_four_an_address_but_any_number_from_this_machine(self) -> None:
        self.server._doorkeeper.most = 2000
        transports = [self.connect() for _ in range(65)]
        self.assertIsNone(transports[64])
        self.assertTrue(all(self.connect("127.0.0.1") for _ in range(100)))
        self.assertIsNotNone(self.connect("10.0.0.2"))
        transports[0].end()
        self.assertIsNotNone(self.connect())

    def test_one_that_never_speaks_is_let_go_after_ten_seconds(self) -> None:
        silent, speaking = self.must(), self.must()
        speaking.protocol.dataReceived(b"State A\r\n")
        self.pass_time(9.5)
        self.assertTrue(silent.connected)
        self.pass_time(2)
        self.assertTrue(silent.aborted)
        self.assertTrue(speaking.connected)

    def test_an_idle_one_is_let_go_after_a_quarter_of_an_hour_an_owner_never(self) -> None:
        self.server.is_owner = lambda address: address == "10.0.0.99"
        idle, owner, asking = self.must(), self.must("10.0.0.99"), self.must()
        for transport in (idle, owner):
            transport.protocol.dataReceived(b"State A\r\n")
        asking.protocol.dataReceived(b"Open A\r\n")
        self.pass_time(14.9 * 60)
        self.assertTrue(idle.connected)
        self.pass_time(10)
        self.assertTrue(idle.aborted)
        self.assertTrue(owner.connected)
        self.assertTrue(asking.connected)
        self.assertEqual(self.server.counters.silent, 1)

    def test_one_that_does_not_read_is_held_then_aborted(self) -> None:
        transport = self.must()
        self.assertIs(transport.producer, transport.protocol)
        transport.protocol.pauseProducing()
        transport.protocol.dataReceived(b"State A\r\n")
        self.assertEqual((self.calls, transport.producerState), ([], "paused"))
        self.pass_time(20)
        transport.protocol.resumeProducing()
        self.assertEqual((len(self.calls), transport.producerState), (1, "producing"))
        transport.protocol.pauseProducing()
        self.pass_time(32)
        self.assertTrue(transport.aborted)
        self.assertEqual(self.server.counters.unread, 1)

    def test_a_drain_accepts_nobody_and_awaits_what_is_begun(self) -> None:
        transport = self.must()
        transport.protocol.dataReceived(b"Open A\r\n")
        drained = Deferred.fromCoroutine(self.server.drain())
        self.assertNoResult(drained)
        self.assertFalse(self.tcp.port.open)
        self.ends[0].callback(True)
        self.successResultOf(drained)
        self.assertEqual(transport.value(), b"OK\r\n")

    def test_closing_leaves_no_timer_and_no_connection(self) -> None:
        transport = self.must()
        self.successResultOf(Deferred.fromCoroutine(self.server.close()))
        self.assertFalse(transport.connected)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.server.counters.connected, 0)

    def test_an_unended_request_is_answered_only_where_the_file_says_so(self) -> None:
        transport = self.must()
        transport.protocol.dataReceived(b"State A")
        self.pass_time(5)
        self.assertEqual(transport.value(), b"")
        self.server.quiet_s = 0.05
        other = self.must()
        other.protocol.dataReceived(b"Sta")
        self.clock.advance(0.04)
        other.protocol.dataReceived(b"te A")
        self.clock.advance(0.04)
        self.assertEqual(other.value(), b"")
        self.clock.advance(0.02)
        self.assertEqual(other.value(), b"OK\r\n")

    def test_a_taken_port_says_which_and_what_to_change(self) -> None:
        server = RemoteCommandServer(self.clock, VerbTable(), Rights())

        class Taken(FakeEndpoint):
            def listen(self, factory: Any) -> Deferred[FakePort]:
                return fail(CannotListenError("", 1061, OSError(98, "Address already in use")))

        server.add_tcp(Taken(), "0.0.0.0:1061", "port in servers/remote_command_server.yaml:1")
        problem = self.failureResultOf(server.open(), CannotListen).value
        self.assertEqual(
            problem.text,
            "0.0.0.0:1061: cannot listen (Address already in use); stop what holds it, or change "
            "port in servers/remote_command_server.yaml:1",
        )
