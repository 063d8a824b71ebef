"""A meter that is not there: slow, between 0 and 1, the same twice."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.simulation.emulated_meter import EmulatedMeter


class EmulatedMeterTest(SynchronousTestCase):
    def read(self, meter: EmulatedMeter, name: str) -> float:
        return self.successResultOf(Deferred.fromCoroutine(meter.read(name)))

    def test_it_swings_within_its_range_and_is_the_same_twice(self) -> None:
        traces = []
        for _ in range(2):
            clock = Clock()
            meter = EmulatedMeter("env", clock)
            trace = []
            for _ in range(60):
                trace.append(self.read(meter, "temperature"))
                clock.advance(10)
            traces.append(trace)
        self.assertEqual(traces[0], traces[1])
        self.assertTrue(0 <= min(traces[0]) < 0.1 and 0.9 < max(traces[0]) <= 1)
        self.assertTrue(max(abs(a - b) for a, b in zip(traces[0], traces[0][1:], strict=False)) < 0.06)

    def test_each_name_has_a_phase_of_its_own(self) -> None:
        meter = EmulatedMeter("env", Clock())
        self.assertNotEqual(self.read(meter, "temperature"), self.read(meter, "humidity"))
