"""How ages are spread: sums of normal curves, kernel densities. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


POINTS, REACH, FINE = 1001, 4.0, 41


def abscissae(values: npt.ArrayLike, errors: npt.ArrayLike) -> Floats:
    """Where to draw curves: POINTS even ones from REACH errors below the least value to as many above the greatest, with a margin.

    About a value whose error is less than two of their steps (one age far from all others makes them wide) lie FINE more: between
    even points alone its curve would have any height, or be lost.
    """
    x, s = _finite(values, errors)
    margin = 0.02 * float(np.ptp(x))
    low = min(float((x - REACH * s).min()), float(x.min()) - margin)
    high = max(float((x + REACH * s).max()), float(x.max()) + margin)
    at = np.linspace(low, high, POINTS)
    narrow = s < 2 * (high - low) / (POINTS - 1)
    about = x[narrow, np.newaxis] + s[narrow, np.newaxis] * np.linspace(-REACH, REACH, FINE)
    return np.unique(np.concatenate([at, about.ravel()]))


def probability_sum(values: npt.ArrayLike, errors: npt.ArrayLike, at: Floats) -> Floats:
    """The mean of the normal curves of n values with one-sigma errors, at `at` (p,); its area is one (Deino & Potts 1992)."""
    x, s = _finite(values, errors)
    z = (at[:, np.newaxis] - x) / s
    return np.asarray((np.exp(-0.5 * z * z) / (s * np.sqrt(2 * np.pi))).mean(axis=1))


def kernel_density(values: npt.ArrayLike, at: Floats, bandwidth: float | None = None) -> Floats:
    """Gaussian kernels of one `bandwidth` (None: Silverman 1986, 0.9 min(sd, IQR/1.34) n^-1/5) about n values, at `at` (p,).

    Errors play no part (Vermeesch 2012, Chem. Geol. 312, 190). All values equal: a curve as narrow as the widest step of `at`.
    """
    x = np.asarray(values, float)
    x = x[np.isfinite(x)]
    width = bandwidth or silverman(x)
    if not width > 0:
        width = float(np.diff(at).max())
    z = (at[:, np.newaxis] - x) / width
    return np.asarray((np.exp(-0.5 * z * z) / (width * np.sqrt(2 * np.pi))).mean(axis=1))


def silverman(values: npt.ArrayLike) -> float:
    """The rule-of-thumb bandwidth; zero where there is no scatter."""
    x = np.asarray(values, float)
    if len(x) < 2:
        return 0.0
    low, high = np.percentile(x, [25, 75])
    spreads = [one for one in (float(x.std(ddof=1)), float(high - low) / 1.34) if one > 0]
    return 0.9 * min(spreads) * len(x) ** -0.2 if spreads else 0.0


def _finite(values: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Raises ValueError where no value has an error greater than zero."""
    x, s = np.asarray(values, float), np.asarray(errors, float)
    good = np.isfinite(x) & np.isfinite(s) & (s > 0)
    if not good.any():
        raise ValueError("no value has an error greater than zero")
    return x[good], s[good]
