"""Straight lines through points with correlated errors in both coordinates, and the isochrons that they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

Floats = npt.NDArray[np.float64]

ROUNDS = 200
SETTLED = 1e-13


@dataclass(frozen=True, slots=True)
class Line:
    """y = intercept + slope x. With `why` there is none and the numbers are NaN."""

    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    covariance: float
    """Of slope and intercept."""
    mswd: float
    probability: float
    n: int
    why: str = ""


def york(
    x: npt.ArrayLike, sx: npt.ArrayLike, y: npt.ArrayLike, sy: npt.ArrayLike, rho: npt.ArrayLike = 0.0,
    covariance: Floats | None = None,
) -> Line:  # fmt: skip
    """The best straight line by York et al. (2004), Am. J. Phys. 72, 367, eq. 13; errors one sigma by its eq. 13f to 13h.

    x, sx, y, sy: (n,) values and one-sigma errors; rho (n,) the correlation of the two errors. Points that are not finite or
    have an error of zero are left out. W = 1 / (sy² + b² sx² - 2 b rho sx sy); b is iterated until it stands. The errors are those of the maximum
    likelihood fit (adjusted points); the MSWD = sum(W (y - a - b x)²) / (n - 2) is not multiplied in.

    `covariance` (2n, 2n) of all x and then all y: what points share (blanks, IC factors, productions) moves the whole line and does not
    average out, so the errors become those of the same line under it; weights and line stay.
    """
    X, U, Y, V = (np.asarray(one, float) for one in (x, sx, y, sy))
    R = np.broadcast_to(np.asarray(rho, float), X.shape)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(X) & np.isfinite(Y) & (U > 0) & (V > 0) & np.isfinite(U * V) & (np.abs(R) < 1)
    n = int(good.sum())
    if n < 3:
        return _no_line(f"{n} point{'' if n == 1 else 's'} with errors; a line needs at least 3", n)
    X, U, Y, V, R = X[good], U[good], Y[good], V[good], R[good]
    if np.ptp(X) == 0:
        return _no_line("all points have one abscissa", n)
    wx, wy = U**-2, V**-2
    alpha = np.sqrt(wx * wy)
    b = float(np.polyfit(X, Y, 1)[0])
    W = beta = np.empty(0)
    xm = ym = 0.0
    for _ in range(ROUNDS):
        W = wx * wy / (wx + b * b * wy - 2 * b * R * alpha)
        xm, ym = float(W @ X / W.sum()), float(W @ Y / W.sum())
        u, v = X - xm, Y - ym
        beta = W * (u / wy + b * v / wx - (b * u + v) * R / alpha)
        bottom = float((W * beta) @ u)
        if bottom == 0 or not np.isfinite(bottom):
            return _no_line("the points lie along no line", n)
        last, b = b, float((W * beta) @ v) / bottom
        if abs(b - last) <= SETTLED * abs(b):
            break
    else:
        return _no_line("the slope does not settle", n)
    intercept = ym - b * xm
    adjusted = xm + beta
    middle = float(W @ adjusted / W.sum())
    slope_variance = float(1 / (W @ (adjusted - middle) ** 2))
    intercept_variance = float(1 / W.sum() + middle**2 * slope_variance)
    between = -middle * slope_variance
    if covariance is not None:
        both = np.concatenate([good, good])
        under = _under(X, U, Y, V, R, intercept, b, covariance[np.ix_(both, both)])
        intercept_variance, slope_variance, between = (
            float(under[0, 0]),
            float(under[1, 1]),
            float(under[0, 1]),
        )
    freedom = n - 2
    mswd = float(W @ (Y - intercept - b * X) ** 2 / freedom)
    return Line(
        b, slope_variance**0.5, intercept, intercept_variance**0.5, between,
        mswd, float(chi2.sf(mswd * freedom, freedom)), n,
    )  # fmt: skip


def _under(
    X: Floats, U: Floats, Y: Floats, V: Floats, R: Floats, a: float, b: float, covariance: Floats
) -> Floats:
    """(2, 2) covariance of intercept and slope of the line that makes S = sum(W(b) r²), r = y - a - b x, least.

    By the implicit function theorem d(a, b) = -H^-1 M d(x, y), with H the second derivatives of S by a and b and M those by (a, b) and
    the points.
    """
    bend = 2 * (b * U * U - R * U * V)
    W = 1 / (V * V + b * b * U * U - 2 * b * R * U * V)
    W1 = -(W**2) * bend
    W2 = 2 * W**3 * bend**2 - 2 * W**2 * U * U
    r = Y - a - b * X
    mixed = float((-2 * W1 * r + 2 * W * X).sum())
    hessian = np.array(
        [[2 * float(W.sum()), mixed], [mixed, float((W2 * r * r - 4 * W1 * r * X + 2 * W * X * X).sum())]]
    )
    by_points = np.array(
        [
            np.concatenate([2 * b * W, -2 * W]),
            np.concatenate([2 * b * (W * X - W1 * r) - 2 * W * r, 2 * W1 * r - 2 * W * X]),
        ]
    )
    reach = -np.linalg.solve(hessian, by_points)
    return np.asarray(reach @ covariance @ reach.T)


def _no_line(why: str, n: int) -> Line:
    return Line(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n, why)


@dataclass(frozen=True, slots=True)
class Isochron:
    """Trapped 40Ar/36Ar (NaN where the line does not give one) and F = 40Ar*/39ArK of a group; errors one sigma, without J."""

    trapped: float
    trapped_error: float
    f: float
    f_error: float
    line: Line
    """As it was fitted: abscissa and ordinate of the kind of isochron"""
    why: str = ""

    @property
    def mswd(self) -> float:
        return self.line.mswd


def inverse_isochron(
    x: npt.ArrayLike, sx: npt.ArrayLike, y: npt.ArrayLike, sy: npt.ArrayLike, rho: npt.ArrayLike,
    covariance: Floats | None = None,
) -> Isochron:  # fmt: skip
    """x = 39ArK/40Ar, y = 36Ar/40Ar: trapped 40/36 = 1 / ordinate intercept, F = 1 / abscissa intercept.

    The abscissa intercept and its error come from the line with x and y exchanged, which is the same line. Sources: York et al.
    (2004); Mahon (1996) and Trappitsch et al. (2018, Int. Geol. Rev. 60, 1781) for why the errors are those of adjusted points. `covariance`: see `york`.
    """
    line = york(x, sx, y, sy, rho, covariance)
    n = len(np.asarray(x))
    turned = np.roll(np.arange(2 * n), n)
    crossed = york(y, sy, x, sx, rho, None if covariance is None else covariance[np.ix_(turned, turned)])
    why = line.why or crossed.why
    if not why and crossed.intercept <= 0:
        why = "the line does not meet the abscissa on its positive side"
    if why:
        return Isochron(np.nan, np.nan, np.nan, np.nan, line, why)
    # A line through points of almost pure radiogenic argon may meet the ordinate below zero: F stands, trapped argon is unknown.
    trapped = 1 / line.intercept if line.intercept > 0 else np.nan
    f = 1 / crossed.intercept
    return Isochron(trapped, line.intercept_error * trapped**2, f, crossed.intercept_error * f**2, line)


def normal_isochron(
    x: npt.ArrayLike, sx: npt.ArrayLike, y: npt.ArrayLike, sy: npt.ArrayLike, rho: npt.ArrayLike,
    covariance: Floats | None = None,
) -> Isochron:  # fmt: skip
    """x = 39ArK/36Ar, y = 40Ar/36Ar: trapped 40/36 is the ordinate intercept, F the slope (McDougall & Harrison 1999, 4.3)."""
    line = york(x, sx, y, sy, rho, covariance)
    if line.why:
        return Isochron(np.nan, np.nan, np.nan, np.nan, line, line.why)
    return Isochron(line.intercept, line.intercept_error, line.slope, line.slope_error, line)
