"""How ages are spread: sums of normal curves, kernel densities, peaks. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def abscissae(values: npt.ArrayLike, errors: npt.ArrayLike, points: int = 1001, reach: float = 4.0) -> Floats:
    """(points,) from `reach` errors below the least value to as many above the greatest."""
    x, s = _finite(values, errors)
    return np.linspace(float((x - reach * s).min()), float((x + reach * s).max()), points)


def probability_sum(values: npt.ArrayLike, errors: npt.ArrayLike, at: Floats) -> Floats:
    """The mean of the normal curves of n values with one-sigma errors, at `at` (p,); its area is one (Deino & Potts 1992)."""
    x, s = _finite(values, errors)
    z = (at[:, np.newaxis] - x) / s
    return np.asarray((np.exp(-0.5 * z * z) / (s * np.sqrt(2 * np.pi))).mean(axis=1))


def kernel_density(values: npt.ArrayLike, at: Floats, bandwidth: float | None = None) -> Floats:
    """Gaussian kernels of one `bandwidth` (None: Silverman 1986, 0.9 min(sd, IQR/1.34) n^-1/5) about n values, at `at` (p,).

    Errors play no part (Vermeesch 2012, Chem. Geol. 312, 190). All values equal: a curve as narrow as the step of `at`.
    """
    x = np.asarray(values, float)
    x = x[np.isfinite(x)]
    width = bandwidth or silverman(x)
    if not width > 0:
        width = float(at[1] - at[0])
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


def peaks(at: Floats, density: Floats, least: float = 0.05) -> list[tuple[float, float]]:
    """Abscissa and height of each maximum, by a parabola through three points; those lower than `least` of the highest are left out."""
    inside = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])) + 1
    found = []
    for index in inside:
        before, here, after = density[index - 1 : index + 2]
        bend = before - 2 * here + after
        shift = 0.0 if bend == 0 else 0.5 * (before - after) / bend
        height = here - 0.25 * (before - after) * shift
        if height >= least * density.max():
            found.append((float(at[index] + shift * (at[1] - at[0])), float(height)))
    return found


def _finite(values: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Raises ValueError where no value has an error greater than zero."""
    x, s = np.asarray(values, float), np.asarray(errors, float)
    good = np.isfinite(x) & np.isfinite(s) & (s > 0)
    if not good.any():
        raise ValueError("no value has an error greater than zero")
    return x[good], s[good]
