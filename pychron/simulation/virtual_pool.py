"""The pool and the database files of one process in the virtual world."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, execute
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.world import IPool
from pychron.simulation.virtual_clock import NodeClock

T = TypeVar("T")

JOB_S = (0.0002, 0.008)
"""How long a job takes: about what two fsyncs do on an SD card that is in a good mood."""


@implementer(IPool)
class VirtualPool:
    """Runs each job at its time. A process that dies between a job and its result leaves the job done and nobody
    told; one that dies before leaves it undone."""

    def __init__(self, clock: NodeClock, rng: random.Random) -> None:
        self._clock = clock
        self._random = rng

    def run(self, function: Callable[..., T], *args: Any) -> Deferred[T]:
        done: Deferred[T] = Deferred(lambda _: None)
        self._clock.callLater(self._random.uniform(*JOB_S), self._work, function, args, done)
        return done

    def _work(self, function: Callable[..., T], args: tuple[Any, ...], done: Deferred[T]) -> None:
        outcome: Deferred[Any] = execute(function, *args)
        outcome.addBoth(self._later, done)

    def _later(self, result: Any, done: Deferred[Any]) -> None:
        self._clock.callLater(self._random.uniform(*JOB_S) / 4, self._tell, done, result)

    def _tell(self, done: Deferred[T], result: T | Failure) -> None:
        if not done.called:
            done.callback(result)


class DatabaseFiles:
    """Opens real files, and closes them as a dead process's kernel would: what was not committed is gone."""

    def __init__(self) -> None:
        self._open: list[sqlite3.Connection] = []

    def __call__(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        # The files outlive the process and not the machine: no fsync is needed.
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA foreign_keys=ON")
        self._open.append(connection)
        return connection

    def drop(self) -> None:
        for connection in self._open:
            connection.close()
        self._open = []
