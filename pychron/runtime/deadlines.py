"""A deadline for every call to a device, a peer, a database or git."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")


class DeadlinePassed(Exception):
    """The call had not ended when its time was over."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what}: no end after {seconds:g} s")
        self.what = what
        self.seconds = seconds


def within(
    clock: IReactorTime, seconds: float, work: Coroutine[Any, Any, T] | Deferred[T], what: str
) -> Awaitable[T]:
    """Await `work`, cancelled and failed with DeadlinePassed after `seconds` of `clock`."""
    running: Deferred[T] = work if isinstance(work, Deferred) else Deferred.fromCoroutine(work)
    passed = False

    def expire() -> None:
        nonlocal passed
        passed = True
        running.cancel()

    timer = clock.callLater(seconds, expire)

    def settle(result: T | Failure) -> T | Failure:
        if timer.active():
            timer.cancel()
        if passed and isinstance(result, Failure) and result.check(CancelledError):
            return Failure(DeadlinePassed(what, seconds))
        return result

    running.addBoth(settle)
    return running


def sleep(clock: IReactorTime, seconds: float) -> Deferred[None]:
    """Fires after `seconds` of `clock`; cancelling it stops the timer."""
    done: Deferred[None] = Deferred(lambda d: timer.cancel() if timer.active() else None)
    timer = clock.callLater(seconds, done.callback, None)
    return done
