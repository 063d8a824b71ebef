"""Triggers that come while a sequence runs, an opening whose condition ends while it waits, and a node that stops."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from pychron.extraction_line.parking.park_file import CloseStep, Do, OpenStep, Trigger, WaitStep
from tests.extraction_line.test_park import AT, ParkCase

NOW = Trigger(Do.SEQUENCE)


class DuringASequence(ParkCase):
    """The first one closes A, waits ten seconds and closes B."""

    def setUp(self):
        super().setUp()
        self.answer("Open", "A")
        self.parking(CloseStep(("A",), AT), WaitStep(10.0, AT), CloseStep(("Inner",), AT), on_owner_lost=NOW)
        self.parked.trigger("on_owner_lost", lambda: True, "the owner of Inner was lost", "Inner")
        self.bench.advance(5)
        self.answer("Open", "A")
        self.lost = True

    def is_open(self):
        return self.relays.on["101"]

    def second(self):
        self.parked.trigger("on_owner_lost", lambda: self.lost, "the owner of A was lost", "A")

    def test_a_second_owner_that_is_lost_is_parked_after_it(self):
        self.second()
        self.bench.advance(2)
        assert self.is_open(), "the first has passed A already"
        self.bench.advance(30, step=0.05)
        assert not self.is_open()
        assert self.alarms() == []

    def test_not_where_the_owner_has_come_back_by_then(self):
        self.second()
        self.bench.advance(1)
        self.lost = False
        self.bench.advance(30, step=0.05)
        assert self.is_open()

    def test_not_by_a_node_that_has_stopped(self):
        self.second()
        self.bench.advance(1)
        self.parked.stop()
        self.bench.advance(30, step=0.05)
        assert self.is_open()

    def test_three_have_one_after_the_other(self):
        self.second()
        self.parked.trigger("on_owner_lost", lambda: True, "the owner of B was lost", "B")
        self.bench.advance(60, step=0.05)
        assert not self.is_open() and not self.parked.running


class Conditions(ParkCase):
    def test_a_condition_that_ends_while_the_opening_waits_for_its_turn(self):
        self.gauges.values["IG1"] = 1e-9
        self.relays.takes_s = 3.0
        self.bench.ask("Inner", "open", within=60.0)
        self.bench.advance(1)
        running = self.begin(OpenStep("A", "IG1 < 1e-5", AT))
        self.bench.advance(1)
        self.gauges.values["IG1"] = 1.0
        self.bench.advance(30, step=0.05)
        (taken,) = self.successResultOf(running)
        assert (taken.step, taken.ok, taken.text) == ("open A", False, "IG1 < 1e-5 does not hold")
        assert [m[1] for m in self.relays.moves] == ["103"]


class NodeStops(ParkCase):
    def setUp(self):
        super().setUp()
        self.answer("Open", "A")

    def stops(self, **trigger):
        self.parking(CloseStep(("A",), AT), on_node_stop=Trigger(**trigger))
        self.manager.drain()
        return Deferred.fromCoroutine(self.parked.node_stops())

    def test_hold_moves_nothing(self):
        self.successResultOf(self.stops(do=Do.HOLD))
        assert self.relays.on["101"]

    def test_an_alarm_moves_nothing(self):
        self.successResultOf(self.stops(do=Do.ALARM))
        self.bench.advance(1)
        assert [a.key for a in self.alarms()] == ["on_node_stop"]
        assert self.relays.on["101"]

    def test_the_sequence_after_its_delay(self):
        stopping = self.stops(do=Do.SEQUENCE, after_s=5.0)
        self.bench.advance(4.5)
        assert self.relays.on["101"]
        self.bench.advance(2)
        self.successResultOf(stopping)
        assert not self.relays.on["101"] and self.manager.stopping

    def test_behind_a_sequence_that_runs(self):
        """The one that runs has passed A, and A was opened since."""
        self.parking(CloseStep(("A",), AT), WaitStep(10.0, AT), on_node_stop=NOW)
        Deferred.fromCoroutine(self.parked.run("MAKE SAFE"))
        self.bench.advance(2)
        self.answer("Open", "A")
        self.manager.drain()
        stopping = Deferred.fromCoroutine(self.parked.node_stops())
        self.bench.advance(30, step=0.05)
        self.successResultOf(stopping)
        assert not self.relays.on["101"]
