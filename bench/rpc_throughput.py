"""The command port against a bare Twisted line server that dispatches one verb, interleaved in the same run."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from bench.peers import Server, finish_load, idle_connections, load_for, servers, start_load
from bench.rows import Row, at_most_more

CONNECTIONS = 64
ROUNDS = 7
FLAT_OUT_S = 1.0
PACED_S = 2.0
PACE = 5000.0
TICKS = 250
LEAST_RATE = 0.7
MOST_LATE = 1.5
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
    found = _rounds(ours, bare, lambda server: load_for(server.port, CONNECTIONS, FLAT_OUT_S)["rate"])
    ratio = _ratio(found)
    name = f"GetValveState, {CONNECTIONS} connections, requests/s"
    return Row(name, *_medians(found), ratio, LEAST_RATE, ratio >= LEAST_RATE)


def _p99(ours: Server, bare: Server) -> Row:
    found = _rounds(ours, bare, lambda server: load_for(server.port, CONNECTIONS, PACED_S, PACE)["p99"] * 1e6)
    ratio = _ratio(found)
    name = f"the same paced at {PACE:,.0f}/s, p99 us"
    return Row(name, *_medians(found), ratio, MOST_LATE, ratio <= MOST_LATE)


def _ticks(ours: Server, bare: Server) -> Row:
    def p99(server: Server) -> float:
        load = start_load(server.port, CONNECTIONS, TICKS * 0.01 + 1.5, PACE)
        server.tell(f"ticks {TICKS}")
        ticks = sorted(server.answer())
        finish_load(load)
        return float(ticks[int(len(ticks) * 0.99)]) * 1e6

    found = _rounds(ours, bare, p99)
    ratio = _ratio(found)
    name = f"10 ms ticks under {PACE:,.0f} requests/s, p99 us late"
    return Row(name, *_medians(found), ratio, MOST_LATE, ratio <= MOST_LATE)


def _rounds(ours: Server, bare: Server, measure: Callable[[Server], float]) -> list[tuple[float, float]]:
    """Pairs measured side by side, who goes first by turns: what else the machine does is in both."""
    found = []
    for number in range(ROUNDS):
        order = (ours, bare) if number % 2 else (bare, ours)
        values = {server: measure(server) for server in order}
        found.append((values[ours], values[bare]))
    return found


def _ratio(found: list[tuple[float, float]]) -> float:
    return median(ours / bare for ours, bare in found)


def _medians(found: list[tuple[float, float]]) -> tuple[float, float]:
    return median(ours for ours, _ in found), median(bare for _, bare in found)
