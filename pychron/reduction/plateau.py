"""Whether the steps of a heating experiment agree: plateaus. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from pychron.reduction.weighted_mean import Mean, mswd_accepted, nothing, weighted_mean

Floats = npt.NDArray[np.float64]

LEAST_STEPS = 3
LEAST_GAS = 0.5


class PlateauRule(Enum):
    """When steps agree."""

    FLECK = "fleck"
    """Every pair overlaps at two sigma (Fleck et al. 1977, Geochim. Cosmochim. Acta 41, 15)."""
    MAHON = "mahon"
    """Their MSWD lies inside its 95 % interval (Mahon 1996, Int. Geol. Rev. 38, 293)."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """The steps that agree, and their mean. `why` says why there is none."""

    steps: tuple[int, ...]
    """Indices of the steps given"""
    gas: float
    """The share of all 39ArK that they hold, 0 to 1"""
    mean: Mean
    why: str = ""

    @property
    def exists(self) -> bool:
        return not self.why


def plateau(
    ages: npt.ArrayLike,
    errors: npt.ArrayLike,
    k39: npt.ArrayLike,
    omitted: npt.ArrayLike | None = None,
    rule: PlateauRule = PlateauRule.FLECK,
    covariance: Floats | None = None,
    fixed: tuple[int, int] | None = None,
) -> Plateau:
    """The longest run of contiguous steps that agree, at least three, with at least half of the 39ArK.

    `ages`, `errors`: (n,) in order of heating, errors without that of J, which moves all steps together. Steps that are `omitted`,
    or have no age or no error, are left out of the run and of the total of gas; the steps on both sides of one are then
    neighbours. Among runs of one length the first wins. `covariance` (n, n) of the ages goes into the error of the mean only.
    `fixed`: first and last step of the run that a person has chosen; they must agree no less.
    """
    x, s, gas = (np.asarray(one, float) for one in (ages, errors, k39))
    out = np.zeros(len(x), bool) if omitted is None else np.asarray(omitted, bool)
    good = np.flatnonzero(~out & np.isfinite(x) & np.isfinite(s) & (s > 0) & np.isfinite(gas))
    total = float(gas[good].sum())
    if len(good) < LEAST_STEPS or total <= 0:
        return _none(
            f"{len(good)} step{'' if len(good) == 1 else 's'} with an age; a plateau has at least {LEAST_STEPS}"
        )
    if fixed is not None:
        steps = good[(good >= fixed[0]) & (good <= fixed[1])]
        agree = _agree(x[steps], s[steps], rule)
        why = "" if agree else f"the steps chosen do not agree ({_text(rule)})"
        if len(steps) < LEAST_STEPS:
            why = f"{len(steps)} steps chosen; a plateau has at least {LEAST_STEPS}"
        return _result(steps, gas, total, x, s, covariance, why)
    longest = 0
    for length in range(len(good), LEAST_STEPS - 1, -1):
        for start in range(len(good) - length + 1):
            steps = good[start : start + length]
            if not _agree(x[steps], s[steps], rule):
                continue
            longest = max(longest, length)
            if float(gas[steps].sum()) >= LEAST_GAS * total:
                return _result(steps, gas, total, x, s, covariance, "")
    if longest:
        return _none(f"{longest} steps agree, with less than {LEAST_GAS:.0%} of the 39Ar")
    return _none(f"no {LEAST_STEPS} contiguous steps agree ({_text(rule)})")


def _agree(x: Floats, s: Floats, rule: PlateauRule) -> bool:
    if len(x) < 2:
        return False
    if rule is PlateauRule.FLECK:
        return bool((x - 2 * s).max() < (x + 2 * s).min())
    return mswd_accepted(weighted_mean(x, s).mswd, len(x) - 1)


def _text(rule: PlateauRule) -> str:
    return "each pair at 2 sigma" if rule is PlateauRule.FLECK else "MSWD in its 95 % interval"


def _none(why: str) -> Plateau:
    return Plateau((), 0.0, nothing(why), why)


def _result(
    steps: npt.NDArray[np.intp],
    gas: Floats,
    total: float,
    x: Floats,
    s: Floats,
    covariance: Floats | None,
    why: str,
) -> Plateau:
    part = None if covariance is None else covariance[np.ix_(steps, steps)]
    share = float(gas[steps].sum()) / total
    if not why and share < LEAST_GAS:
        why = f"the steps chosen hold {share:.0%} of the 39Ar, less than {LEAST_GAS:.0%}"
    return Plateau(tuple(int(one) for one in steps), share, weighted_mean(x[steps], s[steps], part), why)
