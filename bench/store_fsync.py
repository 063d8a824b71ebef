"""An Open with its two fsynced commits against the two commits alone, bare sqlite3 on the same disk in the same run.

    python -m bench.store_fsync         the measurement, as a process of its own: it needs a reactor

`measure` takes what one Open does as a callable, so that the same rounds serve the store alone and a whole line.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from bench.a_line import open_line
from bench.rows import Row, at_most
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import World
from pychron.store.node_file import NodeStore
from pychron.store.records import AuditEntry, Intent, LastState, Outcome
from pychron.store.rows import statements

ROUNDS = 600
BLOCK = 20
MOST_FSYNCS = 2.0
MOST_TIMES = 1.5

Commits = tuple[tuple[Any, ...], ...]
OneOpen = Callable[[int], Awaitable[Commits]]
"""Does number N and returns what it committed, for the bare one to commit again."""
Transactions = Callable[[], int]


def records(n: int, machine_boot: str = "m") -> Commits:
    """What the first and the second commit of Open number `n` hold."""
    wall, wire = time.time(), time.monotonic()
    steps = (("A", "open"),)
    intent = Intent(f"k{n}", f"boot:{n}", "127.0.0.1", "A", "open", steps, wall, wire, machine_boot)
    outcome = Outcome(
        f"k{n}", "done", True, "", n, wall, wire, intent.request_id, intent.peer, intent.switch, intent.action
    )
    audit = AuditEntry(wall, "127.0.0.1:50000", "open: done", "A", "")
    return (intent,), (outcome, LastState("A", "open", "relay", wall), audit)


class Bare:
    """The same rows by sqlite3 alone: two transactions, WAL, synchronous=FULL."""

    def __init__(self, template: Path, path: Path) -> None:
        path.write_bytes(template.read_bytes())
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.isolation_level = None
        self.connection.execute("PRAGMA journal_mode=WAL").fetchall()
        self.connection.execute("PRAGMA synchronous=FULL")

    def commit(self, *commits: tuple[Any, ...]) -> None:
        """In the caller's own thread: nothing that waits for a reactor."""
        for commit in commits:
            self.connection.execute("BEGIN IMMEDIATE")
            for record in commit:
                for sql, values in statements(record, "m"):
                    self.connection.execute(sql, values)
            self.connection.execute("COMMIT")


class Outside:
    """The same commits as a node has to make them: outside the reactor's thread, each awaited (safety rule 16)."""

    def __init__(self, bare: Bare) -> None:
        from twisted.internet import reactor

        self._reactor: Any = reactor
        self._bare = bare
        self._pool = ThreadPool(1, 1)
        self._pool.start()

    async def commit(self, *commits: tuple[Any, ...]) -> None:
        for commit in commits:
            await deferToThreadPool(self._reactor, self._pool, self._bare.commit, commit)

    def close(self) -> None:
        self._pool.stop()


async def _quiet() -> None:
    """What one side left to the reactor (events to send, folding) is done before the other is timed."""
    from twisted.internet import reactor
    from twisted.internet.interfaces import IReactorTime

    await sleep(IReactorTime(reactor), 0.005)


async def measure(
    one_open: OneOpen, transactions: Transactions, bare: Bare, rounds: int = ROUNDS
) -> dict[str, float]:
    """Seconds of one Open and of its two commits alone (by a bare Twisted thread, and with no thread at all), and
    fsynced transactions an Open.

    The sides take turns by blocks, and each Open or pair of commits begins from the same sleep after the last one
    of its own side: a processor that has slept, or done other work, is slower.
    """
    outside = Outside(bare)
    committed: list[Commits] = []

    async def ours(n: int) -> None:
        committed.append(await one_open(n))

    async def awaited(n: int) -> None:
        await outside.commit(*committed[n])

    async def alone(n: int) -> None:
        bare.commit(*committed[n])

    sides = (ours, awaited, alone)
    took: dict[str, list[float]] = {side.__name__: [] for side in sides}
    before = 0
    for start in range(0, rounds + BLOCK, BLOCK):
        if start == BLOCK:  # the first block of each side warms it up
            before = transactions()
        for side in sides:
            for n in range(start, start + BLOCK):
                await _quiet()
                began = time.perf_counter()
                await side(n)
                if start:
                    took[side.__name__].append(time.perf_counter() - began)
    outside.close()
    return {
        "alone_s": statistics.median(took["alone"]),
        "ours_s": statistics.median(took["ours"]),
        "peer_s": statistics.median(took["awaited"]),
        "fsyncs": (transactions() - before) / rounds,
    }


async def measure_store(world: World, folder: Path) -> dict[str, float]:
    """The store alone: what every actuation pays."""
    template = NodeStore(world, folder / "template.sqlite")
    await template.open()
    await template.close()
    store = NodeStore(world, folder / "node.sqlite")
    await store.open()

    async def one_open(n: int) -> Commits:
        commits = records(n)
        for commit in commits:
            await store.commit(*commit)
        return commits

    try:
        bare = Bare(folder / "template.sqlite", folder / "bare.sqlite")
        return await measure(one_open, lambda: store.counters.transactions, bare)
    finally:
        await store.close()


async def measure_line(world: World, folder: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """A whole Open: rules, intent on disk, relay, read-back, outcome on disk, events out of the notifier."""
    (folder / "line").mkdir()
    bench = await open_line(world, folder / "line")

    async def one_open(n: int) -> Commits:
        bench.committed.clear()
        await bench.turn(world, n)
        return tuple(bench.committed)

    try:
        bare = Bare(folder / "template.sqlite", folder / "bare_line.sqlite")
        return await measure(one_open, lambda: bench.line.store.counters.transactions, bare, rounds)
    finally:
        await bench.close()


def rows(store: dict[str, float], line: dict[str, float]) -> list[Row]:
    return [
        at_most("an Open's transactions, each one fsync (peer: allowed)", line["fsyncs"], MOST_FSYNCS, 1.0),
        at_most(
            *("an Open, dummy actuator, p50 us (its commits awaited)", line["ours_s"] * 1e6),
            *(line["peer_s"] * 1e6, MOST_TIMES),
        ),
        at_most(
            "the same (its commits, nobody waiting)", line["ours_s"] * 1e6, line["alone_s"] * 1e6, MOST_TIMES
        ),
        at_most(
            "the store's part of an Open, p50 us", store["ours_s"] * 1e6, store["alone_s"] * 1e6, MOST_TIMES
        ),
    ]


def run() -> list[Row]:
    command = [sys.executable, "-m", "bench.store_fsync"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return rows(*json.loads(done.stdout))


def main() -> None:
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from pychron.node.real_world import build_world

    world = build_world(reactor)

    async def work() -> None:
        try:
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                path = Path(folder)
                print(json.dumps([await measure_store(world, path), await measure_line(world, path)]))
        finally:
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(work()).addErrback(lambda f: f.printTraceback()))
    reactor.run()


if __name__ == "__main__":
    main()
