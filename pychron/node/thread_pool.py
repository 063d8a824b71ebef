"""The node's own threads: Git, SQL and long mathematics, values in and values out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import IPool

T = TypeVar("T")
_Job = tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]


@implementer(IPool)
class RealPool:
    """Its threads begin with the jobs that need them, which come after twistd has forked.

    Two crossings between threads a job and nothing else: twisted's ThreadPool has a coordinator between, which
    doubles what a commit waits.
    """

    log = Logger()

    def __init__(self, reactor: Any, threads: int = 4) -> None:
        self._reactor = reactor
        self._most = threads
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self.threads: list[threading.Thread] = []
        self._under_way = 0
        self._idle: list[Deferred[None]] = []
        self._closed = False

    def run(self, function: Callable[..., T], *args: Any) -> Deferred[T]:
        """Call `function` in one of the threads. After `close` it raises RuntimeError."""
        if self._closed:
            raise RuntimeError(f"the pool is closed: {function} came too late")
        done: Deferred[T] = Deferred()
        self._under_way += 1
        if len(self.threads) < min(self._most, self._under_way):
            self._begin()
        self._jobs.put((done, function, args))
        return done

    def _begin(self) -> None:
        # A daemon: one that hangs in a system call does not keep the process from ending.
        name = f"pychron-{len(self.threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            del job  # what a job held is let go while the thread waits for the next one

    def _do(self, done: Deferred[Any], function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._reactor.callFromThread(self._ended, done, execute(function, *args))

    def _ended(self, done: Deferred[T], ended: Deferred[T]) -> None:
        """`ended` has its result: what the job returned, or the Failure of what it raised."""
        self._under_way -= 1
        result: Any = ended.result
        if isinstance(result, Failure):
            ended.addErrback(lambda _: None)  # `done` has it now
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
                self._end()
                self.log.error(
                    "{count} jobs of the thread pool hang; they are left behind", count=self._under_way
                )
                return
        self._end()
        for thread in self.threads:
            thread.join()

    def _end(self) -> None:
        """Each thread ends when it comes back for a job."""
        self._closed = True
        for _ in self.threads:
            self._jobs.put(None)
