"""Radial plots: ages of unlike precision on one figure (Galbraith 1990, Nucl. Tracks Radiat. Meas. 17, 207). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Radial:
    """Points of a radial plot: x = 1/s, y = (z - z0)/s with z the age or its logarithm and s the one-sigma error of z."""

    x: Floats
    """(n,) precision"""
    y: Floats
    """(n,) standardised estimate"""
    z0: float
    """The central value: the mean of z with weights 1/s^2"""
    logarithmic: bool

    @property
    def centre_ma(self) -> float:
        """The age that a horizontal ray points to."""
        return float(np.exp(self.z0)) if self.logarithmic else self.z0

    def slope(self, age_ma: Floats) -> Floats:
        """(m,) of the rays from the origin that point to ages: z - z0."""
        return (np.log(age_ma) if self.logarithmic else np.asarray(age_ma, float)) - self.z0


def radial(ages_ma: npt.ArrayLike, errors_ma: npt.ArrayLike, *, logarithmic: bool = True) -> Radial:
    """Ages and their one-sigma errors, (n,) in Ma. With `logarithmic` z = ln t and s = s_t/t, else z = t (Galbraith 1990, eq. 1, 3).

    What is not finite, has no error, or (with a logarithm) is not above zero is left out; n may be zero, then z0 is NaN.
    """
    ages, errors = np.asarray(ages_ma, float), np.asarray(errors_ma, float)
    usable = np.isfinite(ages) & np.isfinite(errors) & (errors > 0)
    if logarithmic:
        usable &= ages > 0
    ages, errors = ages[usable], errors[usable]
    z, s = (np.log(ages), errors / ages) if logarithmic else (ages, errors)
    weights = s**-2.0
    z0 = float(weights @ z / weights.sum()) if len(z) else float("nan")
    return Radial(1 / s, (z - z0) / s, z0, logarithmic)
