"""Gathers what a node says and reads, writes it in batches, answers for it. Bounded: what does not fit is counted."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.observability.history import database
from pychron.observability.history.database import Connection, Event, Reading
from pychron.observability.history.history_file import HistorySpec
from pychron.observability.history.interfaces import Entry, HistoryFailed, IHistory, Series, Then
from pychron.observability.history.sentences import sentence, subject_of
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

T = TypeVar("T")
MOST = 100_000
"""Readings and events each that wait for a database that does not take them."""
FORGET_S = 3600.0


@implementer(IHistory)
class Recorder:
    """The history of one node. `connect` is called in the pool."""

    log = Logger()

    def __init__(self, world: World, spec: HistorySpec, connect: Callable[[], Connection]) -> None:
        self._world = world
        self._spec = spec
        self._connect = connect
        self._connection: Connection | None = None
        self._lock = DeferredLock()
        self._flushing = DeferredLock()
        self._readings: deque[Reading] = deque()
        self._events: deque[Event] = deque()
        self._writer = Periodic(world.wire, spec.write_every_s, self.flush, "writing the history")
        self._forgetter = Periodic(world.wire, FORGET_S, self._forget, "forgetting old history")
        self.failing = ""
        self.dropped = 0
        self.written = 0
        """Readings and events in the database since the start."""

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()
        self._forgetter.start(now=True)

    async def stop(self) -> None:
        """Write what is gathered, close."""
        for timer in (self._writer, self._forgetter):
            if timer.running:
                timer.stop()
        await self.flush()
        await self._run(_close)
        self._connection = None

    @property
    def waiting(self) -> int:
        """Readings and events that are not written yet."""
        return len(self._readings) + len(self._events)

    # ---- in

    def reading(self, tag: str, unit: str, wall: float, value: float) -> None:
        """One value; what is no number is no reading."""
        if math.isfinite(value):
            self._put(self._readings, (tag, unit, wall, value))

    def event(self, kind: str, payload: dict[str, Any], wall: float) -> None:
        """One event."""
        data = json.dumps(payload, ensure_ascii=False, default=str)
        self._put(self._events, (wall, kind, subject_of(kind, payload), sentence(kind, payload), data))

    def _put(self, queue: deque[Any], one: Any) -> None:
        if len(queue) < MOST:
            queue.append(one)
            return
        self.dropped += 1
        if self.dropped == 1:
            self.log.error("the history is not written and its queue is full: what comes now is lost")

    async def flush(self) -> None:
        """Write what is gathered, one batch at a time; what cannot be written is kept for the next time."""
        await self._flushing.acquire()
        try:
            await self._flush()
        finally:
            self._flushing.release()

    async def _flush(self) -> None:
        readings, events = list(self._readings), list(self._events)
        if not readings and not events:
            return
        try:
            await self._run(lambda connection: database.write(connection, readings, events))
        except HistoryFailed as problem:
            self._fails(problem.why)
            return
        for queue, many in ((self._readings, len(readings)), (self._events, len(events))):
            for _ in range(min(many, len(queue))):
                queue.popleft()
        self.written += len(readings) + len(events)
        if self.failing:
            self.log.info("the history is written again")
        self.failing = ""

    async def _forget(self) -> None:
        wall = self._world.wall()
        try:
            await self._run(lambda connection: database.forget(connection, self._spec, wall))
        except HistoryFailed as problem:
            self._fails(problem.why)

    def _fails(self, why: str) -> None:
        if why != self.failing:
            self.log.error("the history cannot be written: {why}; it is kept and tried again", why=why)
        self.failing = why

    # ---- out

    def tags(self) -> Deferred[Sequence[str]]:
        return self._ask(database.tags)

    def values(self, tag: str, start: float, end: float, points: int = 500) -> Deferred[Series]:
        return self._ask(lambda connection: database.values(connection, tag, start, end, points))

    def events(
        self, start: float, end: float, kinds: Sequence[str] = (), limit: int = 1000, subject: str = ""
    ) -> Deferred[Sequence[Entry]]:
        return self._ask(lambda connection: database.events(connection, start, end, kinds, limit, subject))

    def state_at(self, time: float) -> Deferred[Then]:
        return self._ask(lambda connection: database.state_at(connection, time))

    def note(self, text: str, who: str, time: float | None = None) -> Deferred[Entry]:
        wall = self._world.wall() if time is None else time
        return Deferred.fromCoroutine(self._note(text, who, wall))

    async def _note(self, text: str, who: str, wall: float) -> Entry:
        payload = {"text": text, "who": who}
        row: Event = (wall, "note", who, text, json.dumps(payload, ensure_ascii=False))

        def work(connection: Connection) -> Entry:
            database.write(connection, (), (row,))
            return database.events(connection, wall, wall + 1e-6, ("note",), 1, who)[-1]

        return await self._run(work)

    def _ask(self, work: Callable[[Connection], T]) -> Deferred[T]:
        return Deferred.fromCoroutine(self._asked(work))

    async def _asked(self, work: Callable[[Connection], T]) -> T:
        await self.flush()
        return await self._run(work)

    async def _run(self, work: Callable[[Connection], T]) -> T:
        """One at a time, in the pool. A connection that fails is given up; the next one is new. Raises HistoryFailed."""

        def job() -> T:
            if self._connection is None:
                self._connection = self._connect()
            return work(self._connection)

        await self._lock.acquire()
        try:
            return await self._world.pool.run(job).addErrback(self._broke)
        finally:
            self._lock.release()

    def _broke(self, failure: Failure) -> Failure:
        self._connection = None
        problem = failure.value
        known = isinstance(problem, sqlite3.Error | OSError) or type(problem).__module__.startswith("psycopg")
        return (
            Failure(HistoryFailed(" ".join(str(problem).split()) or type(problem).__name__))
            if known
            else failure
        )


def _close(connection: Connection) -> None:
    connection.close()
