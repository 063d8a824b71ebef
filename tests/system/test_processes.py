"""Programs of the system, run by the real world: output, status, deadline, no terminal."""

import sys
import time
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from pychron.node.processes import RealProcesses
from pychron.runtime.deadlines import DeadlinePassed

SLEEPY = "import time, sys; print('here', flush=True); time.sleep(60)"


class Programs(TestCase):
    def setUp(self):
        self.processes = RealProcesses(reactor)

    async def run_python(self, text, deadline_s=20.0, **environment):
        return await self.processes.run([sys.executable, "-c", text], Path(), environment, deadline_s)

    async def test_output_status_environment_and_an_empty_stdin(self):
        text = "import os, sys; print(os.environ['GIT_X'], repr(sys.stdin.read())); print('no', file=sys.stderr); sys.exit(3)"
        ended = await self.run_python(text, GIT_X="here")
        assert (ended.status, ended.output, ended.error, ended.cut) == (3, b"here ''\n", b"no\n", False)

    async def test_a_program_that_hangs_is_killed_at_its_deadline(self):
        before = time.monotonic()
        try:
            await self.run_python(SLEEPY, 0.5)
        except DeadlinePassed as passed:
            assert passed.seconds == 0.5
        else:
            raise AssertionError("it ended")
        assert time.monotonic() - before < 10

    async def test_a_child_that_holds_the_pipes_keeps_nobody(self):
        text = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {'import time; time.sleep(8)'!r}]); print('done')"
        before = time.monotonic()
        ended = await self.run_python(text)
        assert (ended.status, ended.output) == (0, b"done\n")
        assert time.monotonic() - before < 7

    async def test_what_cannot_be_started_says_so(self):
        for arguments, folder in ((["no-such-program-here"], Path()), (["git"], Path("no/such/folder"))):
            try:
                await self.processes.run(arguments, folder, {}, 5.0)
            except FileNotFoundError as missing:
                assert missing.filename in ("no-such-program-here", "no/such/folder")
            else:
                raise AssertionError("it was started")
