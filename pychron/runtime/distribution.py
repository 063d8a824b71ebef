"""How often a number fell below each of a few bounds: what a metric needs of many durations. Pure."""

from __future__ import annotations

from bisect import bisect_left

SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Bounds for the time that something takes."""


class Distribution:
    """Counts by bound; the last count is of what exceeds every bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        """The sum of all."""

    def add(self, value: float) -> None:
        """One more. A value that equals a bound is below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)
