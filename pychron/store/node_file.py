"""One SQLite file a node, written outside the reactor's thread, with group commit.

One transaction is under way at a time; what is handed in meanwhile goes into the next one together, so that ten
actuations at once cost two fsyncs and not ten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.runtime.world import World
from pychron.store.database import FOLD_AFTER, FOLD_AT_LAST, Database, Written
from pychron.store.errors import StoreFailed
from pychron.store.records import Record, Restored

DEADLINE_S = 5.0


@dataclass(slots=True, eq=False)
class _Waiting:
    """One commit on its way. `done` is None once its caller was answered."""

    records: tuple[Record, ...]
    done: Deferred[None] | None
    until: float
    """Wire seconds"""


@dataclass(slots=True)
class Counters:
    """Plain numbers, read when somebody asks."""

    commits: int = 0
    """Commits that are on disk."""
    transactions: int = 0
    failed: int = 0
    """Commits whose caller got StoreFailed."""
    sync_s: float = 0.0
    """Wire seconds spent in COMMIT."""
    waiting: int = field(default=0)


class NodeStore:
    """The node's memory over a restart. `open` it before anything else, `close` it last."""

    log = Logger()

    def __init__(self, world: World, path: Path, deadline_s: float = DEADLINE_S) -> None:
        self._world = world
        self._path = path
        self._deadline_s = deadline_s
        self._database = Database(world, path)
        self._batch: list[_Waiting] = []
        """Being written."""
        self._queue: list[_Waiting] = []
        """What comes after it."""
        self._timer: IDelayedCall | None = None
        """For the first of them all. It is left to fire: most commits are answered long before, and need none of their own."""
        self._busy = False
        self._open = False
        self._idle: list[Deferred[None]] = []
        self.counters = Counters()
        self.failing = ""
        """Why the last transaction failed; empty while the disk is well."""

    async def open(self) -> Restored:
        """Create or upgrade the file and read what it knows. Raises StoreDamaged, StoreFailed."""
        found = await self._world.pool.run(self._database.open)
        self._open = True
        return found

    def commit(self, *records: Record) -> Deferred[None]:
        """All of `records`, in order, in one transaction, or none. Fires when they are on disk.

        Fails with StoreFailed: the disk is full, read-only or broken; a record cannot be written; or it took
        longer than the deadline (wire seconds). After the deadline a transaction under way may still end well,
        hence the records may be found after a restart. Cancelling it only stops the waiting; what has not begun
        to be written by then never is.
        """
        wire = self._world.wire
        waiting = _Waiting(records, None, wire.seconds() + self._deadline_s)

        def cancelled(_: Deferred[None]) -> None:
            self._forget(waiting)

        done: Deferred[None] = Deferred(cancelled)
        if not self._open:
            done.errback(StoreFailed(f"{self._path}: is not open"))
            return done
        waiting.done = done
        if self._timer is None:
            self._timer = wire.callLater(self._deadline_s, self._look_at_deadlines)
        self._queue.append(waiting)
        self.counters.waiting += 1
        if not self._busy:
            self._begin()
        return done

    async def close(self) -> None:
        """Write what was handed in, then close the file. Takes nothing new."""
        if not self._open:
            return
        self._open = False
        if self._busy:
            idle: Deferred[None] = Deferred()
            self._idle.append(idle)
            await idle
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._world.pool.run(self._database.close)

    # ---- one job at a time

    def _begin(self) -> None:
        """Everything that waits goes into one transaction."""
        self._busy = True
        self._batch, self._queue = self._queue, []
        try:
            job = self._world.pool.run(self._database.write, [w.records for w in self._batch])
        except RuntimeError as error:
            self._failed(Failure(StoreFailed(f"{self._path}: {error}")))
            return
        job.addCallbacks(self._written, self._failed)
        job.addErrback(
            lambda failure: self.log.failure("{path}: a caller of the store failed", failure, path=self._path)
        )

    def _written(self, written: Written) -> None:
        self.counters.transactions += 1
        self.counters.sync_s += written.sync_s
        if self.failing:
            self.log.info("{path}: the node's file can be written again", path=self._path)
            self.failing = ""
        batch, self._batch = self._batch, []
        self._next(written.in_log)
        for waiting, refused in zip(batch, written.refused, strict=True):
            if refused:
                self.log.error("{path}: a record was not written: {why}", path=self._path, why=refused)
                self._answer(waiting, StoreFailed(refused))
            else:
                self.counters.commits += 1
                self._answer(waiting, None)

    def _failed(self, failure: Failure) -> None:
        error = failure.value if isinstance(failure.value, StoreFailed) else None
        if error is None:
            self.log.failure("{path}: a transaction broke", failure, path=self._path)
            error = StoreFailed(f"{self._path}: {failure.getErrorMessage()}")
        elif not self.failing:
            self.log.error("the node's file cannot be written: {why}", why=error.why)
        self.failing = error.why
        batch, self._batch = self._batch, []
        self._next()
        for waiting in batch:
            self._answer(waiting, error)

    def _next(self, in_log: int = 0) -> None:
        """Before the callers are answered: what waits has waited longest."""
        if in_log < (FOLD_AT_LAST if self._queue else FOLD_AFTER):
            self._rest()
            return
        try:
            folded = self._world.pool.run(self._database.fold)
        except RuntimeError:
            self._rest()
            return
        folded.addCallbacks(lambda _: self._rest(), self._fold_failed)

    def _fold_failed(self, failure: Failure) -> None:
        self.log.failure("{path}: folding the log failed", failure, path=self._path)
        self._rest()

    def _rest(self) -> None:
        if self._queue:
            self._begin()
            return
        self._busy = False
        idle, self._idle = self._idle, []
        for waiter in idle:
            waiter.callback(None)

    # ---- answers

    def _answer(self, waiting: _Waiting, error: StoreFailed | None) -> None:
        done = self._forget(waiting)
        if done is None:
            return
        if error is None:
            done.callback(None)
        else:
            self.counters.failed += 1
            done.errback(error)

    def _look_at_deadlines(self) -> None:
        self._timer = None
        now = self._world.wire.seconds()
        unanswered = [w for w in (*self._batch, *self._queue) if w.done is not None]
        left = [w.until - now for w in unanswered if w.until > now]
        if left:
            self._timer = self._world.wire.callLater(min(left), self._look_at_deadlines)
        for waiting in unanswered:
            if waiting.until <= now:
                self.failing = why = f"{self._path}: not on disk after {self._deadline_s:g} s"
                self._answer(waiting, StoreFailed(why))

    def _forget(self, waiting: _Waiting) -> Deferred[None] | None:
        """Its caller is answered now: take it out of the queue, if it has not begun to be written."""
        done, waiting.done = waiting.done, None
        if done is None:
            return None
        self.counters.waiting -= 1
        if waiting in self._queue:
            self._queue.remove(waiting)
        return done
