"""MAKE SAFE on a node that runs a script: it does not open again what the sequence closes."""

from pathlib import Path
from types import SimpleNamespace

from twisted.internet.defer import Deferred

from pychron.events.bus import EventBus
from pychron.extraction_line.events import MadeSafe
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.rpc.verbs import VerbTable
from pychron.scripting.outcomes import Result
from pychron.scripting.plugin import ScriptsPlugin
from tests.scripting.stage_of_scripts import ScriptTestCase


class MakeSafe(ScriptTestCase):
    def setUp(self):
        super().setUp()
        self.bus = EventBus(self.clock)
        parts = {IExtractionLine: self.line}
        world = SimpleNamespace(
            boot="b", lab=self.clock, wire=self.clock, wall=self.clock.seconds, scripts=self.host
        )
        context = SimpleNamespace(
            world=world,
            bus=self.bus,
            counters={},
            offer=lambda what, who: None,
            find=lambda what: parts.get(what) or VerbTable(),
        )
        self.plugin = ScriptsPlugin()
        self.successResultOf(Deferred.fromCoroutine(self.plugin.setup(context)))

    def test_a_script_that_runs_is_cancelled_and_cleans_up(self):
        file = Path(self.mktemp())
        file.write_text(
            "def main():\n    try:\n        open('A')\n        sleep(60)\n        open('B')\n    finally:\n        close('A')\n"
        )
        running = Deferred.fromCoroutine(self.plugin.run(file.absolute(), {}))
        self.clock.pump([0.1] * 5)
        self.bus.publish(MadeSafe("10.0.0.9:7"))
        self.clock.pump([0.1] * 50)
        ended = self.successResultOf(running)
        assert (ended.result, ended.reason) == (Result.CANCELLED, "MAKE SAFE by 10.0.0.9:7")
        assert self.acts() == ["open A", "A is open", "close A", "A is closed"]

    def test_without_one_nothing_happens(self):
        self.bus.publish(MadeSafe("10.0.0.9:7"))
        self.clock.advance(1)
        assert self.acts() == []
