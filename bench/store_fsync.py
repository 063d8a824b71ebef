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

from bench.rows import Row, at_most
from pychron.runtime.world import World
from pychron.store.node_file import NodeStore
from pychron.store.records import AuditEntry, Intent, LastState, Outcome
from pychron.store.rows import statements

ROUNDS = 300
WARM_UP = 20
MOST_FSYNCS = 2.0
MOST_TIMES = 1.5

OneOpen = Callable[[int], Awaitable[None]]
Transactions = Callable[[], int]


def records(n: int, machine_boot: str = "m") -> tuple[tuple[Any, ...], tuple[Any, ...]]:
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
        self.connection = sqlite3.connect(path)
        self.connection.isolation_level = None
        self.connection.execute("PRAGMA journal_mode=WAL").fetchall()
        self.connection.execute("PRAGMA synchronous=FULL")

    def open(self, n: int) -> None:
        for commit in records(n):
            self.connection.execute("BEGIN IMMEDIATE")
            for record in commit:
                for sql, values in statements(record, "m"):
                    self.connection.execute(sql, values)
            self.connection.execute("COMMIT")


async def measure(
    one_open: OneOpen, transactions: Transactions, bare: Bare, rounds: int = ROUNDS
) -> dict[str, float]:
    """Seconds of one Open and of its two commits alone, turn about, and fsynced transactions an Open."""
    ours: list[float] = []
    peer: list[float] = []
    before = 0
    for n in range(rounds + WARM_UP):
        if n == WARM_UP:
            before = transactions()
        started = time.perf_counter()
        await one_open(n)
        between = time.perf_counter()
        bare.open(n)
        if n >= WARM_UP:
            ours.append(between - started)
            peer.append(time.perf_counter() - between)
    return {
        "ours_s": statistics.median(ours),
        "peer_s": statistics.median(peer),
        "fsyncs": (transactions() - before) / rounds,
    }


async def measure_store(world: World, folder: Path) -> dict[str, float]:
    """The store alone: what every actuation pays."""
    template = NodeStore(world, folder / "template.sqlite")
    await template.open()
    await template.close()
    store = NodeStore(world, folder / "node.sqlite")
    await store.open()

    async def one_open(n: int) -> None:
        for commit in records(n):
            await store.commit(*commit)

    try:
        bare = Bare(folder / "template.sqlite", folder / "bare.sqlite")
        return await measure(one_open, lambda: store.counters.transactions, bare)
    finally:
        await store.close()


def rows(found: dict[str, float]) -> list[Row]:
    return [
        at_most("fsyncs of an Open (allowed)", found["fsyncs"], MOST_FSYNCS, 1.0, "fsyncs"),
        at_most(
            "an Open's two commits (bare sqlite3)",
            found["ours_s"] * 1e3,
            found["peer_s"] * 1e3,
            MOST_TIMES,
            "ms",
        ),
    ]


def run() -> list[Row]:
    command = [sys.executable, "-m", "bench.store_fsync"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return rows(json.loads(done.stdout))


def main() -> None:
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from pychron.node.real_world import build_world

    world = build_world(reactor)

    async def work() -> None:
        try:
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
                print(json.dumps(await measure_store(world, Path(folder))))
        finally:
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(work()).addErrback(lambda f: f.printTraceback()))
    reactor.run()


if __name__ == "__main__":
    main()
