"""What an alert does to the line."""

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.dashboard.alerts.acting import Actor
from pychron.dashboard.alerts.specs import Action
from pychron.extraction_line.specs import LineSpec
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench


class Acting(SynchronousTestCase):
    def test_a_second_alert_closes_what_has_opened_again_since(self):
        bench = Bench(Clock(), Path(self.mktemp()), LineSpec((spec("A", address="1"),)))
        bench.read_all()
        opening = bench.ask("A", "open")
        bench.advance(0.5)
        self.assertTrue(self.successResultOf(opening).changed)
        actor = Actor(bench.world, None, bench.manager, None)
        relays = bench.actuators["switch_controller"]
        for condition in ("first", "second"):
            relays.on["1"] = True
            action = Action(condition, False, ("A",), (), "", Place("alerts.yaml", 1))
            acting = Deferred.fromCoroutine(actor.act(action, "the pressure is high"))
            bench.advance(0.5)
            self.assertIn("A is closed", self.successResultOf(acting))
            self.assertFalse(relays.on["1"])
