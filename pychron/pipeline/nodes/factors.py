"""Correction factors from salts and glasses, and cosmogenic argon in place of chlorine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pychron.pipeline.batch import Row
from pychron.pipeline.nodes.drawings import file_name
from pychron.pipeline.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.template import NodeSpec
from pychron.reduction.constants import Constants
from pychron.reduction.corrections import Corrected
from pychron.reduction.inputs import ARGON
from pychron.reduction.reduced import Reduced, spread
from pychron.reduction.weighted_mean import Mean, weighted_mean

AR40, AR39, AR38, AR37, AR36 = range(len(ARGON))


@dataclass(frozen=True, slots=True)
class Factor:
    """A ratio of one salt: (top - trapped x air) / bottom, signals by their place in ARGON."""

    name: str
    key: str
    """Of the metadata's production files"""
    top: int
    bottom: int
    trapped: int | None
    """The isotope that tells how much of `top` is air's"""
    air: Callable[[Constants], tuple[float, float]]
    """top / trapped of air, and its error"""


def _nothing(_: Constants) -> tuple[float, float]:
    return 0.0, 0.0


def _air4036(one: Constants) -> tuple[float, float]:
    return one.atm4036.value, one.atm4036.error


def _air3640(one: Constants) -> tuple[float, float]:
    return 1 / one.atm4036.value, one.atm4036.error / one.atm4036.value**2


def _air3840(one: Constants) -> tuple[float, float]:
    return 1 / one.atm4038.value, one.atm4038.error / one.atm4038.value**2


def _air3836(one: Constants) -> tuple[float, float]:
    ratio = one.atm3836
    relative = np.hypot(one.atm4036.error / one.atm4036.value, one.atm4038.error / one.atm4038.value)
    return ratio, float(ratio * relative)


FACTORS = {
    "Ca": (
        Factor("(36/37)Ca", "Ca3637", AR36, AR37, AR40, _air3640),
        Factor("(38/37)Ca", "Ca3837", AR38, AR37, AR40, _air3840),
        Factor("(39/37)Ca", "Ca3937", AR39, AR37, None, _nothing),
    ),
    "K": (
        Factor("(40/39)K", "K4039", AR40, AR39, AR36, _air4036),
        Factor("(38/39)K", "K3839", AR38, AR39, AR36, _air3836),
        Factor("(37/39)K", "K3739", AR37, AR39, None, _nothing),
    ),
}
"""Of a calcium salt, which holds no potassium, all 40Ar is air's; of a potassium glass, made lately, all 36Ar is (McDougall & Harrison 1999, 3.4)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A factor of one analysis; one sigma."""

    value: float
    error: float
    by_air: float
    """Its derivative by the ratio of air, which all analyses share"""


def ratio_of(factor: Factor, row: Row, constants: Constants) -> Ratio | None:
    """From signals that are corrected for baseline, blank, detector and decay; None where they are no numbers."""
    corrected: Corrected = row.reduced.corrected
    signals = [float(corrected.signals[place, row.index]) for place in range(len(ARGON))]
    air, _ = factor.air(constants)
    below, trapped = signals[factor.bottom], 0.0 if factor.trapped is None else signals[factor.trapped]
    if not np.isfinite(below) or below <= 0:
        return None
    value = (signals[factor.top] - air * trapped) / below
    slope = {factor.top: 1 / below, factor.bottom: -value / below}
    if factor.trapped is not None:
        slope[factor.trapped] = -air / below
    error = _error(row.reduced, slope, row.index)
    if not (np.isfinite(value) and np.isfinite(error)):
        return None
    return Ratio(value, error, -trapped / below)


def _error(reduced: Reduced, slope: dict[int, float], index: int) -> float:
    ones = np.ones(len(reduced.batch))
    named = {f"A{ARGON[place][2:]}": one * ones for place, one in slope.items()}
    return float(np.sqrt(spread(reduced.batch, reduced.corrected, reduced.ratios, named)[index]))


def mean_of(factor: Factor, ratios: list[Ratio], constants: Constants) -> tuple[Mean, float]:
    """The weighted mean, and its error with that of the ratio of air counted once."""
    mean = weighted_mean([one.value for one in ratios], [one.error for one in ratios])
    weights = np.array([one.error**-2.0 for one in ratios])
    reach = float(weights @ [one.by_air for one in ratios] / weights.sum()) if ratios else 0.0
    return mean, float(np.hypot(mean.msem, reach * factor.air(constants)[1]))


def factors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Means over the unknowns, and each analysis, as CSV; nothing is written into the metadata."""
    from pychron.pipeline.tables.columns import Cell, Column
    from pychron.pipeline.tables.writing import write_tables

    element, constants = str(spec.options["element"]), state.arithmetic.constants
    rows = [row for row in state.rows() if row.good]
    if not rows:
        raise NodeFailed("no analysis is without a fault; pychron pipeline run audit tells why")
    means: list[list[Cell]] = []
    single: list[list[Cell]] = []
    faults: list[str] = []
    for factor in FACTORS[element]:
        found = {row.analysis.record_id: ratio_of(factor, row, constants) for row in rows}
        ratios = [one for one in found.values() if one is not None]
        single += [
            [name, factor.name, one.value, one.error] for name, one in found.items() if one is not None
        ]
        faults += [f"{name} has no {factor.name}" for name, one in found.items() if one is None]
        mean, error = mean_of(factor, ratios, constants)
        if mean.why:
            faults.append(f"{factor.name}: {mean.why}")
            continue
        mswd = float(mean.mswd) if np.isfinite(mean.mswd) else None
        means.append([factor.name, factor.key, mean.value, error, mean.n, mswd])
    left_out = [row.analysis.record_id for row in state.rows() if not row.good]
    faults += [f"{name} is left out" for name in left_out]
    columns = (Column("Ratio"), Column("Key"), Column("Mean", "0.000000E+00"), Column("± 1σ", "0.0E+00"), Column("n", "0"), Column("MSWD", "0.00"))  # fmt: skip
    each = (Column("Run"), Column("Ratio"), Column("Value", "0.000000E+00"), Column("± 1σ", "0.0E+00"))
    name = f"{file_name(str(spec.options['file']) or f'{element.casefold()}_factors')}.csv"
    if doing.dry:
        return Outcome(
            f"would write {name}: {len(means)} ratios of {len(rows)} analyses", faults=tuple(faults)
        )
    written = write_tables({"Means": (columns, means), "Analyses": (each, single)}, doing.folder / name)
    state.written += [one.name for one in written]
    said = ", ".join(f"{row[0]} {row[2]:.4g} ± {row[3]:.2g}" for row in means)
    return Outcome(
        f"{said or 'no ratio'}; wrote {', '.join(one.name for one in written)}", faults=tuple(faults)
    )


def check_cosmogenic(spec: NodeSpec) -> Iterator[str]:
    """Two ends of a mixing line are two."""
    if spec.options["cosmogenic3836"] == spec.options["trapped3836"]:
        yield "cosmogenic3836 and trapped3836 are the same: nothing can be taken apart by them"


def cosmogenic(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """From here on 38Ar beyond air's is of cosmic rays, not of chlorine, and brings its 36Ar with it."""
    numbers = [float(spec.options[key]) for key in COSMOGENIC]  # type: ignore[arg-type]
    state.cosmogenic = (numbers[0], numbers[1], numbers[2], numbers[3])
    state.choose(state.unknowns)
    return Outcome(f"38/36 of cosmogenic argon {numbers[0]:g}, of trapped {numbers[2]:g}")


COSMOGENIC = ("cosmogenic3836", "cosmogenic3836_err", "trapped3836", "trapped3836_err")
