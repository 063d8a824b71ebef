"""Polling on a clock: periods, dead-bands, late and wrong answers, and what each does to its own value alone."""

from dataclasses import replace
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.dashboard.events import ConditionCleared, ConditionTripped, ValueFailed, ValueRead, ValueState
from pychron.dashboard.monitor import Monitor
from pychron.dashboard.specs import ValueSpec
from pychron.events.bus import EventBus
from pychron.hardware.interfaces import Unavailable
from tests.broadcast.air import Air, world
from tests.dashboard.test_conditions import condition

PLACE = Place("dashboard.yaml", 3)


def value(name: str = "temperature", **more: Any) -> ValueSpec:
    spec = ValueSpec(
        name=f"Env.{name}",
        device="Env",
        value_name=name,
        source="env",
        attribute=name,
        tag=f"<Env,{name}>",
        units="C",
        period_s=10.0,
        timeout_s=0.0,
        dead_band=0.5,
        record=False,
        enabled=True,
        conditions=(),
        place=PLACE,
    )
    return replace(spec, **more)


class Instrument:
    """Answers what the test says: a number, an error, or nothing."""

    def __init__(self) -> None:
        self.answer: Any = 20.0
        self.asked = 0
        self.cut_short: Exception | None = None

    async def read(self) -> object:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            try:
                await Deferred()
            except CancelledError:
                if self.cut_short is not None:
                    raise self.cut_short from None
                raise
        return self.answer


class MonitorTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.bus = EventBus(self.clock)
        self.heard: list[Any] = []
        self.bus.subscribe(self.heard.append)
        self.instruments: dict[str, Instrument] = {}

    def watch(self, *specs: ValueSpec, answer: Any = 20.0) -> Monitor:
        self.instruments = {spec.name: Instrument() for spec in specs}
        for instrument in self.instruments.values():
            instrument.answer = answer
        sources = {name: instrument.read for name, instrument in self.instruments.items()}
        monitor = Monitor(world(Air(self.clock)), self.bus, specs, sources)
        monitor.start()
        self.addCleanup(monitor.stop)
        self.pass_(0)
        return monitor

    def pass_(self, seconds: float) -> list[Any]:
        """What was heard meanwhile."""
        before = len(self.heard)
        left = seconds
        while left > 0:
            self.clock.advance(min(0.5, left))
            left -= 0.5
        self.clock.advance(0)
        return self.heard[before:]

    def kinds(self, events: list[Any]) -> list[str]:
        return [type(event).__name__ for event in events]

    def test_a_value_is_read_in_its_period_and_told_beyond_its_dead_band(self) -> None:
        self.watch(value())
        thermometer = self.instruments["Env.temperature"]
        first = self.heard[0]
        self.assertEqual((first.name, first.value, first.tag), ("Env.temperature", 20.0, "<Env,temperature>"))
        self.assertEqual(first.time, 1000.0)
        thermometer.answer = 20.5
        self.assertEqual(self.pass_(10), [])
        self.assertEqual(thermometer.asked, 2)
        thermometer.answer = 20.6
        self.assertEqual([e.value for e in self.pass_(10)], [20.6])
        thermometer.answer = 20.2
        self.assertEqual(self.pass_(10), [])
        thermometer.answer = 20.1 - 1e-9
        self.assertEqual(len(self.pass_(10)), 1)

    def test_a_first_reading_of_zero_is_told_and_a_still_one_each_hour(self) -> None:
        monitor = self.watch(value(period_s=60.0), answer=0.0)
        self.assertEqual([e.value for e in self.heard], [0.0])
        self.heard.clear()
        self.pass_(3599)
        self.assertEqual(self.heard, [])
        self.pass_(60)
        self.assertEqual(self.kinds(self.heard), ["ValueRead"])
        self.assertEqual(monitor.failures, 0)

    def test_an_error_belongs_to_one_value_and_is_told_once(self) -> None:
        monitor = self.watch(value(), value("humidity"))
        self.heard.clear()
        self.instruments["Env.humidity"].answer = Unavailable("env: look at the cable")
        (failed,) = self.pass_(30)
        self.assertIsInstance(failed, ValueFailed)
        self.assertEqual(
            (failed.name, failed.why, failed.late), ("Env.humidity", "env: look at the cable", False)
        )
        views = {v.name: v for v in (w.view(self.clock.seconds()) for w in monitor.watched.values())}
        self.assertEqual(views["Env.humidity"].state, ValueState.ERROR)
        self.assertEqual(views["Env.temperature"].state, ValueState.LIVE)
        self.instruments["Env.humidity"].answer = 20.0
        self.assertEqual(self.kinds(self.pass_(10)), ["ValueRead"])

    def test_nonsense_is_an_error(self) -> None:
        for nonsense in (float("nan"), float("inf"), "hello", [1], "nan", {}, "1e999"):
            monitor = self.watch(value())
            self.instruments["Env.temperature"].answer = nonsense
            (failed,) = self.pass_(10)
            self.assertIn("no finite number", failed.why)
            monitor.stop()
        self.watch(value())
        self.instruments["Env.temperature"].answer = " 1.5e-8 "
        (read,) = self.pass_(10)
        self.assertEqual(read.value, 1.5e-8)

    def test_a_driver_that_raises_anything_costs_its_value_alone(self) -> None:
        self.watch(value(), value("humidity"))
        self.heard.clear()
        self.instruments["Env.humidity"].answer = ZeroDivisionError("oh")
        (failed,) = self.pass_(10)
        self.assertEqual(failed.why, "its driver failed: ZeroDivisionError: oh")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.pass_(30)
        self.assertEqual(self.instruments["Env.temperature"].asked, 5)
        self.assertEqual(self.flushLoggedErrors(ZeroDivisionError), [])

    def test_one_that_hangs_is_late_and_the_others_go_on(self) -> None:
        monitor = self.watch(value(), value("humidity"))
        self.heard.clear()
        self.instruments["Env.humidity"].answer = None
        (failed,) = self.pass_(25)
        self.assertEqual((failed.why, failed.late), ("did not answer within 10 s", True))
        self.assertEqual(self.instruments["Env.temperature"].asked, 3)
        self.assertEqual(monitor.watched["Env.humidity"].state(self.clock.seconds()), ValueState.ERROR)
        self.instruments["Env.humidity"].answer = 21.0
        self.assertEqual(self.kinds(self.pass_(20)), ["ValueRead"])

    def test_a_driver_that_words_its_end_differently_is_late_all_the_same(self) -> None:
        self.watch(value())
        self.heard.clear()
        thermometer = self.instruments["Env.temperature"]
        thermometer.answer = None
        thermometer.cut_short = Unavailable("given up before the answer")
        (failed,) = self.pass_(25)
        self.assertEqual((failed.why, failed.late), ("did not answer within 10 s", True))

    def test_three_periods_without_a_reading_trip_whatever_nfail_says(self) -> None:
        self.watch(value(period_s=60.0, conditions=(condition(nfail=100),)))
        self.heard.clear()
        self.instruments["Env.temperature"].answer = Unavailable("gone")
        self.assertEqual(self.kinds(self.pass_(179)), ["ValueFailed"])
        (tripped,) = self.pass_(2)
        self.assertIsInstance(tripped, ConditionTripped)
        self.assertEqual((tripped.missing, tripped.value, tripped.why), (True, None, "gone"))
        self.assertEqual(tripped.message, "Env.temperature.x > 30 is True. value=missing")
        self.instruments["Env.temperature"].answer = 20.0
        self.assertEqual(self.kinds(self.pass_(60)), ["ValueRead", "ConditionCleared"])

    def test_a_node_that_stood_still_reads_before_it_calls_anything_too_old(self) -> None:
        monitor = self.watch(value(conditions=(condition(),)))
        self.heard.clear()
        self.clock.advance(500)
        self.pass_(15)
        self.assertEqual(self.heard, [])
        self.assertEqual(monitor.watched["Env.temperature"].state(self.clock.seconds()), ValueState.LIVE)
        # What does not come then is too old after all.
        self.instruments["Env.temperature"].answer = None
        self.clock.advance(500)
        self.pass_(25)
        self.assertEqual(self.kinds(self.heard), ["ValueFailed", "ConditionTripped"])

    def test_a_threshold_is_told_within_one_period_and_cleared_once(self) -> None:
        monitor = self.watch(value(conditions=(condition(clear="x < 28"),)))
        self.heard.clear()
        thermometer = self.instruments["Env.temperature"]
        thermometer.answer = 31.0
        read, tripped = self.pass_(10)
        self.assertIsInstance(read, ValueRead)
        self.assertEqual((tripped.condition, tripped.value), ("Env.temperature.x > 30", 31.0))
        self.assertEqual(tripped.why, "x > 30 holds at 31")
        self.assertEqual(self.pass_(30), [])
        (view,) = monitor.watched["Env.temperature"].conditions()
        self.assertTrue(view.tripped)
        thermometer.answer = 29.0
        self.assertEqual(self.kinds(self.pass_(10)), ["ValueRead"])
        thermometer.answer = 20.0
        cleared = self.pass_(20)[-1]
        self.assertIsInstance(cleared, ConditionCleared)
        self.assertEqual(self.kinds(self.heard).count("ConditionCleared"), 1)

    def test_the_dead_band_hides_no_condition(self) -> None:
        self.watch(value(dead_band=100.0, conditions=(condition(),)))
        self.heard.clear()
        self.instruments["Env.temperature"].answer = 31.0
        self.assertEqual(self.kinds(self.pass_(10)), ["ConditionTripped"])

    def test_a_value_that_nothing_reads_says_where_and_trips(self) -> None:
        spec = value(conditions=(condition(),))
        monitor = Monitor(
            world(Air(self.clock)), self.bus, (spec,), {spec.name: "dashboard.yaml:3: there is no device env"}
        )
        monitor.start()
        self.addCleanup(monitor.stop)
        self.pass_(100)
        self.assertEqual(self.kinds(self.heard), ["ValueFailed", "ConditionTripped"])
        self.assertEqual(self.heard[0].why, "dashboard.yaml:3: there is no device env")

    def test_disabled_values_are_not_read(self) -> None:
        monitor = self.watch(value(enabled=False))
        self.pass_(30)
        self.assertEqual((self.instruments["Env.temperature"].asked, monitor.watched), (0, {}))

    def test_on_change_is_read_when_somebody_says_so(self) -> None:
        monitor = self.watch(value(period_s=None, dead_band=0.0))
        self.heard.clear()
        self.instruments["Env.temperature"].answer = 1.0
        monitor.read_now("Env.temperature")
        self.assertEqual([e.value for e in self.pass_(0)], [1.0])

    def test_many_values_of_one_period_are_not_read_in_one_turn(self) -> None:
        monitor = self.watch(*(value(f"v{n}", period_s=1.0) for n in range(50)))
        self.assertEqual(monitor.readings, 50)
        self.clock.pump([0.005] * 201)
        counts = []
        for _ in range(200):
            before = monitor.readings
            self.clock.advance(0.005)
            counts.append(monitor.readings - before)
        self.assertIn(sum(counts), (50, 51))
        self.assertLessEqual(max(counts), 2)

    def test_nothing_is_said_after_the_stop(self) -> None:
        monitor = self.watch(value())
        self.instruments["Env.temperature"].answer = None
        self.pass_(10)
        monitor.stop()
        self.heard.clear()
        self.pass_(60)
        self.assertEqual(self.heard, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])
