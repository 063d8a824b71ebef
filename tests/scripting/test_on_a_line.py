"""A script's commands on this node's own line: each is a new one, whatever the line answered to the one before."""

from pathlib import Path

from pychron.extraction_line.specs import LineSpec
from pychron.scripting.outcomes import Result
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench
from tests.scripting.stage_of_scripts import ScriptTestCase


class OnALine(ScriptTestCase):
    def setUp(self):
        super().setUp()
        self.bench = Bench(self.clock, Path(self.mktemp()), LineSpec((spec("A", address="1"),)))
        self.bench.read_all()
        self.line = self.bench.manager

    def script(self, source, seconds=6.0):
        self.begin(source, allow_lock=True)
        for _ in range(int(seconds / 0.05)):
            self.clock.advance(0.05)
        return self.successResultOf(self.running)

    @property
    def exchanges(self):
        return [on for _, _, on in self.bench.actuators["switch_controller"].exchanges]

    def test_a_second_try_is_driven(self):
        self.bench.actuators["switch_controller"].fates.append("rejected")
        ended = self.script(
            """
            def main():
                open("A", ntries=2)
            """
        )
        self.assertIs(ended.result, Result.COMPLETED)
        self.assertEqual(self.exchanges, [True, True])

    def test_an_open_waits_as_long_as_the_close_before_it_settles(self):
        self.bench = Bench(
            self.clock, Path(self.mktemp()), LineSpec((spec("A", address="1", settling_s=30.0),))
        )
        self.bench.relays.on["1"] = True
        self.bench.read_all()
        self.line = self.bench.manager
        other = self.bench.ask("A", "close", peer="10.0.0.6")
        ended = self.script(
            """
            def main():
                open("A", ntries=1)
            """,
            80,
        )
        assert self.successResultOf(other).changed
        self.assertIs(ended.result, Result.COMPLETED)
        self.assertEqual(self.exchanges, [False, True])

    def test_a_command_that_this_node_gives_up_is_told(self):
        self.begin(
            """
            def main():
                try:
                    open("A")
                except NoResponse as error:
                    info(str(error))
            """
        )
        self.runner._current.running.cancel()
        for _ in range(10):
            self.clock.advance(0.05)
        self.assertIs(self.successResultOf(self.running).result, Result.COMPLETED)
        self.assertIn("open was given up by this node", self.infos[0])

    def test_one_that_was_refused_is_looked_at_anew(self):
        ended = self.script(
            """
            def main():
                lock("A")
                try:
                    open("A")
                except Exception:
                    pass
                unlock("A")
                open("A")
            """
        )
        self.assertIs(ended.result, Result.COMPLETED)
        self.assertEqual(self.exchanges, [True])
