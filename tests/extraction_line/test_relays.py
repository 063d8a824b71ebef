"""From switches to relays: inversion, two outputs, other devices that read, what may not be read."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.relays import FOREIGN, Relays
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.hardware.interfaces import Evidence, NoAnswer, NotBegun, Rejected, Unavailable
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import ClockedRelays

DOUBLE = Kind.DOUBLE_ACTUATION_VALVE

LINE = LineSpec(
    (
        spec("V", address="1"),
        spec("Inv", address="2", inverted_logic=True),
        spec("D", address="3, 4", kind=DOUBLE),
        spec("DInv", address="5,6", kind=DOUBLE, inverted_logic=True),
        spec("S", address="7", state_device="positions", state_address="70"),
        spec("SInv", address="8", state_device="positions", state_address="80", state_invert=True),
        spec("Own", address="9", state_address="90"),
        spec("Blind", address="10", query_state=False),
        spec("T", kind=Kind.MANUAL_VALVE),
        spec("Lost", address="11", actuator="nobody"),
        spec("LostEye", address="12", state_device="nobody"),
    )
)


class RelaysCase(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.main = ClockedRelays(self.clock)
        self.eyes = ClockedRelays(self.clock, "positions")
        self.relays = Relays(LINE, {"switch_controller": self.main, "positions": self.eyes})

    def drive(self, name, opens, begin=lambda: True):
        done = Deferred.fromCoroutine(self.relays.drive(name, opens, begin, False))
        for _ in range(20):
            self.clock.advance(0.02)
        return done

    def driven(self, name, opens):
        before = len(self.main.exchanges)
        self.successResultOf(self.drive(name, opens))
        return [e[1:] for e in self.main.exchanges[before:]]

    def read(self, *names):
        done = Deferred.fromCoroutine(self.relays.read(names))
        for _ in range(20):
            self.clock.advance(0.02)
        return self.successResultOf(done)

    def read_back(self, name):
        done = Deferred.fromCoroutine(self.relays.read_back(name))
        for _ in range(20):
            self.clock.advance(0.02)
        return self.successResultOf(done)

    def on(self, name):
        """Read among others, and for the actuation that turned it."""
        found = self.read(name)[name].on
        assert self.read_back(name).on is found
        return found


class Driving(RelaysCase):
    def test_a_plain_switch(self):
        assert self.driven("V", True) == [("1", True)]
        assert self.driven("V", False) == [("1", False)]

    def test_inverted_logic(self):
        assert self.driven("Inv", True) == [("2", False)]
        assert self.driven("Inv", False) == [("2", True)]

    def test_two_outputs_in_their_order(self):
        assert self.driven("D", True) == [("3", True), ("4", False)]
        assert self.driven("D", False) == [("4", True), ("3", False)]
        assert self.driven("DInv", True) == [("6", True), ("5", False)]

    def test_the_second_output_that_fails_leaves_a_doubt(self):
        for fate in ("rejected", "silent"):
            self.main.fates.extend(["ok", fate])
            problem = self.failureResultOf(self.drive("D", True), NoAnswer).value
            assert "its first output was driven, the second was not" in problem.text

    def test_the_first_output_that_fails_is_a_certain_end(self):
        self.main.fates.append("rejected")
        self.failureResultOf(self.drive("D", True), Rejected)
        assert [e[1] for e in self.main.exchanges] == ["3"]

    def test_the_guard_is_asked_before_anything_is_written(self):
        self.failureResultOf(self.drive("D", True, lambda: False), NotBegun)
        assert self.main.exchanges == []

    def test_an_actuator_that_does_not_exist(self):
        assert "nobody" in self.failureResultOf(self.drive("Lost", True), Unavailable).value.text


class Reading(RelaysCase):
    def test_inverted_logic(self):
        self.main.on = {"2": True}
        assert self.on("Inv") is False
        self.main.on = {}
        assert self.on("Inv") is True

    def test_two_outputs_must_disagree(self):
        for first, second, state in (
            (True, False, True),
            (False, True, False),
            (True, True, None),
            (False, False, None),
        ):
            self.main.on = {"3": first, "4": second, "5": first, "6": second}
            assert self.on("D") is state
            assert self.on("DInv") is (None if state is None else not state)

    def test_what_is_driven_reads_so(self):
        for name in ("V", "Inv", "D", "DInv"):
            for opens in (True, False):
                self.driven(name, opens)
                assert self.on(name) is opens, name

    def test_another_device_reads_the_position(self):
        self.main.on = {"7": True, "8": True}
        assert (self.on("S"), self.on("SInv")) == (False, True)
        self.eyes.on = {"70": True, "80": True}
        assert (self.on("S"), self.on("SInv")) == (True, False)

    def test_another_device_is_never_on_the_driving_channel(self):
        mark = self.successResultOf(self.drive("S", True))
        assert self.read("S")["S"].mark.epoch < FOREIGN < mark.epoch
        assert self.read("V")["V"].mark.epoch == mark.epoch

    def test_each_device_is_asked_once(self):
        asked = []
        for device in (self.main, self.eyes):
            device.read = self._spied(device, asked)
        assert list(self.read("V", "D", "S", "SInv")) == ["V", "D", "S", "SInv"]
        assert asked == [("switch_controller", ("1", "3", "4")), ("positions", ("70", "80"))]

    @staticmethod
    def _spied(device, asked):
        read = type(device).read

        async def spied(addresses):
            asked.append((device.name, addresses))
            return await read(device, addresses)

        return spied

    def test_a_silent_device_hides_its_own_switches_only(self):
        self.eyes.read_fate = "silent"
        assert list(self.read("V", "S", "Own")) == ["V", "Own"]
        assert self.read_back("S") is None

    def test_what_may_not_or_cannot_be_read_is_absent(self):
        names = ("V", "Blind", "T", "Lost", "LostEye")
        assert list(self.read(*names)) == [n for n in names if self.read_back(n) is not None] == ["V"]


class Declared(RelaysCase):
    def test_evidence(self):
        found = {n: self.relays.hardware(n) for n in LINE.by_name}
        assert {n: (h.readable, h.evidence) for n, h in found.items()} == {
            "V": (True, Evidence.RELAY),
            "Inv": (True, Evidence.RELAY),
            "D": (True, Evidence.RELAY),
            "DInv": (True, Evidence.RELAY),
            "S": (True, Evidence.INDICATOR),
            "SInv": (True, Evidence.INDICATOR),
            "Own": (True, Evidence.INDICATOR),
            "Blind": (False, Evidence.COMMANDED),
            "T": (False, Evidence.DECLARED),
            "Lost": (False, Evidence.DECLARED),
            "LostEye": (False, Evidence.COMMANDED),
        }
        assert [n for n, h in found.items() if not h.same_channel] == ["S", "SInv"]
        assert (found["V"].late_s, found["T"].late_s) == (2.0, 0.0)
