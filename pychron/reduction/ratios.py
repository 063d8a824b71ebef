"""Production ratios, air and trapped argon of a batch as the equations want them, and their errors. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch
from pychron.reduction.constants import Constants
from pychron.reduction.inputs import PRODUCED
from pychron.reduction.interferences import Gradient
from pychron.reduction.options import Options

Floats = npt.NDArray[np.float64]

NAMES = {"r": "ca3937", "q": "k3739", "u": "k3839", "v": "ca3837", "s": "ca3637", "w": "k4039"}
"""Symbols of interferences.py by the names of `Productions`."""


@dataclass(slots=True)
class Ratios:
    """Values by symbol, and how a derivative by a symbol becomes one by a source."""

    values: dict[str, Any]
    fixed: Any
    ca_k: Any
    cl_k: Any
    errors: dict[str, Any]
    """By source, an independent number behind a ratio. What is one of PRODUCED is one variable of each production, else of all analyses."""
    _per_cl: Any
    _atm4038: float
    _trapped_is_air: bool
    _cosmogenic: bool

    def by_source(self, slope: Gradient) -> dict[str, Any]:
        """The derivative of a result by each source, from that by each symbol."""
        found = {name: slope[symbol] for symbol, name in NAMES.items() if symbol in slope}
        for name in ("ca_k", "cl_k"):
            if name in slope:
                found[name] = slope[name]
        of_m, of_r = slope.get("m"), slope.get("R")
        if self._cosmogenic:
            if of_m is not None:
                found["cosmogenic3836"] = -of_m * self.values["m"] ** 2
                found["trapped3836"] = of_r
        elif of_m is not None and of_r is not None:
            forty_eight = self._atm4038
            found["cl3638"] = of_m * self._per_cl
            found["atm4036"] = of_r / forty_eight
            found["atm4038"] = -of_r * self.values["R"] / forty_eight
        if "T" in slope:
            name = "atm4036" if self._trapped_is_air else "trapped4036"
            found[name] = found.get(name, 0.0) + slope["T"]
        return found


def ratios_of(batch: Batch, constants: Constants, options: Options, plain: bool = False) -> Ratios:
    """Gather them for every analysis of `batch`, as numbers where all have one production; with `plain` Python's own."""
    productions, days = batch.productions, batch.days
    if len(batch) == 1:
        productions = (productions[np.asarray(batch.production).item()],)
    value: Any
    errors: Any
    if plain:
        value, errors = productions[0].numbers
        errors, days = errors.copy(), np.asarray(days).item()
    else:  # numpy's numbers divide by zero as its arrays do
        which = 0 if len(productions) == 1 else batch.production
        value, errors = (
            {name: np.array([one[name] for one in column])[which] for name in PRODUCED}
            for column in zip(*(one.numbers for one in productions), strict=True)
        )
    values = {symbol: value[name] for symbol, name in NAMES.items()}
    trapped = options.trapped4036 or constants.atm4036
    per_cl = constants.lambda_cl36 * days
    cosmogenic = options.cosmogenic
    if cosmogenic is None:
        values["m"] = value["cl3638"] * per_cl
        values["R"] = constants.atm3836
        errors["atm4036"], errors["atm4038"] = constants.atm4036.error, constants.atm4038.error
    else:
        del errors["cl3638"]
        values["m"] = 1 / cosmogenic.cosmogenic.value
        values["R"] = cosmogenic.trapped.value
        errors["cosmogenic3836"] = cosmogenic.cosmogenic.error
        errors["trapped3836"] = cosmogenic.trapped.error
        if options.trapped4036 is None:
            errors["atm4036"] = constants.atm4036.error
    if options.trapped4036 is not None:
        errors["trapped4036"] = trapped.error
    values["T"] = trapped.value
    fixed = None
    if options.fixed_kca is not None:
        fixed = 1 / (options.fixed_kca.value * value["ca_k"])
    return Ratios(
        values, fixed, value["ca_k"], value["cl_k"], errors, per_cl,
        constants.atm4038.value,
        options.trapped4036 is None, cosmogenic is not None,
    )  # fmt: skip
