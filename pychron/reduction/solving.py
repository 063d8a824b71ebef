"""Least squares of polynomials over rows of points, values and errors at x = 0. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields

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
    r2_adjusted: Floats
    fault: npt.NDArray[np.uint8]

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


COLUMNS = tuple(column.name for column in fields(Solved))


def polynomial(x: Floats, y: Floats, used: npt.NDArray[np.bool_] | None, degree: int) -> Solved:
    """Unweighted least squares of `degree` 0 to 3 over the rows of x, y (N, P); `used` None: all points.

    The times are centred and scaled row by row and the polynomials made orthogonal over the points by the recurrence of
    Forsythe (1957, J. SIAM 5, 74), so that no normal matrix is inverted.
    """
    many, points = y.shape
    weight = None if used is None else used.astype(float)
    n = np.full(many, float(points)) if weight is None else weight.sum(axis=1)
    if used is not None:
        # What is not used may hold anything; zero times infinity is no zero.
        x, y = np.where(used | np.isfinite(x), x, 0.0), np.where(used | np.isfinite(y), y, 0.0)

    def total(a: Floats, b: Floats) -> Floats:
        if weight is None:
            return np.asarray(np.einsum("ij,ij->i", a, b))
        return np.asarray(np.einsum("ij,ij,ij->i", a, b, weight))

    mean = (y.sum(axis=1) if weight is None else np.einsum("ij,ij->i", y, weight)) / n
    left = y - mean[:, np.newaxis]
    spread = total(left, left)
    value, leverage = mean.copy(), 1 / n
    zero = np.zeros(many)
    slope, curvature = zero.copy(), zero.copy()
    if degree:
        centre = (x.sum(axis=1) if weight is None else np.einsum("ij,ij->i", x, weight)) / n
        now = x - centre[:, np.newaxis]
        before: Floats | float = 1.0
        # The polynomial and its first two derivatives at x = 0, and those of the one before it.
        at, slope_at, bend_at = -centre, np.ones(many), np.zeros(many)
        at_before, slope_before, bend_before = np.ones(many), zero, zero
        size_before = n
        for order in range(1, degree + 1):
            size = total(now, now)
            ratio = total(left, now) / size
            left -= ratio[:, np.newaxis] * now
            value += ratio * at
            slope += ratio * slope_at
            curvature += ratio * bend_at / 2
            leverage += at**2 / size
            if order == degree:
                break
            alpha = total(now * x, now) / size
            beta = size / size_before
            following = (x - alpha[:, np.newaxis]) * now - beta[:, np.newaxis] * before
            before, now = now, following
            size_before = size
            at_next = -alpha * at - beta * at_before
            slope_next = at - alpha * slope_at - beta * slope_before
            bend_next = 2 * slope_at - alpha * bend_at - beta * bend_before
            at_before, at = at, at_next
            slope_before, slope_at = slope_at, slope_next
            bend_before, bend_at = bend_at, bend_next
    freedom = n - degree - 1
    rss = total(left, left)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2_adjusted = 1 - (rss / freedom) / (spread / (n - 1))
        residual = np.sqrt(rss / freedom)
    return Solved(
        value, leverage, residual, freedom, left, slope, curvature, r2_adjusted, np.zeros(many, np.uint8)
    )
