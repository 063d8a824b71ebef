"""The node's own threads: Git, SQL and long mathematics, values in and values out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import IPool

T = TypeVar("T")


class _DaemonThread(threading.Thread):
    """One that hangs in a system call does not keep the process from ending."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, daemon=True, **options)


class _DaemonThreads(ThreadPool):
    """A pool of them."""

    threadFactory = _DaemonThread


@implementer(IPool)
class RealPool:
    """Its threads begin with the first job, which comes after twistd has forked."""

    log = Logger()

    def __init__(self, reactor: Any, threads: int = 4) -> None:
        self._reactor = reactor
        self._pool = _DaemonThreads(0, threads, "pychron")
        self._under_way = 0
        self._idle: list[Deferred[None]] = []
        self._closed = False

    def run(self, function: Callable[..., T], *args: Any) -> Deferred[T]:
        """Call `function` in one of the threads. After `close` it raises RuntimeError."""
        if self._closed:
            raise RuntimeError(f"the pool is closed: {function} came too late")
        if not self._pool.started:
            self._pool.start()
        done: Deferred[T] = Deferred()
        self._under_way += 1
        self._pool.callInThreadWithCallback(
            lambda success, result: self._reactor.callFromThread(self._ended, done, result), function, *args
        )
        return done

    def _ended(self, done: Deferred[T], result: T | Failure) -> None:
        self._under_way -= 1
        if not done.called:
            done.callback(result)
        if self._under_way == 0:
            waiting, self._idle = self._idle, []
            for idle in waiting:
                idle.callback(None)

    async def close(self, deadline_s: float = 20.0) -> None:
        """Await the jobs under way, then end the threads. A job that hangs is left behind, and the log says so."""
        while self._under_way:
            idle: Deferred[None] = Deferred()
            self._idle.append(idle)
            try:
                await within(self._reactor, deadline_s, idle, "jobs of the thread pool")
            except DeadlinePassed:
                self._closed = True
                self.log.error(
                    "{count} jobs of the thread pool hang; they are left behind", count=self._under_way
                )
                return
        self._closed = True
        if self._pool.started:
            self._pool.stop()
