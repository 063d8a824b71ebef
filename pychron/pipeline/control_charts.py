"""Control charts of blanks, airs and sensitivities: mean and limits at 2 and 3 sigma. Pure.

Shewhart (1931), Economic Control of Quality of Manufactured Product: a process in control leaves mean +- 3 sigma three
times in a thousand. Sigma is taken from the moving range of neighbouring points (mean |x_i - x_i-1| / 1.128; Montgomery,
Introduction to Statistical Quality Control, 6.4), so that one wild point or a step does not widen the limits that should show it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from pychron.pipeline.events import ChartPoint, ControlChart, Verdict

LEAST = 4
"""Points below which there are no limits."""
D2 = 1.128
"""Expected range of two draws of a normal distribution, in sigma."""
Measured = tuple[float, float, float, str]
"""Time, value, error (one sigma), record_id."""


def control_chart(name: str, units: str, measured: Iterable[Measured], baseline: int = 0) -> ControlChart:
    """The chart of a series, sorted by time; what is not finite is left out.

    `baseline` > 0: the limits rest on the first so many points only (a process known to be good); else on all.
    """
    rows = sorted(row for row in measured if all(math.isfinite(x) for x in row[:2]))
    values = [row[1] for row in rows[: baseline or None]]
    centre, sigma = limits_of(values)
    points = tuple(
        ChartPoint(time, value, error, record_id, judge(value, centre, sigma))
        for time, value, error, record_id in rows
    )
    return ControlChart(name, units, points, centre, sigma, len(values) if centre is not None else 0)


def limits_of(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Mean and sigma by moving ranges; None, None for fewer than LEAST points."""
    if len(values) < LEAST:
        return None, None
    ranges = [abs(b - a) for a, b in itertools.pairwise(values)]
    return fmean(values), fmean(ranges) / D2


def judge(value: float, centre: float | None, sigma: float | None) -> Verdict:
    """Where a value lies; without limits inside."""
    if centre is None or sigma is None:
        return Verdict.INSIDE
    off = abs(value - centre)
    if off > 3 * sigma:
        return Verdict.OUTSIDE
    return Verdict.WARNING if off > 2 * sigma else Verdict.INSIDE
