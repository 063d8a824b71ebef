"""What a laboratory decides about the reduction. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.reduction.inputs import Measured


@dataclass(frozen=True, slots=True)
class Cosmogenic:
    """38Ar and 36Ar of cosmic rays in place of chlorine; 38/36 of each end of the mixing line."""

    cosmogenic: Measured = Measured(1.5)  # noqa: RUF009
    trapped: Measured = Measured(0.1885, 0.0003)  # noqa: RUF009
    """Lee et al. (2006), Geochim. Cosmochim. Acta 70, 4507"""


@dataclass(frozen=True, slots=True)
class Options:
    """How to reduce. The defaults are those of installed laboratories."""

    trapped4036: Measured | None = None
    """(40/36) of the trapped argon; None: the air of the constants."""
    fixed_kca: Measured | None = None
    """K/Ca by weight for samples too old in the drawer to have 37Ar left."""
    clamp_ca37: bool = False
    """37ArCa below zero counts as zero."""
    cosmogenic: Cosmogenic | None = None
    monitor_age_ma: float | None = None
    """Of the monitor that made J: then an error of lambda acts on age and J together."""
