"""From five corrected signals to the argon of each origin: K, Ca, Cl, trapped and radiogenic; with all derivatives. Pure.

Written once for numbers and for arrays. Symbols: A40 .. A36 signals (blank, detectors and decay taken care of), r = (39/37)Ca,
q = (37/39)K, u = (38/39)K, v = (38/37)Ca, s = (36/37)Ca, w = (40/39)K, T = (40/36) trapped, R = (38/36) trapped. The second origin
of 38 has 36/38 = m: chlorine with m = (36/38)Cl lambda36 t (Roddick 1983, Geochim. Cosmochim. Acta 47, 887; Foland et al. 1993), or
cosmogenic argon with m = 1 / (38/36)cos.

    k39   = (A39 - r A37) / (1 - q r)            ca37 = A37 - q k39
    X38   = A38 - u k39 - v ca37                 X36  = A36 - s ca37
    atm36 = (X36 - m X38) / (1 - m R)            second38 = X38 - R atm36
    F     = (A40 - w k39 - T atm36) / k39        (McDougall & Harrison 1999, 3.4)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Gradient = dict[str, Any]
"""Derivative by the name of a signal or ratio; what is not there is zero."""

SIGNALS = ("A40", "A39", "A38", "A37", "A36")
RATIOS = ("r", "q", "u", "v", "s", "w", "m", "R", "T")


@dataclass(slots=True)
class Parts:
    """What the argon is made of; numbers, or arrays of (N,)."""

    k39: Any
    ca37: Any
    atm36: Any
    """trapped 36Ar"""
    second38: Any
    """38Ar of chlorine, or cosmogenic"""
    k40: Any
    rad40: Any
    """40Ar*"""
    f: Any
    """40Ar* / 39ArK"""
    of_k39: Gradient
    of_ca37: Gradient
    of_atm36: Gradient
    of_f: Gradient


VALUES = ("k39", "ca37", "atm36", "second38", "k40", "rad40", "f")
"""What is of an analysis in `Parts`; the rest are derivatives."""


def parts(signals: Iterable[Any], ratios: Mapping[str, Any], fixed: Any = None) -> Parts:
    """Solve the equations above for the five SIGNALS with the RATIOS by name.

    `fixed`: 37ArCa / 39ArK where it is known and 37Ar is not measured. Nothing is checked: what is not a number stays none.
    """
    a40, a39, a38, a37, a36 = signals
    r, q, u, v, s, w, m, R, T = (ratios[name] for name in RATIOS)
    if fixed is None:
        share = 1 / (1 - q * r)
        k39 = (a39 - r * a37) * share
        ca37 = a37 - q * k39
        of_k39: Gradient = {"A39": share, "A37": -r * share, "r": -ca37 * share, "q": r * k39 * share}
        of_ca37: Gradient = {
            "A39": -q * share,
            "A37": share,
            "r": q * ca37 * share,
            "q": -k39 * share,
        }
    else:
        share = 1 / (1 + fixed * r)
        k39 = a39 * share
        ca37 = fixed * k39
        of_k39 = {"A39": share, "r": -ca37 * share}
        of_ca37 = {"A39": fixed * share, "r": -fixed * ca37 * share}
    x38 = a38 - u * k39 - v * ca37
    x36 = a36 - s * ca37
    whole = 1 / (1 - m * R)
    atm36 = (x36 - m * x38) * whole
    by_k39, by_ca37 = m * u * whole, (m * v - s) * whole
    of_atm36: Gradient = {name: by_k39 * of_k39[name] + by_ca37 * of_ca37[name] for name in of_k39}
    of_atm36["A38"] = -m * whole
    of_atm36["A36"] = whole
    of_atm36["u"] = m * k39 * whole
    of_atm36["v"] = m * ca37 * whole
    of_atm36["s"] = -ca37 * whole
    of_atm36["m"] = (R * atm36 - x38) * whole
    of_atm36["R"] = m * atm36 * whole
    k40 = w * k39
    rad40 = a40 - k40 - T * atm36
    per = 1 / k39
    f = rad40 * per
    trapped, potassium = -T * per, -(w + f) * per
    of_f: Gradient = {name: trapped * slope for name, slope in of_atm36.items()}
    for name, slope in of_k39.items():
        of_f[name] = of_f[name] + potassium * slope
    of_f["A40"] = per
    of_f["w"] = -k39 * per
    of_f["T"] = -atm36 * per
    return Parts(k39, ca37, atm36, x38 - R * atm36, k40, rad40, f, of_k39, of_ca37, of_atm36, of_f)
