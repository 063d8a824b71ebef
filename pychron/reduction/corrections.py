"""The signals of a batch, corrected in the order of the laboratory, and how an error comes back through the corrections. Pure.

S = (intercept - baseline - blank - background) x discrimination x IC factor
A = (S_m - a (S_m-1 + S_m+1)) x decay factor                  (39 and 37 decay)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch, Inputs, Scalars
from pychron.reduction.signals import discrimination_factors, without_neighbours

Floats = npt.NDArray[np.float64]

SUBTRACTED = ("baselines", "blanks", "backgrounds")


@dataclass(slots=True)
class Corrected:
    """Signals and what took part in them."""

    signals: Floats
    """(5, N) A, of ARGON"""
    net: Floats
    """(5, N) after what is subtracted"""
    factor: Floats | float
    """(5, N) discrimination x IC factor"""
    decay: Floats
    """(5, N) or (5, 1)"""
    slope: Floats | None
    """(5, N) derivative of the discrimination factors"""
    discrimination: Floats | float
    """(5, N)"""
    variance: Floats
    """(5, N) of the sum of intercept and all that is subtracted"""


def correct(batch: Batch) -> Corrected:
    """Correct the signals of `batch`."""
    net = batch.intercepts.value
    variance = batch.intercepts.error * batch.intercepts.error
    for name in SUBTRACTED:
        one: Inputs | None = getattr(batch, name)
        if one is not None:
            net = net - one.value
            variance = variance + one.error * one.error
    factor: Floats | float = 1.0
    by_mass: Floats | float = 1.0
    slope = None
    if batch.discrimination is not None:
        by_mass, slope = discrimination_factors(batch.law, batch.discrimination.value)
        factor = by_mass
    if batch.ic_factors is not None:
        factor = factor * batch.ic_factors.value
    signals = net * factor
    if batch.abundance_sensitivity is not None:
        signals = without_neighbours(signals, batch.abundance_sensitivity)
    width = max(np.size(batch.decay39), np.size(batch.decay37))
    decay = np.empty((5, width))
    decay.fill(1.0)
    decay[1], decay[3] = batch.decay39, batch.decay37
    return Corrected(signals * decay, net, factor, decay, slope, by_mass, variance)


@dataclass(slots=True)
class Back:
    """The derivative of one result by each input of the batch; arrays of (5, N) or (N,)."""

    signal: Floats
    """By the intercept; with the other sign by what is subtracted, which no variance sees."""
    ic_factor: Floats | None
    discrimination: Floats | None


def back(batch: Batch, corrected: Corrected, by_signal: Floats) -> Back:
    """From the derivative of a result by the signals A (5, N) to that by the inputs."""
    through = by_signal * corrected.decay
    if batch.abundance_sensitivity is not None:
        # The matrix of neighbours is its own transpose.
        through = without_neighbours(through, batch.abundance_sensitivity)
    signal = through * corrected.factor
    ic_factor = discrimination = None
    if batch.ic_factors is not None:
        ic_factor = through * corrected.net
    if corrected.slope is not None:
        if ic_factor is not None:
            ic_factor *= corrected.discrimination
        rest: Any = 1.0 if batch.ic_factors is None else batch.ic_factors.value
        discrimination = in_order(through * corrected.net * rest * corrected.slope)
    return Back(signal, ic_factor, discrimination)


Shared = tuple[str, Inputs | Scalars, Floats]
"""A kind of input, the input, and the derivative of a result by it, of the input's shape."""


def shared(batch: Batch, by: Back) -> list[Shared]:
    """Every kind of input of the signals with the derivative by it, but for its sign."""
    found: list[Shared] = [("intercepts", batch.intercepts, by.signal)]
    for name in SUBTRACTED:
        one = getattr(batch, name)
        if one is not None:
            found.append((name, one, by.signal))
    if batch.ic_factors is not None and by.ic_factor is not None:
        found.append(("ic_factors", batch.ic_factors, by.ic_factor))
    if batch.discrimination is not None and by.discrimination is not None:
        found.append(("discrimination", batch.discrimination, by.discrimination))
    return found


def in_order(table: Floats) -> Floats:
    """(N,) the sum over the rows of (5, N), always in their order: the sum of one analysis is the same to the last bit whatever N is."""
    if table.shape[1] == 1:
        first, *others = table[:, 0].tolist()
        for one in others:
            first += one
        return np.array((first,))
    total: Floats = table[0].copy()
    for row in table[1:]:
        total += row
    return total


def spread_of(inputs: Inputs | Scalars, slope: Floats) -> Floats:
    """(N,) the variance that one kind of input brings to a result with derivative `slope` by it."""
    reach = slope * inputs.error
    if isinstance(inputs, Scalars):
        return reach * reach
    total: Floats = in_order(reach * reach)
    return total + cross_variance(inputs, slope) if twice_within(inputs) else total


def twice_within(inputs: Inputs) -> bool:
    """Whether two isotopes of one analysis share an input (two peaks hopped on one detector)."""
    if inputs.ids is None:
        return False
    ordered = np.sort(inputs.ids, axis=0)
    return bool(((ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)).any())


def cross_variance(inputs: Inputs, slope: Floats) -> Floats:
    """(N,) what inputs shared within one analysis add to the sum of squares of slope x error: 2 g_i g_j s_i s_j."""
    assert inputs.ids is not None
    reach = slope * inputs.error
    total = np.zeros(slope.shape[1])
    for one in range(len(slope)):
        for other in range(one):
            same = (inputs.ids[one] == inputs.ids[other]) & (inputs.ids[one] >= 0)
            total += np.where(same, 2 * reach[one] * reach[other], 0.0)
    return total
