"""Ages of a group: weighted mean, plateau, all gas together, isochron, with what analyses share counted once. Pure.

Ages of one group are only coherent with one J constant; a group whose analyses have several has no age, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pychron.pipeline.batch import Row
from pychron.reduction.isochron import Isochron, inverse_isochron, normal_isochron
from pychron.reduction.plateau import Plateau, PlateauRule, plateau
from pychron.reduction.reduced import Reduced, age_of
from pychron.reduction.weighted_mean import Mean, integrated, nothing, weighted_mean

Floats = npt.NDArray[np.float64]

SEVERAL = "its analyses have a J of several decay constants; give --constants NAME --convert"
NOBODY = "no analysis of it has an age"


@dataclass(frozen=True, slots=True)
class GroupAge:
    """An age in Ma, errors one sigma. With `why` there is none and the numbers are NaN."""

    age_ma: float
    error: float
    """Of the signals, of all that they share, and of J"""
    error_wo_j: float
    n: int
    mswd: float = np.nan
    probability: float = np.nan
    why: str = ""


@dataclass(frozen=True, slots=True)
class PlateauAge:
    """A plateau, and the rows that it consists of."""

    age: GroupAge
    plateau: Plateau
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class IsochronAge:
    """An isochron, the age of its F, and its points."""

    age: GroupAge
    isochron: Isochron
    rows: tuple[Row, ...]


def no_age(why: str, n: int = 0) -> GroupAge:
    """The age that cannot be had, with the reason."""
    return GroupAge(np.nan, np.nan, np.nan, n, why=why)


def weighted_age(rows: Sequence[Row]) -> GroupAge:
    """The weighted mean of the ages of the good rows; weights by the errors without J (see reduction/weighted_mean.py)."""
    reduced, index, why = _together(rows)
    if reduced is None:
        return no_age(why)
    return _of_mean(
        weighted_mean(reduced.age_ma[index], reduced.age_err_wo_j[index], _without_j(reduced, index)),
        reduced, index, reduced.age_err_wo_j[index],
    )  # fmt: skip


def plateau_age(
    rows: Sequence[Row], rule: PlateauRule = PlateauRule.FLECK, fixed: tuple[int, int] | None = None
) -> PlateauAge:
    """The plateau of the good rows, which are the steps of one aliquot in the order of heating; `fixed` counts these rows."""
    good = tuple(row for row in rows if row.good)
    reduced, index, why = _together(good)
    if reduced is None:
        return PlateauAge(no_age(why), Plateau((), 0.0, nothing(why), why), ())
    errors = reduced.age_err_wo_j[index]
    found = plateau(
        reduced.age_ma[index], errors, reduced.parts.k39[index], None, rule, _without_j(reduced, index), fixed
    )
    steps = list(found.steps)
    if not found.exists:
        return PlateauAge(no_age(found.why, len(good)), found, tuple(good[one] for one in steps))
    age = _of_mean(found.mean, reduced, index[steps], errors[steps])
    return PlateauAge(age, found, tuple(good[one] for one in steps))


def integrated_age(rows: Sequence[Row]) -> GroupAge:
    """The age of the gas of all good rows together, as if it had been let out at once."""
    reduced, index, why = _together(rows)
    if reduced is None:
        return no_age(why)
    rad40, k39 = reduced.value("rad40")[index], reduced.value("k39")[index]
    between = reduced.covariance(index, "rad40", "k39")
    covariance = np.block(
        [
            [reduced.covariance(index, "rad40"), between],
            [between.T, reduced.covariance(index, "k39")],
        ]
    )
    total = integrated(rad40, k39, covariance)
    return no_age(total.why, total.n) if total.why else _of_f(total.f, total.error, reduced, index)


def isochron_age(rows: Sequence[Row], *, normal: bool = False) -> IsochronAge:
    """The inverse (or normal) isochron of the good rows, its trapped 40Ar/36Ar and the age of its F."""
    good = tuple(row for row in rows if row.good)
    reduced, index, why = _together(good)
    if reduced is None:
        nan = np.nan
        empty = inverse_isochron([], [], [], [], [])
        return IsochronAge(no_age(why), Isochron(nan, nan, nan, nan, empty.line, why), ())
    x, y = ("x_normal", "y_normal") if normal else ("x", "y")
    between = reduced.covariance(index, x, y)
    covariance = np.block(
        [[reduced.covariance(index, x), between], [between.T, reduced.covariance(index, y)]]
    )
    errors = np.sqrt(np.diagonal(covariance))
    n = len(index)
    sx, sy = errors[:n], errors[n:]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = np.diagonal(between) / (sx * sy)
    make = normal_isochron if normal else inverse_isochron
    found = make(reduced.value(x)[index], sx, reduced.value(y)[index], sy, rho, covariance)
    if found.why:
        return IsochronAge(no_age(found.why, n), found, good)
    age = _of_f(found.f, found.f_error, reduced, index)
    line = found.line
    age = GroupAge(age.age_ma, age.error, age.error_wo_j, line.n, line.mswd, line.probability)
    return IsochronAge(age, found, good)


def _together(rows: Sequence[Row]) -> tuple[Reduced | None, npt.NDArray[np.intp], str]:
    good = [row for row in rows if row.good]
    index = np.array([row.index for row in good], np.intp)
    if not good:
        return None, index, NOBODY
    if any(row.reduced is not good[0].reduced for row in good):
        return None, index, SEVERAL
    return good[0].reduced, index, ""


def _without_j(reduced: Reduced, index: npt.NDArray[np.intp]) -> Floats:
    """(n, n) covariance of the ages with J as it stands, Ma²."""
    by_f = reduced.by_f[index]
    return np.asarray(reduced.covariance(index, "f") * np.outer(by_f, by_f))


def _of_mean(mean: Mean, reduced: Reduced, index: npt.NDArray[np.intp], errors: Floats) -> GroupAge:
    """J moves ages that share it together: its part is that of the same weights over the whole covariance."""
    if mean.why:
        return no_age(mean.why, mean.n)
    counted = np.isfinite(reduced.age_ma[index]) & np.isfinite(errors) & (errors > 0)
    whole = weighted_mean(
        reduced.age_ma[index][counted], errors[counted], reduced.covariance(index[counted], "age")
    )
    return GroupAge(mean.value, whole.error, mean.error, mean.n, mean.mswd, mean.probability)


def _of_f(f: float, f_error: float, reduced: Reduced, index: npt.NDArray[np.intp]) -> GroupAge:
    scalars = reduced.batch.j
    assert scalars is not None, "rows with an age have a J"
    j, j_error = scalars.value[index], scalars.error[index]
    if np.ptp(j) > 0:
        return no_age("its analyses have several J; one F of all of them has no age", len(index))
    age, by_f, by_j, _ = age_of(f, j[0], reduced.lambda_k.value)
    if not np.isfinite(age):
        return no_age("40Ar*/39ArK lies so far below zero that no age has it", len(index))
    without = abs(float(by_f) * f_error)
    return GroupAge(float(age), float(np.hypot(without, by_j * j_error[0])), without, len(index))
