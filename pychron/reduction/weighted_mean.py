"""Means of a group, whether their scatter is what the errors say, and integrated ages. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mean:
    """A weighted mean; errors one sigma. With `why` there is none, and all numbers are NaN."""

    value: float
    error: float
    """(sum of weights)^-1/2, or with a covariance the error of that combination"""
    n: int
    mswd: float
    probability: float
    """Of a scatter as large as this or larger, if the errors are right."""
    sd: float
    """Standard deviation of the values about the mean, n - 1."""
    why: str = ""

    @property
    def msem(self) -> float:
        """The error, times sqrt(MSWD) where the MSWD is greater than one."""
        return self.error * max(1.0, self.mswd**0.5) if np.isfinite(self.mswd) else self.error

    @property
    def is_one_population(self) -> bool:
        """Whether the MSWD lies within the 95 % interval of its distribution."""
        return self.n > 1 and mswd_accepted(self.mswd, self.n - 1)


def nothing(why: str, n: int = 0) -> Mean:
    """The mean that cannot be had, with the reason."""
    return Mean(np.nan, np.nan, n, np.nan, np.nan, np.nan, why)


def weighted_mean(values: npt.ArrayLike, errors: npt.ArrayLike, covariance: Floats | None = None) -> Mean:
    """m = sum(w x) / sum(w), w = 1/s², of the values that are finite and have an error greater than zero.

    MSWD = sum(w (x - m)²) / (n - 1) (Wendt & Carl 1991, Chem. Geol. 86, 275). `covariance` (n, n), of the same values: what they
    share (blanks, factors, J) does not average out, so the error is sqrt(w C w) / sum(w); the weights stay.
    """
    x, s = np.asarray(values, float), np.asarray(errors, float)
    good = np.isfinite(x) & np.isfinite(s) & (s > 0)
    n = int(good.sum())
    if n == 0:
        return nothing("no value has an error greater than zero")
    kept, w = x[good], s[good] ** -2.0
    total = float(w.sum())
    value = float(w @ kept / total)
    error = total**-0.5
    if covariance is not None:
        error = float(np.sqrt(w @ covariance[np.ix_(good, good)] @ w) / total)
    if n == 1:
        return Mean(value, error, 1, np.nan, np.nan, np.nan)
    off = kept - value
    mswd = float(w @ off**2 / (n - 1))
    return Mean(
        value, error, n, mswd, float(chi2.sf(mswd * (n - 1), n - 1)), float(np.sqrt(off @ off / (n - 1)))
    )


def mswd_interval(freedom: int, level: float = 0.95) -> tuple[float, float]:
    """Where the MSWD of `freedom` degrees of freedom lies in `level` of cases (Mahon 1996, Int. Geol. Rev. 38, 293)."""
    if freedom < 1:
        return np.nan, np.nan
    tail = (1 - level) / 2
    return float(chi2.ppf(tail, freedom) / freedom), float(chi2.ppf(1 - tail, freedom) / freedom)


def mswd_accepted(mswd: float, freedom: int) -> bool:
    """Whether the MSWD lies inside its 95 % interval."""
    low, high = mswd_interval(freedom)
    return low <= mswd <= high


@dataclass(frozen=True, slots=True)
class Total:
    """F of all the gas together."""

    f: float
    error: float
    n: int
    why: str = ""


def integrated(rad40: Floats, k39: Floats, covariance: Floats) -> Total:
    """F = sum(40Ar*) / sum(39ArK) of n steps, as if the gas had been let out at once.

    `covariance` (2n, 2n) of the 40Ar* and then the 39ArK, so that what steps share counts once and numerator and
    denominator are not taken for independent.
    """
    x, y = np.asarray(rad40, float), np.asarray(k39, float)
    if len(x) == 0 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return Total(np.nan, np.nan, len(x), "a step has no 40Ar* or no 39ArK")
    potassium = float(y.sum())
    if potassium <= 0:
        return Total(np.nan, np.nan, len(x), "there is no 39ArK")
    f = float(x.sum()) / potassium
    slope = np.concatenate([np.full(len(x), 1 / potassium), np.full(len(x), -f / potassium)])
    return Total(f, float(np.sqrt(slope @ covariance @ slope)), len(x))
