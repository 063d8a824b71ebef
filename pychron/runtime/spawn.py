"""Keeps every coroutine that is started: none is lost, each failure is logged, all are drained at stop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure


class Spawner:
    """Owns the coroutines of one service."""

    log = Logger()

    def __init__(self) -> None:
        self._running: dict[Deferred[Any], None] = {}

    def spawn(
        self,
        coroutine: Coroutine[Deferred[Any], Any, Any],
        what: str,
        failed: Callable[[], None] | None = None,
    ) -> Deferred[None]:
        """Run `coroutine`; `what` names it in the log. The result fires when it ended, never with a failure.

        Where it ended with one, `failed` is called after that was logged: somebody may wait for what it did not do.
        """
        return self.keep(Deferred.fromCoroutine(coroutine), what, failed)

    def keep(
        self, running: Deferred[Any], what: str, failed: Callable[[], None] | None = None
    ) -> Deferred[None]:
        """The same for what runs already."""
        self._running[running] = None
        return running.addBoth(self._ended, running, what, failed)

    def _ended(
        self, result: object, running: Deferred[Any], what: str, failed: Callable[[], None] | None
    ) -> None:
        self._running.pop(running, None)
        if isinstance(result, Failure):
            if not result.check(CancelledError):
                self.log.failure("{what} failed", failure=result, what=what)
            if failed is not None:
                failed()

    @property
    def running(self) -> int:
        """How many are under way."""
        return len(self._running)

    def cancel(self) -> None:
        """Cancel what is under way. Only for work that may be cut: an actuation is awaited instead."""
        for running in list(self._running):
            running.cancel()
