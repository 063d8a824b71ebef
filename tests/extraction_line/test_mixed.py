"""One line over this node's own switches and two valve controllers: names, ties and parents that cross them."""

from dataclasses import replace
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from pychron.cli.init import write_root
from pychron.config.problems import Report
from pychron.extraction_line import errors
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.permits import Permits, read_permits
from pychron.extraction_line.remote.faults import PeerFault
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.ties import cross_parents, cross_ties, listed, part_of, where_is
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action
from pychron.node.checking import check_node
from tests.extraction_line.clocked_relays import Bench
from tests.extraction_line.fake_controllers import LOCAL, Controller, Remote, a_world, spec

SPEC = LineSpec(
    (
        spec("A", 1, actuator="one", description="Bone to turbo", interlocks=("B",)),
        spec("B", 2, actuator="two", description="Bone to getter"),
        spec("P", 3, actuator="two", positive_interlocks=("G",)),
        spec("G", 4, actuator="one"),
        spec("L", 5, address="101", interlocks=("B",)),
        spec("C", 6, actuator="two", parent="G", parent_inverted=True),
        spec("S", 7, actuator="one"),
    )
)
WHERE = {"A": "one", "B": "two", "P": "two", "G": "one", "L": "", "C": "two", "S": "one"}


class Gauges:
    def __init__(self):
        self.values = {}

    def fresh(self):
        return self.values


def test_what_crosses_is_found_both_ways() -> None:
    ties = [(t.switch, t.other, str(t.state)) for t in cross_ties(SPEC, WHERE)]
    assert ties == [
        ("A", "B", "closed"),
        ("B", "A", "closed"),
        ("B", "L", "closed"),
        ("P", "G", "open"),
        ("L", "B", "closed"),
    ]
    assert [(p.child, p.parent, p.inverted) for p in cross_parents(SPEC, WHERE)] == [("C", "G", True)]


def test_check_lists_it_with_places() -> None:
    texts = [f"{place}: {text}" for place, text in listed(SPEC, WHERE)]
    assert texts[0] == "valves.xml:1: A (one) opens only while B (two) is held closed by a claim there"
    assert texts[4] == "valves.xml:5: L (this node) opens only while B (two) is held closed by a claim there"
    assert texts[-1] == "valves.xml:6: C (two) turns against its parent G (one), one after the other"
    assert listed(SPEC, where_is(SPEC, ())) == ()
    assert where_is(SPEC, ("one", "two")) == WHERE


def test_check_refuses_rules_that_no_node_can_keep(tmp_path) -> None:
    root = tmp_path / "root"
    write_root("experiment", root)
    setup = root / "setupfiles"
    (setup / "devices" / "relays.yaml").write_text("klass: DummyGPActuator\n")
    (setup / "extractionline" / "valves.yaml").write_text(
        "- {name: Air, kind: switch}\n"
        "- {name: L, address: 1, actuator: relays, supply: Air, close_requires: Air}\n"
        "- {name: R, supply: Air, close_requires: Air}\n"
    )
    _, report = check_node(root, None)
    told = [str(problem) for problem in report.errors if problem.code == "out_of_reach"]
    place = "setupfiles/extractionline/valves.yaml:2: error: valve L:"
    driven = "is driven by extraction_line, it itself by this node"
    assert told == [
        f"{place} supply Air {driven}; write it as positive_interlock, which is held on the node that drives it",
        f"{place} close_requires Air {driven}; drive both from one node, or delete it",
    ]


def test_the_part_of_one_controller_has_no_ties_to_the_others() -> None:
    part = part_of(SPEC, ["P", "B", "C"])
    assert [s.name for s in part.switches] == ["B", "P", "C"]
    assert part.by_name["P"].positive_interlocks == ()
    assert part.by_name["C"].parent == ""
    dangling = part_of(LineSpec((spec("A", interlocks=("Z", "B")), spec("B"))), ["A"])
    assert dangling.by_name["A"].interlocks == ("Z",), "a fault of the file stays one"


class MixedLines(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.world = a_world(self.clock)
        self.bench = Bench(self.clock, Path(self.mktemp()), part_of(SPEC, ["L"]))
        self.bench.read_all()
        self.one = self.remote("one", ("A", "G", "S"))
        self.two = self.remote("two", ("B", "P", "C"))
        self.line = self.mixed()
        self.events = []
        self.bench.bus.subscribe(self.events.append)

    def remote(self, name, valves):
        controller = Controller(self.clock, valves, boot=f"boot-{name}", node=name)
        for valve in valves:
            controller.valves[valve]["description"] = SPEC.by_name[valve].description
        r = Remote(self.clock, controller, part_of(SPEC, valves).switches, name=name, world=self.world)
        return r.start()

    def mixed(self):
        return MixedExtractionLine(
            SPEC, self.bench.manager, [self.one.line, self.two.line], self.world, self.bench.bus, "pyexp"
        )

    def advance(self, seconds, looking=True):
        for i in range(round(seconds / 0.05)):
            if looking and i % 20 == 0:
                for r in (self.one, self.two):
                    Deferred.fromCoroutine(r.line.look_again())
            self.clock.advance(0.05)

    def ask(self, name, action, seconds=0.5):
        command = Command(name, Action(action), LOCAL, self.clock.seconds())
        return self.one.run(self.line.actuate(command), seconds)

    def held(self, controller):
        return {s: require for s, (_, require) in controller.claims.items()}

    def test_names_and_descriptions_of_all_parts(self):
        self.assertEqual(self.line.names(), ("A", "B", "P", "G", "L", "C", "S"))
        self.assertEqual(self.line.resolve(description="Bone to getter"), "B")
        self.assertEqual({n: self.line.view(n).node for n in "ABL"}, {"A": "one", "B": "two", "L": ""})
        with self.assertRaises(errors.UnknownSwitch):
            self.line.resolve("Q")

    def test_each_part_turns_its_own(self):
        steps = []
        self.line.on_step = lambda number, text: steps.append(number)
        self.assertEqual(self.ask("S", "open"), Done("S", Action.OPEN, changed=True))
        self.assertEqual(steps, [3, 4, 5])
        self.assertEqual(self.ask("L", "open").changed, True)
        self.assertEqual(self.bench.relays.on["101"], True)
        self.assertEqual(self.two.controller.moves, [])

    def test_an_interlock_that_crosses_is_held_there_while_it_is_open(self):
        self.line.start()
        self.assertIsInstance(self.ask("A", "open"), Done)
        self.assertEqual(self.held(self.two.controller), {"pyexp.tie.A": {"B": "closed"}})
        self.assertTrue(self.line.reservations.is_held("A"))
        refused = self.ask("B", "open")
        self.assertIsInstance(refused, errors.Interlocked)
        with self.assertRaises(PeerFault):
            self.two.controller.turn("Open", "B")  # whoever asks there
        self.assertEqual(self.two.controller.moves, [])
        self.ask("A", "close")
        self.advance(2)
        self.assertEqual(self.held(self.two.controller), {})
        self.assertIsInstance(self.ask("B", "open"), Done)
        self.assertEqual(self.held(self.one.controller), {"pyexp.tie.B": {"A": "closed"}})

    def test_it_is_refused_where_the_other_is_not_confirmed_closed(self):
        for state in ("open", "unknown", "moving"):
            self.two.controller.valves["B"]["state"] = state
            self.two.run(self.two.line.look_again())
            refused = self.ask("A", "open")
            self.assertIsInstance(refused, errors.Interlocked)
            self.assertIn(f"B must be confirmed closed and is {state}", str(refused))
            self.assertIn(f"is {state}", " ".join(self.line.why("A", Action.OPEN, LOCAL)))
        self.assertEqual(self.one.controller.moves, [])

    def test_it_is_refused_when_either_peer_is_lost(self):
        for r in (self.two, self.one):
            r.link.cut()
            self.assertIsInstance(self.ask("A", "open"), errors.PeerLost)
            r.link.mend()
            r.advance(0)
        self.assertIsInstance(self.ask("A", "open"), Done)

    def test_it_is_refused_when_the_other_has_said_nothing_for_a_read_period(self):
        self.advance(4, looking=False)
        self.two.controller.swallowed = ("ListValves",)
        refused = self.ask("A", "open", seconds=3)
        self.assertIsInstance(refused, errors.PeerLost)
        self.assertEqual(self.one.controller.moves, [])
        self.two.controller.swallowed = ()
        self.assertIsInstance(self.ask("A", "open"), Done)

    def test_a_permit_of_this_nodes_file_holds_for_what_another_node_drives(self):
        own = LineSpec(tuple(replace(s, permit="IG1 < 1e-5") if s.name == "S" else s for s in SPEC.switches))
        expressions = read_permits(own, Report(Path()))
        gauges = Gauges()
        permits = Permits(self.bench.manager.line, expressions, gauges)
        self.line = MixedExtractionLine(
            own,
            self.bench.manager,
            [self.one.line, self.two.line],
            self.world,
            self.bench.bus,
            "pyexp",
            permits,
        )
        for values, why in (({}, "needs IG1, which has no fresh value"), ({"IG1": 1.0}, "does not hold now")):
            gauges.values = values
            refused = self.ask("S", "open")
            self.assertIsInstance(refused, errors.NotPermitted)
            self.assertIn(why, str(refused))
            self.assertIn(why, " ".join(self.line.why("S", Action.OPEN, LOCAL)))
        self.assertEqual(self.one.controller.moves, [])
        gauges.values = {"IG1": 1e-6}
        self.assertIsInstance(self.ask("S", "open"), Done)
        gauges.values = {"IG1": 1.0}
        self.assertIsInstance(self.ask("S", "close"), Done)

    def test_a_permit_that_nobody_judges_is_no_permission(self):
        own = LineSpec(tuple(replace(s, permit="IG1 < 1e-5") if s.name == "S" else s for s in SPEC.switches))
        self.line = MixedExtractionLine(
            own, self.bench.manager, [self.one.line, self.two.line], self.world, self.bench.bus, "pyexp"
        )
        self.assertIsInstance(self.ask("S", "open"), errors.NotPermitted)
        self.assertEqual(self.one.controller.moves, [])

    def test_a_supply_must_be_confirmed_open_on_the_node_that_drives_it(self):
        own = LineSpec(tuple(replace(s, supply="G") if s.name in "SP" else s for s in SPEC.switches))
        permits = Permits(self.bench.manager.line, {}, Gauges())
        self.line = MixedExtractionLine(
            own,
            self.bench.manager,
            [self.one.line, self.two.line],
            self.world,
            self.bench.bus,
            "pyexp",
            permits,
        )
        refused = self.ask("S", "open")
        self.assertIsInstance(refused, errors.NotPermitted)
        self.assertIn("its supply G is closed; it must be confirmed open", str(refused))
        self.assertEqual(self.one.controller.moves, [])
        self.one.controller.set("G", "open")
        self.one.run(self.one.line.look_again())
        self.assertIsInstance(self.ask("S", "open"), Done)

    def test_a_positive_interlock_that_crosses(self):
        self.assertIsInstance(self.ask("P", "open"), errors.Interlocked)
        self.one.controller.set("G", "open")
        self.one.run(self.one.line.look_again())
        self.assertIsInstance(self.ask("P", "open"), Done)
        self.assertEqual(self.held(self.one.controller), {"pyexp.tie.P": {"G": "open"}})
        held = self.ask("G", "close")
        self.assertIsInstance(held, errors.Held)
        self.assertIn("P depends on it and is open; close P first", str(held))

    def test_a_tie_to_this_nodes_own_switch(self):
        self.line.start()
        self.assertIsInstance(self.ask("B", "open"), Done)
        refused = self.ask("L", "open")
        self.assertIsInstance(refused, errors.Interlocked)
        self.assertEqual(self.bench.relays.on.get("101", False), False)
        self.assertIn("held closed", " ".join(self.bench.manager.why("L", Action.OPEN, LOCAL)))
        self.ask("B", "close")
        self.advance(2)
        self.assertIsInstance(self.ask("L", "open"), Done)

    def test_holds_are_renewed_and_a_hold_that_is_lost_is_an_alarm(self):
        self.line.start()
        self.ask("A", "open")
        self.two.controller.log.clear()
        self.advance(21)
        self.assertEqual(self.two.verbs().count("Claim"), 2)
        self.two.controller.faults["Claim"] = PeerFault(15, "", "NotStored", "B", "disk full")
        self.advance(25)
        alarms = [e for e in self.events if isinstance(e, AlarmRaised)]
        self.assertEqual([e.key for e in alarms], ["tie:A"])
        self.assertIn("A is open and B closed cannot be held on its node: B: disk full", alarms[0].text)
        self.assertFalse(self.line.reservations.is_held("A"))
        self.two.controller.faults.clear()
        self.advance(3)
        self.assertTrue(self.line.reservations.is_held("A"))
        self.assertEqual([e.key for e in self.events if isinstance(e, AlarmCleared)], ["tie:A"])

    def test_after_a_restart_the_same_session_holds_again(self):
        self.line.start()
        self.ask("A", "open")
        self.line.stop()
        again = self.mixed()
        again.start()
        self.advance(2)
        self.assertTrue(again.reservations.is_held("A"))
        self.assertEqual(list(self.two.controller.claims), ["pyexp.tie.A"])
        self.assertEqual(self.two.controller.token, 1)

    def test_a_switch_that_is_unknown_keeps_its_holds(self):
        self.line.start()
        self.ask("A", "open")
        self.one.controller.swallowed = ("ListValves", "GetIndicatorState")
        self.one.link.cut()
        self.advance(5)
        self.assertEqual(list(self.two.controller.claims), ["pyexp.tie.A"])

    def test_a_parent_turns_its_child_on_another_controller(self):
        self.two.controller.set("C", "open")
        self.two.run(self.two.line.look_again())
        self.assertIsInstance(self.ask("G", "open"), Done)
        self.assertEqual(self.two.controller.moves, [("C", "closed")])
        self.assertEqual(self.one.controller.moves, [("G", "open")])
        self.assertIsInstance(self.ask("G", "close"), Done)
        self.assertEqual(self.two.controller.moves[-1], ("C", "open"))

    def test_one_refusal_refuses_all(self):
        self.two.controller.why[("C", "close")] = ["C: locked by x"]
        refused = self.ask("G", "open")
        self.assertIsInstance(refused, errors.Interlocked)
        self.assertIn("locked by x", str(refused))
        self.assertEqual(self.one.controller.moves + self.two.controller.moves, [])

    def test_a_child_that_fails_after_its_parent_is_told_and_is_an_alarm(self):
        self.one.controller.set("G", "open")
        self.one.run(self.one.line.look_again())
        self.two.controller.faults["Open"] = PeerFault(15, "", "Mismatch", "C", "it reads closed")
        failed = self.ask("G", "close")
        self.assertIsInstance(failed, errors.ChildFailed)
        self.assertIn("G moved and C did not: C: it reads closed", str(failed))
        self.advance(0.1)
        self.assertEqual([e.key for e in self.events if isinstance(e, AlarmRaised)], ["cross:G:C"])
        del self.two.controller.faults["Open"]
        self.assertIsInstance(self.ask("G", "open"), Done)
        self.advance(0.1)
        self.assertEqual([e.key for e in self.events if isinstance(e, AlarmCleared)], ["cross:G:C"])

    def test_settling_times_of_all_heads_add_up(self):
        self.one.controller.valves["G"]["settling_s"] = 2.0
        self.two.controller.valves["C"]["settling_s"] = 1.0
        self.advance(0.1)
        self.assertEqual(self.line.settling_s("G"), 3.0)

    def test_locks_and_reading_go_to_the_part(self):
        self.one.run(self.line.lock("B", LOCAL, "leak"))
        self.assertEqual(self.line.view("B").lock.why, "leak")
        self.one.run(self.line.unlock("B", LOCAL, "mended"))
        self.assertIsNone(self.line.view("B").lock)
        self.assertEqual(self.one.run(self.line.refresh("S")).name, "S")


class WithoutItsController(SynchronousTestCase):
    def test_a_switch_whose_controller_cannot_be_used_is_shown_and_turned_by_nobody(self):
        clock = Clock()
        world = a_world(clock)
        valves = ("A", "G", "S")
        own = part_of(SPEC, valves).switches
        one = Remote(clock, Controller(clock, valves), own, name="one", world=world).start()
        line = MixedExtractionLine(SPEC, None, [one.line], world, one.bus, "pyexp")
        view = line.view("B")
        self.assertEqual((str(view.state), view.in_service), ("unknown", False))
        self.assertIn("its actuator two is no device that this node can use", view.faults[-1])
        for action in Action:
            failed = one.run(line.actuate(Command("B", action, LOCAL, 0.0)))
            self.assertIsInstance(failed, errors.LineError)
        self.assertEqual([v.name for v in map(line.view, line.names())], list(line.names()))


class WithoutAFile(SynchronousTestCase):
    def test_the_controllers_lists_are_the_line_and_a_name_of_two_is_nobodys(self):
        clock = Clock()
        world = a_world(clock)
        one = Remote(clock, Controller(clock, ("A", "B")), name="one", world=world).start()
        two = Remote(clock, Controller(clock, ("B", "C")), name="two", world=world).start()
        line = MixedExtractionLine(None, None, [one.line, two.line], world, one.bus, "pyexp")
        with capturedLogs() as logs:
            self.assertEqual(line.names(), ("A", "C"))
        self.assertEqual([e["names"] for e in logs], ["B"])
        done = one.run(line.actuate(Command("C", Action.OPEN, LOCAL, 0.0)))
        self.assertIsInstance(done, Done)
        failed = one.run(line.actuate(Command("B", Action.OPEN, LOCAL, 0.0)))
        self.assertIsInstance(failed, errors.UnknownSwitch)
        self.assertIn("more than one controller", str(failed))
