"""Which constants an age is computed with, and what becomes of a J that was made with others. Pure.

A J is (exp(lambda tm) - 1) / Fm: it is only right with the decay constant and monitor age that made it. So by default an age takes the
constant that its J carries; another set is refused, unless the J is converted: J' = J (exp(lambda' tm') - 1) / (exp(lambda tm) - 1)
with the new set's own monitor age tm' (Renne et al. 1998, Chem. Geol. 145, 117, eq. 5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pychron.dvc.metadata import Position
from pychron.reduction.constants import DEFAULT, MONITORS, NAMED, Constants
from pychron.reduction.inputs import Measured

MA = 1e6
CLOSE = 1e-6
"""Relative difference of decay constants that are one: files round them."""


class JRefused(Exception):
    """A J of other constants. `text` says which, and the remedy."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How ages are computed."""

    constants: Constants = NAMED[DEFAULT]
    follow_j: bool = True
    """Take the decay constant of 40K that each J carries; else that of `constants` alone."""
    convert: bool = False
    """A J of other constants is converted in place of refused."""
    from_end: bool = False
    """Decay since the end of each segment, the physically right one; installed laboratories count from its start."""

    @property
    def name(self) -> str:
        """For a result: which constants."""
        return f"{self.constants.name}, 40K of each J" if self.follow_j else self.constants.name

    def j(self, position: Position) -> tuple[Measured, Measured, float | None]:
        """J, the decay constant (per year) that belongs to it, and its monitor's age (Ma). Raises JRefused."""
        assert position.j is not None
        age = position.monitor_age_ma
        own = self.constants.lambda_total
        carried = position.lambda_k
        if carried is None or carried.value <= 0:
            return position.j, own, age
        if self.follow_j:
            return position.j, carried, age
        if abs(carried.value / own.value - 1) < CLOSE:
            return position.j, own, age
        if not self.convert:
            raise JRefused(
                f"J of hole {position.hole} was made with lambda {carried.value:.6g}/a, {self.constants.name} has "
                f"{own.value:.6g}/a; add --convert, or fit the flux again with these constants"
            )
        if age is None:
            raise JRefused(
                f"J of hole {position.hole} does not say which monitor age made it; fit the flux again with "
                f"{self.constants.name}"
            )
        new_age = next((m.age_ma for m in MONITORS.values() if m.constants == self.constants.name), age)
        factor = math.expm1(own.value * new_age * MA) / math.expm1(carried.value * age * MA)
        return Measured(position.j.value * factor, position.j.error * factor), own, new_age
