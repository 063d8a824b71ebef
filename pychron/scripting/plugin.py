"""Scripts: runs scripts on the node's line, one at a time, on request of its own socket (later: of a queue)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from pychron.extraction_line.events import MadeSafe
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.extraction_line.steps import Steps
from pychron.rpc.faults import Fault
from pychron.rpc.interfaces import IVerbs
from pychron.rpc.verbs import Call, Verb
from pychron.runtime.plugin import Context, IDrains, IPlugin
from pychron.scripting.interfaces import IScriptRuns
from pychron.scripting.outcomes import ScriptEnded, job_for
from pychron.scripting.runner import ScriptRunner
from pychron.trust.rights import Right


@implementer(IPlugin, IDrains, IScriptRuns)
class ScriptsPlugin:
    """Offers the running of scripts."""

    name = "Scripts"
    needs = (IVerbs, IExtractionLine)
    offers = (IScriptRuns,)
    wants = ()
    log = Logger()

    def __init__(self) -> None:
        self._context: Context | None = None
        self._runner: ScriptRunner | None = None
        self._done: Deferred[None] | None = None
        self.file = ""
        self.runs = 0

    def check(self, context: Context) -> None:
        """Scripts are read when they run."""

    async def setup(self, context: Context) -> None:
        """Register the verbs; nothing runs by itself."""
        self._context = context
        context.find(IVerbs).register(
            Verb(
                "RunScript",
                Right.ADMINISTER,
                self._run,
                "FILE",
                "Run a script of this root; answers its end",
                True,
            ),
            Verb(
                "CancelScript",
                Right.OPERATE,
                self._cancel,
                "[WHY]",
                "Cancel it; its clean-up still works",
                jumps=True,
            ),
            Verb("AbortScript", Right.OPERATE, self._abort, "[WHY]", "End its process at once", jumps=True),
            Verb("ScriptStatus", Right.OBSERVE, self._status, "", "What runs, and at which line"),
        )
        context.offer(IScriptRuns, self)
        context.bus.subscribe(self._made_safe, MadeSafe, what="scripts and MAKE SAFE")
        context.counters["scripts_run"] = lambda: self.runs

    def bind(self, context: Context) -> None:
        """It wants nothing."""

    # ---- what others ask

    async def run(self, file: Path, variables: Mapping[str, Any]) -> ScriptEnded:
        """Run one script of the root's scripts folder to its end. Raises Fault 002 while another one runs."""
        context = self._context
        assert context is not None
        if self._runner is not None:
            raise Fault(
                2, f"{self.file} runs already; wait for its end or cancel it", err="busy", data=str(file)
            )
        self.file, self._done = str(file), Deferred()
        self.runs += 1
        self._runner = ScriptRunner(
            context.world,
            context.find(IExtractionLine),
            context.world.scripts,
            session=f"{context.world.boot}.script-{self.runs}",
            on_step=Steps(context.world, context.bus).take,
        )
        try:
            ended: ScriptEnded = await self._runner.run(job_for(file, variables))
        finally:
            self._runner = None
            self._done.callback(None)
        return ended

    # ---- verbs

    async def _run(self, call: Call) -> Any:
        assert self._context is not None
        scripts = (self._context.options.root / "scripts").resolve()
        file = Path(call.argument)
        file = (file if file.is_absolute() else scripts / file).resolve()
        if not file.is_relative_to(scripts):
            raise Fault(1, f"scripts of this root lie below {scripts}; copy it there", path=call.argument)
        if not file.is_file():
            raise Fault(1, "there is no such file", path=call.argument)
        variables = call.members.get("context", {})
        if not isinstance(variables, dict):
            raise Fault(4, "context: is an object of names and values", command="RunScript", detail="")
        ended = await self.run(file, variables)
        return {
            "result": str(ended.result),
            "reason": ended.reason,
            "at": str(ended.at) if ended.at is not None else "",
            "source": ended.source,
            "seconds": ended.seconds,
            "end_after": ended.end_after,
        }

    def _cancel(self, call: Call) -> bool:
        if self._runner is None:
            return False
        self._runner.cancel(call.argument or f"cancelled by {call.peer}")
        return True

    def _abort(self, call: Call) -> bool:
        if self._runner is None:
            return False
        self._runner.abort(call.argument or f"aborted by {call.peer}")
        return True

    def _status(self, call: Call) -> dict[str, Any]:
        runner = self._runner
        return {
            "running": self.file if runner is not None else "",
            "at": str(runner.at) if runner is not None else "",
        }

    def _made_safe(self, event: object) -> None:
        """What the sequence closes is not opened again by a script that goes on (safety rule 19)."""
        assert isinstance(event, MadeSafe)
        if self._runner is not None:
            self._runner.cancel(f"MAKE SAFE by {event.by}")

    # ---- the end

    async def drain(self) -> None:
        """A script that runs is cancelled and has its clean-up."""
        if self._runner is not None and self._done is not None:
            self._runner.cancel("this node is stopping")
            await self._done

    async def teardown(self) -> None:
        """Nothing of a script outlives its node."""
        if self._runner is not None:
            self._runner.abort("this node has stopped")
