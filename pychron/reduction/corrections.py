"""The signals of a batch, corrected in the order of the laboratory, and how an error comes back through the corrections. Pure.

S = (intercept - baseline - blank - background) x discrimination x IC factor
A = (S_m - a (S_m-1 + S_m+1)) x decay factor                  (39 and 37 decay)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, mul, sub
from typing import Any

import numpy as np
import numpy.typing as npt

from pychron.reduction.batch import Batch, Inputs, Ints, Scalars
from pychron.reduction.signals import discrimination_factors, without_neighbours

Floats = npt.NDArray[np.float64]

Five = Sequence[Any]
"""One entry an isotope (ARGON): arrays of (N,), or numbers of one analysis. No array of one takes as little time as a number."""


@dataclass(slots=True)
class Corrected:
    """Signals and what took part in them."""

    signals: Any
    """Five A; in `Reduced` a table (5, N)"""
    variance: Any
    """Of the sum of intercept and all that is subtracted: as `signals`"""
    errors: Five
    """of the intercepts"""
    net: Five
    """after what is subtracted"""
    factor: Five | None
    """discrimination x IC factor"""
    decay: Five
    neighbours: Any
    """abundance sensitivity, or None"""
    by_ic_factor: Five | None
    """the derivative of net x factor by the IC factor"""
    ic_errors: Five | None
    by_discrimination: Five | None


def rows_of(table: Floats, plain: bool) -> list[Any]:
    """Five rows of a table (5, N), or with `plain` the five numbers of its one analysis."""
    return table[:, 0].tolist() if plain else list(table)


def times(one: Five, other: Five) -> list[Any]:
    """Isotope by isotope."""
    return list(map(mul, one, other))


def number_of(value: Any, plain: bool) -> Any:
    """What is one number an analysis, as it is or with `plain` as a number."""
    return np.asarray(value).item() if plain else value


def correct(batch: Batch, plain: bool = False) -> Corrected:
    """Correct the signals of `batch`, which with `plain` is of one analysis, in numbers."""
    net = rows_of(batch.intercepts.value, plain)
    errors = rows_of(batch.intercepts.error, plain)
    variance = times(errors, errors)
    for inputs in (batch.baselines, batch.blanks, batch.backgrounds):
        if inputs is not None:
            net = list(map(sub, net, rows_of(inputs.value, plain)))
            its = rows_of(inputs.error, plain)
            variance = list(map(add, variance, times(its, its)))
    factor = by_ic_factor = ic_errors = by_discrimination = None
    if batch.discrimination is not None:
        tables = discrimination_factors(batch.law, batch.discrimination.value)
        factor, slope = (rows_of(one, plain) for one in tables)
        by_discrimination = times(net, slope)
    if batch.ic_factors is not None:
        ic_factors = rows_of(batch.ic_factors.value, plain)
        ic_errors = rows_of(batch.ic_factors.error, plain)
        by_ic_factor = net if factor is None else times(net, factor)
        factor = ic_factors if factor is None else times(factor, ic_factors)
        if by_discrimination is not None:
            by_discrimination = times(by_discrimination, ic_factors)
    signals = net if factor is None else times(net, factor)
    neighbours = batch.abundance_sensitivity
    if neighbours is not None:
        neighbours = number_of(neighbours, plain)
        signals = without_neighbours(signals, neighbours)
    decay = (1.0, number_of(batch.decay39, plain), 1.0, number_of(batch.decay37, plain), 1.0)
    signals = times(signals, decay)
    return Corrected(
        signals, variance, errors, net, factor, decay, neighbours, by_ic_factor, ic_errors, by_discrimination
    )


@dataclass(slots=True)
class Back:
    """The derivative of one result by each input of the batch."""

    signal: Five
    """By the intercept; with the other sign by what is subtracted, which no variance sees."""
    ic_factor: Five | None
    discrimination: Any
    """one number an analysis"""


def back(corrected: Corrected, by_signal: Five) -> Back:
    """From the derivative of a result by the five signals A to that by the inputs."""
    through = times(by_signal, corrected.decay)
    if corrected.neighbours is not None:
        # The matrix of neighbours is its own transpose.
        through = without_neighbours(through, corrected.neighbours)
    signal, ic_factor, discrimination = through, None, None
    if corrected.factor is not None:
        signal = times(through, corrected.factor)
    if corrected.by_ic_factor is not None:
        ic_factor = times(through, corrected.by_ic_factor)
    if corrected.by_discrimination is not None:
        discrimination = in_order(times(through, corrected.by_discrimination))
    return Back(signal, ic_factor, discrimination)


def in_order(five: Five) -> Any:
    """The sum of five, always in their order: that of one analysis is the same to the last bit whatever N is."""
    one, two, three, four, last = five
    return one + two + three + four + last


def input_variance(batch: Batch, corrected: Corrected, by: Back, plain: bool) -> Any:
    """What all inputs of the signals bring to the variance of a result; one number an analysis."""
    variance = in_order(times(times(by.signal, by.signal), corrected.variance))
    if by.ic_factor is not None and corrected.ic_errors is not None:
        reach = times(by.ic_factor, corrected.ic_errors)
        variance += in_order(times(reach, reach))
    if by.discrimination is not None and batch.discrimination is not None:
        variance = variance + spread_of(batch.discrimination, by.discrimination)
    for inputs in (batch.intercepts, batch.baselines, batch.blanks, batch.backgrounds, batch.ic_factors):
        if inputs is not None and inputs.ids is not None and twice_within(inputs.ids):
            slope = by.ic_factor if inputs is batch.ic_factors else by.signal
            variance = variance + cross_variance(inputs, table_of(slope, len(batch)))
    return number_of(variance, plain)


def table_of(five: Any, many: int) -> Floats:
    """(5, N) of five rows or numbers."""
    if isinstance(five, np.ndarray):
        return five
    table = np.empty((5, many))
    for place, one in enumerate(five):
        table[place] = one
    return table


Shared = tuple[str, Inputs | Scalars, Any]
"""A kind of input, the input, and the derivative of a result by it: five, or one number an analysis."""


def shared(batch: Batch, by: Back) -> list[Shared]:
    """Every kind of input of the signals with the derivative by it, but for its sign."""
    found: list[Shared] = [("intercepts", batch.intercepts, by.signal)]
    for name in ("baselines", "blanks", "backgrounds"):
        one = getattr(batch, name)
        if one is not None:
            found.append((name, one, by.signal))
    if batch.ic_factors is not None and by.ic_factor is not None:
        found.append(("ic_factors", batch.ic_factors, by.ic_factor))
    if batch.discrimination is not None and by.discrimination is not None:
        found.append(("discrimination", batch.discrimination, by.discrimination))
    return found


def spread_of(inputs: Inputs | Scalars, slope: Any) -> Floats:
    """(N,) the variance that one kind of input brings to a result with derivative `slope` by it, (5, N) or (N,)."""
    reach = slope * inputs.error
    if isinstance(inputs, Scalars):
        return np.asarray(reach * reach)
    total: Floats = in_order(reach * reach)
    twice = inputs.ids is not None and twice_within(inputs.ids)
    return total + cross_variance(inputs, slope) if twice else total


def twice_within(ids: Ints) -> bool:
    """Whether two isotopes of one analysis share an input (two peaks hopped on one detector); `ids` (5, N)."""
    if ids.shape[1] == 1:  # no array of one takes as little time
        known = [one for one in ids[:, 0].tolist() if one >= 0]
        return len(set(known)) < len(known)
    ordered = np.sort(ids, axis=0)
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
