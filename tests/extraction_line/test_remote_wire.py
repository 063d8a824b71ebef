"""The remote line down to the bytes: framing, ids, two connections, aborts, and an installed server's manners."""

from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.events.bus import EventBus
from pychron.extraction_line import errors
from pychron.extraction_line.events import PeerChanged
from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.remote.contact import EVERYTHING
from pychron.extraction_line.remote.faults import PeerFault
from pychron.extraction_line.remote.installed import InstalledPeer
from pychron.extraction_line.remote.manager import RemoteExtractionLineManager
from pychron.extraction_line.remote.status_monitor import StatusMonitor
from pychron.extraction_line.remote.wire import PeerLink
from pychron.extraction_line.states import Action
from tests.extraction_line.byte_peers import InstalledBytes, OwnBytes
from tests.extraction_line.fake_controllers import Controller, Installed, Remote, a_world, settings


class WireCase(SynchronousTestCase):
    def connect(self, peer, **more):
        self.clock, self.peer = peer.clock, peer
        self.world = replace(a_world(self.clock), streams=peer)
        self.bus = EventBus(self.clock)
        self.events = []
        self.bus.subscribe(self.events.append)
        config = settings(**more)
        self.line = RemoteExtractionLineManager(config, PeerLink(self.world, config), self.world, self.bus)
        Deferred.fromCoroutine(self.line.start())
        self.advance(0.3)

    # what the value-level bench has
    advance = Remote.advance
    run_ = Remote.run
    command = Remote.command
    states = Remote.states
    of = Remote.of

    def ask(self, name, action, seconds=0.3):
        return self.run_(self.line.actuate(self.command(name, action)), seconds)

    def tearDown(self):
        Deferred.fromCoroutine(self.line.stop())
        self.advance(0.1)
        self.assertEqual(self.peer.open_now(), [], "no connection outlives its line")
        self.advance(30)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Ours(WireCase):
    def setUp(self):
        clock = Clock()
        self.there = Controller(clock)
        self.connect(OwnBytes(clock, self.there))

    def verbs(self):
        return [r["verb"] for r in self.peer.requests if "verb" in r]

    def carrying(self, text):
        return next(c for c in self.peer.connections if text in c.got)

    def test_the_dialect_is_learned_by_a_harmless_request(self):
        self.assertEqual(self.peer.connections[0].got, b"GetVersion\r")
        self.assertTrue(self.peer.connections[0].over)
        self.assertEqual(len(self.peer.open_now()), 2)
        self.assertEqual(self.states(), {"A": "closed", "B": "closed"})

    def test_actuations_have_a_connection_of_their_own(self):
        self.assertEqual(self.ask("A", "open"), Done("A", Action.OPEN, changed=True))
        opening = self.carrying(b'"Open"')
        self.assertNotIn(b"ListValves", opening.got)
        self.assertIn(b"ListValves", self.carrying(b"ListValves").got)
        self.assertIn(b'"within"', opening.got)
        self.assertIn(b"here1:", opening.got)
        self.assertEqual(self.states()["A"], "open")

    def test_both_say_something_at_once(self):
        self.assertTrue(all(b"GetVersion" in c.got for c in self.peer.connections))

    def test_replies_may_come_in_any_pieces(self):
        for size in (1, 2, 7):
            self.peer.split = size
            self.assertIsInstance(self.ask("A", "open"), Done)
            self.assertEqual(self.states()["A"], "open")
            self.assertIsInstance(self.ask("A", "close"), Done)

    def test_a_long_list_comes_whole(self):
        self.there.valves |= {f"V{i}": self.there._valve(f"V{i}") for i in range(400)}
        self.run_(self.line.look_again(), 0.1)
        self.assertEqual(len(self.line.names()), 402)

    def test_a_refusal_is_typed(self):
        self.there.faults["Open"] = PeerFault(15, "Valve A failed", "Held", "A", "the funnel is down")
        refused = self.ask("A", "open")
        self.assertEqual((type(refused), str(refused)), (errors.Held, "A: the funnel is down"))

    def test_silence_aborts_the_connection_before_anything_else(self):
        self.peer.silent = ("Open",)
        failed = self.ask("A", "open", seconds=2.3)
        self.assertIsInstance(failed, errors.NoResponse)
        opening = self.carrying(b'"Open"')
        self.assertTrue(opening.aborted)
        self.advance(0.5)
        self.assertEqual(len(self.peer.open_now()), 2, "it is made again")
        self.advance(3)
        self.assertEqual(self.states()["A"], "closed", "the read-back settled it")
        self.assertEqual(
            sum(c.got.count(b'"Open"') for c in self.peer.connections), 1, "it is not sent again"
        )
        self.peer.silent = ()
        self.assertIsInstance(self.ask("A", "open"), Done)

    def test_a_slow_valve_does_not_delay_a_poll(self):
        self.peer.silent = ("Open",)
        Deferred.fromCoroutine(self.line.actuate(self.command("A", "open"))).addErrback(lambda f: None)
        self.there.set("B", "open")
        self.run_(self.line.look_again(), 0.1)
        self.assertEqual(self.states()["B"], "open")
        self.advance(3)

    def test_a_connection_that_ends_is_told_at_once_and_made_again(self):
        monitor = StatusMonitor(self.line.contact, self.clock)
        monitor.start()
        self.peer.refuses = True
        self.peer.cut()
        self.advance(0.1)
        self.assertEqual(self.states(), {"A": "unknown", "B": "unknown"})
        self.assertIsInstance(self.ask("A", "close"), errors.PeerLost)
        self.advance(20)
        self.peer.refuses = False
        self.there.boot = "b2"
        self.advance(8)
        self.assertEqual(self.states(), {"A": "closed", "B": "closed"})
        self.assertEqual([e.connected for e in self.of(PeerChanged)], [True, False, True])
        self.assertEqual(self.there.moves, [])
        monitor.stop()

    def test_a_close_is_carried_out_however_long_it_was_away(self):
        self.ask("A", "open")
        for away in range(20, 27):
            self.peer.refuses = True
            self.peer.cut()
            self.advance(away)
            self.peer.refuses = False
            self.assertIsInstance(self.ask("A", "close", seconds=2.5), Done, f"away for {away} s")

    def test_a_connection_lost_under_an_actuation_leaves_it_unknown(self):
        self.peer.silent = ("Open",)
        results = []
        Deferred.fromCoroutine(self.line.actuate(self.command("A", "open"))).addBoth(results.append)
        self.advance(0.2)
        self.carrying(b'"Open"').close(ConnectionLost())
        self.advance(0.2)
        self.assertIsInstance(results[0].value, errors.PeerLost)
        self.assertEqual(self.states()["A"], "unknown")

    def test_garbage_ends_the_connection_and_not_the_line(self):
        garbled = self.carrying(b"ListValves")
        garbled.send(b"\xff\xfe garbage\r\n")
        self.advance(0.05)
        self.assertTrue(garbled.aborted)
        self.advance(3)
        self.assertEqual(len(self.peer.open_now()), 2)
        self.assertIsInstance(self.ask("A", "open"), Done)

    def test_one_poll_without_an_answer_is_no_lost_controller(self):
        self.peer.silent = ("ListValves",)
        self.run_(self.line.contact.poll(EVERYTHING), 2.1)
        self.assertTrue(self.carrying(b"ListValves").aborted)
        self.assertEqual(self.states()["A"], "closed")
        self.assertGreater(self.line.view("A").age_s, 2.0)
        self.peer.silent = ()
        self.advance(1)
        self.assertLess(self.line.view("A").age_s, 2.0)
        self.assertEqual(len(self.of(PeerChanged)), 1)


class NobodyThere(WireCase):
    def test_refused_and_silent_addresses_are_told_in_time(self):
        for attribute in ("refuses", "unreachable"):
            clock = Clock()
            peer = OwnBytes(clock, Controller(clock))
            setattr(peer, attribute, True)
            self.connect(peer)
            self.advance(2)
            (event,) = self.of(PeerChanged)
            self.assertIn("setupfiles/devices/extraction_line.yaml:3", event.why)
            setattr(peer, attribute, False)
            self.run_(self.line.look_again(), 0.5)
            self.assertEqual(self.states(), {"A": "closed", "B": "closed"})

    def test_one_that_closes_every_connection_is_no_installed_server(self):
        there = Installed()
        there.special = {"GetVersion": "", "GetValveStates": ""}
        self.connect(InstalledBytes(Clock(), there))
        self.assertIsNone(self.line.contact.peer)
        (event,) = self.of(PeerChanged)
        self.assertIn("it closes each connection without an answer", event.why)


class InstalledOnes(WireCase):
    def setUp(self):
        self.there = Installed()
        self.connect(InstalledBytes(Clock(), self.there))

    def test_one_plain_request_a_connection(self):
        self.assertIsInstance(self.line.contact.peer, InstalledPeer)
        self.peer.requests.clear()
        before = len(self.peer.connections)
        self.assertEqual(self.ask("V10", "open"), Done("V10", Action.OPEN, changed=True))
        self.assertEqual(self.peer.requests, [b"Open V10\r", b"GetIndicatorState V10\r"])
        self.assertEqual(len(self.peer.connections) - before, 2)
        self.assertEqual(self.peer.open_now(), [])

    def test_replies_without_an_end_and_in_pieces(self):
        for pieces in (2, 50):
            self.peer.pieces = pieces
            self.there.open["B"] = not self.there.open["B"]
            self.run_(self.line.look_again(), 0.1)
            self.assertEqual(self.states()["B"], "open" if self.there.open["B"] else "closed")

    def test_a_silent_one_is_aborted_and_in_doubt(self):
        self.there.special["Open A"] = None
        self.assertIsInstance(self.ask("A", "open", seconds=2.3), errors.NoResponse)
        self.assertTrue(next(c for c in self.peer.connections if c.got == b"Open A\r").aborted)
        self.assertEqual(self.states()["A"], "unknown")
        self.advance(8)
        self.assertEqual(self.states()["A"], "closed")
        self.assertEqual(self.peer.requests.count(b"Open A\r"), 1)

    def test_a_closed_connection_without_a_byte_is_no_success(self):
        self.there.special["Open A"] = ""
        self.assertIsInstance(self.ask("A", "open"), errors.PeerLost)
        self.assertEqual(self.states()["A"], "unknown")
