"""PyScript: the commands of every script, as the node carries them out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pychron.scripting.commands import ALIASES, EVERY_SCRIPT, CommandSpec
from pychron.scripting.outcomes import Outcome
from pychron.scripting.script_errors import IntervalError, ScriptError
from pychron.scripting.stage import EndScript, Stage

LONGEST_S = 366 * 86_400
INTERVALS = 1000


class PyScript:
    """Carries out one script's commands. A method `_m_NAME` stands for each command of `table`."""

    table: ClassVar[tuple[CommandSpec, ...]] = EVERY_SCRIPT

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.specs: dict[str, CommandSpec] = {spec.name: spec for spec in self.table}
        self.open_intervals: dict[int, float] = {}
        self._intervals = 0

    async def command(self, spec: CommandSpec, args: Mapping[str, Any]) -> Outcome:
        """Carry out one command. `args` are the child's: they are checked like any peer's. Raises ScriptError,
        the line's errors, EndScript."""
        known = {name for name, _ in spec.parameters}
        extra = sorted(set(args) - known)
        if extra:
            raise ScriptError(f"{spec.name}() has no argument {extra[0]!r}")
        full = {name: args.get(name, default) for name, default in spec.parameters}
        name = ALIASES.get(spec.name, spec.name)
        method = getattr(self, f"_m_{name}")
        outcome: Outcome = await method(full)
        return outcome

    async def _m_info(self, args: Mapping[str, Any]) -> Outcome:
        message = _text(args, "message")
        self.stage.info(message)
        return Outcome(target=message)

    async def _m_now(self, args: Mapping[str, Any]) -> Outcome:
        return Outcome(self.stage.lab.seconds())

    async def _m_sleep(self, args: Mapping[str, Any]) -> Outcome:
        seconds = round(_seconds(args, "duration"), 1)
        if args["message"]:
            self.stage.info(_text(args, "message"))
        await self.stage.wait(seconds)
        return Outcome(target=f"{seconds:g} s")

    async def _m_begin_interval(self, args: Mapping[str, Any]) -> Outcome:
        seconds = _seconds(args, "duration")
        if len(self.open_intervals) >= INTERVALS:
            raise IntervalError(
                f"{INTERVALS} intervals are open: begin_interval() without complete_interval()?"
            )
        self._intervals += 1
        self.open_intervals[self._intervals] = self.stage.lab.seconds() + seconds
        return Outcome(self._intervals, f"{seconds:g} s")

    async def _m_complete_interval(self, args: Mapping[str, Any]) -> Outcome:
        number = args["id"]
        if type(number) is not int or number not in self.open_intervals:
            raise IntervalError("complete_interval(): no such interval was begun")
        left = self.open_intervals.pop(number) - self.stage.lab.seconds()
        await self.stage.wait(left)
        return Outcome(target=f"{max(0.0, left):g} s")

    async def _m_unmatched_interval(self, args: Mapping[str, Any]) -> Outcome:
        text = f"IntervalError: begin_interval() without complete_interval() at {args['file']}:{args['line']}"
        self.stage.warn(text)
        return Outcome(text=text, refused=True)

    async def _m_cancel(self, args: Mapping[str, Any]) -> Outcome:
        raise EndScript("the script called cancel()")

    async def _m_exit(self, args: Mapping[str, Any]) -> Outcome:
        self.stage.info("exit")
        raise EndScript("the script called exit()")

    async def _m_abort(self, args: Mapping[str, Any]) -> Outcome:
        raise EndScript("the script called abort()", abort=True)


def _text(args: Mapping[str, Any], key: str) -> str:
    value = args[key]
    if not isinstance(value, str):
        raise ScriptError(f"{key} must be a text, not {value!r:.80}")
    return value


def _seconds(args: Mapping[str, Any], key: str) -> float:
    """Negative counts as nothing, as scripts subtract what has passed."""
    value = args[key]
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = math.nan
    if type(value) not in (int, float) or not math.isfinite(value) or value > LONGEST_S:
        raise ScriptError(f"{key} must be a number of seconds, not {args[key]!r:.80}")
    return max(0.0, float(value))
