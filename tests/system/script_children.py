"""Scripts in real processes, while a beat watches that the reactor goes on: what system tests of scripts stand on."""

from __future__ import annotations

import textwrap
import threading
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.trial.unittest import TestCase

from pychron.scripting.dry_run import VirtualClocks
from pychron.scripting.outcomes import ScriptEnded, job_for
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


class Watch(threading.Thread):
    """How late the machine makes a thread that does nothing: that much is no fault of the reactor's."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self._late = 0.0

    def run(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(0.01):
            now = time.monotonic()
            self._late, last = max(self._late, now - last - 0.01), now

    def end(self) -> float:
        """The longest, in seconds."""
        self._ended.set()
        self.join()
        return self._late


class ScriptChildTestCase(TestCase):
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
        self.machine = Watch()
        self.machine.start()

    def tearDown(self) -> None:
        self.beat.stop()
        late = self.machine.end()
        assert self.late < 1.0 + late, (
            f"the reactor stood still for {self.late:.2f} s, a thread for {late:.2f} s"
        )

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
            session="boot1.script-1",
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
