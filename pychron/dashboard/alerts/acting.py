"""What an alert does by itself, in the order of safety: hold the queue, close, lock, run a script. Each end is told."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from twisted.logger import Logger

from pychron.dashboard.alerts.specs import Action
from pychron.dashboard.interfaces import IHoldsQueue
from pychron.extraction_line.errors import LineError
from pychron.extraction_line.interfaces import Command, IExtractionLine
from pychron.extraction_line.states import Action as Turn
from pychron.rpc.faults import Fault
from pychron.rpc.interfaces import IVerbs
from pychron.rpc.verbs import Call
from pychron.runtime.world import World
from pychron.trust.rights import Peer, Right

WITHIN_S = 10.0


class Actor:
    """Acts for a tripped condition on the node that it runs on."""

    log = Logger()

    def __init__(
        self, world: World, queue: IHoldsQueue | None, line: IExtractionLine | None, verbs: IVerbs | None
    ) -> None:
        self._world = world
        self._queue = queue
        self._line = line
        self._verbs = verbs
        self._closes = 0

    async def act(self, action: Action, why: str) -> list[str]:
        """All of it, whatever fails; what was done and what was not, a sentence each."""
        told: list[str] = []
        if action.hold_queue or action.moves:
            await self._try(told, "the queue is held", self._hold(action, why))
        for name in action.close:
            await self._try(told, f"{name} is closed", self._close(name))
        for name in action.lock:
            await self._try(told, f"{name} is locked", self._lock(name, why))
        if action.script:
            await self._try(told, f"script {action.script} has run", self._script(action.script, why))
        for text in told:
            self.log.warn("{condition}: {text}", condition=action.condition, text=text)
        return told

    async def release(self, action: Action) -> None:
        """At the all clear the queue is no longer held for it."""
        if self._queue is not None and (action.hold_queue or action.moves):
            await self._queue.release(action.condition)

    @staticmethod
    async def _try(told: list[str], done: str, work: Awaitable[Any]) -> None:
        try:
            await work
        except (LineError, Fault, NotThere) as no:
            told.append(f"NOT DONE: {done}: {no}")
        else:
            told.append(done)

    async def _hold(self, action: Action, why: str) -> None:
        if self._queue is None:
            raise NotThere("this node has no queue")
        await self._queue.hold(action.condition, why)

    async def _close(self, name: str) -> None:
        if self._line is None:
            raise NotThere("this node has no extraction line")
        self._closes += 1  # an id of its own: what another condition closed before is no answer to this one
        step = f"alert-{self._world.boot}:{self._closes}"
        now = float(self._world.wire.seconds())
        await self._line.actuate(Command(name, Turn.CLOSE, self._peer(), now, WITHIN_S, id=step))

    async def _lock(self, name: str, why: str) -> None:
        if self._line is None:
            raise NotThere("this node has no extraction line")
        await self._line.lock(name, self._peer(), why)

    async def _script(self, script: str, why: str) -> None:
        verb = self._verbs.get("RunScript") if self._verbs is not None else None
        if verb is None:
            raise NotThere("this node runs no scripts")
        name = script if script.endswith(".py") else f"{script}.py"
        call = Call(
            "RunScript",
            f"extraction/{name}",
            self._peer(),
            self._world.wire.seconds(),
            {"context": {"alert": why}},
        )
        result: Any = verb.handler(call)
        ended = await result
        if ended["result"] != "completed":
            raise NotThere(f"it ended {ended['result']}: {ended['reason']}")

    @staticmethod
    def _peer() -> Peer:
        """The node's own safety service: an owner does not stop it from closing (safety rule 8)."""
        return Peer("local", 0, Right.ADMINISTER, "alerts")


class NotThere(Exception):
    """This node cannot do it, or it did not end well."""
