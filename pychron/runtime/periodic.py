"""A LoopingCall that outlives exceptions: the failure is logged and counted, the next tick comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger


class Periodic:
    """Calls `work` each `period_s` of `clock`. A tick whose work is still under way is left out, and counted."""

    log = Logger()

    def __init__(
        self, clock: IReactorTime, period_s: float, work: Callable[[], Awaitable[None] | None], what: str
    ) -> None:
        self._loop = LoopingCall(self._tick)
        self._loop.clock = clock
        self._period_s = period_s
        self._work = work
        self._what = what
        self.failures = 0

    @property
    def running(self) -> bool:
        return bool(self._loop.running)

    def start(self, now: bool = False) -> None:
        """Begin; with `now` the first tick is at once."""
        self._loop.start(self._period_s, now=now).addErrback(self._ended)

    def stop(self) -> None:
        """No further tick. Work under way goes on."""
        if self._loop.running:
            self._loop.stop()

    def _ended(self, failure: object) -> None:
        self.log.error("{what}: the periodic call ended: {failure}", what=self._what, failure=failure)

    def _tick(self) -> Deferred[None] | None:
        try:
            result = self._work()
        except Exception:
            self._failed()
            return None
        if result is None:
            return None
        return Deferred.fromCoroutine(self._guarded(result))

    async def _guarded(self, result: Awaitable[None]) -> None:
        try:
            await result
        except Exception:
            self._failed()

    def _failed(self) -> None:
        self.failures += 1
        self.log.failure("{what} failed; the next tick comes all the same", what=self._what)
