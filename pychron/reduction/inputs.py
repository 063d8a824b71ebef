"""What the mathematics is handed besides arrays: measured numbers, a chronology, production ratios, how to fit. Pure.

Scalars and tuples only, so that a reader of files needs no numpy to import this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cached_property

ARGON = ("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
"""The order of isotopes in every array with an axis of five."""

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A number and its one-sigma error, in the unit that its name says."""

    value: float
    error: float = 0.0

    @property
    def relative(self) -> float:
        """error / |value|; infinite where the value is zero and the error is not."""
        if self.value == 0:
            return math.inf if self.error else 0.0
        return self.error / abs(self.value)


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of irradiation at constant power.

    `start` and `end` are seconds since 1970-01-01 of the laboratory's own wall clock, counted as if it were UTC,
    unless the reader knew the zone.
    """

    power: float
    start: float
    end: float

    @property
    def days(self) -> float:
        return (self.end - self.start) / DAY_S


@dataclass(frozen=True, slots=True)
class Chronology:
    """When a sample was in the reactor, in order of time."""

    segments: tuple[Segment, ...]

    def problem(self) -> str:
        """Why no decay correction can be made from it; empty where one can."""
        if not self.segments:
            return "the chronology has no segment"
        for number, segment in enumerate(self.segments, 1):
            if not (math.isfinite(segment.start) and math.isfinite(segment.end)):
                return f"segment {number} of the chronology has no start or no end"
            if segment.end <= segment.start:
                return f"segment {number} of the chronology ends before it starts"
            if not segment.power > 0:
                return f"segment {number} of the chronology has power {segment.power:g}"
        for number, (one, two) in enumerate(zip(self.segments, self.segments[1:], strict=False), 2):
            if two.start < one.end:
                return f"segment {number} of the chronology starts before segment {number - 1} has ended"
        return ""


@dataclass(frozen=True)  # no slots: `numbers` is kept
class Productions:
    """Ratios by which neutrons make argon out of K, Ca and Cl. Isotope ratios, except the last two.

    `ca_k` and `cl_k` turn 37ArCa/39ArK into Ca/K and 38ArCl/39ArK into Cl/K (weight ratios).
    """

    name: str
    k4039: Measured
    k3839: Measured
    k3739: Measured
    ca3937: Measured
    ca3837: Measured
    ca3637: Measured
    cl3638: Measured
    ca_k: Measured
    cl_k: Measured

    @cached_property
    def numbers(self) -> tuple[dict[str, float], dict[str, float]]:
        """Values and errors by name."""
        found = {name: getattr(self, name) for name in PRODUCED}
        return {name: one.value for name, one in found.items()}, {
            name: one.error for name, one in found.items()
        }


PRODUCED = tuple(one.name for one in fields(Productions))[1:]
"""The names of its ratios."""


class Fit(Enum):
    """How a series is brought back to time zero."""

    AVERAGE = "average"
    LINEAR = "linear"
    PARABOLIC = "parabolic"
    CUBIC = "cubic"
    EXPONENTIAL = "exponential"
    AUTO = "auto linear/parabolic"
    WEIGHTED = "weighted mean"


DEGREES = {Fit.AVERAGE: 0, Fit.LINEAR: 1, Fit.PARABOLIC: 2, Fit.CUBIC: 3}


class ErrorType(Enum):
    """Which error of the fitted value at time zero is meant (Draper & Smith, Applied Regression Analysis, 1.4, 3)."""

    SEM = "SEM"
    """Of the regression line: s sqrt(v C v')."""
    SD = "SD"
    """Of a further single reading there: s sqrt(1 + v C v')."""
    MSEM = "MSEM"
    """SEM, times sqrt(MSWD) where the MSWD is greater than one."""
    CI = "CI"
    """Half the width of the 95 % confidence interval: SEM times Student's t."""
    MC = "MC"
    """The scatter of intercepts refitted to the line with noise of s added to it."""


@dataclass(frozen=True, slots=True)
class OutlierFilter:
    """Which points a fit throws away.

    `iterations` times: fit, then mark every point that lies `std_devs` or more off the line, counted in the residual
    standard deviation, or in the plain standard deviation of the readings with `sd_of_readings`; with `iqr` the points more
    than 1.5 interquartile ranges of the residuals outside their quartiles.
    """

    iterations: int = 1
    std_devs: float = 2.0
    sd_of_readings: bool = False
    iqr: bool = False


@dataclass(frozen=True, slots=True)
class FitSpec:
    """How one series is fitted."""

    fit: Fit = Fit.LINEAR
    error_type: ErrorType = ErrorType.SEM
    outliers: OutlierFilter | None = None
    user_excluded: tuple[int, ...] = field(default=())
    """Indices of points that a person took out."""
    truncate: str = ""
    """Drop what lies beyond: a number of points, or a condition on `x` (s) and `i` (index) that a point must meet."""
