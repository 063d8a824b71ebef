"""A ramp that ends at zero heats on its way there: a cancelled script does not get it."""

from twisted.internet.defer import CancelledError

from pychron.runtime.deadlines import sleep
from tests.scripting.stage_of_scripts import ScriptTestCase


class Laser:
    def __init__(self, clock):
        self.clock, self.told = clock, []

    async def command(self, name, args):
        self.told.append(name)
        try:
            await sleep(self.clock, args["duration"])
        except CancelledError:
            self.told.append("cut")
            raise


class Ramps(ScriptTestCase):
    def run_cancelled(self, source):
        laser = Laser(self.clock)
        self.begin(source, context={"extract_device": "CO2"}, devices={"CO2": laser})
        self.clock.advance(1)
        self.runner.cancel("stop")
        self.clock.advance(1)
        told = list(laser.told)
        for _ in range(60):
            self.clock.advance(1)
        self.ended()
        return told

    def test_none_is_begun_while_it_cleans_up(self):
        told = self.run_cancelled(
            """
            def main():
                try:
                    sleep(100)
                finally:
                    ramp(start=80, setpoint=0, duration=20)
            """
        )
        self.assertEqual(told, [])

    def test_one_that_runs_is_cut(self):
        told = self.run_cancelled(
            """
            def main():
                ramp(start=80, setpoint=0, duration=600)
            """
        )
        self.assertEqual(told, ["ramp", "cut"])
