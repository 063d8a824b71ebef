"""Exactly once for commands with an id whose switches other nodes drive (safety rules 12 and 16).

The controllers know this node's own ids only; what became of its clients' is in its own file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from pychron.extraction_line.actuations import Result
from pychron.extraction_line.errors import LineError, NoResponse, NotStored
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.recording import CLOSE_WAITS_S
from pychron.extraction_line.records import audit_entry, intent_record, outcome_record
from pychron.extraction_line.states import Action
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.store.errors import StoreFailed

_Key = tuple[str, str, Action]
"""Id, switch and action."""


class Once:
    """Beside the manager of this node's own switches, whose file and memory of ids it uses."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._others: dict[_Key, list[Deferred[Done]]] = {}
        """By what is under way, those who have sent the same again."""
        self._number = 0

    async def turn(self, command: Command, act: Callable[[], Awaitable[Done]]) -> Done:
        """What `act` answers or raises. The same id again gets that for ten minutes, and `act` is not called."""
        if command.id is None:
            return await self._audited(command, act)
        known = self._manager.machine.repeats.known(command, self._manager.now)
        if known is not None:
            return _given(known)
        key = command.id, command.switch, command.action
        if key in self._others:
            again: Deferred[Done] = Deferred()
            self._others[key].append(again)
            return await again
        self._others[key] = []
        try:
            result = await self._carried_out(command, act)
        except (CancelledError, Exception):
            self._tell(key, _cut_short(command))
            raise
        self._tell(key, result)
        return _given(result)

    async def _audited(self, command: Command, act: Callable[[], Awaitable[Done]]) -> Done:
        """The controllers know this node only; who asked for it stands in this node's file."""
        try:
            done = await act()
        except LineError as problem:
            self._manager.in_its_own_time(audit_entry(command, problem, self._manager.world.wall()))
            raise
        self._manager.in_its_own_time(audit_entry(command, done, self._manager.world.wall()))
        return done

    def _tell(self, key: _Key, result: Result) -> None:
        for other in self._others.pop(key):
            if isinstance(result, Done):
                other.callback(result)
            else:
                other.errback(Failure(result))

    async def _carried_out(self, command: Command, act: Callable[[], Awaitable[Done]]) -> Result:
        result: Result
        try:
            key = await self._intended(command)
        except NotStored as problem:
            self._manager.machine.repeats.ended(command, problem, self._manager.now)
            return problem
        try:
            result = await act()
        except LineError as problem:
            result = problem
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
