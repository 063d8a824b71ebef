"""What still moves when a node stops, behind a newer close, or after a standstill."""

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.errors import Stopping, Superseded
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.local_line import LocalLine
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench


class Waits(SynchronousTestCase):
    def line(self, *specs):
        self.bench = Bench(Clock(), Path(self.mktemp()), LineSpec(specs))
        self.relays = self.bench.relays
        self.bench.read_all()

    def drain(self):
        local = LocalLine(self.bench.world, self.bench.bus, Path(self.mktemp()))
        local.manager = self.bench.manager
        return Deferred.fromCoroutine(local.drain())

    def test_an_open_that_waits_is_not_begun_by_a_node_that_stops(self):
        self.line(spec("A", address="101", settling_s=5.0))
        self.relays.on["101"] = True
        self.bench.read_all()
        closing = self.bench.ask("A", "close")
        self.bench.advance(0.5)
        waiting = self.bench.ask("A", "open", peer="10.0.0.6", within=30)
        drained = self.drain()
        self.failureResultOf(waiting, Stopping)
        self.bench.advance(15)
        assert self.successResultOf(closing).changed
        self.successResultOf(drained)
        assert not self.relays.on["101"]

    def test_an_open_whose_turn_on_the_wire_has_not_come_is_not_begun_by_a_node_that_stops(self):
        self.line(spec("A", address="101"), spec("B", address="102"))
        self.relays.takes_s = 1.0
        first, second = self.bench.ask("A", "open"), self.bench.ask("B", "open", within=30)
        self.bench.advance(0.5)
        drained = self.drain()
        self.bench.advance(5)
        assert self.successResultOf(first).changed
        self.failureResultOf(second, Stopping)
        self.successResultOf(drained)
        assert not self.relays.on.get("102", False)

    def test_a_close_goes_on_while_it_stops_and_an_open_does_not(self):
        self.line(spec("A", address="101"), spec("B", address="102"))
        self.bench.ask("A", "open")
        self.bench.advance(0.5)
        self.drain()
        closing, opening = self.bench.ask("A", "close"), self.bench.ask("B", "open")
        self.bench.advance(0.5)
        assert self.successResultOf(closing).changed
        self.failureResultOf(opening, Stopping)
        assert not self.relays.on["101"]

    def test_an_older_open_of_the_parent_opens_no_child_behind_its_newer_close(self):
        self.line(
            spec("P", address="101", settling_s=1.0), spec("C", address="102", parent="P", settling_s=1.0)
        )
        first = self.bench.ask("C", "open", peer="10.0.0.1")
        waiting = self.bench.ask("P", "open", peer="10.0.0.2", within=30)
        closing = self.bench.ask("C", "close", peer="10.0.0.3", within=30)
        self.failureResultOf(waiting, Superseded)
        self.bench.advance(10)
        self.failureResultOf(first, Superseded)
        assert closing.called
        assert not self.relays.on.get("102", False)

    def test_an_older_open_that_comes_late_is_not_begun_behind_anothers_newer_close(self):
        """It lay on its connection behind a slower request; the close found the valve closed, and was told so."""
        self.line(spec("P", address="101"), spec("C", address="102", parent="P"))
        asked_at = self.bench.clock.seconds()
        self.bench.advance(0.5)
        closing = self.bench.ask("C", "close", peer="10.0.0.3")
        self.bench.advance(0.5)
        assert not self.successResultOf(closing).changed
        for name in ("C", "P"):
            late = Command(name, Action.OPEN, Peer("10.0.0.1", right=Right.OPERATE), asked_at, within=5)
            self.failureResultOf(Deferred.fromCoroutine(self.bench.manager.actuate(late)), Superseded)
        opening = self.bench.ask("C", "open", peer="10.0.0.1")
        self.bench.advance(0.5)
        assert self.successResultOf(opening).changed
        assert [address for _, address, _ in self.relays.exchanges] == ["102"]

    def test_the_same_id_under_way_joins_after_a_standstill_too(self):
        self.line(spec("A", address="101", settling_s=5.0))
        first = self.bench.ask("A", "open", id="c:1", within=30)
        self.bench.advance(1)
        again = self.bench.ask("A", "open", id="c:1", within=30, stood_still=True)
        self.bench.advance(6)
        assert self.successResultOf(again) == self.successResultOf(first)
