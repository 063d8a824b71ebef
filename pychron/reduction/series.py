"""Series of any length, each with its own fit, fitted together: what a repository hands over. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pychron.expressions.language import ExpressionError, Missing, parse
from pychron.reduction.inputs import Fit, FitSpec
from pychron.reduction.regression import FitFault, Fitted, regress

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one isotope or one baseline."""

    t: Floats
    """(n,) seconds since time zero"""
    y: Floats
    """(n,) in the unit of the detector"""


@dataclass(frozen=True, slots=True)
class FitResult:
    """One series' fit. `fault` is empty where it is whole; value and error are NaN where it is not."""

    value: float
    error: float
    n: int
    fn: int
    slope: float
    curvature: float
    r2_adjusted: float
    excluded: tuple[int, ...]
    """Indices that the filter took out."""
    fault: FitFault


def kept(series: Series, spec: FitSpec) -> npt.NDArray[np.bool_]:
    """(n,) which points a person and the truncation leave in. Raises ExpressionError for a truncation that cannot be read."""
    mask = np.ones(len(series.y), bool)
    for index in spec.user_excluded:
        if 0 <= index < len(mask):
            mask[index] = False
    text = spec.truncate.strip()
    if not text:
        return mask
    if re.fullmatch(r"\d+", text):
        mask[int(text) + 1 :] = False
        return mask
    condition = parse(text)
    unknown = [name for name in condition.names if name not in ("x", "i")]
    if unknown:
        raise ExpressionError(
            text, f"{unknown[0]} is not known here; x is the time in s, i the index of a point"
        )
    for index, t in enumerate(series.t):
        try:
            mask[index] &= condition.holds({"x": float(t), "i": float(index)})
        except Missing:
            mask[index] = False
    return mask


def fit_all(series: Sequence[Series], specs: Sequence[FitSpec]) -> list[FitResult]:
    """Each of `series` fitted as its spec says, those of one kind together; answers in the order given."""
    groups: dict[FitSpec, list[int]] = {}
    for index, spec in enumerate(specs):
        groups.setdefault(replace(spec, user_excluded=(), truncate=""), []).append(index)
    results: list[FitResult | None] = [None] * len(series)
    for spec, members in groups.items():
        longest = max(len(series[index].y) for index in members)
        x, y = np.zeros((len(members), longest)), np.zeros((len(members), longest))
        used = np.zeros((len(members), longest), bool)
        for row, index in enumerate(members):
            n = len(series[index].y)
            x[row, :n], y[row, :n] = series[index].t, series[index].y
            used[row, :n] = kept(series[index], specs[index])
        fitted = regress(x, y, spec, used)
        for row, index in enumerate(members):
            results[index] = _result(fitted, row, used[row])
    return [one for one in results if one is not None]


def _result(fitted: Fitted, row: int, offered: npt.NDArray[np.bool_]) -> FitResult:
    return FitResult(
        float(fitted.value[row]),
        float(fitted.error[row]),
        int(fitted.n[row]),
        int(fitted.fn[row]),
        float(fitted.slope[row]),
        float(fitted.curvature[row]),
        float(fitted.r2_adjusted[row]),
        tuple(int(i) for i in np.flatnonzero(offered & ~fitted.used[row])),
        FitFault(int(fitted.fault[row])),
    )


_BLOCK = re.compile(r"\(\s*(\d*)\s*,\s*(\d*)\s*,\s*([^)]*?)\s*\)")


def fit_for_count(text: str, count: int) -> Fit:
    """The fit that fit blocks say for a series of `count` points: "(,10,average)(10,,linear)" is average below ten.

    A text without blocks is one fit. Raises ValueError with what to write, for what cannot be read or leaves `count` out.
    """
    if "(" not in text:
        return Fit(text.strip().lower())
    if _BLOCK.sub("", text).strip():
        raise ValueError(f"{text!r}: fit blocks are written (from,to,fit)(from,,fit)")
    for low, high, name in _BLOCK.findall(text):
        if int(low or 0) <= count and (not high or count < int(high)):
            return Fit(name.lower())
    raise ValueError(f"{text!r}: no fit block holds {count} points")
