"""Decay constants, atmospheric argon and monitors, in named sets with their sources. Pure.

Decay constants of 40K are per year, those of 39Ar, 37Ar and 36Cl per day.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from pychron.reduction.inputs import Measured


@dataclass(frozen=True)  # no slots: lambda_total is kept
class Constants:
    """One coherent set."""

    name: str
    lambda_beta: Measured
    lambda_ec: Measured
    atm4036: Measured
    atm4038: Measured
    source: str
    lambda_ar39: float = 7.068e-6
    """Stoenner et al. (1965), Science 148, 1325"""
    lambda_ar37: float = 0.01975
    """Stoenner et al. (1965); Renne & Norman (2001), Phys. Rev. C 63, 047302 have 0.01983"""
    lambda_cl36: float = 6.308e-9
    kappa: Measured | None = None
    """40Ar*/40K of the Fish Canyon sanidine, where the set is an optimisation that has one."""
    covariances: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """cov(kappa, lambda_ec), cov(kappa, lambda_beta), cov(lambda_ec, lambda_beta)"""

    @cached_property
    def lambda_total(self) -> Measured:
        """lambda_beta + lambda_ec, per year; errors in quadrature, with their covariance."""
        variance = self.lambda_beta.error**2 + self.lambda_ec.error**2 + 2 * self.covariances[2]
        return Measured(self.lambda_beta.value + self.lambda_ec.value, math.sqrt(variance))

    @property
    def atm3836(self) -> float:
        """(38Ar/36Ar) of air = (40/36) / (40/38)."""
        return self.atm4036.value / self.atm4038.value


NIER = (Measured(295.5, 0.5), Measured(1575.0, 2.0))
"""Nier (1950), Phys. Rev. 77, 789: 40/36 and 40/38 of air."""

LEE = (
    Measured(298.56, 0.31),
    Measured(298.56 / 0.1885, 298.56 / 0.1885 * math.hypot(0.31 / 298.56, 0.0003 / 0.1885)),
)
"""Lee et al. (2006), Geochim. Cosmochim. Acta 70, 4507: 40/36, and 40/38 from 38/36 = 0.1885 +- 0.0003."""

STEIGER_JAEGER = Constants(
    "steiger-jaeger-1977",
    Measured(4.962e-10, 9.3e-13),
    Measured(5.81e-11, 1.6e-13),
    *NIER,
    "Steiger & Jaeger (1977), Earth Planet. Sci. Lett. 36, 359; errors as installed laboratories use them",
)
MIN = Constants(
    "min-2000",
    Measured(4.883e-10, 9.9e-12),
    Measured(5.80e-11, 1.4e-12),
    *NIER,
    "Min et al. (2000), Geochim. Cosmochim. Acta 64, 73",
)
RENNE_2010 = Constants(
    "renne-2010",
    Measured(4.9737e-10, 9.3e-13),
    Measured(5.755e-11, 1.6e-13),
    *LEE,
    "Renne et al. (2010), Geochim. Cosmochim. Acta 74, 5349",
    kappa=Measured(1.6418e-3, 4.5e-6),
)
RENNE_2011 = Constants(
    "renne-2011",
    Measured(4.9548e-10, 1.34e-12),
    Measured(5.757e-11, 1.6e-13),
    *LEE,
    "Renne et al. (2011), Geochim. Cosmochim. Acta 75, 5097",
    kappa=Measured(1.6417e-3, 4.5e-6),
    covariances=(7.1903e-19, -6.5839e-19, -3.4711e-26),
)

NAMED = {one.name: one for one in (STEIGER_JAEGER, MIN, RENNE_2010, RENNE_2011)}
DEFAULT = STEIGER_JAEGER.name


@dataclass(frozen=True, slots=True)
class Monitor:
    """A mineral of known age that measures the neutron dose."""

    name: str
    age_ma: float
    constants: str
    """The set that the age was calibrated with."""
    source: str


MONITORS = {
    one.name: one
    for one in (
        Monitor("fc-kuiper-2008", 28.201, MIN.name, "Kuiper et al. (2008), Science 320, 500"),
        Monitor("fc-renne-1998", 28.02, STEIGER_JAEGER.name, "Renne et al. (1998), Chem. Geol. 145, 117"),
        Monitor(
            "fc-renne-2011", 28.294, RENNE_2011.name, "Renne et al. (2011), Geochim. Cosmochim. Acta 75, 5097"
        ),
    )
}
