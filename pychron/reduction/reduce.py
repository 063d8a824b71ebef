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
from pychron.reduction.corrections import Corrected, correct
from pychron.reduction.interferences import VALUES, Parts, parts
from pychron.reduction.options import Options
from pychron.reduction.ratios import Ratios, ratios_of
from pychron.reduction.reduced import Reduced, age_of, spread

Floats = npt.NDArray[np.float64]

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
        corrected = correct(batch)
        ratios = ratios_of(batch, constants, chosen)
        found = _parts(corrected.signals, ratios, chosen)
        f_error = np.sqrt(spread(batch, corrected, ratios, found.of_f))
        lam = batch.lambda_k or constants.lambda_total
        j, j_error = _j(batch)
        age, by_f, by_j, by_lambda = age_of(found.f, j, lam.value, chosen.monitor_age_ma)
        without_j = np.abs(by_f * f_error)
        with_j = np.hypot(without_j, by_j * j_error)
        return Reduced(
            batch, constants, chosen, corrected, found, ratios, lam,
            f=found.f, f_error=f_error, age_ma=age, age_err_wo_j=without_j, age_err=with_j,
            age_err_with_lambda=np.hypot(with_j, by_lambda * lam.error),
            by_f=by_f, by_j=by_j, by_lambda=by_lambda,
            flags=_flags(batch, corrected, found, age, j),
        )  # fmt: skip


def _j(batch: Batch) -> tuple[Floats, Floats]:
    if batch.j is None:
        return np.full(len(batch), np.nan), np.full(len(batch), np.nan)
    return batch.j.value, batch.j.error


def _parts(signals: Floats, ratios: Ratios, options: Options) -> Parts:
    if signals.shape[1] > 1:
        return _solved(signals, ratios.values, ratios.fixed, options)
    # The same equations on numbers take a tenth of the time that they take on arrays of one.
    try:
        found = _solved(signals[:, 0].tolist(), ratios.values, ratios.fixed, options)
    except ZeroDivisionError:  # where an array has infinity, or no number
        found = _solved(signals[:, 0], _as_arrays(ratios.values), ratios.fixed, options)
    for name, value in zip(VALUES, np.array(_values(found))[:, np.newaxis], strict=True):
        setattr(found, name, value)
    return found


def _as_arrays(values: Mapping[str, float]) -> dict[str, Any]:
    return {name: np.float64(value) for name, value in values.items()}


def _solved(signals: Any, values: Mapping[str, Any], fixed: Any, options: Options) -> Parts:
    """`signals` (5, N), or five of one analysis."""
    found = parts(signals, values, fixed)
    if not options.clamp_ca37 or fixed is not None:
        return found
    above = found.ca37 > 0
    if np.all(above):
        return found
    without: dict[str, Any] = {name: np.where(above, values[name], 0.0) for name in ("r", "q", "v", "s")}
    clamped = signals.copy()
    clamped[3] = np.where(above, clamped[3], 0.0)
    found = parts(clamped, {**values, **without})
    # What was set to zero is a constant: no error comes from it.
    for slope in (found.of_k39, found.of_ca37, found.of_atm36, found.of_f):
        for name in ("A37", *without):
            if name in slope:
                slope[name] = np.where(above, slope[name], 0.0)
    found.of_ca37 = {name: np.where(above, slope, 0.0) for name, slope in found.of_ca37.items()}
    return found


def _flags(batch: Batch, corrected: Corrected, found: Parts, age: Floats, j: Floats) -> npt.NDArray[np.int64]:
    flags = np.zeros(len(batch), np.int64) if batch.flags is None else batch.flags.copy()
    net = corrected.net
    # What is nearly always so, in few steps. A sum is finite only where each of its terms is.
    positive = (found.k39, net, batch.intercepts.error, j)
    numbers = (corrected.variance, corrected.signals, age)
    if len(flags) == 1:  # no array takes as little time
        least = min(min(one.ravel().tolist()) for one in positive)
        total = sum(sum(one.ravel().tolist()) for one in numbers)
    else:
        least = min(np.minimum.reduce(one, axis=None) for one in positive)
        total = sum(np.add.reduce(one, axis=None) for one in numbers)
    if least > 0 and isfinite(total):
        return flags
    finite = np.isfinite(corrected.signals).all(axis=0) & np.isfinite(corrected.variance).all(axis=0)
    decayed = np.isfinite(corrected.decay).all(axis=0)
    lost = ~np.isfinite(net).all(axis=0) | (decayed & ~finite)
    flags[lost] |= Flag.SIGNAL_MISSING
    flags[np.broadcast_to(~decayed, flags.shape)] |= Flag.NO_DECAY
    flags[(batch.intercepts.error <= 0).any(axis=0)] |= Flag.ERROR_ZERO
    negative = (
        (net[0] <= 0) | (found.k39 <= 0) | (net + BELOW_ZERO * np.sqrt(corrected.variance) < 0).any(axis=0)
    )
    flags[negative] |= Flag.SIGNAL_NEGATIVE
    without = ~(j > 0)
    flags[without] |= Flag.NO_J
    flags[~np.isfinite(age) & (flags == 0)] |= Flag.NO_AGE
    return flags
