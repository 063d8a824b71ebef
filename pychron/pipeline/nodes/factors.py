"""Correction factors from salts and glasses, and cosmogenic argon in place of chlorine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from pychron.dvc import layout
from pychron.pipeline.batch import Row
from pychron.pipeline.events import Flag
from pychron.pipeline.nodes.drawings import file_name
from pychron.pipeline.nodes.persisting import changed_file, commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.inputs import ARGON
from pychron.reduction.interferences import SIGNALS, Gradient
from pychron.reduction.reduced import Reduced
from pychron.reduction.weighted_mean import Mean, weighted_mean

Floats = npt.NDArray[np.float64]
AR40, AR39, AR38, AR37, AR36 = range(len(ARGON))
BELOW_ZERO = 4.0
"""A signal that lies more of its errors below zero is a fault; nearer to zero it is noise about nothing."""
JUDGED = ("signal_negative",)
"""Flags of the reduction that are looked into here: a calcium salt holds no 39Ar of potassium and next to no 40Ar, so half of the sound ones lie below zero in these."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A ratio of one salt: (top - trapped x air) / bottom, signals by their place in ARGON."""

    name: str
    key: str
    """Of the metadata's production files"""
    most: float
    """Several times what reactors in use make: a mean above it is no factor"""
    top: int
    bottom: int
    trapped: int | None = None
    """The isotope that tells how much of `top` is air's"""
    air: Callable[[float, float], tuple[float, float, float]] = lambda t, r: (0.0, 0.0, 0.0)
    """top / trapped of air, and its derivatives, by T = air's 40/36 and R = air's 38/36"""


FACTORS = {
    "Ca": (
        Factor("(36/37)Ca", "Ca3637", 1e-3, AR36, AR37, AR40, lambda t, r: (1 / t, -1 / t**2, 0.0)),
        Factor("(38/37)Ca", "Ca3837", 1e-3, AR38, AR37, AR40, lambda t, r: (r / t, -r / t**2, 1 / t)),
        Factor("(39/37)Ca", "Ca3937", 5e-3, AR39, AR37),
    ),
    "K": (
        Factor("(40/39)K", "K4039", 0.5, AR40, AR39, AR36, lambda t, r: (t, 1.0, 0.0)),
        Factor("(38/39)K", "K3839", 0.05, AR38, AR39, AR36, lambda t, r: (r, 0.0, 1.0)),
        Factor("(37/39)K", "K3739", 0.01, AR37, AR39),
    ),
}
"""Of a calcium salt, which holds no potassium, all 40Ar is air's; of a potassium glass, made lately, all 36Ar is (McDougall & Harrison 1999, 3.4)."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """A factor of the analyses that have it; one sigma."""

    rows: tuple[Row, ...]
    values: Floats
    covariance: Floats
    """(n, n): blanks, IC factors and air's ratios that they share count as the one variable that they are"""

    @property
    def errors(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))


def why_not(row: Row) -> str:
    """Why an analysis has no factor; empty where it may have."""
    fatal = [flag.text for flag in row.flags if flag.fatal and flag.code not in JUDGED]
    if row.irradiated.chronology is None:
        # Without it 37Ar and 39Ar would count as if they had not decayed.
        fatal += [flag.text for flag in row.irradiated.why] or ["its irradiation is not known"]
    signals = row.reduced.corrected.signals[:, row.index]
    variance = row.reduced.corrected.variance[:, row.index]
    if not (np.isfinite(signals).all() and np.isfinite(variance).all()):
        fatal.append("a signal is no number")
    for name, signal, spread in zip(ARGON, signals, variance, strict=True):
        if signal + BELOW_ZERO * np.sqrt(spread) < 0:
            fatal.append(f"{name} lies below zero by more than its error allows")
    return "; ".join(dict.fromkeys(fatal))


def ratios_of(factor: Factor, rows: Sequence[Row]) -> Ratios:
    """From signals that are corrected for baseline, blank, detector and decay; an analysis whose `bottom` is not above zero has none."""
    batches: dict[int, list[Row]] = {}
    for row in rows:
        if row.reduced.corrected.signals[factor.bottom, row.index] > 0:
            batches.setdefault(id(row.reduced), []).append(row)
    kept, values, blocks = [], [], []
    for some in batches.values():
        reduced, index = some[0].reduced, [row.index for row in some]
        with np.errstate(divide="ignore", invalid="ignore"):
            value, slope = _of(factor, reduced)
            blocks.append(reduced.covariance_of(index, slope))
        kept += some
        values += [float(value[place]) for place in index]
    return Ratios(tuple(kept), np.array(values), block_diag(*blocks) if blocks else np.zeros((0, 0)))


def _of(factor: Factor, reduced: Reduced) -> tuple[Floats, Gradient]:
    """(N,) value, and its derivatives."""
    signals = reduced.corrected.signals
    constants = reduced.constants
    air, by_t, by_r = factor.air(constants.atm4036.value, constants.atm3836)
    below = signals[factor.bottom]
    trapped = np.zeros_like(below) if factor.trapped is None else signals[factor.trapped]
    value = (signals[factor.top] - air * trapped) / below
    slope: Gradient = {SIGNALS[factor.top]: 1 / below, SIGNALS[factor.bottom]: -value / below}
    if factor.trapped is not None:
        slope[SIGNALS[factor.trapped]] = -air / below
        slope["T"], slope["R"] = -by_t * trapped / below, -by_r * trapped / below
        slope["m"] = np.zeros_like(below)
    return value, slope


def mean_of(ratios: Ratios) -> tuple[Mean, float]:
    """The weighted mean and its error: what each has alone averages out, times sqrt(MSWD) above one; what they share does not.

    s^2 = s_own^2 max(1, MSWD) + (w C w / (sum w)^2 - s_own^2), s_own^2 = 1 / sum w, w = 1 / C_ii.
    """
    alone = weighted_mean(ratios.values, ratios.errors)
    together = weighted_mean(ratios.values, ratios.errors, ratios.covariance)
    return alone, float(np.sqrt(alone.msem**2 + max(0.0, together.error**2 - alone.error**2)))


def factors(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Means over the unknowns, and each analysis, as CSV; what goes into the metadata is for CorrectionFactorsPersistNode."""
    from pychron.pipeline.tables.columns import Cell, Column
    from pychron.pipeline.tables.writing import write_tables

    if any(state.now(uuid).cosmogenic is not None for uuid in state.unknowns):
        raise NodeFailed(
            "factors are of salts, in which nothing is cosmogenic; leave CosmogenicNode out, or write {klass: CosmogenicNode, use: false} where it is stored"
        )
    element = str(spec.options["element"])
    state.judged = tuple(dict.fromkeys((*state.judged, *JUDGED)))
    state.choose(state.unknowns)
    why = {row.analysis.uuid: why_not(row) for row in state.rows()}
    rows = [row for row in state.rows() if not why[row.analysis.uuid]]
    faults = []
    for uuid, text in why.items():
        if text:
            name = state.one(uuid).analysis.record_id
            faults.append(f"{name} is left out: {text}")
            state.flag(uuid, [Flag("salt", text, name, fatal=True)])
    if not rows:
        raise NodeFailed(f"no analysis is without a fault: {'; '.join(faults)}")
    means: list[list[Cell]] = []
    single: list[list[Cell]] = []
    sound: list[tuple[str, float, float]] = []
    for factor in FACTORS[element]:
        ratios = ratios_of(factor, rows)
        names = [row.analysis.record_id for row in ratios.rows]
        had = {row.analysis.uuid for row in ratios.rows}
        single += [
            [name, factor.name, float(value), float(error)]
            for name, value, error in zip(names, ratios.values, ratios.errors, strict=True)
        ]
        faults += [
            f"{row.analysis.record_id} has no {factor.name}: its {ARGON[factor.bottom]} is not above zero"
            for row in rows
            if row.analysis.uuid not in had
        ]
        mean, error = mean_of(ratios)
        if mean.why:
            faults.append(f"{factor.name}: {mean.why}")
            continue
        if not -BELOW_ZERO * error <= mean.value <= factor.most:
            kind = "calcium salt" if element == "Ca" else "potassium glass"
            faults.append(
                f"{factor.name}: {mean.value:.4g} ± {error:.2g} is no such factor; are these analyses of a {kind}?"
            )
        else:
            sound.append((factor.key, mean.value, error))
        mswd = float(mean.mswd) if np.isfinite(mean.mswd) else None
        means.append([factor.name, factor.key, mean.value, error, mean.n, mswd])
    state.factors = tuple(sound)
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
    """Two ends of a mixing line are two, above zero."""
    if not all(spec.options[key] for key in ("cosmogenic3836", "trapped3836")):
        yield "cosmogenic3836 and trapped3836 are ratios above zero"
    elif spec.options["cosmogenic3836"] == spec.options["trapped3836"]:
        yield "cosmogenic3836 and trapped3836 are the same: nothing can be taken apart by them"


def cosmogenic(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """From here on 38Ar beyond that of trapped argon is of cosmic rays, not of chlorine, and brings its 36Ar with it.

    f = (Rm - Rt) / (Rc - Rt) of the 36Ar is cosmogenic, Rm the measured 38Ar/36Ar after the corrections for potassium and calcium, Rt that of
    trapped, Rc that of cosmogenic argon; what is left of 36Ar is trapped (interferences.py with m = 1 / Rc).
    """
    if not spec.options["use"]:
        state.cosmogenic = ()
        state.choose(state.unknowns)
        return Outcome("no argon is cosmogenic")
    numbers = [float(spec.options[key]) for key in COSMOGENIC]  # type: ignore[arg-type]
    state.cosmogenic = tuple(numbers)
    state.choose(state.unknowns)
    return Outcome(f"38/36 of cosmogenic argon {numbers[0]:g}, of trapped {numbers[2]:g}")


COSMOGENIC = ("cosmogenic3836", "cosmogenic3836_err", "trapped3836", "trapped3836_err")


def persist_cosmogenic(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Beside each unknown, what CosmogenicNode said: from then on every age of it is computed so."""
    if state.cosmogenic is None:
        return Outcome("nothing was said about cosmogenic argon, nothing to write")
    new: dict[str, object] = {"use_cosmogenic_correction": bool(state.cosmogenic)}
    if state.cosmogenic:
        new |= zip(STORED, state.cosmogenic, strict=True)
    files: dict[str, dict[str, bytes]] = {}
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        tree, own = loaded.repository.tree, loaded.analysis.files
        path = own.get("cosmogenic") or layout.paths(layout.identity_of(own["analysis"]), "cosmogenic")[0]
        content = changed_file(tree, path, lambda document: {**document, **new})
        if content != tree.read(path):
            files.setdefault(tree.name, {})[path] = content
    if not files:
        return Outcome("every analysis has it so already, nothing to write")
    said = (
        ", ".join(f"{key}={value:g}" for key, value in zip(STORED, state.cosmogenic, strict=False)) or "off"
    )
    return commit_all(state, doing, files, f"<MANUAL> cosmogenic {said}", "cosmogenic ratios")


STORED = ("cosmo_3836", "cosmo_3836_err", "solar_3836", "solar_3836_err")
"""In the file, in the order of `State.cosmogenic`."""
