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


OF_PRODUCT = np.array([[1.0], [2.0]])
"""(x p)' = x p' + p and (x p)'' = x p'' + 2 p': what is added at x = 0."""

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
    leverage = 1 / n
    # Value, slope and second derivative at x = 0: of the fit, of the polynomial in turn, and of the one before it.
    found, at, at_before = np.zeros((3, 3, many))
    found[0] = mean
    if degree:
        centre = (x.sum(axis=1) if weight is None else np.einsum("ij,ij->i", x, weight)) / n
        now = x - centre[:, np.newaxis]
        before: Floats | float = 1.0
        at[0], at[1], at_before[0] = -centre, 1.0, 1.0
        size_before = n
        for order in range(1, degree + 1):
            size = total(now, now)
            ratio = total(left, now) / size
            left -= ratio[:, np.newaxis] * now
            found += ratio * at
            leverage += at[0] ** 2 / size
            if order == degree:
                break
            alpha = total(now * x, now) / size
            beta = size / size_before
            following = (x - alpha[:, np.newaxis]) * now - beta[:, np.newaxis] * before
            before, now = now, following
            size_before = size
            at_next = -alpha * at - beta * at_before
            at_next[1:] += OF_PRODUCT * at[:-1]
            at_before, at = at, at_next
    value, slope, curvature = found
    freedom = n - degree - 1
    rss = total(left, left)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2_adjusted = 1 - (rss / freedom) / (spread / (n - 1))
        residual = np.sqrt(rss / freedom)
    return Solved(
        value, leverage, residual, freedom, left, slope, curvature / 2, r2_adjusted, np.zeros(many, np.uint8)
    )
