"""Many series brought back to time zero at once: least squares, errors, outliers. Pure.

Source: Draper & Smith, Applied Regression Analysis (3rd ed.), chapters 1, 3 and 5; the filter is `OutlierFilter`.
Series of one fit are rows of a rectangle; `used` says which points of a row count.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from math import isfinite

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from pychron.reduction.exponential import exponential
from pychron.reduction.inputs import DEGREES, ErrorType, Fit, FitSpec, OutlierFilter
from pychron.reduction.solving import Solved, polynomial, r2_adjusted

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BLOCK = 256
"""Series worked on at once: their points stay in the processor's cache."""

PARAMETERS = {
    **{fit: degree + 1 for fit, degree in DEGREES.items()},
    Fit.EXPONENTIAL: 3,
    Fit.AUTO: 3,
    Fit.WEIGHTED: 1,
}
"""What each fit finds; it needs a point more."""

TRIALS = 2_000
"""Draws of a Monte Carlo error."""


class FitFault(IntEnum):
    """Why a series has no value."""

    NONE = 0
    EMPTY = 1
    TOO_FEW_POINTS = 2
    IDENTICAL_TIMES = 3
    NOT_FINITE = 4
    NOT_CONVERGED = 5
    NO_WEIGHTS = 6


FAULT_TEXTS = {
    FitFault.EMPTY: "the series has no point",
    FitFault.TOO_FEW_POINTS: "fewer points than the fit and its error need",
    FitFault.IDENTICAL_TIMES: "all points have one time",
    FitFault.NOT_FINITE: "a point is not a number",
    FitFault.NOT_CONVERGED: "the exponential fit does not converge",
    FitFault.NO_WEIGHTS: "a weighted mean needs an error greater than zero for each point",
}


@dataclass(slots=True)
class Fitted:
    """The fits of N series of at most P points. A series with a fault has NaN for value and error."""

    value: Floats
    """(N,) at time zero, in the unit of the readings."""
    error: Floats
    """(N,) one sigma, of the type asked for."""
    n: npt.NDArray[np.int64]
    """(N,) points before the filter, without those that a person took out."""
    fn: npt.NDArray[np.int64]
    """(N,) points that the fit used."""
    slope: Floats
    """(N,) at time zero, per second."""
    curvature: Floats
    """(N,) the quadratic coefficient, per second squared."""
    residual: Floats
    """(N,) the standard deviation about the line."""
    variance: Floats
    """(N,) of the readings about their mean"""
    used: Bools
    """(N, P)"""
    fault: npt.NDArray[np.uint8]
    """(N,) FitFault"""

    @property
    def r2_adjusted(self) -> Floats:
        """(N,) NaN where all readings are one."""
        return r2_adjusted(self.residual, self.variance)

    def put(self, rows: npt.NDArray[np.intp], other: Fitted) -> None:
        """Take `other`'s rows as ours at `rows`."""
        for column in fields(self):
            getattr(self, column.name)[rows] = getattr(other, column.name)


@dataclass(frozen=True, slots=True)
class Extra:
    """What only some fits need."""

    errors: Floats | None = None
    """(N, P) errors of the points, for the weighted mean."""
    random: np.random.Generator | None = None
    """Draws the Monte Carlo errors; None: one with the seed 0."""


NO_EXTRA = Extra()


def regress(
    x: Floats, y: Floats, spec: FitSpec, used: Bools | None = None, extra: Extra | None = None
) -> Fitted:
    """Fit each row of `y` (N, P) over `x` (N, P; s since time zero) as `spec` says and answer the values at x = 0.

    `used` (N, P) marks the points that exist and that nobody took out; without it all do. `spec.user_excluded` and
    `spec.truncate` are for one series: see series.py, which makes `used` of them. Never raises for what a series holds:
    such a row has a FitFault.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    many, points = y.shape
    whole = used is None
    mask = np.ones((many, points), bool) if used is None else used.copy()
    if many == 0:
        return _empty(many, mask)
    more = extra or NO_EXTRA
    if spec.error_type is ErrorType.MC and more.random is None:
        more = Extra(more.errors, np.random.default_rng(0))  # one for all blocks
    if many <= BLOCK:
        return _block(x, y, mask, spec, more, whole)
    result = _empty(many, mask)
    for start in range(0, many, BLOCK):
        rows = np.arange(start, min(start + BLOCK, many))
        part = Extra(None if more.errors is None else more.errors[rows], more.random)
        result.put(rows, _block(x[rows], y[rows], mask[rows], spec, part, whole))
    return result


def _empty(many: int, used: Bools) -> Fitted:
    def nothing() -> Floats:
        return np.full(many, np.nan)

    count = used.sum(axis=1)
    return Fitted(
        nothing(), nothing(), count, count.copy(), nothing(), nothing(), nothing(), nothing(), used,
        np.zeros(many, np.uint8),
    )  # fmt: skip


def _block(x: Floats, y: Floats, used: Bools, spec: FitSpec, extra: Extra, whole: bool) -> Fitted:
    parameters = PARAMETERS[spec.fit]
    if whole and y.shape[1] > parameters and _sound(x, y, parameters):
        count = np.full(len(y), y.shape[1])
        return _fitted(x, y, used, count, spec, extra, whole, parameters)
    result = _empty(len(y), used.copy())
    _find_faults(result, x, y, used, parameters)
    good = np.flatnonzero(result.fault == FitFault.NONE)
    if len(good) == len(y):
        return _fitted(x, y, used, result.n, spec, extra, whole, parameters)
    if len(good):
        part = Extra(None if extra.errors is None else extra.errors[good], extra.random)
        result.put(good, _fitted(x[good], y[good], used[good], result.n[good], spec, part, whole, parameters))
    return result


def _fitted(
    x: Floats, y: Floats, used: Bools, n: npt.NDArray[np.int64], spec: FitSpec, extra: Extra, whole: bool,
    parameters: int,
) -> Fitted:  # fmt: skip
    """Rows without a fault, all of them."""
    solved = _solve(x, y, used, spec, extra, whole)
    fn = n
    if spec.outliers is not None and spec.fit is not Fit.WEIGHTED:
        used = _filtered(x, y, used, spec, extra, solved, parameters)
        fn = used.sum(axis=1)
    error = _errors(x, used, spec, extra, solved)
    if np.count_nonzero(solved.fault):
        lost = solved.fault != FitFault.NONE
        error = np.where(lost, np.nan, error)
        solved.value[lost] = np.nan
    return Fitted(
        solved.value, error, n, fn, solved.slope, solved.curvature, solved.residual, solved.variance, used,
        solved.fault,
    )  # fmt: skip


def _sound(x: Floats, y: Floats, parameters: int) -> bool:
    """Whether no row has a fault: the quick look, for what is nearly always so."""
    # A sum of products is finite only where each factor is; where it overflows, or a series ends at the time at which it
    # began, the slow look decides.
    return isfinite(np.vdot(x, y)) and (parameters == 1 or not np.count_nonzero(x[:, 0] == x[:, -1]))


def _find_faults(result: Fitted, x: Floats, y: Floats, used: Bools, parameters: int) -> None:
    finite = np.isfinite(x) & np.isfinite(y)
    result.fault[(used & ~finite).any(axis=1)] = FitFault.NOT_FINITE
    result.fault[(result.fault == 0) & (result.n <= parameters)] = FitFault.TOO_FEW_POINTS
    result.fault[result.n == 0] = FitFault.EMPTY
    if parameters > 1:
        first = np.where(used, x, np.inf).min(axis=1, initial=np.inf)
        last = np.where(used, x, -np.inf).max(axis=1, initial=-np.inf)
        result.fault[(result.fault == 0) & ~(last > first)] = FitFault.IDENTICAL_TIMES


def _solve(x: Floats, y: Floats, used: Bools, spec: FitSpec, extra: Extra, whole: bool) -> Solved:
    if spec.fit is Fit.EXPONENTIAL:
        return exponential(x, y, used, FitFault.NOT_CONVERGED)
    if spec.fit is Fit.WEIGHTED:
        return _weighted(y, used, extra)
    mask = None if whole else used
    if spec.fit is Fit.AUTO:
        line, curve = polynomial(x, y, mask, 1), polynomial(x, y, mask, 2)
        return line.better_of(curve)
    return polynomial(x, y, mask, DEGREES[spec.fit])


def _weighted(y: Floats, used: Bools, extra: Extra) -> Solved:
    if extra.errors is None:
        weights = np.zeros(y.shape)
    else:
        given = used & (extra.errors > 0) & np.isfinite(extra.errors)
        weights = np.where(given, 1 / np.where(given, extra.errors, 1.0) ** 2, 0.0)
    complete = ((weights > 0) == used).all(axis=1)
    total = np.where(complete, weights.sum(axis=1), 1.0)
    value = np.where(used, weights * y, 0.0).sum(axis=1) / total
    off = np.where(used, y - value[:, np.newaxis], 0.0)
    freedom = used.sum(axis=1) - 1.0
    nothing = np.zeros(len(y))
    squared = (weights * off**2).sum(axis=1) / freedom
    return Solved(
        value,
        leverage=1 / total,
        residual=np.sqrt(squared),
        freedom=freedom,
        residuals=off,
        slope=nothing,
        curvature=nothing.copy(),
        variance=squared,  # a mean explains nothing
        fault=np.where(complete, FitFault.NONE, FitFault.NO_WEIGHTS).astype(np.uint8),
    )


def _filtered(
    x: Floats, y: Floats, used: Bools, spec: FitSpec, extra: Extra, solved: Solved, parameters: int
) -> Bools:
    """Mark outliers and put the fits of the rows that lost a point into `solved`; the points left are answered."""
    assert spec.outliers is not None
    offered, used = used, used.copy()
    live = np.arange(len(y))
    for _ in range(spec.outliers.iterations):
        outside = _outside(
            y[live], offered[live], used[live], spec.outliers, solved.residuals[live], solved.residual[live]
        )
        fresh = (outside & used[live]).any(axis=1)
        live, outside = live[fresh], outside[fresh]
        if len(live) == 0:
            break
        used[live] &= ~outside
        few = used[live].sum(axis=1) <= parameters
        solved.fault[live[few]] = FitFault.TOO_FEW_POINTS
        live = live[~few]
        if len(live) == 0:
            break
        solved.put(live, _solve(x[live], y[live], used[live], spec, extra, False))
    return used


def _outside(
    y: Floats, offered: Bools, used: Bools, rule: OutlierFilter, residuals: Floats, residual: Floats
) -> Bools:
    if rule.iqr:
        counted = np.where(used, residuals, np.nan)
        low, high = np.nanpercentile(counted, [25, 75], axis=1)
        reach = 1.5 * (high - low)
        below = residuals < (low - reach)[:, np.newaxis]
        return np.asarray(offered & (below | (residuals > (high + reach)[:, np.newaxis])))
    spread = residual
    if rule.sd_of_readings:
        spread = np.nanstd(np.where(used, y, np.nan), axis=1, ddof=1)
    limit = (rule.std_devs * spread)[:, np.newaxis]
    return np.asarray(offered & (np.abs(residuals) >= limit) & (limit > 0))


def _errors(x: Floats, used: Bools, spec: FitSpec, extra: Extra, solved: Solved) -> Floats:
    if spec.fit is Fit.WEIGHTED:
        sem = np.sqrt(solved.leverage)
        if spec.error_type is ErrorType.MSEM:
            return np.asarray(sem * np.maximum(1.0, solved.residual))
        if spec.error_type is ErrorType.SD:
            return np.asarray(solved.residual * np.sqrt(solved.leverage * used.sum(axis=1)))
    else:
        sem = solved.residual * np.sqrt(solved.leverage)
    if spec.error_type is ErrorType.SD:
        return solved.residual if spec.fit is Fit.AVERAGE else solved.residual * np.sqrt(1 + solved.leverage)
    if spec.error_type is ErrorType.CI:
        return np.asarray(sem * stdtrit(solved.freedom, 0.975))
    if spec.error_type is ErrorType.MC:
        # Refitting line + noise: the intercept of a linear fit is a weighted sum of the noise.
        assert extra.random is not None, "regress made one"
        draws = extra.random.standard_normal((TRIALS, len(sem)))
        return np.asarray(sem * draws.std(axis=0, ddof=1))
    return np.asarray(sem)
