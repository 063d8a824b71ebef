"""Runs one script: its process at the far end of a pipe, each of its commands checked and carried out here.

Cancel and its limits are those of safety rule 28. Three clocks: *lab* for what the script waits for and for its
clean-up, *wire* for what goes to hardware, *computing* for the patience with a process that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from pychron.config.problems import Place, nearest
from pychron.extraction_line.errors import LineError, NoResponse
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.scripting import limits as process_limits
from pychron.scripting import protocol, verdicts
from pychron.scripting.commands import CommandSpec, Kind, kind_of
from pychron.scripting.devices import IExtractDevice
from pychron.scripting.extraction_line_pyscript import ExtractionLinePyScript
from pychron.scripting.interfaces import IScriptChild, IScriptHost
from pychron.scripting.outcomes import CommandEnded, Result, ScriptEnded, ScriptJob
from pychron.scripting.protocol import CommandLine, EndLine
from pychron.scripting.pyscript import PyScript
from pychron.scripting.script_errors import ScriptError
from pychron.scripting.stage import SCRIPT_PEER, EndScript, Stage
from pychron.trust.rights import Peer, Right

CLEANUP_S = 30.0
"""Lab seconds that a cancelled script has for closing, switching off and letting go."""
INTERRUPT_S = 2.0
"""Seconds that a cancelled script may compute or block before it is interrupted, and after that before its
process group is ended."""
GONE_S = 5.0
"""Seconds after which a process that was ended is given up as unkillable (it hangs in the kernel)."""
STDERR_KEPT = 2000


class Clocks(Protocol):
    """What the runner needs of the World."""

    @property
    def lab(self) -> IReactorTime: ...
    @property
    def wire(self) -> IReactorTime: ...


@dataclass(slots=True, eq=False)
class _Current:
    """The command under way."""

    n: int
    spec: CommandSpec
    kind: Kind
    at: Place
    began: float
    running: Deferred[None] | None = None


class ScriptRunner:
    """One run of one script. `run` once; `cancel`, `abort` and `skip_wait` at any time."""

    log = Logger()

    def __init__(
        self,
        world: Clocks,
        line: IExtractionLine,
        host: IScriptHost,
        *,
        session: str,
        peer: Peer = SCRIPT_PEER,
        token: int | None = None,
        allow_lock: bool = False,
        cleanup_s: float = CLEANUP_S,
        limits: Mapping[str, int] = process_limits.DEFAULTS,
        devices: Mapping[str, IExtractDevice] | None = None,
        script_class: type[PyScript] = ExtractionLinePyScript,
        on_step: Callable[[int, str], None] | None = None,
        on_info: Callable[[str, Place], None] | None = None,
        on_command: Callable[[CommandEnded], None] | None = None,
        computing: IReactorTime | None = None,
        silent_s: float | None = None,
        max_commands: int | None = None,
        go_on: bool = False,
    ) -> None:
        """`session` names this run and no other, of whatever start of the node. `go_on`: of a rehearsal, a command that
        is refused is told to the script as done, so that the next refusal is found too. `silent_s` and `max_commands` cancel and abort a script that computes or loops for ever; None for a real
        run, which may take days. `computing` is the wire clock unless that is virtual and the process is not."""
        self._host = host
        self._cleanup_s = cleanup_s
        self._limits = limits
        self._script_class = script_class
        self._on_command = on_command
        self._computing = computing or world.wire
        self._silent_s = silent_s
        self._max_commands = max_commands
        self._go_on = go_on
        self._stage = Stage(
            world.lab, world.wire, line, "", session, peer, token, {}, devices or {}, allow_lock
        )
        if on_step is not None:
            self._stage.on_step = on_step
        if on_info is not None:
            self._stage.on_info = on_info
        self._script = script_class(self._stage)
        self._done: Deferred[ScriptEnded] = Deferred()
        self._child: IScriptChild | None = None
        self._current: _Current | None = None
        self._end: EndLine | None = None
        self._verdict: tuple[Result, str] | None = None
        self._finished = False
        self._interrupted = False
        self._commands = 0
        self._stderr = b""
        self._began = 0.0
        self._patience: IDelayedCall | None = None
        self._cleanup: IDelayedCall | None = None
        self._gone: IDelayedCall | None = None

    # -- what others ask ------------------------------------------------------------------------------------

    def run(self, job: ScriptJob) -> Deferred[ScriptEnded]:
        """Start it. Fires when its process is gone, never with a failure."""
        if self._began or self._child is not None or self._finished:
            raise RuntimeError("a ScriptRunner runs one script once")
        stage = self._stage
        stage.name, stage.context, stage.at = job.name, job.context, Place(job.name)
        self._began = stage.lab.seconds()
        start = {
            "file": str(job.file),
            "source": job.source,
            "scripts": str(job.scripts),
            "root": str(job.root),
            "context": dict(job.context),
            "argv": list(job.argv),
            "testing": job.testing,
            "limits": dict(self._limits),
            "commands": [spec.wire() for spec in self._script.table if not spec.hidden],
        }
        try:
            line = protocol.encode({"start": start}, protocol.MAX_START)
            self._child = self._host.start(self._line, self._child_ended, self._wrote)
        except (protocol.ProtocolError, OSError) as error:
            self._verdict = (Result.DIED, f"{job.name} could not be started: {error}")
            self._finish()
            return self._done
        self._child.send(line)
        self._wait_for_word()
        return self._done

    def cancel(self, reason: str = "cancelled by the operator") -> None:
        """Cancelled is raised at the present command and at each later one that opens, heats, moves or waits."""
        if self._finished or self._verdict is not None or self._stage.cancelled is not None:
            return
        self._begin_cancel(reason)
        current = self._current
        if current is None:
            self._wait_for_word()
        elif not current.kind.allowed_after_cancel:
            self._record(current, "", f"cancelled: {reason}", True)
            self._raise_in_script(current.n, "Cancelled", reason)
            if current.running is not None:
                current.running.cancel()

    def abort(self, reason: str = "aborted by the operator") -> None:
        """End its process group at once: it cleans nothing up."""
        if not self._finished and self._verdict is None:
            self._kill(Result.ABORTED, reason)

    def skip_wait(self) -> bool:
        """End the present wait early, as an operator does by *continue*; False where there is none."""
        return self._stage.skip_wait()

    @property
    def waiting(self) -> bool:
        """True while the script waits for a command, False while it computes."""
        return self._current is not None

    @property
    def at(self) -> Place:
        """The line of its latest command."""
        return self._stage.at

    # -- from the child -------------------------------------------------------------------------------------

    def _line(self, data: bytes) -> None:
        if self._finished or self._verdict is not None:
            return
        try:
            message = protocol.parse_child(data)
            if self._current is not None or self._end is not None:
                raise protocol.ProtocolError("a line out of turn", data)
        except protocol.ProtocolError as error:
            self._kill(Result.DIED, f"its process sent what is none of ours: {error}")
            return
        if isinstance(message, EndLine):
            self._end = message
            self._wait_for_word()
        else:
            self._command(message)

    def _command(self, message: CommandLine) -> None:
        self._stop(self._patience)
        stage = self._stage
        stage.at = Place(message.file, message.line)
        self._commands += 1
        if self._max_commands is not None and self._commands > self._max_commands:
            self._kill(Result.ABORTED, f"more than {self._max_commands} commands: does it loop for ever?")
            return
        spec = self._script.specs.get(message.do)
        if spec is None:
            near = nearest(message.do, self._script.specs)
            self._raise_in_script(message.n, "ScriptError", f"unknown command {message.do}{near}")
            return
        current = _Current(
            message.n, spec, kind_of(spec, message.args), stage.at, stage.lab.seconds() - self._began
        )
        self._current = current
        if stage.cancelled is not None and not current.kind.allowed_after_cancel:
            self._record(current, "", f"cancelled: {stage.cancelled}", True)
            self._raise_in_script(current.n, "Cancelled", stage.cancelled)
            return
        current.running = Deferred.fromCoroutine(self._perform(current, message.args))

    async def _perform(self, current: _Current, args: Mapping[str, Any]) -> None:
        kind = target = ""
        try:
            if current.kind.moves and self._stage.peer.right < Right.OPERATE:
                raise ScriptError(f"{current.spec.name}: {self._stage.peer} may observe only")
            outcome = await self._script.command(current.spec, args)
        except CancelledError:  # answered already, if it was the script that was cancelled
            kind = NoResponse.__name__
            text = f"{current.spec.name} was given up by this node; look at the state of what it turns"
        except EndScript as end:
            self._end_by_command(current, end)
            return
        except LineError as error:
            kind, text, target = type(error).__name__, str(error), error.switch
            if error.remedy:
                text = f"{text}; {error.remedy}"
        except ScriptError as error:
            kind, text = type(error).__name__, str(error)
        except Exception as error:
            self.log.failure(
                "{at}: {command} failed by a fault of ours", at=current.at, command=current.spec.name
            )
            kind, text = (
                "ScriptError",
                f"{current.spec.name}: a fault of the node, see its log: {error!r:.200}",
            )
        if self._current is not current:
            return
        if kind:
            self._record(current, target, f"{kind}: {text}", True)
            if self._go_on:
                self._answer({"n": current.n, "ok": current.kind is not Kind.ASKS})
            else:
                self._raise_in_script(current.n, kind, text)
        else:
            self._record(current, outcome.target, outcome.text, outcome.refused)
            self._answer({"n": current.n, "ok": outcome.value})

    def _end_by_command(self, current: _Current, end: EndScript) -> None:
        if self._current is not current:
            return
        self._record(current, "", end.reason, current.kind is not Kind.ASKS)
        if end.abort:
            self._current = None
            self._kill(Result.ABORTED, end.reason)
        else:
            self._begin_cancel(end.reason)
            self._raise_in_script(current.n, "Cancelled", end.reason)

    def _raise_in_script(self, n: int, kind: str, text: str) -> None:
        self._answer({"n": n, "raise": kind, "text": text[:4000]})

    def _answer(self, message: dict[str, Any]) -> None:
        self._current = None
        try:
            line = protocol.encode(message)
        except protocol.ProtocolError as error:
            line = protocol.encode(
                {"n": message["n"], "raise": "ScriptError", "text": f"the reply: {error.why}"}
            )
        if self._child is not None:
            self._child.send(line)
        self._wait_for_word()

    def _record(self, current: _Current, target: str, result: str, refused: bool) -> None:
        if self._on_command is None:
            return
        ended = self._stage.lab.seconds() - self._began
        try:
            self._on_command(
                CommandEnded(current.began, ended, current.spec.name, target, result, refused, current.at)
            )
        except Exception:
            self.log.failure("a command of {script} could not be told on", script=self._stage.name)

    def _wrote(self, data: bytes) -> None:
        self._stderr = (self._stderr + data)[-STDERR_KEPT:]
        self.log.info(
            "{script} wrote: {text}", script=self._stage.name, text=data.decode("utf-8", "replace").rstrip()
        )

    # -- its end --------------------------------------------------------------------------------------------

    def _begin_cancel(self, reason: str) -> None:
        if self._stage.cancelled is None:
            self._stage.cancelled = reason
            self._cleanup = self._stage.lab.callLater(self._cleanup_s, self._clean_up_over)

    def _clean_up_over(self) -> None:
        reason = f"{self._stage.cancelled}; its clean-up was cut off after {self._cleanup_s:g} s"
        self._kill(Result.CANCELLED, reason)

    def _wait_for_word(self) -> None:
        """The child computes now. It has for ever, unless it is cancelled or ending or this is a dry run."""
        self._stop(self._patience)
        self._patience = None
        if self._finished or self._verdict is not None:
            return
        if self._stage.cancelled is not None or self._end is not None:
            self._interrupted = False
            self._patience = self._computing.callLater(INTERRUPT_S, self._no_word)
        elif self._silent_s is not None:
            self._patience = self._computing.callLater(self._silent_s, self._silent)

    def _silent(self) -> None:
        self.cancel(f"no word for {self._silent_s:g} s: it computes or blocks")

    def _no_word(self) -> None:
        if not self._interrupted and self._child is not None and self._end is None:
            self._interrupted = True
            self._child.interrupt()
            self._patience = self._computing.callLater(INTERRUPT_S, self._no_word)
        elif self._end is not None:
            self.log.warn("{script}: its process did not exit by itself", script=self._stage.name)
            if self._child is not None:
                self._child.kill()
            self._gone = self._computing.callLater(GONE_S, self._finish)
        else:
            self._kill(Result.CANCELLED, f"{self._stage.cancelled}; it went on computing and was ended")

    def _kill(self, result: Result, reason: str) -> None:
        self._verdict = (result, reason)
        self._stage.alive = False
        self._stop(self._patience)
        current, self._current = self._current, None
        if self._child is not None:
            self._child.kill()
        if current is not None and current.running is not None:
            current.running.cancel()
        self._gone = self._computing.callLater(GONE_S, self._finish)

    def _child_ended(self, status: int | None, text: str) -> None:
        if self._verdict is None and self._end is None:
            self._verdict = verdicts.of_death(
                self._stage.cancelled, text or f"exit status {status}", self._stderr
            )
        self._finish()

    def _finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        self._stage.alive = False
        for timer in (self._patience, self._cleanup, self._gone):
            self._stop(timer)
        current, self._current = self._current, None
        if current is not None and current.running is not None:
            current.running.cancel()
        ended = self._judge()
        self.log.info("{script} {ended}", script=self._stage.name, ended=str(ended))
        self._done.callback(ended)

    def _judge(self) -> ScriptEnded:
        stage, end = self._stage, self._end
        seconds = stage.lab.seconds() - self._began
        if self._verdict is not None or end is None:
            result, reason = self._verdict or (Result.DIED, "its process could not be ended")
            return ScriptEnded(result, reason, stage.at, "", stage.end_after, True, seconds)
        return verdicts.of_end(end, stage.cancelled, stage.end_after, seconds)

    @staticmethod
    def _stop(timer: IDelayedCall | None) -> None:
        if timer is not None and timer.active():
            timer.cancel()
