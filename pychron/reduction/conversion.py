"""An age made with one set of constants and one monitor, told with others. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pychron.reduction.constants import Constants
from pychron.reduction.inputs import Measured


@dataclass(frozen=True, slots=True)
class Converted:
    """R, and the age (Ma) with one-sigma errors without and with those of constants and monitor."""

    r: Measured
    age_ma: float
    error: float
    error_with_constants: float


def ratio_to_monitor(age_ma: Measured, monitor_ma: float, lambda_total: float) -> Measured:
    """R = F / F of the monitor = (exp(l t) - 1) / (exp(l tm) - 1); the error is that of the age alone.

    Ages in Ma, `lambda_total` l per year (Renne et al. 1998, Chem. Geol. 145, 117, eq. 2).
    """
    below = np.expm1(lambda_total * monitor_ma * 1e6)
    r = np.expm1(lambda_total * age_ma.value * 1e6) / below
    slope = lambda_total * 1e6 * np.exp(lambda_total * age_ma.value * 1e6) / below
    return Measured(float(r), float(abs(slope) * age_ma.error))


def with_monitor(r: Measured, monitor_ma: Measured, lambda_total: Measured) -> Converted:
    """Age of R against a monitor of known age: t = ln(1 + R (exp(l tm) - 1)) / l."""
    lam, tm = lambda_total.value * 1e6, monitor_ma.value
    below = np.expm1(lam * tm)
    inner = 1 + r.value * below
    age = float(np.log(inner) / lam)
    by_r = below / (lam * inner)
    by_tm = r.value * np.exp(lam * tm) / inner
    by_lam = -age / lam + r.value * tm * np.exp(lam * tm) / (lam * inner)
    error = abs(by_r) * r.error
    full = np.sqrt(error**2 + (by_tm * monitor_ma.error) ** 2 + (by_lam * lambda_total.error * 1e6) ** 2)
    return Converted(r, age, float(error), float(full))


def with_kappa(r: Measured, constants: Constants) -> Converted:
    """Age of R against the Fish Canyon sanidine by its 40Ar*/40K: t = ln(1 + (l / le) kappa R) / l.

    Renne et al. (2010), Geochim. Cosmochim. Acta 74, 5349, eq. 5, with the covariances of Renne et al. (2011). `constants` must have a
    kappa; raises ValueError.
    """
    if constants.kappa is None:
        raise ValueError(
            f"{constants.name} has no 40Ar*/40K of its monitor; use a set that has, or a monitor's age"
        )
    le, lb, kappa = constants.lambda_ec.value, constants.lambda_beta.value, constants.kappa.value
    lam = le + lb
    inner = 1 + lam / le * kappa * r.value
    years = float(np.log(inner) / lam)
    by_r = kappa / (le * inner)
    by_kappa = r.value / (le * inner)
    # d(lam/le)/dle = -lb / le², d(lam/le)/dlb = 1 / le
    by_le = -years / lam - kappa * r.value * lb / (le**2 * inner * lam)
    by_lb = -years / lam + kappa * r.value / (le * inner * lam)
    k_le, k_lb, le_lb = constants.covariances
    error = abs(by_r) * r.error
    variance = (
        error**2
        + (by_kappa * constants.kappa.error) ** 2
        + (by_le * constants.lambda_ec.error) ** 2
        + (by_lb * constants.lambda_beta.error) ** 2
        + 2 * (by_kappa * by_le * k_le + by_kappa * by_lb * k_lb + by_le * by_lb * le_lb)
    )
    return Converted(r, years / 1e6, error / 1e6, float(np.sqrt(variance)) / 1e6)
