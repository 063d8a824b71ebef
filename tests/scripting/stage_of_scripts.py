"""A runner over a lock-step host, a Clock and a recorded line: what runner tests stand on."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.scripting.dry_run import VirtualClocks
from pychron.scripting.lockstep import LockstepScriptHost
from pychron.scripting.outcomes import CommandEnded, ScriptEnded, ScriptJob
from pychron.scripting.runner import ScriptRunner
from tests.scripting.recorded_line import RecordedLine

SCRIPTS = Path("/lab/scripts")


def job(source: str, **more: Any) -> ScriptJob:
    return ScriptJob(
        SCRIPTS / "extraction" / "air.py",
        SCRIPTS,
        SCRIPTS / "extraction",
        source=textwrap.dedent(source),
        **more,
    )


class ScriptTestCase(SynchronousTestCase):
    """`self.begin(source)` starts a script; `self.ended()` is how it ended."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.line = RecordedLine(self.clock)
        self.host = LockstepScriptHost(self.clock)
        self.addCleanup(self.host.stop)
        self.infos: list[str] = []
        self.places: list[Place] = []
        self.steps: list[tuple[int, str]] = []
        self.commands: list[CommandEnded] = []

    def begin(
        self, source: str, *, context: dict[str, Any] | None = None, argv: tuple = (), **more: Any
    ) -> ScriptRunner:
        self.runner = ScriptRunner(
            VirtualClocks(self.clock, self.clock),
            self.line,
            self.host,
            session="boot1.script-1",
            on_info=self._info,
            on_step=lambda number, text: self.steps.append((number, text)),
            on_command=self.commands.append,
            **more,
        )
        self.running = self.runner.run(job(source, context=context or {}, argv=argv))
        self.clock.advance(0)
        return self.runner

    def _info(self, text: str, at: Place) -> None:
        self.infos.append(text)
        self.places.append(at)

    def ended(self) -> ScriptEnded:
        ended = self.successResultOf(self.running)
        assert self.clock.getDelayedCalls() == [], "a timer was left behind"
        return ended

    def acts(self) -> list[str]:
        return [text for _, text in self.line.log]
