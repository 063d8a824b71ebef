"""The command port against a bare Twisted line server that dispatches one verb, interleaved in the same run."""

from __future__ import annotations

from statistics import median

from bench.peers import Server, finish_load, idle_connections, load_for, servers, start_load
from bench.rows import Row, at_least, at_most, at_most_more

CONNECTIONS = 64
ROUNDS = 5
FLAT_OUT_S = 1.5
PACED_S = 3.0
PACE = 5000.0
TICKS = 250
MB = 1_000_000.0


def run() -> list[Row]:
    """All rows of the command port."""
    with servers() as (ours, bare):
        # Memory first: a server that has worked keeps what it once took.
        return [*_memory(ours, bare), _rate(ours, bare), _p99(ours, bare), _ticks(ours, bare)]


def _memory(ours: Server, bare: Server) -> list[Row]:
    idle = [server.ask("memory") / MB for server in (ours, bare)]
    full = []
    for server in (ours, bare):
        with idle_connections(server.port, 1000):
            full.append(server.ask("memory") / MB)
    return [
        at_most_more("memory when idle, MB (difference)", idle[0], idle[1], 25.0),
        at_most_more("1,000 connections, MB more (difference)", full[0] - idle[0], full[1] - idle[1], 5.0),
    ]


def _rate(ours: Server, bare: Server) -> Row:
    found: dict[Server, list[float]] = {ours: [], bare: []}
    for _ in range(ROUNDS):
        for server, rates in found.items():
            rates.append(load_for(server.port, CONNECTIONS, FLAT_OUT_S)["rate"])
    name = f"GetValveState, {CONNECTIONS} connections, requests/s"
    return at_least(name, median(found[ours]), median(found[bare]), 0.7)


def _p99(ours: Server, bare: Server) -> Row:
    found: dict[Server, list[float]] = {ours: [], bare: []}
    for _ in range(ROUNDS):
        for server, times in found.items():
            times.append(load_for(server.port, CONNECTIONS, PACED_S, PACE)["p99"] * 1e6)
    name = f"the same paced at {PACE:,.0f}/s, p99 us"
    return at_most(name, median(found[ours]), median(found[bare]), 1.5)


def _ticks(ours: Server, bare: Server) -> Row:
    found: dict[Server, list[float]] = {ours: [], bare: []}
    for _ in range(ROUNDS):
        for server, late in found.items():
            load = start_load(server.port, CONNECTIONS, TICKS * 0.01 + 1.5, PACE)
            server.tell(f"ticks {TICKS}")
            ticks = sorted(server.answer())
            finish_load(load)
            late.append(ticks[int(len(ticks) * 0.99)] * 1e6)
    name = f"10 ms ticks under {PACE:,.0f} requests/s, p99 us late"
    return at_most(name, median(found[ours]), median(found[bare]), 1.5)
