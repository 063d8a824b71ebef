"""From arrays to ages against the least numpy that gets the same numbers, and against `uncertainties`; memory of 10,000 analyses.

python -m bench.reduction memory|imports        what the row on memory runs as processes of their own
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.reduction_peers import CONSTANTS, SIZES, by_uncertainties, closed_form, least_squares, some_batch
from bench.rows import Row, at_most, at_most_more
from pychron.reduction.batch import Batch, Inputs
from pychron.reduction.inputs import ErrorType, Fit, FitSpec
from pychron.reduction.options import Options
from pychron.reduction.reduce import reduce
from pychron.reduction.reduced import Reduced
from pychron.reduction.regression import regress

MANY = 10_000
POINTS = 100
SAMPLE = 60
"""Analyses that `uncertainties` reduces; its time for more is reckoned from theirs."""
SIGNAL, BASELINE = FitSpec(Fit.PARABOLIC, ErrorType.SEM), FitSpec(Fit.AVERAGE, ErrorType.SEM)

Readings = tuple[Any, Any, Any, Any]
"""x and y of five signals (5 N, P), x and y of five baselines"""


def readings(many: int) -> Readings:
    """Five signals that curve and five baselines an analysis, 100 points each, with noise."""
    random = np.random.default_rng(2)
    x = np.tile(np.linspace(10, 310, POINTS), (5 * many, 1)) + random.uniform(0, 2, (5 * many, 1))
    size = np.repeat(SIZES, many, axis=0) * random.uniform(0.7, 1.3, (5 * many, 1))
    y = size * (1 + 1e-4 * x + 1e-7 * x**2) + size * 1e-3 * random.standard_normal(x.shape)
    base = np.repeat(SIZES, many, axis=0) * 2e-3 + size * 1e-4 * random.standard_normal(x.shape)
    return x, y, x + 400.0, base


def _with(batch: Batch, intercepts: Any, baselines: Any) -> Batch:
    """`batch` with fitted signals and baselines, of (5 N,) each."""
    many = len(batch)
    two = [Inputs(value.reshape(5, many), error.reshape(5, many)) for value, error in (intercepts, baselines)]
    return Batch(
        two[0],
        baselines=two[1],
        blanks=batch.blanks,
        ic_factors=batch.ic_factors,
        decay39=batch.decay39,
        decay37=batch.decay37,
        days=batch.days,
        productions=batch.productions,
        production=batch.production,
        j=batch.j,
    )


def ours(batch: Batch, raw: Readings) -> Reduced:
    """Raw readings to ages."""
    x, y, base_x, base_y = raw
    signal, baseline = regress(x, y, SIGNAL), regress(base_x, base_y, BASELINE)
    fitted = _with(batch, (signal.value, signal.error), (baseline.value, baseline.error))
    return reduce(fitted, CONSTANTS, Options())


def theirs(batch: Batch, raw: Readings) -> tuple[Any, ...]:
    """The same with the least code."""
    return closed_form(_peer_batch(batch, raw))


def _peer_batch(batch: Batch, raw: Readings) -> Batch:
    x, y, _, base_y = raw
    baseline = base_y.mean(axis=1), base_y.std(axis=1, ddof=1) / base_y.shape[1] ** 0.5
    return _with(batch, least_squares(x, y), baseline)


def _one_by_one(batch: Batch, raw: Readings) -> tuple[float, ...]:
    """As one does it with `uncertainties`: each series by numpy.polyfit, then the equations on its numbers."""
    x, y, base_x, base_y = raw
    found = []
    for t, readings_, degree in ((x, y, 2), (base_x, base_y, 0)):
        fits = [np.polyfit(one, other, degree, cov=True) for one, other in zip(t, readings_, strict=True)]
        values = np.array([fit[0][-1] for fit in fits])
        found.append((values, np.array([fit[1][-1, -1] ** 0.5 for fit in fits])))
    return by_uncertainties(_with(batch, *found), 0)


def _agree(reduced: Reduced, peer: tuple[Any, ...]) -> None:
    """A peer that computes something else would be no peer."""
    mine = (reduced.f, reduced.age_ma, reduced.age_err_wo_j, reduced.age_err, reduced.age_err_with_lambda)
    for one, other in zip(mine, peer, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8)


def turn_about(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median seconds of each, one after the other in each round, so that the machine's moods meet both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, taken in ((one, times[0]), (other, times[1])):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def run() -> list[Row]:
    """The rows of the reduction."""
    batch, raw = some_batch(MANY), readings(MANY)
    options = Options()
    _agree(reduce(batch, CONSTANTS, options), closed_form(batch))
    _agree(ours(batch, raw), theirs(batch, raw))
    one, one_raw = some_batch(1), readings(1)
    _agree(ours(one, one_raw), _one_by_one(one, one_raw))
    rows = [_age(batch, options), _fits(batch, raw)]
    rows += _alone()
    rows.insert(1, _slow(batch, options))
    return [*rows, _memory()]


def _age(batch: Batch, options: Options) -> Row:
    mine, peer = turn_about(lambda: reduce(batch, CONSTANTS, options), lambda: closed_form(batch), 25)
    return at_most("corrections to age, 10,000 analyses, ms", mine * 1e3, peer * 1e3, 2.0)


def _slow(batch: Batch, options: Options) -> Row:
    mine, peer = turn_about(
        lambda: reduce(batch, CONSTANTS, options),
        lambda: [by_uncertainties(batch, row) for row in range(SAMPLE)],
        7,
    )
    name = "the same by uncertainties (peer: a fiftieth of its time), ms"
    return at_most(name, mine * 1e3, peer * MANY / SAMPLE / 50 * 1e3, 1.0)


def _fits(batch: Batch, raw: Readings) -> Row:
    mine, peer = turn_about(lambda: ours(batch, raw), lambda: theirs(batch, raw), 7)
    return at_most("raw readings to ages, 10,000 x 10 series of 100 points, ms", mine * 1e3, peer * 1e3, 1.5)


def _alone() -> list[Row]:
    batch, raw, options = some_batch(1), readings(1), Options()
    # From the arrays of the first row, which is what is asked.
    mine, peer = turn_about(lambda: reduce(batch, CONSTANTS, options), lambda: closed_form(batch), 400)
    again, slow = turn_about(
        lambda: reduce(batch, CONSTANTS, options), lambda: by_uncertainties(batch, 0), 200
    )
    # And from raw readings.
    raw_mine, raw_peer = turn_about(lambda: ours(batch, raw), lambda: theirs(batch, raw), 400)
    raw_again, raw_slow = turn_about(lambda: ours(batch, raw), lambda: _one_by_one(batch, raw), 100)
    micro = 1e6
    return [
        at_most("one analysis alone, corrections to age, us", mine * micro, peer * micro, 2.0),
        at_most(
            "the same by uncertainties (peer: a fifth of its time), us", again * micro, slow / 5 * micro, 1.0
        ),
        at_most("one analysis alone, raw readings to age, us", raw_mine * micro, raw_peer * micro, 2.0),
        at_most(
            "the same by polyfit and uncertainties (peer: a fifth of its time), us",
            raw_again * micro,
            raw_slow / 5 * micro,
            1.0,
        ),
    ]


def _memory() -> Row:
    used = {}
    for what in ("memory", "imports"):
        command = [sys.executable, "-m", "bench.reduction", what]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        used[what] = float(done.stdout)
    return at_most_more(
        "memory for 10,000 analyses with raw series, MB", used["memory"], used["imports"], 400.0
    )


def main(what: str) -> None:
    """Print this process's greatest size in MB; what the system counts for its parent too is not in it."""
    if what == "memory":
        ours(some_batch(MANY), readings(MANY))
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    print(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main(sys.argv[1])
