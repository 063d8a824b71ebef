"""The dry run: the same child and the same runner, a simulated line at the far end, virtual time.

A rehearsal of one path, not a proof: it follows the branches that the given context selects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from zope.interface import implementer

from pychron.config.problems import Place
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.runtime.deadlines import sleep
from pychron.scripting.assumed_line import AssumedLine
from pychron.scripting.commands import LEGACY
from pychron.scripting.devices import IExtractDevice
from pychron.scripting.dry_run_report import DryRunReport
from pychron.scripting.interfaces import IScriptChild, IScriptHost
from pychron.scripting.outcomes import CommandEnded, ScriptEnded, ScriptJob
from pychron.scripting.runner import ScriptRunner

MAX_COMMANDS = 100_000
LONGEST_S = 31 * 86_400
SILENT_S = 20.0
LIMITS = {"cpu_s": 20}


def dry_run(
    job: ScriptJob,
    host: IScriptHost,
    clock: Clock,
    line: IExtractionLine | None = None,
    *,
    allow_lock: bool = False,
    computing: IReactorTime | None = None,
    max_commands: int = MAX_COMMANDS,
    go_on: bool = False,
) -> Deferred[DryRunReport]:
    """Rehearse `job`. `clock` is the virtual clock of `line` (and of a lock-step host): it is advanced here.
    Without `line` one is assumed that has every valve the script names. `computing` is the real clock where
    `host` starts real processes; without it a script that computes for ever is not ended.
    One that asks more than `max_commands` is. With `go_on` it goes on after a refusal as if it had succeeded."""
    return DryRun(job, host, clock, line, allow_lock, computing, max_commands, go_on).start()


class DryRun:
    """One rehearsal."""

    def __init__(
        self,
        job: ScriptJob,
        host: IScriptHost,
        clock: Clock,
        line: IExtractionLine | None,
        allow_lock: bool,
        computing: IReactorTime | None,
        max_commands: int,
        go_on: bool,
    ) -> None:
        self._job = replace(job, testing=True)
        self._clock = clock
        self._assumed = line is None
        self._commands: list[CommandEnded] = []
        self._messages: list[tuple[str, Place]] = []
        self._pumping = False
        self._over = False
        device = str(job.context.get("extract_device", ""))
        self._runner = ScriptRunner(
            VirtualClocks(clock, clock),
            line if line is not None else AssumedLine(),
            _PumpedHost(host, self._pump),
            session="rehearsal",
            allow_lock=allow_lock,
            limits=LIMITS,
            devices={device: AssumedDevice(clock)},
            on_info=lambda text, at: self._messages.append((text, at)),
            on_command=self._commands.append,
            computing=computing,
            silent_s=SILENT_S if computing is not None else None,
            max_commands=max_commands,
            go_on=go_on,
        )

    def start(self) -> Deferred[DryRunReport]:
        """Run it to its end; fires with the report."""
        self._began = self._clock.seconds()
        running = self._runner.run(self._job)
        reported = running.addCallback(self._report)
        self._pump()
        return reported

    def _pump(self) -> None:
        """Let virtual time go on while the script waits for it, and only then."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while not self._over and (calls := self._clock.getDelayedCalls()):
                due = min(call.getTime() for call in calls)
                if due > self._clock.seconds() and not self._runner.waiting:
                    return
                if due - self._began > LONGEST_S:
                    self._runner.abort(f"it takes more than {LONGEST_S / 86_400:g} days")
                self._clock.rightNow = max(due, self._clock.seconds())
                self._clock.advance(0)
        finally:
            self._pumping = False

    def _report(self, ended: ScriptEnded) -> DryRunReport:
        self._over = True
        words = tuple(
            (name, place, "unknown command" if name in LEGACY or _is_called(name) else "unknown name")
            for name, place in ended.unknown
        )
        return DryRunReport(
            self._job.name, ended, self._assumed, tuple(self._commands), tuple(self._messages), words
        )


def _is_called(name: str) -> bool:
    """Commands are words in small letters; everything else is more likely a variable."""
    return name.islower()


@dataclass(frozen=True, slots=True)
class VirtualClocks:
    """All of a rehearsal runs on one clock."""

    lab: IReactorTime
    wire: IReactorTime


@implementer(IScriptHost)
class _PumpedHost:
    """Passes on, and lets virtual time go on after each word of the child."""

    def __init__(self, host: IScriptHost, pump: Callable[[], None]) -> None:
        self._host = host
        self._pump = pump

    def start(
        self,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> IScriptChild:
        def received(data: bytes) -> None:
            line(data)
            self._pump()

        return self._host.start(received, ended, error)


@implementer(IExtractDevice)
class AssumedDevice:
    """Heats and moves at once; ramps and patterns take their time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock

    async def command(self, name: str, args: Mapping[str, Any]) -> Any:
        seconds = _number(args.get("duration"))
        if name == "ramp" and (rate := _number(args.get("rate"))) > 0:
            seconds = abs(_number(args.get("setpoint")) - _number(args.get("start"))) / rate
        if name in ("ramp", "execute_pattern") and seconds > 0:
            await sleep(self._clock, seconds)
        return True if name in ("prepare", "move_to_position") else 0


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
