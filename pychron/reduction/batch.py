"""What is reduced together: arrays over N analyses, and which of their inputs are one and the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from pychron.reduction.inputs import Measured, Productions
from pychron.reduction.signals import Discrimination

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OWN = -1
"""The id of an input that no other analysis shares."""


class Flag(IntFlag):
    """Why an analysis has no age that may go into a mean."""

    NONE = 0
    SIGNAL_MISSING = 1
    SIGNAL_NEGATIVE = 2
    ERROR_ZERO = 4
    NO_J = 8
    NO_DECAY = 16
    NO_AGE = 32
    FIT = 64


FLAG_TEXTS = {
    Flag.SIGNAL_MISSING: "a signal, blank, baseline or factor is missing or is not a number",
    Flag.SIGNAL_NEGATIVE: "39Ar or 40Ar is not positive, or another signal lies more than four of its errors below zero",
    Flag.ERROR_ZERO: "the error of a signal is zero or negative",
    Flag.NO_J: "there is no J, or it is not positive",
    Flag.NO_DECAY: "the chronology is missing or out of order, or the analysis lies before its end",
    Flag.NO_AGE: "1 + J F is not positive",
    Flag.FIT: "a series could not be fitted",
}


def reasons(flag: int) -> list[str]:
    """The sentences of `flag`."""
    return [text for one, text in FLAG_TEXTS.items() if flag & one]


@dataclass(slots=True)
class Inputs:
    """One kind of correction for the five isotopes (ARGON) of N analyses."""

    value: Floats
    """(5, N)"""
    error: Floats
    """(5, N) one sigma"""
    ids: Ints | None = None
    """(5, N) which measurement it is: equal ids are one variable, OWN is nobody else's. None: all are their own."""


@dataclass(slots=True)
class Scalars:
    """One number of each of N analyses."""

    value: Floats
    error: Floats
    ids: Ints | None = None


@dataclass(slots=True)
class Batch:
    """N analyses. What is None makes no correction."""

    intercepts: Inputs
    """At time zero, baseline not taken off; in one unit, as baselines, blanks and backgrounds."""
    baselines: Inputs | None = None
    blanks: Inputs | None = None
    backgrounds: Inputs | None = None
    ic_factors: Inputs | None = None
    """A detector's signal is multiplied by it."""
    discrimination: Scalars | None = None
    law: Discrimination = Discrimination.LINEAR
    abundance_sensitivity: Floats | None = None
    """(N,) the share of a neighbouring mass's signal that is counted here"""
    decay39: Floats | float = 1.0
    decay37: Floats | float = 1.0
    days: Floats | float = 0.0
    """(N,) from the start of irradiation, for chlorine"""
    productions: Sequence[Productions] = field(default_factory=tuple)
    production: Ints | int = 0
    """(N,) the index into `productions` of each analysis"""
    j: Scalars | None = None
    lambda_k: Measured | None = None
    """Per year, where J says with which constant it was made; else the one of the constants."""
    sensitivity: Floats | float = np.nan
    """(N,) mol per unit of signal"""
    flags: npt.NDArray[np.int64] | None = None
    """(N,) what is known against an analysis before"""

    def __len__(self) -> int:
        return int(self.intercepts.value.shape[1])
