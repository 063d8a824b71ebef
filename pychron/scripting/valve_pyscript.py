"""ValvePyScript: the valve commands of a script, dispatched to the extraction line manager.

Which failure does what (safety rule 14): what asking again can help (no answer, too late, starting, a read-back
mismatch) is tried again every second; a refusal (locked, interlocked, not the owner, ...) is raised in the script at
once, whatever its flags say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pychron.extraction_line.errors import LineError
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.states import Action, State
from pychron.scripting.commands import EVERY_SCRIPT, VALVES, CommandSpec
from pychron.scripting.outcomes import Outcome
from pychron.scripting.pyscript import PyScript
from pychron.scripting.script_errors import ScriptError, Unknown
from pychron.scripting.stage import EndScript

RETRY_S = 1.0
"""Lab seconds between two tries."""
WITHIN_S = 10.0
"""Wire seconds that an actuation may wait for its turn on the hardware, beside the settling of its switches: the
command before it has the same."""
TRIES_AFTER_CANCEL = 3
"""A dead valve must not use up the time in which the others are closed."""
TRIES_MAX = 100_000


class ValvePyScript(PyScript):
    """open, close, is_open, is_closed, lock, unlock: by name or by description."""

    table: ClassVar[tuple[CommandSpec, ...]] = (*EVERY_SCRIPT, *VALVES)

    async def _m_open(self, args: Mapping[str, Any]) -> Outcome:
        return await self._actuate(Action.OPEN, args)

    async def _m_close(self, args: Mapping[str, Any]) -> Outcome:
        return await self._actuate(Action.CLOSE, args)

    async def _m_is_open(self, args: Mapping[str, Any]) -> Outcome:
        return self._is(State.OPEN, args)

    async def _m_is_closed(self, args: Mapping[str, Any]) -> Outcome:
        return self._is(State.CLOSED, args)

    async def _m_lock(self, args: Mapping[str, Any]) -> Outcome:
        name = self._resolve(args)
        if not self.stage.allow_lock:
            return self._no_locking("lock", name)
        await self.stage.to_its_end(
            self.stage.line.lock(name, self.stage.peer, f"locked by {self.stage.at}"), f"lock {name}"
        )
        return Outcome(True, name)

    async def _m_unlock(self, args: Mapping[str, Any]) -> Outcome:
        name = self._resolve(args)
        if not self.stage.allow_lock:
            return self._no_locking("unlock", name)
        await self.stage.to_its_end(
            self.stage.line.unlock(name, self.stage.peer, f"unlocked by {self.stage.at}"), f"unlock {name}"
        )
        return Outcome(True, name)

    def _no_locking(self, what: str, name: str) -> Outcome:
        self.stage.warn(f"{what}({name!r}) is refused: scripts of this kind may not lock or unlock")
        return Outcome(False, name, "refused: scripts of this kind may not lock or unlock", refused=True)

    def _resolve(self, args: Mapping[str, Any]) -> str:
        name, description = args["name"] or "", args["description"] or ""
        if not isinstance(name, str) or not isinstance(description, str):
            raise ScriptError(f"a switch is named by text, not {name!r:.60} {description!r:.60}")
        if not name and not description:
            raise ScriptError("which switch? give its name or description=")
        return self.stage.line.resolve(name, description)

    def _is(self, wanted: State, args: Mapping[str, Any]) -> Outcome:
        name = self._resolve(args)
        view = self.stage.line.view(name)
        if view.stale or view.state in (State.UNKNOWN, State.MOVING):
            state = "of a lost node, hence unknown" if view.stale else view.state
            raise Unknown(f"{name} is {state}: neither open nor closed can be said")
        return Outcome(view.state is wanted, name, str(view.state))

    async def _actuate(self, action: Action, args: Mapping[str, Any]) -> Outcome:
        stage = self.stage
        name = self._resolve(args)
        stage.on_step(2, f"ValvePyScript._m_{action}({name!r}) dispatches to the extraction line manager")
        ntries = args["ntries"]
        if type(ntries) is not int or not 1 <= ntries <= TRIES_MAX:
            raise ScriptError(f"ntries must be a number from 1 to {TRIES_MAX}, not {ntries!r:.80}")
        tries = 0
        while True:
            tries += 1
            try:
                done = await stage.to_its_end(self._once(action, name), f"{action} {name}")
            except LineError as error:
                if not error.retry:
                    raise
                if tries >= (ntries if stage.cancelled is None else min(ntries, TRIES_AFTER_CANCEL)):
                    return self._given_up(
                        action, name, tries, error, bool(args["cancel_on_failed_actuation"])
                    )
                stage.warn(
                    f"{action} {name} failed, try {tries} of {ntries}: {type(error).__name__}: {error}"
                )
            else:
                for child in done.failed_children:
                    stage.warn(f"{action} {name}: its child did not move: {child}")
                text = (
                    ("opened" if action is Action.OPEN else "closed")
                    if done.changed
                    else f"ok, already {_so(action)}"
                )
                return Outcome(True, name, text)
            await stage.wait(RETRY_S)

    async def _once(self, action: Action, name: str) -> Done:
        stage = self.stage

        def wanted() -> bool:
            return action is Action.CLOSE or (stage.alive and stage.cancelled is None)

        stage.commands += 1
        return await stage.line.actuate(
            Command(
                name,
                action,
                stage.peer,
                stage.wire.seconds(),
                WITHIN_S + stage.line.settling_s(name),
                id=f"{stage.session}:{stage.commands}",  # a second try is no copy of the first
                token=stage.token,
                still_there=wanted,
            )
        )

    def _given_up(self, action: Action, name: str, tries: int, error: LineError, cancel: bool) -> Outcome:
        text = f"{action} {name} failed {tries} times: {type(error).__name__}: {error}"
        if self.stage.cancelled is not None:
            raise error
        if cancel:
            raise EndScript(text)
        self.stage.end_after = True
        self.stage.warn(f"{text}; the script goes on as it asked to, the queue ends after this run")
        return Outcome(False, name, f"failed: {type(error).__name__}: {error}", refused=True)


def _so(action: Action) -> str:
    return "open" if action is Action.OPEN else "closed"
