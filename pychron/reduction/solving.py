"""Least squares of polynomials over rows of points, values and errors at x = 0. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Solved:
    """N fits; arrays of (N,) unless said."""

    value: Floats
    """at x = 0"""
    leverage: Floats
    """v (X'X)^-1 v' for the row v of x = 0: the variance of the value in units of the residual variance."""
    residual: Floats
    """s = sqrt(RSS / (n - p))"""
    freedom: Floats
    """n - p"""
    residuals: Floats
    """(N, P) y less the line, also where the fit did not use the point."""
    slope: Floats
    curvature: Floats
    """The quadratic coefficient."""
    variance: Floats
    """of the readings about their mean"""
    fault: npt.NDArray[np.uint8]

    @property
    def r2_adjusted(self) -> Floats:
        return r2_adjusted(self.residual, self.variance)

    def put(self, rows: npt.NDArray[np.intp], other: Solved) -> None:
        """Take `other`'s rows as ours at `rows`."""
        for name in COLUMNS:
            getattr(self, name)[rows] = getattr(other, name)

    def better_of(self, other: Solved) -> Solved:
        """Ours, with `other`'s rows where its adjusted R squared is higher."""
        rows = np.flatnonzero(other.r2_adjusted > self.r2_adjusted)
        for name in COLUMNS:
            getattr(self, name)[rows] = getattr(other, name)[rows]
        return self


def r2_adjusted(residual: Floats, variance: Floats) -> Floats:
    """1 - s^2 / (variance of the readings); NaN where all readings are one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - residual**2 / variance)


COLUMNS = tuple(column.name for column in fields(Solved))


def polynomial(x: Floats, y: Floats, used: npt.NDArray[np.bool_] | None, degree: int) -> Solved:
    """Unweighted least squares of `degree` 0 to 3 over the rows of x, y (N, P); `used` None: all points.

    The times are centred row by row and the polynomials made orthogonal over the points by the recurrence of
    Forsythe (1957, J. SIAM 5, 74), so that no normal matrix is inverted.
    """
    many, points = y.shape
    n: Any = float(points)
    total: Callable[[Floats, Floats], Floats] = np.vecdot
    if used is not None:
        weight = used.astype(float)
        n = np.add.reduce(weight, axis=1)
        # What is not used may hold anything; zero times infinity is no zero.
        x, y = np.where(used | np.isfinite(x), x, 0.0), np.where(used | np.isfinite(y), y, 0.0)

        def total(a: Floats, b: Floats) -> Floats:
            return np.asarray(np.vecdot(a * weight, b))

    def mean(a: Floats) -> Floats:
        return np.asarray((np.add.reduce(a, axis=1) if used is None else total(weight, a)) / n)

    level = mean(y)
    left = y - level[:, np.newaxis]
    spread = total(left, left)
    leverage = _filled(many, 1 / n)
    found = [level]
    if degree:
        centre = mean(x)
        now = since = x - centre[:, np.newaxis]
        # The coefficients about x = 0, lowest first: of the polynomial in turn, and of the one before it.
        at: list[Any] = [-centre, 1.0]
        at_before: list[Any] = [1.0]
        before: Floats | None = None
        size_before = n
        for order in range(1, degree + 1):
            size = total(now, now)
            ratio = total(left, now) / size
            left -= ratio[:, np.newaxis] * now
            found = [*(one + ratio * other for one, other in zip(found, at, strict=False)), ratio]
            leverage += at[0] * at[0] / size
            if order == degree:
                break
            following = now * since
            alpha = total(following, now) / size
            beta = size / size_before
            following -= alpha[:, np.newaxis] * now
            following -= beta[:, np.newaxis] if before is None else beta[:, np.newaxis] * before
            before, now, size_before = now, following, size
            at, at_before = _next(at, at_before, alpha + centre, beta), at
    freedom = _filled(many, n - (degree + 1))
    # Beyond the degree there is nothing.
    value, slope, curvature = (*found, np.zeros(many), np.zeros(many))[:3]
    return Solved(
        value,
        leverage,
        np.sqrt(total(left, left) / freedom),
        freedom,
        left,
        slope,
        curvature,
        spread / (n - 1),
        np.zeros(many, np.uint8),
    )


def _filled(many: int, value: Any) -> Floats:
    """np.full in half its time"""
    array = np.empty(many)
    array[:] = value
    return array


def _next(at: list[Any], before: list[Any], alpha: Floats, beta: Floats) -> list[Any]:
    """The coefficients of (x - alpha) p - beta q, from those of p and of q, which is a degree lower; the highest is one."""
    found = [-alpha * at[0] - beta * before[0]]
    for index in range(1, len(before)):
        found.append(at[index - 1] - alpha * at[index] - beta * before[index])
    return [*found, at[-2] - alpha, 1.0]
