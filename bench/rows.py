"""One line of the table, and how the table is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is ours by the peer's (or their difference, where the name says so); it is judged against `limit`."""

    name: str
    ours: float
    peer: float
    ratio: float
    limit: float
    ok: bool


def at_most(name: str, ours: float, peer: float, limit: float) -> Row:
    """Less is better: ours may be `limit` times the peer's."""
    ratio = ours / peer if peer else float("inf")
    return Row(name, ours, peer, ratio, limit, ratio <= limit)


def at_most_more(name: str, ours: float, peer: float, limit: float) -> Row:
    """Less is better: ours may exceed the peer's by `limit`."""
    return Row(name, ours, peer, ours - peer, limit, ours - peer <= limit)


def print_table(rows: Sequence[Row]) -> bool:
    """Print `rows`; True where all hold."""
    lines = [("work", "ours", "peer", "ratio", "limit", "")] + [
        (
            r.name,
            _number(r.ours),
            _number(r.peer),
            f"{r.ratio:.2f}",
            f"{r.limit:g}",
            "ok" if r.ok else "MISSED",
        )
        for r in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    return all(row.ok for row in rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
