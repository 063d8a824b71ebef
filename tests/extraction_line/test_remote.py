"""The remote line over a controller of ours: what it shows, what it sends, and what it makes of silence."""

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line import errors
from pychron.extraction_line.events import LockChanged, PeerChanged, SwitchChanged
from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.remote.contact import EVERYTHING
from pychron.extraction_line.remote.faults import KINDS, PeerFault
from pychron.extraction_line.states import Action, State
from tests.extraction_line.fake_controllers import LOCAL, Controller, Remote, a_world, spec


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_refusal_comes_back_as_it_was_raised_there(kind: str) -> None:
    error = PeerFault(15, "failed", kind, "B", "because").error("A")
    assert (type(error).__name__, error.switch, error.why) == (kind, "B", "because")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (4, errors.NotPermitted),
        (5, errors.UnknownSwitch),
        (7, errors.Stopping),
        (10, errors.NoResponse),
        (12, errors.NotOwner),
        (13, errors.NotOwner),
        (14, errors.Locked),
        (15, errors.Mismatch),
        (999, errors.NotPermitted),
    ],
)
def test_an_unknown_kind_is_judged_by_its_number(code: int, kind: type) -> None:
    error = PeerFault(code, "the text", "ANewKind").error("A")
    assert type(error) is kind
    assert (error.switch, error.why) == ("A", "the text")


class Remotes(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.there = Controller(self.clock)
        self.r = Remote(self.clock, self.there)

    def start(self):
        self.r.start()
        self.r.events.clear()
        self.there.log.clear()


class FirstContact(Remotes):
    def test_its_list_is_the_line(self):
        self.there.valves["A"]["state"] = "open"
        self.r.start()
        self.assertEqual(self.r.states(), {"A": "open", "B": "closed"})
        self.assertEqual(self.r.line.resolve(description="valve B"), "B")
        view = self.r.line.view("A")
        self.assertEqual((view.node, view.stale, view.age_s), ("pyvalve", False, 0.5))
        self.clock.advance(2)
        self.assertEqual(self.r.line.view("A").age_s, 2.5)
        self.assertEqual([e.connected for e in self.r.of(PeerChanged)], [True])

    def test_one_that_does_not_answer_is_told_by_name_address_and_line(self):
        self.r.link.is_down = "connection refused"
        with capturedLogs() as logs:
            self.r.start()
        (event,) = self.r.of(PeerChanged)
        self.assertFalse(event.connected)
        where = "pyvalve at 192.0.2.50:1061 (setupfiles/devices/extraction_line.yaml:3)"
        self.assertIn(f"{where} does not answer: connection refused", event.why)
        self.assertEqual([e["text"] for e in logs if "text" in e], [event.why])
        self.r.run(self.r.line.contact.poll(EVERYTHING))
        self.assertEqual(len(self.r.of(PeerChanged)), 1, "it is said once")
        self.assertIn("192.0.2.50:1061", str(self.r.ask("A", "open")))

    def test_it_is_found_when_it_comes(self):
        self.r.link.is_down = "connection refused"
        self.r.start()
        self.r.link.mend()
        self.r.advance(0)
        self.assertEqual(self.r.states(), {"A": "closed", "B": "closed"})
        self.assertEqual([e.connected for e in self.r.of(PeerChanged)], [False, True])


class Actuating(Remotes):
    def test_open_is_asked_once_and_known_when_it_returns(self):
        self.start()
        steps = []
        self.r.line.on_step = lambda number, text: steps.append((number, text))
        self.assertEqual(self.r.ask("A", "open", token=7), Done("A", Action.OPEN, changed=True))
        self.assertEqual(self.r.states()["A"], "open")
        self.assertEqual(self.there.log[0], ("Open", "A", {"within": 2.0, "token": 7}))
        self.assertEqual(self.r.verbs().count("Open"), 1)
        self.assertEqual(
            steps, [(4, "A is remote: pyvalve drives it"), (5, '"Open A" over TCP to 192.0.2.50:1061')]
        )
        self.assertFalse(self.r.ask("A", "open").changed)

    def test_a_refusal_is_the_controllers_own(self):
        self.start()
        self.there.faults["Open"] = PeerFault(
            15, "", "Interlocked", "A", "interlocked by B, open; close B first"
        )
        refused = self.r.ask("A", "open")
        self.assertIsInstance(refused, errors.Interlocked)
        self.assertEqual(str(refused), "A: interlocked by B, open; close B first")

    def test_a_lock_in_memory_holds_no_command_back(self):
        self.there.valves["A"]["lock"] = {"who": "x", "why": "leak", "when": 1.0}
        self.there.valves["A"]["owner"] = "10.0.0.7"
        self.start()
        self.assertEqual(self.r.line.view("A").lock.why, "leak")
        self.assertIn("locked by x", " ".join(self.r.line.why("A", Action.OPEN, LOCAL)))
        self.assertIsInstance(self.r.ask("A", "open"), Done)

    def test_the_deadline_knows_the_settling_time(self):
        self.there.valves["A"]["settling_s"] = 5.0
        self.start()
        self.r.ask("A", "open")
        self.assertIn(("Open", 7.0), self.r.link.deadlines)

    def test_what_has_waited_too_long_is_not_sent(self):
        self.start()
        self.clock.advance(1.5)
        self.r.ask("A", "open", asked_at=0.0)
        self.assertEqual(self.there.log[0][2], {"within": 0.5})
        for more in (
            {"asked_at": self.clock.seconds() - 2.1},
            {"still_there": lambda: False},
            {"stood_still": True},
        ):
            self.there.log.clear()
            self.assertIsInstance(self.r.ask("A", "close", **more), errors.TooLate)
            self.assertNotIn("Close", self.r.verbs())

    def test_unknown_names_have_a_hint(self):
        self.start()
        self.assertIsInstance(self.r.ask("Z", "open"), errors.UnknownSwitch)
        with self.assertRaises(errors.UnknownSwitch) as caught:
            self.r.line.resolve(description="valve b")
        self.assertIn("did you mean valve B?", str(caught.exception))

    def test_locks_are_set_there(self):
        self.start()
        lock = self.r.run(self.r.line.lock("A", LOCAL, "leak"))
        self.assertEqual((lock.who, lock.why), ("10.0.0.9", "leak"))
        self.assertEqual(self.r.line.view("A").lock, lock)
        self.assertIsNone(self.r.run(self.r.line.unlock("A", LOCAL, "mended")))
        self.assertIsNone(self.r.line.view("A").lock)
        self.assertEqual(len(self.r.of(LockChanged)), 2)

    def test_why_is_asked_there(self):
        self.start()
        self.there.why[("A", "open")] = ["A: a reason"]
        self.assertEqual(self.r.run(self.r.line.ask_why("A", Action.OPEN)), ("A: a reason",))

    def test_why_from_memory_knows_the_interlocks_there(self):
        self.there.tie("A", "B")
        self.there.valves["B"]["state"] = "open"
        self.start()
        self.assertEqual(
            self.r.line.why("A", Action.OPEN, LOCAL), ("A: interlocked by B, open; close B first",)
        )
        self.assertEqual(self.r.line.why("B", Action.CLOSE, LOCAL), ())


class Silence(Remotes):
    def silent(self, *verbs):
        self.start()
        self.there.swallowed = verbs

    def test_no_answer_makes_it_unknown_and_it_is_read_back(self):
        self.silent("Open")
        self.there.valves["A"]["under_way"] = "open"
        failed = self.r.ask("A", "open", seconds=2.1)
        self.assertIsInstance(failed, errors.NoResponse)
        self.assertEqual(self.r.link.aborted, ["Open"], "the connection is aborted first")
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "closed"})
        self.r.advance(5)
        self.assertEqual(self.r.states()["A"], "unknown", "something is still under way there")
        self.there.valves["A"].update(state="open", under_way="")
        self.r.advance(3)
        self.assertEqual(self.r.states()["A"], "open")
        self.assertEqual(self.r.verbs().count("Open"), 1)
        self.assertEqual([e.view.state for e in self.r.of(SwitchChanged)][-1], State.OPEN)

    def test_a_look_from_before_settles_nothing(self):
        self.silent("Open")
        self.r.ask("A", "open", seconds=2.1)
        states = self.r.line.states
        past = self.clock.seconds() - 1.0
        picture = self.r.run(self.r.line.contact.peer.look())
        states.snapshot(picture, past, self.clock.seconds())
        self.assertTrue(states.in_doubt("A"))
        states.snapshot(picture, self.clock.seconds(), self.clock.seconds())
        self.assertFalse(states.in_doubt("A"))

    def test_nothing_is_repeated_before_it_is_settled(self):
        self.silent("Open")
        self.there.valves["A"]["under_way"] = "open"
        self.r.ask("A", "open", seconds=2.1)
        self.there.swallowed = ()
        again = self.r.ask("A", "open")
        self.assertIsInstance(again, errors.NoResponse)
        self.assertIn("may still act", str(again))
        self.assertEqual(self.r.verbs().count("Open"), 1)
        self.there.valves["A"]["under_way"] = ""
        self.assertTrue(self.r.ask("A", "open").changed)

    def test_a_close_never_waits_for_that(self):
        self.silent("Open")
        self.there.valves["A"]["under_way"] = "open"
        self.r.ask("A", "open", seconds=2.1)
        self.assertIsInstance(self.r.ask("A", "close"), Done)

    def test_children_are_in_doubt_too(self):
        self.there.valves["B"]["parent"] = "A"
        self.silent("Open", "GetIndicatorState")
        self.r.ask("A", "open", seconds=2.1)
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "unknown"})

    def test_a_lost_controller_is_unknown_at_once_and_comes_back(self):
        self.start()
        self.r.link.cut()
        self.assertEqual(self.r.states(), {"A": "unknown", "B": "unknown"})
        self.assertTrue(self.r.line.view("A").stale)
        self.r.advance(0)
        (lost,) = self.r.of(PeerChanged)
        self.assertIn("connection lost", lost.why)
        self.assertEqual(
            [(e.view.name, e.before) for e in self.r.of(SwitchChanged)], [("A", "closed"), ("B", "closed")]
        )
        self.assertIsInstance(self.r.ask("A", "open"), errors.PeerLost)
        self.assertIsInstance(self.r.ask("A", "close"), errors.PeerLost)
        self.assertNotIn("Open", self.r.verbs())
        self.there.boot = "b2"
        self.r.link.mend()
        self.r.advance(0)
        self.assertEqual(self.r.states(), {"A": "closed", "B": "closed"})
        self.assertEqual(self.there.moves, [])

    def test_a_poll_without_an_answer_makes_nothing_closed_only_older(self):
        self.there.valves["A"]["state"] = "open"
        self.silent("ListValves")
        for expected in ("open", "open", "unknown"):
            self.r.run(self.r.line.contact.poll(EVERYTHING), 2.1)
            self.assertEqual(self.r.states()["A"], expected)
        self.assertGreater(self.r.line.view("A").age_s, 6)


class TwoFiles(Remotes):
    def test_a_switch_that_differs_may_be_closed_and_not_opened(self):
        own = [spec("A", 4, description="valve B"), spec("B", 5, description="valve B"), spec("C", 6)]
        self.r = Remote(self.clock, self.there, own)
        with capturedLogs() as logs:
            self.start()
        texts = [e["text"] for e in logs if "text" in e]
        self.assertIn("valves.xml:4: valve A differs from pyvalve", texts[0])
        self.assertIn("description here 'valve B', there 'valve A'", texts[0])
        self.assertIn("valves.xml:6: valve C is not known to pyvalve", texts[1])
        refused = self.r.ask("A", "open")
        self.assertIsInstance(refused, errors.OutOfService)
        self.assertIn("there 'valve A'", str(refused))
        self.assertFalse(self.r.line.view("A").in_service)
        self.assertIsInstance(self.r.ask("A", "close"), Done)
        self.assertIsInstance(self.r.ask("B", "open"), Done)
        self.assertEqual(self.r.states()["C"], "unknown")

    def test_nor_is_it_opened_by_its_parent_or_by_a_close_of_that(self):
        """Here C turns against P, there with it: whichever way P turns, one of the two files opens C."""
        own = [
            spec("P", description="valve P"),
            spec("C", description="valve C", parent="P", parent_inverted=True),
        ]
        self.there = Controller(self.clock, ("P", "C"))
        self.there.valves["C"]["parent"] = "P"
        self.r = Remote(self.clock, self.there, own)
        self.start()
        for action in ("open", "close"):
            refused = self.r.ask("P", action)
            self.assertIsInstance(refused, errors.OutOfService)
            self.assertIn("it opens its child C: ", str(refused))
        self.assertEqual(self.there.moves, [])


class Simulated(Remotes):
    def test_a_simulated_controller_is_refused(self):
        self.there.simulated = True
        with capturedLogs() as logs:
            self.start()
        self.assertIn("write accept_simulated: true in setupfiles", " ".join(e.get("text", "") for e in logs))
        self.assertEqual(self.r.line.names(), ())
        self.assertEqual(self.r.ask("A", "open").__class__, errors.UnknownSwitch)
        self.r = Remote(self.clock, self.there, [spec("A", description="valve A")])
        self.start()
        for action in ("open", "close"):
            self.assertIsInstance(self.r.ask("A", action), errors.NotPermitted)
        self.assertEqual(self.r.states(), {"A": "unknown"})
        self.assertEqual(self.there.moves, [])

    def test_a_simulated_node_turns_nothing_of_a_real_one(self):
        simulated = a_world(self.clock, simulated=True)
        self.r = Remote(self.clock, self.there, [spec("A", description="valve A")], world=simulated)
        self.start()
        refused = self.r.ask("A", "open")
        self.assertIsInstance(refused, errors.NotPermitted)
        self.assertIn("is real and this node is simulated", str(refused))
        self.assertEqual(self.there.moves, [])
        self.r = Remote(self.clock, self.there, world=simulated, accept_simulated=True)
        self.start()
        self.assertIsInstance(self.r.ask("A", "open"), Done)

    def test_unless_one_of_the_two_is_marked(self):
        self.there.simulated = True
        for more in ({"accept_simulated": True}, {"world": a_world(self.clock, simulated=True)}):
            self.r = Remote(self.clock, self.there, **more)
            self.r.start()
            self.assertEqual(self.r.states()["B"], "closed")
