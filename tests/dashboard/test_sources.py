"""Where values come from: what the files of a node allow, and what is written where they do not."""

from dataclasses import dataclass, replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.dashboard.sources import Facts, Sources, why_unreadable
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Kind, State
from pychron.hardware.drivers import UnknownDriver
from pychron.hardware.readable import NoValue
from pychron.node.known_drivers import known_drivers
from pychron.node.root import check_root
from tests.broadcast.air import Air, world
from tests.dashboard.test_monitor import value
from tests.system.test_real_lab import LAB

LINE = LineSpec(
    (SwitchSpec("A", Kind.VALVE, Place("valves.yaml", 3)), SwitchSpec("B", Kind.VALVE, Place("v", 4)))
)
GAUGES = DeviceFile("bone_gauges", "MicroIonController", Place("devices/bone_gauges.yaml"))
FACTS = Facts({"bone_gauges": GAUGES}, LINE, simulated=False)


def of(source: str, attribute: str, name: str = "x"):
    return value(name, source=source, attribute=attribute)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (of("extraction_line", "A"), ""),
        (of("Extraction Line", "get", "B"), ""),
        (of("extraction_line", "C"), "the line has no switch C"),
        (of("bone_gauges", "get_ig"), ""),
        (of("bone_gauges", "CG3"), "has no CG3; write func_name: IG or CG1 or CG2; did you mean CG2?"),
        (
            of("bone_gauge", "IG"),
            "there is no device file devices/bone_gauge.yaml (.yml, .cfg); did you mean bone_gauges?",
        ),
    ],
)
def test_what_the_files_say(spec, words: str) -> None:
    assert words in why_unreadable(spec, FACTS)
    assert bool(why_unreadable(spec, FACTS)) == bool(words)


def test_without_a_line_and_with_a_klass_that_nobody_reads() -> None:
    facts = Facts({"agilent": replace(GAUGES, klass="AgilentGPActuator")}, None, simulated=False)
    assert "no extraction line" in why_unreadable(of("extraction_line", "A"), facts)
    assert "no driver that reads numbers of a AgilentGPActuator" in why_unreadable(of("agilent", "x"), facts)


def test_a_simulated_node_reads_every_device() -> None:
    assert why_unreadable(of("whatever", "x"), Facts({}, None, simulated=True)) == ""


@pytest.mark.skipif(not LAB.is_dir(), reason="the laboratory's files are not beside this checkout")
def test_the_gauge_controller_of_a_real_laboratory() -> None:
    config, report = check_root(LAB, "experiment", drivers=known_drivers())
    assert config is not None
    device = config.devices["qtegra_gauge_controller"]
    assert device.klass == "QtegraMicroIonController"
    facts = Facts(config.devices, config.line, simulated=False)
    assert why_unreadable(of("qtegra_gauge_controller", "IG"), facts) == ""
    assert not [p for p in report.problems if p.code == "driver" and "qtegra_gauge_controller" in str(p)]
    assert why_unreadable(of("extraction_line", config.line.switches[0].name), facts) == ""


@dataclass
class View:
    state: State
    read_at: float | None = 1.0
    stale: bool = False


class Line:
    def __init__(self) -> None:
        self.now = View(State.UNKNOWN, None)

    def view(self, name: str) -> View:
        return self.now


class ValveTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.line = Line()
        self.read = Sources(world(Air(self.clock)), FACTS, self.line).of(of("extraction_line", "A"))  # type: ignore[arg-type]

    def ask(self) -> Deferred[object]:
        return Deferred.fromCoroutine(self.read())  # type: ignore[arg-type]

    def test_open_is_one_and_closed_is_zero(self) -> None:
        for state, number in ((State.OPEN, 1.0), (State.CLOSED, 0.0)):
            self.line.now = View(state)
            self.assertEqual(self.successResultOf(self.ask()), number)

    def test_unknown_and_stale_are_no_numbers(self) -> None:
        for view, words in ((View(State.UNKNOWN), "A is unknown"), (View(State.OPEN, stale=True), "is lost")):
            self.line.now = view
            self.assertIn(words, self.failureResultOf(self.ask(), NoValue).value.text)

    def test_a_valve_that_moves_is_waited_for(self) -> None:
        self.line.now = View(State.MOVING)
        asked = self.ask()
        self.clock.pump([0.1] * 20)
        self.assertNoResult(asked)
        self.line.now = View(State.OPEN)
        self.clock.advance(0.1)
        self.assertEqual(self.successResultOf(asked), 1.0)

    def test_after_the_start_the_first_read_back_is_waited_for_a_moment(self) -> None:
        asked = self.ask()
        self.clock.pump([0.1] * 20)
        self.assertNoResult(asked)
        self.clock.pump([0.1] * 10)
        self.assertIn("A is unknown", self.failureResultOf(asked, NoValue).value.text)

    def test_what_cannot_be_read_is_not_built(self) -> None:
        sources = Sources(world(Air(self.clock)), FACTS, None)
        self.assertRaises(UnknownDriver, sources.of, of("gone", "x"))
