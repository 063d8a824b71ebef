"""Exactly once for commands whose switches other nodes drive (safety rules 12 and 16).

The controllers know this node's own ids only: what became of its clients', and which copies an installed client has
sent, is known here. Intents and outcomes of commands with an id are in this node's file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from pychron.extraction_line.errors import (
    ChildFailed,
    LineError,
    Mismatch,
    NoResponse,
    NotStored,
    Superseded,
    TooLate,
)
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.keeping.recording import CLOSE_WAITS_S
from pychron.extraction_line.keeping.records import audit_entry, intent_record, outcome_record
from pychron.extraction_line.machine.actuations import Result
from pychron.extraction_line.machine.plans import Step
from pychron.extraction_line.machine.repeats import sender
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.states import Action
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.store.errors import StoreFailed

Act = Callable[[Command], Awaitable[Done]]
MAY_HAVE_MOVED = (Done, NoResponse, Mismatch, ChildFailed)
"""What a copy gets again. After another refusal nothing is under way, and who asks anew is looked at anew."""
_Key = tuple[str, str, str, Action]
"""Id (empty: it has none), sender, switch and action."""


@dataclass(slots=True, eq=False)
class _First:
    """A command under way, and those who have sent the same again."""

    command: Command
    others: list[Deferred[Done]] = field(default_factory=list)


class Once:
    """Beside the manager of this node's own switches, whose file and memory of commands it uses."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._under_way: dict[_Key, _First] = {}
        self._number = 0

    async def turn(
        self,
        command: Command,
        plan: Sequence[Step],
        act: Act,
        holds: Callable[[], bool],
    ) -> Done:
        """What `act` answers or raises. The same id again gets that for ten minutes, and `act` is not called.

        So does a copy without an id, for as long as copies come, if nothing else was to turn the switch meanwhile: one of
        the switches of its `plan`, with a command of this node, or of another (then its `Done` no longer `holds`).
        """
        repeats = self._manager.machine.repeats
        known = repeats.known(command, self._manager.now)
        if known is not None and (command.id is not None or not isinstance(known, Done) or holds()):
            return _given(known)
        key = command.id or "", sender(command), command.switch, command.action
        first = self._under_way.get(key)
        if first is not None and (command.id is not None or repeats.stands(first.command)):
            again: Deferred[Done] = Deferred()
            first.others.append(again)
            return await again
        if any(turn is Action.OPEN and repeats.closed_since(switch, command) for switch, turn in plan):
            raise Superseded(command.switch, "a newer close took its place")
        self._under_way[key] = first = _First(command)
        for switch, _ in plan:
            repeats.planned(command, switch)
        try:
            result = await (self._kept if command.id is not None else self._audited)(command, act)
        except (CancelledError, Exception):
            self._tell(key, first, _cut_short(command))
            raise
        self._tell(key, first, result)
        return _given(result)

    async def _outcome(self, command: Command, act: Act) -> Result:
        """An open that still waits here is not sent once a close of its switch was asked for."""

        def overtaken() -> bool:
            newest = self._manager.machine.repeats.newest(command.switch)
            return command.action is Action.OPEN and newest is not None and newest.action is Action.CLOSE

        here = command.still_there
        try:
            return await act(replace(command, still_there=lambda: here() and not overtaken()))
        except LineError as problem:
            if isinstance(problem, TooLate) and here() and overtaken():
                return Superseded(command.switch, "a newer close took its place")
            return problem

    def _tell(self, key: _Key, first: _First, result: Result) -> None:
        if self._under_way.get(key) is first:
            del self._under_way[key]
        for other in first.others:
            if isinstance(result, Done):
                other.callback(result)
            else:
                other.errback(Failure(result))

    async def _audited(self, command: Command, act: Act) -> Result:
        """The controllers know this node only; who asked for it stands in this node's file."""
        result = await self._outcome(command, act)
        manager = self._manager
        if isinstance(result, MAY_HAVE_MOVED):
            manager.machine.repeats.ended(command, result, manager.now)
        manager.in_its_own_time(audit_entry(command, result, manager.world.wall()))
        return result

    async def _kept(self, command: Command, act: Act) -> Result:
        try:
            key = await self._intended(command)
        except NotStored as problem:
            self._manager.machine.repeats.ended(command, problem, self._manager.now)
            return problem
        try:
            result = await self._outcome(command, act)
        except (CancelledError, Exception):
            await self._ended(key, command, _cut_short(command))
            raise
        await self._ended(key, command, result)
        return result

    async def _intended(self, command: Command) -> str:
        """On disk before anything is sent; a close goes on without. Raises NotStored."""
        manager = self._manager
        self._number += 1
        key = f"{manager.world.boot}.away.{self._number}"
        plan = ((command.switch, command.action),)
        intent = intent_record(key, command, plan, manager.world, manager.now)
        if command.action is Action.OPEN:
            await manager.kept(command.switch, intent)
            return key
        with suppress(StoreFailed, DeadlinePassed):
            await within(manager.world.wire, CLOSE_WAITS_S, manager.store.commit(intent), "a worn disk")
        return key

    async def _ended(self, key: str, command: Command, result: Result) -> None:
        manager, observer = self._manager, self._manager.machine.observer
        manager.machine.repeats.ended(command, result, manager.now)
        wall = manager.world.wall()
        try:
            await manager.store.commit(
                outcome_record(key, command, result, wall, manager.now), audit_entry(command, result, wall)
            )
        except StoreFailed as problem:
            text = f"{command.switch}: the outcome of {command.action} could not be written ({problem.why}); mend the disk"
            manager.publish(observer.alarm("store", text, (command.switch,)))
        else:
            manager.publish(observer.clear("store", "outcomes are written again"))


def _cut_short(command: Command) -> LineError:
    return NoResponse(
        command.switch, f"{command.action} was cut short; what became of it is not known; look at the state"
    )


def _given(result: Result) -> Done:
    if isinstance(result, Done):
        return result
    raise result
