"""What else follows from the parts of the argon: ratios for figures and tables, with their derivatives. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch
from pychron.reduction.interferences import Gradient, Parts
from pychron.reduction.ratios import Ratios

Floats = npt.NDArray[np.float64]

QUANTITIES = {
    "k39": "39ArK, in the unit of the signals",
    "rad40": "40Ar*, in the unit of the signals",
    "atm36": "trapped 36Ar, in the unit of the signals",
    "ca37": "37ArCa at the end of irradiation, in the unit of the signals",
    "moles": "39ArK in mol",
    "yield": "40Ar* / 40Ar, in percent",
    "kca": "K/Ca by weight",
    "kcl": "K/Cl by weight",
    "x": "39ArK / (40Ar - 40ArK), the abscissa of the inverse isochron",
    "y": "trapped 36Ar / (40Ar - 40ArK), the ordinate of the inverse isochron",
    "x_normal": "39ArK / trapped 36Ar",
    "y_normal": "(40Ar - 40ArK) / trapped 36Ar",
}
"""Each with its unit. K/Ca = 39ArK / 37ArCa / Ca_K (McDougall & Harrison 1999, 3.5)."""


def quantity(
    name: str, parts: Parts, signals: Floats, ratios: Ratios, batch: Batch
) -> tuple[Floats, Gradient]:
    """Value (N,) and derivatives of one of QUANTITIES. Raises KeyError for another name."""
    if name not in QUANTITIES:
        raise KeyError(name)
    if name in ("k39", "ca37", "atm36"):
        return getattr(parts, name), getattr(parts, f"of_{name}")
    if name == "moles":
        scale = batch.sensitivity
        return parts.k39 * scale, {key: slope * scale for key, slope in parts.of_k39.items()}
    if name == "kca":
        value, slope = _quotient(parts.k39, parts.of_k39, parts.ca37, parts.of_ca37)
        return _divided(value, slope, "ca_k", ratios.ca_k)
    if name == "kcl":
        value, slope = _quotient(parts.k39, parts.of_k39, parts.second38, _of_second38(parts, ratios))
        return _divided(value, slope, "cl_k", ratios.cl_k)
    if name in ("rad40", "yield"):
        of_rad: Gradient = {key: slope * parts.k39 for key, slope in parts.of_f.items()}
        for key, slope in parts.of_k39.items():
            of_rad[key] = of_rad[key] + parts.f * slope
        if name == "rad40":
            return parts.rad40, of_rad
        value, slope = _quotient(parts.rad40, of_rad, signals[0], {"A40": 1.0})
        return 100 * value, {key: 100 * one for key, one in slope.items()}
    forty = signals[0] - parts.k40
    w = ratios.values["w"]
    of_forty: Gradient = {key: -w * slope for key, slope in parts.of_k39.items()}
    of_forty["A40"], of_forty["w"] = np.ones_like(forty), -parts.k39
    if name == "x":
        return _quotient(parts.k39, parts.of_k39, forty, of_forty)
    if name == "y":
        return _quotient(parts.atm36, parts.of_atm36, forty, of_forty)
    if name == "x_normal":
        return _quotient(parts.k39, parts.of_k39, parts.atm36, parts.of_atm36)
    return _quotient(forty, of_forty, parts.atm36, parts.of_atm36)


def _of_second38(parts: Parts, ratios: Ratios) -> Gradient:
    """second38 = A38 - u k39 - v ca37 - R atm36"""
    values = ratios.values
    found: Gradient = {key: -values["R"] * slope for key, slope in parts.of_atm36.items()}
    for scale, slopes in ((values["u"], parts.of_k39), (values["v"], parts.of_ca37)):
        for key, slope in slopes.items():
            found[key] = found[key] - scale * slope
    for key, direct in (("A38", 1.0), ("u", -parts.k39), ("v", -parts.ca37), ("R", -parts.atm36)):
        found[key] = found[key] + direct
    return found


def _quotient(top: Any, of_top: Gradient, bottom: Any, of_bottom: Gradient) -> tuple[Any, Gradient]:
    value = top / bottom
    slope: Gradient = {key: one / bottom for key, one in of_top.items()}
    for key, one in of_bottom.items():
        slope[key] = slope.get(key, 0.0) - value * one / bottom
    return value, slope


def _divided(value: Any, slope: Gradient, name: str, ratio: Any) -> tuple[Any, Gradient]:
    """A ratio of isotopes turned into one of weights."""
    scaled: Gradient = {key: one / ratio for key, one in slope.items()}
    scaled[name] = -value / ratio**2
    return value / ratio, scaled
