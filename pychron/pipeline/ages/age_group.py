"""Ages that are drawn together, wherever they come from: analyses, means of groups, interpreted ages, a file. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pychron.pipeline.ages.group_ages import GroupAge, no_age
from pychron.pipeline.ages.samples import Sample
from pychron.reduction.weighted_mean import weighted_mean

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """Ages in Ma with their one-sigma errors, in ascending order, and their mean."""

    label: str
    ages: Floats
    """(n,)"""
    errors: Floats
    """(n,)"""
    mean: GroupAge


def of_sample(sample: Sample, mean: GroupAge, label: str = "") -> AgeGroup:
    """The good ages of a sample, with their errors without J."""
    rows = sorted(sample.good, key=lambda row: float(row.reduced.age_ma[row.index]))
    return AgeGroup(
        label or sample.label,
        np.array([row.reduced.age_ma[row.index] for row in rows]),
        np.array([row.reduced.age_err_wo_j[row.index] for row in rows]),
        mean,
    )


def of_ages(label: str, ages: Sequence[float], errors: Sequence[float]) -> AgeGroup:
    """Ages that are taken to share nothing: their weighted mean has weights 1/s^2 (Bevington & Robinson 2003, 4.1)."""
    order = np.argsort(ages, kind="stable")
    values, spread = np.asarray(ages, float)[order], np.asarray(errors, float)[order]
    found = weighted_mean(values, spread)
    mean = (
        no_age(found.why, found.n)
        if found.why
        else GroupAge(found.value, found.error, found.error, found.n, found.mswd, found.probability)
    )
    return AgeGroup(label, values, spread, mean)
