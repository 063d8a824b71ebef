"""What a person declares of a switch that cannot be read counts only when no command can make a lie of it."""

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.errors import LineError, NoResponse
from pychron.extraction_line.specs import LineSpec
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench


class ByHand(SynchronousTestCase):
    def setUp(self):
        clock = Clock()
        clock.advance(100)
        path = Path(self.mktemp())
        path.parent.mkdir(parents=True, exist_ok=True)
        line = LineSpec(
            (spec("A", address="1", query_state=False, interlocks=("B",)), spec("B", address="2"))
        )
        self.bench = Bench(clock, path, line)
        self.bench.read_all()
        self.relays = self.bench.relays

    def confirm(self, name):
        who = Peer("10.0.0.9", right=Right.OPERATE)
        told = Deferred.fromCoroutine(self.bench.manager.by_hand.confirm(name, False, who, "it looks closed"))
        self.bench.advance(0.1)
        return told

    def test_an_open_that_a_close_has_overtaken_is_still_on_its_way(self):
        """Slower than `late_s`, and it acts after its box was given up: a partner must not be opened meanwhile."""
        self.relays.takes_s = 6.0
        self.relays.fates.append("silent_late")
        opening = self.bench.ask("A", "open", within=60.0)
        self.bench.advance(1)
        closing = self.bench.ask("A", "close", peer="10.0.0.6", within=60.0)
        self.bench.advance(2.5)
        assert "being driven" in str(self.failureResultOf(self.confirm("A"), NoResponse).value)
        assert self.bench.states()["A"] == "moving"
        self.bench.advance(20)
        self.failureResultOf(opening, LineError)
        self.bench.advance(1)
        assert closing.called and not self.relays.on["1"]

    def test_behind_everything_it_counts(self):
        self.relays.fates.append("silent_late")
        self.failureResultOf(self._ended(self.bench.ask("A", "open")), NoResponse)
        self.failureResultOf(self.confirm("A"), NoResponse)
        self.bench.advance(2)
        assert str(self.successResultOf(self.confirm("A")).state) == "closed"

    def _ended(self, asked):
        self.bench.advance(1)
        return asked
