"""What a detector and the ion optics do to a signal: dead time, discrimination, abundance sensitivity. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MASSES = np.array([39.9624, 38.964, 37.9627, 36.9668, 35.9675])
"""Of 40Ar, 39Ar, 38Ar, 37Ar, 36Ar, in Da; as installed laboratories have them."""


class Discrimination(Enum):
    """How the sensitivity of the instrument depends on mass (Renne et al. 2009, Quat. Geochronol. 4, 288)."""

    LINEAR = "linear"
    """1 + D dm"""
    POWER = "power"
    """D ** dm"""
    EXPONENTIAL = "exponential"
    """(m / m40) ** beta"""


def discrimination_factors(law: Discrimination, d: Floats, masses: Floats = MASSES) -> tuple[Floats, Floats]:
    """Factors (5, N) that each isotope is multiplied by relative to the first, and their derivatives by `d` (5, N).

    `d` (N,): per Da, zero for none in LINEAR and EXPONENTIAL, one for none in POWER. dm = m40 - m.
    """
    d = np.asarray(d, float)[np.newaxis, :]
    distance = (masses[0] - masses)[:, np.newaxis]
    if law is Discrimination.LINEAR:
        return 1 + d * distance, np.broadcast_to(distance, (len(masses), d.shape[1])).copy()
    if law is Discrimination.POWER:
        factors = d**distance
        return factors, distance * factors / d
    logarithm = np.log(masses / masses[0])[:, np.newaxis]
    factors = np.exp(d * logarithm)
    return factors, factors * logarithm


def dead_time_corrected(rates: Floats, tau: float) -> Floats:
    """True counts per second from measured ones, N = n / (1 - n tau), tau in s; NaN where a counter is saturated.

    Non-paralysable counter (Knoll, Radiation Detection and Measurement, 4.VII).
    """
    rates = np.asarray(rates, float)
    live = 1 - rates * tau
    return np.where(live > 0, rates / np.where(live > 0, live, 1.0), np.nan)


def find_dead_time(
    rates40: Floats, errors40: Floats, rates36: Floats, errors36: Floats, trials: Floats
) -> tuple[float, float]:
    """The dead time (s) at which shots of air of different size have one 40/36: the least MSWD over `trials`.

    The three trials about the smallest MSWD are joined by a parabola; answers its vertex and the MSWD there. NaN for both where the
    smallest lies at an end of `trials`, or fewer than two shots were given.
    """
    trials = np.asarray(trials, float)
    if len(rates40) < 2 or len(trials) < 3:
        return np.nan, np.nan
    scatter = np.empty(len(trials))
    for index, tau in enumerate(trials):
        forty, thirty_six = dead_time_corrected(rates40, tau), dead_time_corrected(rates36, tau)
        ratio = forty / thirty_six
        variance = ratio**2 * ((errors40 / forty) ** 2 + (errors36 / thirty_six) ** 2)
        weight = 1 / variance
        mean = np.sum(weight * ratio) / np.sum(weight)
        scatter[index] = np.sum(weight * (ratio - mean) ** 2) / (len(ratio) - 1)
    if not np.all(np.isfinite(scatter)):
        return np.nan, np.nan
    least = int(np.argmin(scatter))
    if least in (0, len(trials) - 1):
        return np.nan, np.nan
    near = slice(least - 1, least + 2)
    a, b, c = np.polyfit(trials[near] - trials[least], scatter[near], 2)
    vertex = -b / (2 * a)
    return float(trials[least] + vertex), float(c + b * vertex / 2)


def without_neighbours(signals: Sequence[Any], sensitivity: Any) -> list[Any]:
    """Five signals less what the tails of the neighbouring masses add: S_m - a (S_(m-1) + S_(m+1)); numbers, or arrays (N,).

    Each neighbour counts once; 40 and 36 have one neighbour of argon only.
    """
    corrected = list(signals)
    for place in range(len(corrected) - 1):
        corrected[place] = corrected[place] - sensitivity * signals[place + 1]
    for place in range(1, len(corrected)):
        corrected[place] = corrected[place] - sensitivity * signals[place - 1]
    return corrected
