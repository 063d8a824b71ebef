"""Broadcasts of a controller, as their follower tells them, merged with the polls of the remote line."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.broadcast.frames import Message, Snapshot
from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.extraction_line.events import LockChanged, PeerChanged, SwitchChanged
from tests.extraction_line.fake_controllers import Controller, Remote


class Broadcasts(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.there = Controller(self.clock)
        self.r = Remote(self.clock, self.there).start()
        self.r.events.clear()
        self.there.log.clear()

    def told(self, output):
        self.r.line.contact.told(output)
        self.r.advance(0)

    def event(self, kind, payload, seq=None, boot="b1"):
        self.told(Apply(Message("pyvalve", boot, self.there.seq if seq is None else seq, 0.0, kind, payload)))

    def test_a_change_is_known_at_once_and_told_once(self):
        self.event("valve", self.there.set("A", "open"))
        self.assertEqual(self.r.states()["A"], "open")
        self.assertEqual(self.r.verbs(), [], "nothing had to be asked")
        (event,) = self.r.of(SwitchChanged)
        self.assertEqual((event.before, event.commanded, event.peer), ("closed", True, "pyvalve"))
        self.r.run(self.r.line.look_again())
        self.assertEqual(len(self.r.of(SwitchChanged)), 1)

    def test_a_lock_comes_with_its_event(self):
        payload = self.there.set("A", "closed") | {"lock": {"who": "x", "why": "leak", "when": 1.0}}
        self.event("lock", payload)
        self.assertEqual(self.r.line.view("A").lock.why, "leak")
        self.assertEqual([(e.who, e.why) for e in self.r.of(LockChanged)], [("x", "leak")])

    def test_what_is_missing_is_asked_for(self):
        self.there.set("B", "open")
        self.event("valve", self.there.set("A", "open"))
        self.assertEqual(self.r.verbs(), ["ListValves"])
        self.assertEqual(self.r.states(), {"A": "open", "B": "open"})

    def test_a_restart_is_asked_for(self):
        self.there.boot, self.there.seq = "b2", 0
        self.there.valves["B"]["state"] = "unknown"
        self.event("valve", self.there.set("A", "open"), boot="b2")
        self.assertEqual(self.r.states(), {"A": "open", "B": "unknown"})
        self.event("valve", {"name": "B", "state": "closed"}, seq=50, boot="b1")
        self.assertEqual(self.r.states()["B"], "unknown", "its last words came late")

    def test_missing_heartbeats_make_it_unknown_at_once_until_it_answers(self):
        self.there.swallowed = ("ListValves",)
        self.told(Lost("nothing was heard for 6 s"))
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "unknown"})
        self.assertEqual([e.connected for e in self.r.of(PeerChanged)], [False])
        self.there.swallowed = ()
        self.r.advance(2.1)
        self.r.run(self.r.line.look_again())
        self.assertEqual(self.r.states(), {"A": "closed", "B": "closed"})
        self.assertEqual([e.connected for e in self.r.of(PeerChanged)], [False, True])

    def test_a_snapshot_is_the_list_of_valves_with_its_number(self):
        self.there.set("A", "open")
        part = self.there.answer("ListValves", "", {})
        for key in ("node", "boot", "seq", "simulated"):
            part.pop(key)
        self.told(Reset(Snapshot("pyvalve", "b1", 1, 0.0, {"extraction_line": part}), "gap"))
        self.assertEqual(self.r.states()["A"], "open")
        self.assertEqual(self.r.line.states.seq, 1)

    def test_a_snapshot_settles_no_doubt_and_a_simulated_one_is_refused(self):
        part = self.there.answer("ListValves", "", {})
        self.r.line.states.doubt("A", 0.0, 1, 0.0)
        self.told(Reset(Snapshot("pyvalve", "b1", 0, 0.0, {"extraction_line": part}), "gap"))
        self.assertEqual(self.r.states()["A"], "unknown")
        self.told(Reset(Snapshot("pyvalve", "b1", 0, 0.0, {"extraction_line": part}, simulated=True), "gap"))
        self.assertTrue(self.r.line.contact.refused)
        self.assertEqual(self.r.states()["B"], "unknown")

    def test_other_areas_and_nonsense_are_let_be(self):
        for state in ({}, {"extraction_line": 3}, {"extraction_line": {"valves": [{}]}}):
            self.told(Reset(Snapshot("pyvalve", "b1", 9, 0.0, state), "gap"))
        self.assertEqual(self.r.states(), {"A": "closed", "B": "closed"})
