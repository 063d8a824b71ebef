"""Scripts whose process dies, hogs or talks nonsense; and dry runs in real processes."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater

from pychron.extraction_line.states import State
from pychron.scripting.dry_run import VirtualClocks, dry_run
from pychron.scripting.outcomes import Result, job_for
from pychron.scripting.processes import ProcessScriptHost
from pychron.scripting.runner import ScriptRunner
from tests.system.script_children import Hurried, ScriptChildTestCase


class ScriptDeathTests(ScriptChildTestCase):
    # -- died ---------------------------------------------------------------------------------------------

    async def test_a_memory_hog(self) -> None:
        ended = await self.begin(
            "def main():\n    hog = []\n    while True:\n        hog.append(bytearray(10_000_000))\n",
            limits={"memory_mb": 300},
        )
        assert ended.result is Result.FAILED
        assert ended.reason.startswith("MemoryError")
        assert str(ended.at) == "extraction/air.py:4"

    async def test_cpu_time_and_files_are_limited(self) -> None:
        ended = await self.begin("def main():\n    while True:\n        pass\n", limits={"cpu_s": 1})
        assert ended.result is Result.FAILED
        assert ended.reason == "LimitReached: the script used 1 s of CPU time: does it loop for ever?"
        ended = await self.begin(
            "import os\ndef main():\n    kept = []\n    while True:\n        kept.append(os.pipe())\n"
        )
        assert ended.result is Result.FAILED
        assert "Too many open files" in ended.reason

    async def test_it_ends_itself(self) -> None:
        for body, text in (
            ("os._exit(0)", "exit status 0"),
            ("os._exit(3)", "exit status 3"),
            ("os.abort()", "SIGABRT"),
            ("os.kill(os.getpid(), 9)", "SIGKILL"),
            ("os.killpg(0, 15)", "SIGTERM"),
        ):
            ended = await self.begin(f"import os\ndef main():\n    open('A')\n    {body}\n")
            assert (ended.result, ended.cut) == (Result.DIED, True), (body, ended)
            assert text in ended.reason, (body, ended)

    async def test_kill_9_while_an_actuation_is_under_way(self) -> None:
        self.line.settling = 0.5
        told = self.info("pid")
        self.begin("import os\ndef main():\n    info('pid %s' % os.getpid())\n    open('A')\n")
        pid = int((await told).split()[1])
        while not self.line.log:
            await deferLater(reactor, 0.01)
        os.kill(pid, signal.SIGKILL)
        ended = await self.running
        assert ended.result is Result.DIED
        assert self.line.view("A").state is State.MOVING
        await deferLater(reactor, 0.6)
        assert self.line.view("A").state is State.OPEN

    async def test_garbage_on_the_pipe(self) -> None:
        find = (
            "import os, stat\n"
            "def pipes():\n"
            "    return [n for n in range(3, 64) if os.path.exists('/proc/self/fd/%d' % n) and "
            "os.readlink('/proc/self/fd/%d' % n).startswith(('pipe', 'socket'))]\n"
        )
        for body, result in (
            ("[os.write(n, b'garbage\\n') for n in pipes()[1:]]; os.read(os.pipe()[0], 1)", "not JSON"),
            ("n = pipes()[1]\n    while True: os.write(n, b'x' * 4096)", "a line of more than"),
            ("n = pipes()[1]\n    while True: os.write(n, b'{}\\n')", "no command"),
            ("os.closerange(3, 64); os.read(os.pipe()[0], 1)", "SIGKILL"),
        ):
            ended = await self.begin(f"{find}def main():\n    {body}\n")
            assert ended.result is Result.DIED, (body, ended)
            assert result in ended.reason, (body, ended)

    async def test_a_flood_on_stderr_is_bounded(self) -> None:
        ended = await self.begin("""
            import sys
            def main():
                for _ in range(2000):
                    sys.stderr.write('x' * 1000 + '\\n')
            """)
        assert ended.result is Result.COMPLETED
        assert len(self.runner._stderr) <= 2000

    async def test_the_script_ends_when_its_node_dies(self) -> None:
        told = self.info("pid")
        self.begin("import os\ndef main():\n    info('pid %s' % os.getpid())\n    while True: pass\n")
        pid = int((await told).split()[1])
        child: Any = self.runner._child
        child.transport.closeChildFD(0)  # as the kernel does for a process that died
        await self.gone(pid)
        await self.running

    async def test_a_python_that_is_not_there(self) -> None:
        self.begin("def main():\n    pass\n")
        assert (await self.running).result is Result.COMPLETED
        runner = ScriptRunner(
            VirtualClocks(reactor, reactor),
            self.line,
            ProcessScriptHost(reactor, "/nowhere/python"),
            session="boot1.script-2",
            computing=Hurried(),
        )
        ended = await runner.run(job_for(self.folder / "air.py"))
        assert ended.result is Result.DIED

    # -- dry run ------------------------------------------------------------------------------------------

    async def test_a_dry_run_in_a_real_process_takes_no_time(self) -> None:
        path = self.folder / "air.py"
        path.write_text(
            "def main():\n    open('A')\n    sleep(3600)\n    if is_closed('A'):\n        heat(3)\n    close('A')\n"
        )
        began = time.monotonic()
        report = await dry_run(job_for(path), ProcessScriptHost(reactor), Clock(), computing=reactor)
        assert time.monotonic() - began < 5
        assert [(each.began, each.command, each.result) for each in report.timeline] == [
            (0, "open", "opened"),
            (3600, "is_closed", "open"),
            (3600, "close", "closed"),
        ]
        assert report.duration_s == 3600
        assert report.not_reached == (("extraction/air.py", 5, 5),)
        assert [name for name, _, _ in report.unknown] == ["heat"]

    async def test_a_dry_run_of_a_script_that_blocks(self) -> None:
        path = self.folder / "air.py"
        path.write_text("import time\ndef main():\n    open('A')\n    time.sleep(1000)\n")
        report = await dry_run(job_for(path), ProcessScriptHost(reactor), Clock(), computing=Hurried())
        assert report.ended.result is Result.CANCELLED
        assert "no word for 20 s" in report.ended.reason
        assert str(report.ended.at) == "extraction/air.py:4"
