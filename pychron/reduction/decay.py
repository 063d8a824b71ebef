"""Decay of 39Ar and 37Ar during and after irradiation. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pychron.reduction.inputs import DAY_S, Chronology

Floats = npt.NDArray[np.float64]


def decay_factors(chronology: Chronology, times: Floats, lam: float, from_end: bool = False) -> Floats:
    """By what the signal measured at `times` is multiplied to have what a reactor without decay had made.

    DF = sum(P T) / sum(P (1 - exp(-l T)) / (l exp(l D))), McDougall & Harrison (1999) eq. 3.22.
    `times`: (N,) seconds as in `Segment`; `lam`: l, per day; P, T: power and days of each segment. D: days from the START of
    a segment to the measurement, as installed laboratories count it; from its END with `from_end`, which is what the physics
    says (Dalrymple et al. 1981): what is left at the end decays from then on. They differ by exp(l T).
    Answers (N,), NaN where a time is not after the end of the last segment or the chronology has a problem.
    """
    times = np.asarray(times, float)
    if chronology.problem():
        return np.full(times.shape, np.nan)
    made = np.zeros(times.shape)
    dose = 0.0
    for segment in chronology.segments:
        dose += segment.power * segment.days
        since = (times - (segment.end if from_end else segment.start)) / DAY_S
        made += segment.power * -np.expm1(-lam * segment.days) / lam * np.exp(-lam * since)
    factors = dose / made
    factors[~(times >= chronology.segments[-1].end)] = np.nan
    return factors


def days_since_start(chronology: Chronology, times: Floats) -> Floats:
    """Days from the start of the first segment to `times` (N,); NaN where there is no segment."""
    if not chronology.segments:
        return np.full(np.shape(times), np.nan)
    return (np.asarray(times, float) - chronology.segments[0].start) / DAY_S
