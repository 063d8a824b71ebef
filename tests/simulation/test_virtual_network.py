"""TCP of the virtual network, as its peers see it."""

from twisted.internet.error import (
    CannotListenError,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.internet.interfaces import IHalfCloseableProtocol, IListeningPort, ITCPTransport
from twisted.internet.protocol import Factory
from zope.interface import implementer
from zope.interface.verify import verifyObject

from pychron.rpc.presence import is_there
from tests.simulation.network_case import NetworkCase
from tests.simulation.toy_node import Recorder, recorders


@implementer(IHalfCloseableProtocol)
class HalfCloser(Recorder):
    """Goes on writing after its peer has ended."""

    ended = ""

    def readConnectionLost(self):
        self.ended += "read "

    def writeConnectionLost(self):
        self.ended += "write "


class Producer:
    """Told when to pause."""

    def __init__(self):
        self.said = []

    def pauseProducing(self):
        self.said.append("pause")

    def resumeProducing(self):
        self.said.append("resume")

    def stopProducing(self):
        self.said.append("stop")


class Connecting(NetworkCase):
    def test_bytes_arrive_in_order_whatever_the_pieces(self):
        client, server = self.pair()
        sent = b""
        for number in range(200):
            line = b"line %d\n" % number
            sent += line
            client.transport.write(line)
            self.clock.advance(0.0003)
        server.transport.writeSequence([b"to ", b"you"])
        self.clock.advance(1)
        self.assertEqual(server.data, sent)
        self.assertEqual(client.data, b"to you")
        self.assertIn(True, [not piece.endswith(b"\n") for piece in server.pieces])

    def test_writes_of_one_turn_go_together(self):
        self.network.split = 0
        client, server = self.pair()
        client.transport.write(b"one ")
        client.transport.write(b"two")
        self.clock.advance(1)
        self.assertEqual(server.pieces, [b"one two"])

    def test_addresses_and_options(self):
        client, server = self.pair(host="b")
        self.assertEqual(client.transport.getPeer().host, "10.0.0.2")
        self.assertEqual(client.transport.getPeer().port, 1061)
        self.assertEqual(server.transport.getPeer().host, "10.0.0.1")
        self.assertEqual(server.transport.getPeer(), client.transport.getHost())
        client.transport.setTcpNoDelay(True)
        client.transport.setTcpKeepAlive(True)
        self.assertTrue(client.transport.getTcpNoDelay() and client.transport.getTcpKeepAlive())
        verifyObject(ITCPTransport, client.transport)

    def test_nobody_listens(self):
        connecting = self.connect()
        self.clock.advance(0.1)
        self.failureResultOf(connecting, ConnectionRefusedError)

    def test_no_such_host(self):
        connecting = self.connect(host="c")
        self.clock.advance(0.1)
        self.failureResultOf(connecting, DNSLookupError)

    def test_a_cut_link_times_out(self):
        self.listen()
        self.network.cut("a", "b")
        connecting = self.connect()
        self.clock.advance(4.9)
        self.assertNoResult(connecting)
        self.clock.advance(0.2)
        self.failureResultOf(connecting, TimeoutError)

    def test_a_link_mended_in_time_connects_at_the_next_try(self):
        self.listen()
        self.network.cut("a", "b")
        connecting = self.connect()
        self.clock.advance(1.5)
        self.network.mend("a", "b")
        self.clock.advance(2)
        self.assertTrue(self.successResultOf(connecting).made)
        self.assertEqual(len(self.served), 1)

    def test_a_cancelled_attempt_connects_nobody(self):
        self.listen()
        connecting = self.connect()
        connecting.cancel()
        self.failureResultOf(connecting)
        self.clock.advance(10)
        self.assertEqual(self.served, [])

    def test_loopback_is_the_host_itself(self):
        self.listen(host="127.0.0.1")
        outside = self.connect()
        inside = self.connect(host="127.0.0.1", process=self.process(self.hosts[1]))
        self.clock.advance(1)
        self.failureResultOf(outside, ConnectionRefusedError)
        self.assertEqual(self.successResultOf(inside).transport.getHost().host, "127.0.0.1")

    def test_a_taken_port(self):
        port = self.listen()
        verifyObject(IListeningPort, port)
        again = self.streams(self.b).tcp_server("10.0.0.2", 1061).listen(Factory())
        self.failureResultOf(again, CannotListenError)
        foreign = self.streams(self.b).tcp_server("10.0.0.1", 1061).listen(Factory())
        self.failureResultOf(foreign, CannotListenError)
        port.stopListening()
        self.listen()

    def test_any_free_port(self):
        first, second = self.listen(port=0), self.listen(port=0)
        self.assertNotEqual(first.getHost().port, second.getHost().port)

    def test_unix_sockets_are_of_one_host(self):
        endpoint = self.streams(self.b).unix_server("/node.sock")
        self.successResultOf(endpoint.listen(recorders(self.served)))
        here = self.streams(self.process(self.hosts[1])).unix_client("/node.sock", 1).connect(recorders([]))
        there = self.streams(self.a).unix_client("/node.sock", 1).connect(recorders([]))
        self.clock.advance(2)
        self.successResultOf(here)
        self.failureResultOf(there, ConnectionRefusedError)
        self.failureResultOf(
            self.streams(self.b).unix_server("/node.sock").listen(Factory()), CannotListenError
        )

    def test_a_factory_that_wants_nobody(self):
        factory = Factory()
        factory.buildProtocol = lambda address: None
        self.listen(factory=factory)
        connecting = self.connect()
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(connecting).lost, "ConnectionDone")


class Ending(NetworkCase):
    def test_closing_sends_what_was_written(self):
        client, server = self.pair()
        client.transport.write(b"last words")
        client.transport.loseConnection()
        client.transport.write(b"never")
        self.clock.advance(1)
        self.assertEqual(
            (server.data, server.lost, client.lost), (b"last words", "ConnectionDone", "ConnectionDone")
        )

    def test_aborting_sends_nothing_more(self):
        client, server = self.pair()
        client.transport.write(b"never")
        client.transport.abortConnection()
        self.clock.advance(1)
        self.assertEqual(
            (server.data, server.lost, client.lost), (b"", "ConnectionLost", "ConnectionAborted")
        )

    def test_a_half_close(self):
        client, server = self.pair(factory=Factory.forProtocol(HalfCloser))
        client.transport.write(b"that is all")
        client.transport.loseWriteConnection()
        self.clock.advance(1)
        self.assertEqual((server.data, server.lost), (b"that is all", "ConnectionDone"))
        self.assertEqual((client.ended, client.lost), ("write ", "ConnectionDone"))

    def test_a_half_close_answered(self):
        self.listen(factory=Factory.forProtocol(lambda: self.served.append(HalfCloser()) or self.served[-1]))
        client, server = self.pair(factory=Factory.forProtocol(HalfCloser))
        client.transport.loseWriteConnection()
        self.clock.advance(1)
        self.assertEqual((server.ended, server.lost), ("read ", None))
        server.transport.write(b"an answer")
        server.transport.loseConnection()
        self.clock.advance(1)
        self.assertEqual((client.data, client.lost), (b"an answer", "ConnectionDone"))

    def test_what_is_written_to_a_closed_peer_resets(self):
        client, server = self.pair(factory=Factory.forProtocol(HalfCloser))
        server.transport.loseConnection()
        self.clock.advance(1)
        self.assertEqual((client.ended, client.lost), ("read ", None))
        client.transport.write(b"too late")
        self.clock.advance(1)
        self.assertEqual(client.lost, "ConnectionLost")

    def test_a_protocol_that_fails_is_closed(self):
        client, server = self.pair()
        server.dataReceived = lambda data: 1 / 0
        client.transport.write(b"x")
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual((server.lost, client.lost), ("ZeroDivisionError", "ConnectionDone"))

    def test_a_killed_process(self):
        client, server = self.pair()
        server.transport.write(b"taken by the kernel")
        self.clock.advance(0)
        server.transport.write(b"never flushed")
        self.end(self.b)
        self.clock.advance(1)
        self.assertEqual((client.data, client.lost), (b"taken by the kernel", "ConnectionDone"))
        self.assertIsNone(server.lost)
        refused = self.connect()
        self.clock.advance(1)
        self.failureResultOf(refused, ConnectionRefusedError)

    def test_a_process_killed_with_bytes_unread_resets(self):
        client, server = self.pair()
        server.transport.pauseProducing()
        client.transport.write(b"unread")
        self.clock.advance(1)
        self.end(self.b)
        self.clock.advance(1)
        self.assertEqual((server.data, client.lost), (b"", "ConnectionLost"))

    def test_a_process_killed_behind_a_cut_link_is_silent_until_it_is_mended(self):
        client, _ = self.pair()
        self.network.cut("a", "b")
        self.end(self.b)
        client.transport.write(b"hello?")
        self.clock.advance(60)
        self.assertIsNone(client.lost)
        self.network.mend("a", "b")
        self.clock.advance(3)
        self.assertIn(client.lost, ("ConnectionDone", "ConnectionLost"))

    def test_a_host_without_power_is_silent_and_resets_when_it_is_back(self):
        client, _ = self.pair()
        self.hosts[1].up = False
        self.end(self.b, silent=True)
        self.clock.advance(60)
        self.assertIsNone(client.lost)
        client.transport.write(b"hello?")
        self.clock.advance(60)
        self.assertIsNone(client.lost)
        self.network.host_up(self.hosts[1])
        self.clock.advance(3)
        self.assertEqual(client.lost, "ConnectionLost")

    def test_a_peer_that_never_answers_is_given_up_after_a_quarter_of_an_hour(self):
        client, _ = self.pair()
        self.network.cut("a", "b")
        client.transport.write(b"hello?")
        self.clock.advance(900)
        self.assertIsNone(client.lost)
        self.clock.advance(100)
        self.assertEqual(client.lost, "TimeoutError")


class Cutting(NetworkCase):
    def test_what_a_cut_swallowed_comes_later_in_order_and_once(self):
        client, server = self.pair()
        for number in range(50):
            client.transport.write(b"%d " % number)
            self.clock.advance(0.0005)
            if number == 20:
                self.network.cut("a", "b")
            if number == 40:
                self.network.mend("a", "b")
        self.clock.advance(0.01)
        self.assertTrue(server.data and len(server.data) < 60)
        self.clock.advance(5)
        self.assertEqual(server.data, b"".join(b"%d " % number for number in range(50)))

    def test_a_reset_is_sent_once_only(self):
        client, server = self.pair()
        self.network.cut("a", "b")
        client.transport.abortConnection()
        self.clock.advance(1)
        self.network.mend("a", "b")
        self.clock.advance(60)
        self.assertEqual((client.lost, server.lost), ("ConnectionAborted", None))
        server.transport.write(b"are you there?")
        self.clock.advance(1)
        self.assertEqual(server.lost, "ConnectionLost")


class Flowing(NetworkCase):
    def test_a_reader_that_pauses_stops_the_writer(self):
        client, server = self.pair()
        producer = Producer()
        client.transport.registerProducer(producer, True)
        server.transport.pauseProducing()
        client.transport.write(b"x" * 200_000)
        self.clock.advance(1)
        self.assertEqual((server.data, producer.said), (b"", ["pause"]))
        server.transport.resumeProducing()
        self.clock.advance(1)
        self.assertEqual((len(server.data), producer.said), (200_000, ["pause", "resume"]))

    def test_a_paused_reader_can_look_whether_its_peer_is_there(self):
        client, server = self.pair()

        server.transport.pauseProducing()
        self.assertTrue(is_there(server.transport))
        client.transport.loseConnection()
        self.clock.advance(1)
        self.assertEqual((is_there(server.transport), server.lost), (False, None))
        server.transport.resumeProducing()
        self.clock.advance(1)
        self.assertEqual(server.lost, "ConnectionDone")

    def test_a_reset_reaches_a_paused_reader(self):
        client, server = self.pair()
        server.transport.pauseProducing()
        client.transport.abortConnection()
        self.clock.advance(1)
        self.assertEqual(server.lost, "ConnectionLost")

    def test_what_waited_is_read_at_once(self):
        client, server = self.pair()
        server.transport.pauseProducing()
        for word in (b"Open A\r", b"Close A\r", b"Open B\r"):
            client.transport.write(word)
            self.clock.advance(1)
        client.transport.loseConnection()
        self.clock.advance(1)
        server.transport.resumeProducing()
        self.clock.advance(1)
        self.assertEqual((server.pieces, server.lost), ([b"Open A\rClose A\rOpen B\r"], "ConnectionDone"))

    def test_a_frozen_process_reads_when_it_thaws(self):
        client, server = self.pair()
        self.b.clock.freeze()
        client.transport.write(b"Open A")
        late = self.connect()
        self.clock.advance(5)
        self.assertEqual(server.data, b"")
        self.assertTrue(self.successResultOf(late).made)
        self.b.clock.thaw()
        self.clock.advance(0.1)
        self.assertEqual(server.data, b"Open A")
        self.assertEqual(len(self.served), 2)
