"""Scripts in real processes: what loops, blocks, spawns, hogs, dies or talks nonsense is ended, and the node goes on."""

from __future__ import annotations

import os
import signal
import textwrap
import time

from twisted.internet import reactor
from twisted.internet.task import deferLater

from pychron.scripting.outcomes import Result, ScriptEnded
from tests.system.script_children import ScriptChildTestCase, alive, open_files


class ScriptChildTests(ScriptChildTestCase):
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
