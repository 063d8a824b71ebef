"""What switches a device off is carried to its end, whatever becomes of the script that asked for it."""

from twisted.internet.defer import CancelledError

from pychron.runtime.deadlines import sleep
from pychron.scripting.outcomes import Result
from tests.scripting.stage_of_scripts import ScriptTestCase


class Laser:
    """Each command takes a second; what it has done to its end stands in `done`."""

    def __init__(self, clock):
        self.clock, self.done = clock, []

    async def command(self, name, args):
        try:
            await sleep(self.clock, 1.0)
        except CancelledError:
            self.done.append(f"{name} was cut")
            raise
        self.done.append(name)
        return 0


class SwitchingOff(ScriptTestCase):
    def ended_in_the_middle_of(self, command, end):
        laser = Laser(self.clock)
        self.begin(f"def main():\n    {command}\n", context={"extract_device": "CO2"}, devices={"CO2": laser})
        self.clock.advance(0.5)
        end()
        self.clock.advance(1.0)
        self.clock.advance(5.0)
        return laser.done

    def test_an_abort_does_not_cut_it(self):
        for command, done in (
            ("end_extract()", "end_extract"),
            ("disable()", "disable"),
            ("extract(0)", "extract"),
        ):
            told = self.ended_in_the_middle_of(command, lambda: self.runner.abort())
            assert told == [done], command
            assert self.ended().result is Result.ABORTED

    def test_what_heats_is_cut(self):
        assert self.ended_in_the_middle_of("extract(5)", lambda: self.runner.abort()) == ["extract was cut"]
