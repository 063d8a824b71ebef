"""Which ages of a group belong to it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
from scipy.stats import shapiro, skew

from pychron.reduction.weighted_mean import Mean, mswd_accepted, nothing, weighted_mean

Floats = npt.NDArray[np.float64]

LEAST = 3


class Method(Enum):
    """How the members of a group are found."""

    NONE = "none"
    DEINO = "deino"
    """Drop the value farthest from the median, in medians of that distance, until the MSWD is accepted (Deino & Potts 1992, Quat. Int. 13, 47)."""
    LOW_MSWD = "low mswd"
    """The most values of neighbouring age whose MSWD is accepted (Schaen et al. 2021, GSA Bulletin 133, 461)."""
    YOUNGEST = "youngest"
    """The most values, from the youngest on, whose MSWD is accepted."""
    SCHAEN = "schaen"
    """The most values of neighbouring age that look normal: MSWD accepted, Shapiro-Wilk p > 0.05, |skew| <= 0.2."""


@dataclass(frozen=True, slots=True)
class Group:
    """Which values stay, and their mean."""

    kept: tuple[int, ...]
    mean: Mean
    why: str = ""


def members(values: npt.ArrayLike, errors: npt.ArrayLike, method: Method) -> Group:
    """The values (n,) with one-sigma errors (n,) that make one group by `method`. At least three stay, or there is none."""
    x, s = np.asarray(values, float), np.asarray(errors, float)
    with np.errstate(invalid="ignore"):
        good = np.flatnonzero(np.isfinite(x) & np.isfinite(s) & (s > 0))
    if method is Method.NONE:
        return (
            _group(good, x, s)
            if len(good)
            else Group((), nothing("no value has an error"), "no value has an error")
        )
    if len(good) < LEAST:
        why = f"{len(good)} values with an error; a group has at least {LEAST}"
        return Group((), nothing(why), why)
    if method is Method.DEINO:
        return _deino(good, x, s)
    order = good[np.argsort(x[good], kind="stable")]
    for length in range(len(order), LEAST - 1, -1):
        starts = range(1) if method is Method.YOUNGEST else range(len(order) - length + 1)
        runs = [order[start : start + length] for start in starts]
        fitting = [run for run in runs if _fits(run, x, s, method)]
        if fitting:
            best = min(fitting, key=lambda run: abs(weighted_mean(x[run], s[run]).mswd - 1))
            return _group(np.sort(best), x, s)
    why = f"no {LEAST} values make one group"
    return Group((), nothing(why), why)


def _fits(run: npt.NDArray[np.intp], x: Floats, s: Floats, method: Method) -> bool:
    if not mswd_accepted(weighted_mean(x[run], s[run]).mswd, len(run) - 1):
        return False
    if method is not Method.SCHAEN:
        return True
    if np.ptp(x[run]) == 0:
        return False
    return bool(shapiro(x[run]).pvalue > 0.05 and abs(float(skew(x[run]))) <= 0.2)


def _deino(good: npt.NDArray[np.intp], x: Floats, s: Floats) -> Group:
    kept = good
    while len(kept) >= LEAST:
        if mswd_accepted(weighted_mean(x[kept], s[kept]).mswd, len(kept) - 1) or len(kept) == LEAST:
            break
        distance = np.abs(x[kept] - np.median(x[kept]))
        kept = np.delete(kept, int(np.argmax(distance)))
    if not mswd_accepted(weighted_mean(x[kept], s[kept]).mswd, len(kept) - 1):
        why = f"no {LEAST} values make one group"
        return Group((), nothing(why), why)
    return _group(kept, x, s)


def _group(kept: npt.NDArray[np.intp], x: Floats, s: Floats) -> Group:
    return Group(tuple(int(one) for one in kept), weighted_mean(x[kept], s[kept]))
