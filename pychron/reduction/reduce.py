"""From a batch of intercepts to ages: the one entry of the reduction. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch, Flag
from pychron.reduction.constants import Constants
from pychron.reduction.corrections import Corrected, Five, correct, number_of, table_of
from pychron.reduction.interferences import VALUES, Parts, parts
from pychron.reduction.options import Options
from pychron.reduction.ratios import ratios_of
from pychron.reduction.reduced import Reduced, age_of, variance_of

_values = attrgetter(*VALUES)

BELOW_ZERO = 4.0
"""36, 38 and 37 may lie this many of their errors below zero: noise about nothing is no fault."""


def reduce(batch: Batch, constants: Constants, options: Options | None = None) -> Reduced:
    """Ages with full errors of the N analyses of `batch`.

    Never raises for what a signal holds: see `Reduced.flags`. A batch has at least one production. Equations: corrections.py,
    interferences.py and, for J and age, t = ln(1 + J F) / lambda (McDougall & Harrison 1999, eq. 2.16).
    """
    chosen = options or Options()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if len(batch) == 1:
            # The same equations on numbers take a fraction of the time that they take on arrays of one.
            try:
                return _reduced(batch, constants, chosen, True)
            except ZeroDivisionError:  # where an array has infinity, or no number
                pass
        return _reduced(batch, constants, chosen, False)


def _reduced(batch: Batch, constants: Constants, options: Options, plain: bool) -> Reduced:
    corrected = correct(batch, plain)
    ratios = ratios_of(batch, constants, options, plain)
    found = _solved(corrected.signals, ratios.values, ratios.fixed, options)
    variance = variance_of(batch, corrected, ratios, found.of_f, plain)
    lam = batch.lambda_k or constants.lambda_total
    j, j_error = _j(batch, plain)
    age, by_f, by_j, by_lambda = age_of(found.f, j, lam.value, options.monitor_age_ma)
    flags = _flags(batch, corrected, found, age, j, plain)
    reach, reach_j, reach_lambda = by_f * by_f * variance, by_j * j_error, by_lambda * lam.error
    with_j = reach + reach_j * reach_j
    columns: Any = (variance, reach, with_j, with_j + reach_lambda * reach_lambda, age, by_f, by_j, by_lambda)
    if plain:
        columns = _into_arrays(corrected, found, columns)
    else:
        corrected.signals, corrected.variance = np.array(corrected.signals), np.array(corrected.variance)
    f_error, without_j, with_j, with_lambda = np.sqrt(columns[:4])
    age, by_f, by_j, by_lambda = columns[4:]
    return Reduced(
        batch, constants, options, corrected, found, ratios, lam,
        found.f, f_error, age, without_j, with_j, with_lambda, by_f, by_j, by_lambda, flags,
    )  # fmt: skip


def _into_arrays(corrected: Corrected, found: Parts, columns: Any) -> Any:
    """What a reduction answers of one analysis is of the shape that it has of many."""
    table = np.array((*corrected.signals, *corrected.variance, *_values(found), *columns))[:, np.newaxis]
    corrected.signals, corrected.variance = table[:5], table[5:10]
    found.k39, found.ca37, found.atm36, found.second38, found.k40, found.rad40, found.f = table[10:17]
    return table[17:]


def _j(batch: Batch, plain: bool) -> tuple[Any, Any]:
    if batch.j is None:
        nothing = np.full(len(batch), np.nan)
        return number_of(nothing, plain), number_of(nothing, plain)
    return number_of(batch.j.value, plain), number_of(batch.j.error, plain)


def _solved(signals: Five, values: Mapping[str, Any], fixed: Any, options: Options) -> Parts:
    found = parts(signals, values, fixed)
    if not options.clamp_ca37 or fixed is not None:
        return found
    above = found.ca37 > 0
    if np.all(above):
        return found
    without: dict[str, Any] = {name: np.where(above, values[name], 0.0) for name in ("r", "q", "v", "s")}
    clamped = list(signals)
    clamped[3] = np.where(above, clamped[3], 0.0)
    found = parts(clamped, {**values, **without})
    # What was set to zero is a constant: no error comes from it.
    for slope in (found.of_k39, found.of_ca37, found.of_atm36, found.of_f):
        for name in ("A37", *without):
            if name in slope:
                slope[name] = np.where(above, slope[name], 0.0)
    found.of_ca37 = {name: np.where(above, slope, 0.0) for name, slope in found.of_ca37.items()}
    return found


def _flags(
    batch: Batch, corrected: Corrected, found: Parts, age: Any, j: Any, plain: bool
) -> npt.NDArray[np.int64]:
    flags = np.zeros(len(batch), np.int64) if batch.flags is None else batch.flags.copy()
    # What is nearly always so, in few steps. A sum is finite only where each of its terms is.
    positive = (found.k39, j, *corrected.net, *corrected.errors)
    numbers = (age, *corrected.signals, *corrected.variance)
    if not plain:
        positive = tuple(np.minimum.reduce(one) for one in positive)
        numbers = tuple(np.add.reduce(one) for one in numbers)
    if min(positive) > 0 and isfinite(sum(numbers)):
        return flags
    many = len(batch)
    net, signals, variance, decay, errors = (
        table_of(five, many)
        for five in (corrected.net, corrected.signals, corrected.variance, corrected.decay, corrected.errors)
    )
    finite = np.isfinite(signals).all(axis=0) & np.isfinite(variance).all(axis=0)
    decayed = np.isfinite(decay).all(axis=0)
    lost = ~np.isfinite(net).all(axis=0) | (decayed & ~finite)
    flags[lost] |= Flag.SIGNAL_MISSING
    flags[~decayed] |= Flag.NO_DECAY
    flags[(errors <= 0).any(axis=0)] |= Flag.ERROR_ZERO
    negative = (net[0] <= 0) | (found.k39 <= 0) | (net + BELOW_ZERO * np.sqrt(variance) < 0).any(axis=0)
    flags[negative] |= Flag.SIGNAL_NEGATIVE
    without = np.broadcast_to(~(np.asarray(j) > 0), flags.shape)
    flags[without] |= Flag.NO_J
    flags[~np.isfinite(np.atleast_1d(age)) & (flags == 0)] |= Flag.NO_AGE
    return flags
