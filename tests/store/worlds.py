"""A world for the store: a Clock, a pool whose jobs the test lets run, real files in a temporary folder."""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from pychron.runtime.world import World
from pychron.store.node_file import NodeStore
from pychron.store.records import Intent, Outcome, Restored


class HeldPool:
    """Jobs wait until the test lets them run: `release` runs one, `at_once` runs each as it comes."""

    def __init__(self) -> None:
        self.at_once = True
        self.jobs: list[tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self.under_way = 0

    def run(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        if self.at_once:
            return execute(function, *args)
        done: Deferred[Any] = Deferred()
        self.jobs.append((done, function, args))
        return done

    def release(self) -> None:
        done, function, args = self.jobs.pop(0)
        execute(function, *args).chainDeferred(done)


def open_file(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    return connection


class Bench:
    """Makes worlds over one folder: a node that dies and starts again keeps its files and its clock."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "node.sqlite"
        self.clock = Clock()
        self.wall_offset = 1_700_000_000.0
        self.pool = HeldPool()
        self.machine_boot = "machine-1"
        self.opener: Callable[[Path], sqlite3.Connection] = open_file

    def world(self) -> World:
        return World(
            lab=self.clock,
            wire=self.clock,
            wall=lambda: self.clock.seconds() + self.wall_offset,
            boot="boot",
            machine_boot=self.machine_boot,
            streams=None,
            pool=self.pool,
            zmq=None,
            scripts=None,
            sqlite=lambda path: self.opener(path),
            local_addresses=lambda: (),
            random=random.Random(1),
        )

    def store(self) -> NodeStore:
        return NodeStore(self.world(), self.path)

    def opened(self) -> tuple[NodeStore, Restored]:
        store = self.store()
        return store, result(Deferred.fromCoroutine(store.open()))

    def restart(self, store: NodeStore) -> Restored:
        """What a new start of the node finds."""
        result(Deferred.fromCoroutine(store.close()))
        again, found = self.opened()
        result(Deferred.fromCoroutine(again.close()))
        return found

    def intent(self, key: str, request_id: str | None = None, switch: str = "A") -> Intent:
        now = self.clock.seconds()
        steps = ((switch, "open"), ("B", "close"))
        return Intent(key, request_id, "10.0.0.5", switch, "open", steps, now + 5, now, self.machine_boot)

    def outcome(
        self, key: str, request_id: str | None = None, switch: str = "A", result: str = "done"
    ) -> Outcome:
        now = self.clock.seconds()
        wall = now + self.wall_offset
        children = ("B: no answer",)
        return Outcome(key, result, True, "", 3, wall, now, request_id, "10.0.0.5", switch, "open", children)


def result(done: Deferred[Any]) -> Any:
    """The result of a Deferred that has one; its failure is raised."""
    found: list[Any] = []
    failed: list[Any] = []
    done.addCallbacks(found.append, failed.append)
    if failed:
        failed[0].raiseException()
    assert found, "it has no result yet"
    return found[0]
