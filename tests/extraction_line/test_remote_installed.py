"""An installed Pychron valve server as the peer: words, its silent `ok`, its closed sockets, its silence."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line import errors
from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.remote.contact import EVERYTHING
from pychron.extraction_line.states import Action
from pychron.extraction_line.words import checked
from tests.extraction_line.fake_controllers import LOCAL, Installed, Remote, spec

OWN = (spec("A", interlocks=("B",)), spec("B"), spec("V10", positive_interlocks=("B",), settling_s=1.5))


class InstalledServers(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.there = Installed()
        self.start(OWN)

    def start(self, own):
        self.r = Remote(self.clock, self.there, own).start()
        self.there.log.clear()

    def poll(self):
        self.r.run(self.r.line.contact.poll(EVERYTHING), 0.1)

    def test_its_words_are_the_states(self):
        self.there.open["B"] = True
        self.there.locked["A"] = True
        self.there.owners["V10"] = "10.0.0.5"
        self.poll()
        self.assertEqual(self.r.states(), {"A": "closed", "B": "open", "V10": "closed"})
        self.assertIsNotNone(self.r.line.view("A").lock)
        self.assertEqual(self.r.line.view("V10").owner, "10.0.0.5")
        self.there.locked["A"] = False
        self.poll()
        self.assertIsNone(self.r.line.view("A").lock)

    def test_without_a_file_of_ours_its_word_is_the_line(self):
        self.start(None)
        self.assertEqual(self.r.line.names(), ("A", "B", "V10"))
        self.assertIsInstance(self.r.ask("A", "open"), Done)

    def test_what_the_word_lacks_is_unknown_not_closed(self):
        self.there.special["GetValveStates"] = checked("A0,B1")
        self.poll()
        self.assertEqual(self.r.states(), {"A": "closed", "B": "open", "V10": "unknown"})
        self.start(OWN)
        self.assertIsInstance(self.r.ask("V10", "open"), errors.OutOfService)

    def test_a_bad_word_changes_nothing_and_makes_it_older(self):
        self.there.open["B"] = True
        for word in (
            "",
            "A0,B",
            "A0,B1,V100000",
            "No Response",
            "ERROR 003 : invalid command: GetValveStates",
        ):
            self.there.special["GetValveStates"] = word
            self.clock.advance(1)
            self.poll()
            if not self.r.line.states.lost:
                self.assertEqual(self.r.states()["B"], "closed")
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "unknown", "V10": "unknown"})
        del self.there.special["GetValveStates"]
        self.poll()
        self.assertEqual(self.r.states()["B"], "open")

    def test_open_is_proved_by_a_read_back(self):
        done = self.r.ask("A", "open")
        self.assertEqual(done, Done("A", Action.OPEN, changed=True))
        self.assertEqual(self.there.log, ["GetIndicatorState B", "Open A", "GetIndicatorState A"])
        self.assertEqual(self.r.states()["A"], "open")

    def test_its_interlocks_are_judged_here_by_fresh_readings(self):
        self.there.open["B"] = True
        self.there.memory = {"A": False, "B": False, "V10": False}
        refused = self.r.ask("A", "open")
        self.assertIsInstance(refused, errors.Interlocked)
        self.assertIn("interlocked by B, open", str(refused))
        self.there.special["GetIndicatorState B"] = None
        self.assertIsInstance(self.r.ask("A", "open", seconds=3), errors.NoResponse)
        self.assertNotIn("Open A", self.there.log)
        self.assertIsInstance(self.r.ask("A", "close"), Done)

    def test_two_openings_of_interlocked_valves_at_once(self):
        self.there.special["Open A"] = None
        first, second = [], []
        Deferred.fromCoroutine(self.r.line.actuate(self.r.command("A", "open"))).addErrback(first.append)
        Deferred.fromCoroutine(self.r.line.actuate(self.r.command("B", "open"))).addErrback(second.append)
        self.r.advance(0.5)
        self.assertIsInstance(second[0].value, errors.Interlocked)
        self.assertIn("A, which is being opened", str(second[0].value))
        self.assertNotIn("Open B", self.there.log)
        self.r.advance(3)
        self.assertIsInstance(first[0].value, errors.NoResponse)

    def test_a_locked_valve_is_no_silent_success(self):
        self.there.locked["A"] = True
        locked = self.r.ask("A", "open")
        self.assertIsInstance(locked, errors.Locked)
        self.assertIn("Open A", self.there.log, "no memory of ours holds it back")
        self.assertEqual(self.r.ask("A", "close"), Done("A", Action.CLOSE, changed=False))

    def test_ok_and_another_position_is_a_mismatch(self):
        self.there.special["Open A"] = "OK"
        self.assertIsInstance(self.r.ask("A", "open"), errors.Mismatch)

    def test_its_numbers_are_typed(self):
        cases = {
            "ERROR 015 : Valve A failed to actuate open": errors.Mismatch,
            "ERROR 005 : A is not a registered valve name": errors.UnknownSwitch,
            "ERROR 012 : Access restricted": errors.NotOwner,
        }
        for text, kind in cases.items():
            self.there.special["Open A"] = text
            self.assertIsInstance(self.r.ask("A", "open"), kind)

    def test_004_may_be_a_driver_without_answer_and_what_it_drove_may_still_come(self):
        self.there.special["Open A"] = "ERROR 004 : invalid arguments: Open A"
        self.assertIsInstance(self.r.ask("A", "open", seconds=0.5), errors.NoResponse)
        self.assertEqual(self.r.states()["A"], "unknown")
        self.there.special.clear()
        self.there.open["A"] = True
        self.r.advance(12)
        self.assertEqual(self.r.states()["A"], "open")

    def test_a_close_that_is_asked_again_is_read_back_no_more_often(self):
        def looks(times):
            self.setUp()
            self.there.special["Close A"] = ""
            for _ in range(times):
                self.r.ask("A", "close", seconds=0.1)
            self.there.log.clear()
            self.r.advance(3)
            return self.there.log.count("GetIndicatorState A")

        self.assertLessEqual(looks(5), looks(1))

    def test_no_answer_is_settled_by_two_readings_after_its_last_moment(self):
        for reply in (None, "", "Nonsense", "False", "No Response"):
            self.setUp()
            self.there.special["Open A"] = reply
            failed = self.r.ask("A", "open", seconds=2.2)
            self.assertIsInstance(failed, errors.NoResponse if reply != "" else errors.PeerLost, reply)
            self.assertEqual(self.r.states()["A"], "unknown")
            self.there.special.clear()
            self.poll()
            self.assertEqual(self.r.states()["A"], "unknown", "a word is no read-back")
            self.assertIsInstance(self.r.ask("A", "open"), errors.NoResponse)
            self.there.open["A"] = True
            self.r.advance(2.5)
            self.assertEqual(self.r.states()["A"], "unknown", "it may still act")
            self.r.advance(6)
            self.assertEqual(self.r.states()["A"], "open")
            self.assertEqual(self.there.log.count("Open A"), 1)

    def test_the_deadline_knows_our_own_settling_time(self):
        self.there.open["B"] = True
        self.r.ask("V10", "open")
        self.assertIn(("Open V10", 3.5), self.r.link.deadlines)

    def test_what_it_does_not_take_is_refused_here(self):
        for work in (
            self.r.line.lock("A", LOCAL, "x"),
            self.r.line.unlock("A", LOCAL, "x"),
            self.r.line.claim(("A",), {}, 30.0),
        ):
            self.assertIsInstance(self.r.run(work), errors.NotPermitted)

    def test_refresh_asks_the_hardware(self):
        self.there.memory = dict(self.there.open)
        self.there.open["A"] = True
        self.assertEqual(str(self.r.run(self.r.line.refresh("A"), 0.1).state), "open")
        self.there.special["GetIndicatorState A"] = "perhaps"
        self.assertEqual(str(self.r.run(self.r.line.refresh("A"), 0.1).state), "unknown")

    def test_lost_and_found(self):
        self.r.link.is_down = "connection refused"
        self.poll()
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "unknown", "V10": "unknown"})
        self.assertIsNone(self.r.line.contact.peer, "its dialect is asked again")
        self.r.link.is_down = ""
        self.poll()
        self.assertEqual(self.r.states(), {"A": "closed", "B": "closed", "V10": "closed"})
