"""Interleavings on a Clock: half-driven valves, locks that cross, silence and a disk that fails; judged by the relays."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.errors import Superseded
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench

OPERATOR = Peer("10.0.0.9", right=Right.OPERATE, name="op")


class RacesCase(SynchronousTestCase):
    SWITCHES = (spec("A", address="101", interlocks=("B",)), spec("B", address="102"))

    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.path = Path(self.mktemp())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.bench = Bench(self.clock, self.path, LineSpec(self.SWITCHES))
        self.relays = self.bench.relays
        self.bench.read_all()


class HalfDriven(RacesCase):
    """A close between the two outputs of an open."""

    SWITCHES = (spec("D", address="1,2", kind=Kind.DOUBLE_ACTUATION_VALVE),)

    def test_the_second_output_of_an_open_does_not_follow_a_close(self):
        self.relays.on.update({"1": False, "2": True})
        self.bench.read_all()
        self.relays.takes_s = 0.4
        opening = self.bench.ask("D", "open")
        self.bench.advance(0.1)
        closing = self.bench.ask("D", "close", peer="10.0.0.6")
        self.bench.advance(6)
        self.failureResultOf(opening, Superseded)
        self.successResultOf(closing)
        assert self.relays.on == {"1": False, "2": True}
        assert [e[1:] for e in self.relays.exchanges][-2:] == [("2", True), ("1", False)]
        assert self.bench.states() == {"D": "closed"}
