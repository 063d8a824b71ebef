"""A supply that fails makes what rests on it unknown, once, until it is back."""

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line.errors import LineError
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.parking.park import Parking
from pychron.extraction_line.parking.park_file import DEFAULTS, CloseStep, Do, ParkSpec, Trigger
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.extraction_line.supplies import Supplies
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench


class Gauges:
    def __init__(self):
        self.values = {}

    def fresh(self):
        return self.values


AT = Place("park.yaml", 1)


class SupplyCase(SynchronousTestCase):
    def setUp(self):
        clock = Clock()
        clock.advance(100)
        path = Path(self.mktemp())
        path.parent.mkdir(parents=True, exist_ok=True)
        line = LineSpec(
            (
                spec("Air", kind=Kind.SWITCH, address="1"),
                spec("A", address="2", supply="Air"),
                spec("B", address="3", supply="P1", supply_minimum="4.5 bar"),
                spec("C", address="4", supply="P1", supply_minimum="5.5 bar"),
            )
        )
        self.bench = Bench(clock, path, line)
        self.gauges = Gauges()
        self.park(DEFAULTS["on_air_lost"])

    def park(self, trigger):
        """As it is at a start of the node: no supply has been seen yet."""
        spec = ParkSpec({**DEFAULTS, "on_air_lost": trigger}, (CloseStep(("Air",), AT),))
        parking = Parking(self.bench.manager, spec, lambda: self.gauges)
        self.supplies = Supplies(self.bench.manager, lambda: self.gauges, parking)

    def look(self, **gauges):
        self.gauges.values = gauges
        self.bench.read_all()
        self.supplies.look()
        self.bench.read_all()
        self.supplies.look()
        return self.bench.states()

    def alarms(self, kind):
        return [e.key for e in self.bench.events if isinstance(e, kind) and e.key.startswith("supply:")]

    def test_a_switch_as_supply(self):
        assert self.look(P1=6.0) == {"Air": "closed", "A": "unknown", "B": "closed", "C": "closed"}
        self.look(P1=6.0)
        assert self.alarms(AlarmRaised) == ["supply:Air"]
        self.bench.relays.on["1"] = True
        assert self.look(P1=6.0) == {"Air": "open", "A": "closed", "B": "closed", "C": "closed"}
        assert self.alarms(AlarmCleared) == ["supply:Air"]

    def test_a_gauge_as_supply(self):
        self.bench.relays.on["1"] = True
        assert self.look(P1=4.0)["B"] == "unknown"
        assert self.look()["B"] == "unknown"
        assert self.look(P1=5.0)["B"] == "closed"

    def test_one_gauge_with_two_minima_is_an_alarm_for_each_and_none_takes_back_the_other(self):
        self.bench.relays.on["1"] = True
        for _ in range(3):
            assert self.look(P1=5.0)["C"] == "unknown"
            assert self.bench.states()["B"] == "closed"
        (raised,) = [e for e in self.bench.events if isinstance(e, AlarmRaised)]
        assert raised.switches == ("C",)
        assert self.alarms(AlarmCleared) == []
        assert self.bench.manager.machine.observer.standing() == (raised.key,)
        self.look(P1=4.0)
        assert len(self.bench.manager.machine.observer.standing()) == 2
        self.look(P1=6.0)
        assert self.bench.manager.machine.observer.standing() == ()

    def air_closed(self):
        """The sequence's one step: a switch that needs no air."""
        return [move[1] for move in self.bench.relays.moves if not move[2]] == ["1"]

    def test_air_that_is_lost_begins_the_sequence_after_its_delay(self):
        self.bench.relays.on["1"] = True
        self.park(Trigger(Do.SEQUENCE, 60.0))
        self.look(P1=6.0)
        self.look(P1=5.0)
        self.bench.advance(50, step=1)
        assert not self.air_closed()
        self.bench.advance(12, step=1)
        self.bench.advance(1)
        assert self.air_closed()

    def test_air_that_comes_back_in_time_begins_nothing(self):
        self.bench.relays.on["1"] = True
        self.park(Trigger(Do.SEQUENCE, 60.0))
        self.look(P1=6.0)
        self.look()
        self.bench.advance(50, step=1)
        self.look(P1=6.0)
        self.bench.advance(20, step=1)
        assert self.bench.relays.moves == []

    def test_air_that_was_not_seen_since_the_start_is_not_lost(self):
        self.bench.relays.on["1"] = True
        self.park(Trigger(Do.SEQUENCE))
        self.look()
        self.bench.advance(5)
        assert self.bench.relays.moves == []

    def test_air_that_is_lost_moves_nothing_by_default_and_is_one_alarm(self):
        self.bench.relays.on["1"] = True
        self.look(P1=6.0)
        self.look(P1=5.0)
        self.bench.advance(5)
        assert self.bench.relays.moves == []
        assert [e.key for e in self.bench.events if isinstance(e, AlarmRaised)] == ["supply:P1:5.5 bar"]

    def test_an_actuation_without_supply_never_succeeds(self):
        self.bench.relays.on["1"] = True
        self.look(P1=4.0)
        closing = self.bench.ask("B", "close")
        self.bench.advance(1)
        assert "below 4.5 bar" in str(self.failureResultOf(closing, LineError).value)
