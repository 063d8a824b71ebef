"""Scripts in real processes: what loops, blocks, spawns, hogs, dies or talks nonsense is ended, and the node goes on."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, LoopingCall, deferLater
from twisted.trial.unittest import TestCase

from pychron.extraction_line.states import State
from pychron.scripting.dry_run import VirtualClocks, dry_run
from pychron.scripting.outcomes import Result, ScriptEnded, job_for
from pychron.scripting.processes import ProcessScriptHost
from pychron.scripting.runner import ScriptRunner
from tests.scripting.recorded_line import RecordedLine


class Hurried:
    """A clock that lets the patience of two seconds pass in a fifth of one."""

    def callLater(self, delay: float, function: Any, *args: Any, **kw: Any) -> Any:
        return reactor.callLater(delay / 10, function, *args, **kw)

    def seconds(self) -> float:
        return reactor.seconds() * 10


def alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet does not live."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class ScriptChildTests(TestCase):
    timeout = 30

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute() / "scripts" / "extraction"
        self.folder.mkdir(parents=True)
        self.line = RecordedLine(reactor)
        self.infos: list[str] = []
        self.waiting: list[tuple[str, Deferred[str]]] = []
        self.late = 0.0
        self.last = time.monotonic()
        self.beat = LoopingCall(self._beat)
        self.beat.start(0.01)

    def tearDown(self) -> None:
        self.beat.stop()
        assert self.late < 1.0, f"the reactor stood still for {self.late:.2f} s"

    def _beat(self) -> None:
        now = time.monotonic()
        self.late, self.last = max(self.late, now - self.last - 0.01), now

    def begin(self, source: str, hurried: bool = True, **more: Any) -> Deferred[ScriptEnded]:
        path = self.folder / "air.py"
        path.write_text(textwrap.dedent(source).lstrip("\n"))
        self.host = ProcessScriptHost(reactor)
        self.runner = ScriptRunner(
            VirtualClocks(reactor, reactor),
            self.line,
            self.host,
            on_info=self._info,
            computing=Hurried() if hurried else reactor,
            **more,
        )
        self.running = self.runner.run(job_for(path))
        return self.running

    def _info(self, text: str, at: object) -> None:
        self.infos.append(text)
        for wait in list(self.waiting):
            if text.startswith(wait[0]):
                self.waiting.remove(wait)
                wait[1].callback(text)

    def info(self, prefix: str) -> Deferred[str]:
        """Fires with the script's next info() that begins so."""
        told: Deferred[str] = Deferred()
        self.waiting.append((prefix, told))
        return told

    def acts(self) -> list[str]:
        return [text for _, text in self.line.log]

    async def gone(self, pid: int) -> None:
        for _ in range(200):
            if not alive(pid):
                return
            await deferLater(reactor, 0.01)
        raise AssertionError(f"{pid} still lives")

    # -- well ---------------------------------------------------------------------------------------------

    async def test_a_script_in_a_process_of_its_own(self) -> None:
        os.environ["PYCHRON_TEST_KEY"] = "secret"
        self.addCleanup(os.environ.pop, "PYCHRON_TEST_KEY")
        ended = await self.begin("""
            import os, sys, resource, subprocess
            def main():
                open(description='Bone to Turbo')
                sleep(0.1)
                close('A')
                info(str(os.getpid() == os.getsid(0) == os.getpgid(0)))
                info(str(os.environ.get('PYCHRON_TEST_KEY')))
                info(str('twisted' in sys.modules))
                info(sys.stdin.read() + '.')
                fds = sorted(os.listdir('/proc/self/fd'), key=int)
                info(' '.join(os.path.basename(os.readlink('/proc/self/fd/' + fd)).split(':')[0]
                              for fd in fds if os.path.exists('/proc/self/fd/' + fd)))
                subprocess.run(['echo', 'to the log'])
                sys.stdout.write('from a library\\n')
                info(os.path.basename(os.getcwd()))
            """)
        assert ended.result is Result.COMPLETED, ended
        assert self.acts() == ["open A", "A is open", "close A", "A is closed"]
        assert self.infos[:4] == ["True", "None", "False", "."]
        assert set(self.infos[4].split()) <= {"null", "pipe", "socket", "fd"}, self.infos[4]
        assert self.infos[5:] == ["from a library", "extraction"]

    async def test_an_error_with_its_line(self) -> None:
        ended = await self.begin("def main():\n    x = {}\n    open(x['valve'])\n")
        assert (ended.result, str(ended.at), ended.source) == (
            Result.FAILED,
            "extraction/air.py:3",
            "open(x['valve'])",
        )

    async def test_python_2(self) -> None:
        ended = await self.begin("def main():\n    print 'x'\n")
        assert "this is Python 2; write print('x')" in ended.reason

    async def test_fifty_scripts_leave_nothing_behind(self) -> None:
        await self.begin("def main():\n    pass\n")
        before = open_files()
        for _ in range(10):
            ended = [await self.begin("def main():\n    open('A')\n    close('A')\n") for _ in range(5)]
            assert {each.result for each in ended} == {Result.COMPLETED}
        assert open_files() == before

    # -- cancelled ----------------------------------------------------------------------------------------

    async def test_a_sleep_is_cancelled_and_the_clean_up_closes(self) -> None:
        told = self.info("open")
        self.begin("""
            def main():
                open('A')
                info('open')
                try:
                    sleep(1000)
                    open('B')
                finally:
                    close('A')
            """)
        await told
        await deferLater(reactor, 0.05)
        self.runner.cancel("stop")
        ended = await self.running
        assert (ended.result, ended.reason, ended.cut) == (Result.CANCELLED, "stop", False)
        assert self.acts() == ["open A", "A is open", "close A", "A is closed"]

    async def test_an_endless_loop_is_interrupted_after_two_seconds_and_cleans_up(self) -> None:
        told = self.info("looping")
        self.begin(
            """
            def main():
                open('A')
                info('looping')
                try:
                    while True:
                        pass
                finally:
                    close('A')
            """,
            hurried=False,
        )
        await told
        began = time.monotonic()
        self.runner.cancel()
        ended = await self.running
        assert 1.9 < time.monotonic() - began < 3.5
        assert (ended.result, ended.cut) == (Result.CANCELLED, False)
        assert ended.source in ("while True:", "pass")
        assert self.acts()[-1] == "A is closed"

    async def cancelled_while(self, body: str, head: str = "") -> ScriptEnded:
        told = self.info("now")
        source = (
            f"import os, signal, subprocess, sys, threading, time\n{head}\ndef main():\n    info('now')\n"
        )
        self.begin(source + textwrap.indent(textwrap.dedent(body), "    "))
        await told
        self.runner.cancel("stop")
        ended = await self.running
        assert ended.result is Result.CANCELLED, ended
        assert ended.reason.startswith("stop"), ended
        return ended

    async def test_blocked_in_c(self) -> None:
        for body in (
            "time.sleep(1000)",
            "os.read(os.pipe()[0], 1)",
            "threading.Lock().acquire() or threading.Event().wait()",
        ):
            ended = await self.cancelled_while(body)
            assert not ended.cut, (body, ended)

    async def test_a_loop_that_swallows_everything_is_ended(self) -> None:
        ended = await self.cancelled_while("""
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass
            """)
        assert ended.cut
        assert "went on computing and was ended" in ended.reason

    async def test_deaf_to_signals_is_ended(self) -> None:
        for body in (
            "signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(1000)",
            "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(1000)",
            "sum(range(10**15))",
        ):
            ended = await self.cancelled_while(body)
            assert ended.cut, (body, ended)

    async def test_what_it_spawned_ends_with_it(self) -> None:
        told = self.info("spawned")
        self.begin("""
            import os, subprocess, time
            def main():
                first = subprocess.Popen(['sleep', '1000'])
                second = os.fork()
                if not second:
                    time.sleep(1000)
                info('spawned %s %s' % (first.pid, second))
                while True:
                    try:
                        time.sleep(1000)
                    except BaseException:
                        pass
            """)
        pids = [int(word) for word in (await told).split()[1:]]
        assert all(alive(pid) for pid in pids)
        self.runner.cancel()
        await self.running
        for pid in pids:
            await self.gone(pid)

    async def test_what_it_left_behind_ends_when_it_completes(self) -> None:
        ended = await self.begin("""
            import subprocess
            def main():
                info(str(subprocess.Popen(['sleep', '1000']).pid))
            """)
        assert ended.result is Result.COMPLETED
        await self.gone(int(self.infos[0]))

    async def test_a_daemon_that_escapes_holds_up_nothing(self) -> None:
        began = time.monotonic()
        ended = await self.begin(
            """
            import subprocess
            def main():
                info(str(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid))
            """,
            hurried=False,
        )
        os.kill(int(self.infos[0]), signal.SIGKILL)
        assert ended.result is Result.COMPLETED
        assert time.monotonic() - began < 5

    async def test_a_forked_copy_commands_nothing(self) -> None:
        ended = await self.begin("""
            import os
            def main():
                pid = os.fork()
                if not pid:
                    try:
                        open('A')
                    except ScriptError:
                        os._exit(7)
                    os._exit(0)
                info(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))
            """)
        assert ended.result is Result.COMPLETED
        assert self.infos == ["7"]
        assert self.acts() == []

    async def test_threads_take_turns(self) -> None:
        ended = await self.begin("""
            import threading
            def work(name):
                for _ in range(50):
                    open(name)
                    close(name)
            def main():
                threads = [threading.Thread(target=work, args=(name,)) for name in 'ABC']
                for each in threads: each.start()
                for each in threads: each.join()
            """)
        assert ended.result is Result.COMPLETED, ended
        assert len(self.acts()) == 3 * 50 * 4

    async def test_abort_ends_it_at_once(self) -> None:
        told = self.info("now")
        self.begin("""
            def main():
                try:
                    info('now')
                    sleep(1000)
                finally:
                    close('A')
            """)
        await told
        began = time.monotonic()
        self.runner.abort("stop")
        ended = await self.running
        assert (ended.result, ended.cut) == (Result.ABORTED, True)
        assert time.monotonic() - began < 1
        assert self.acts() == []

    async def test_cancelled_before_it_says_a_word(self) -> None:
        self.begin("def main():\n    open('A')\n")
        self.runner.cancel("stop")
        assert (await self.running).result is Result.CANCELLED
        assert self.acts() == []

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
