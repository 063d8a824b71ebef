"""How long the gas took to spread into the spectrometer: from what was measured before the inlet closed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from pychron.dvc import layout
from pychron.dvc.documents import with_series
from pychron.dvc.errors import DvcError
from pychron.dvc.records import RawSeries
from pychron.pipeline.batch import Override
from pychron.pipeline.fitting.equilibrating import moved, sniff_of, split
from pychron.pipeline.nodes.drawings import file_name
from pychron.pipeline.nodes.persisting import changed_file, commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.exponential import exponential

LEAST = 5
"""Readings that three parameters need."""
NOT_CONVERGED = 1


@dataclass(frozen=True, slots=True)
class Equilibration:
    """y = c + a exp(-k t) through the readings of one isotope while the inlet was open."""

    time_constant_s: float
    """1/k"""
    level: float
    """c, the signal that it comes to, in the unit of the readings"""
    reached_s: float
    """When |a| exp(-k t) falls to `within` of |c|, counted as the readings are"""


def equilibration(t: np.ndarray, y: np.ndarray, within: float) -> Equilibration | str:
    """Of readings (n,), t in s. A text says why there is none.

    Gas that flows through an inlet of conductance C into a volume V comes to its pressure as 1 - exp(-C t / V) (O'Hanlon 2003, A User's
    Guide to Vacuum Technology, 2.4).
    """
    if len(t) < LEAST:
        return f"{len(t)} readings before time zero, {LEAST} are needed"
    start = float(t[0])
    used = np.ones((1, len(t)), bool)
    if not (np.isfinite(t).all() and np.isfinite(y).all()) or np.ptp(t) <= 0 or np.ptp(y) <= 0:
        return "its readings do not change"
    found = exponential((t - start)[np.newaxis], y[np.newaxis].astype(float), used, NOT_CONVERGED)
    slope, curvature = float(found.slope[0]), float(found.curvature[0])
    if found.fault[0] or slope == 0 or not math.isfinite(slope):
        return "its signal does not come to rest as an exponential"
    rate = -2 * curvature / slope
    if not rate > 0:
        return "its signal does not come to rest"
    amplitude = -slope / rate
    level = float(found.value[0]) - amplitude
    if level == 0 or 1 / rate > 10 * np.ptp(t):
        return "its signal does not come to rest while the inlet is open"
    ratio = abs(amplitude / level) / within
    return Equilibration(1 / rate, level, start + max(0.0, math.log(ratio) / rate if ratio > 0 else 0.0))


def define(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """A table of every isotope, and the longest time of all; what to set in the measurement script is for a person."""
    from pychron.pipeline.tables.columns import Cell, Column
    from pychron.pipeline.tables.writing import write_tables

    within = float(spec.options["within_pct"]) / 100  # type: ignore[arg-type]
    wanted = {str(word) for word in spec.options["isotopes"]}  # type: ignore[union-attr]
    rows: list[list[Cell]] = []
    faults: list[str] = []
    longest, time_s = -math.inf, float(spec.options["time_s"])  # type: ignore[arg-type]
    count = 0
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        name = loaded.analysis.record_id
        try:
            series, problems = state.series(uuid)
        except DvcError as problem:
            series, problems = [], [str(problem)]
        faults += [f"{name}: {text}" for text in problems]
        if time_s and not problems:
            count += _move(
                state, uuid, [one for one in series if not wanted or one.isotope in wanted], time_s, faults
            )
        elif time_s:
            faults.append(f"{name}: no reading of it is moved")
        for raw in series:
            if raw.kind != "sniff" or (wanted and raw.isotope not in wanted):
                continue
            found = equilibration(raw.t.astype(float), raw.y.astype(float), within)
            if isinstance(found, str):
                rows.append([name, raw.isotope, raw.detector, len(raw.t), None, None, None, found])
            else:
                longest = max(longest, found.reached_s)
                rows.append(
                    [name, raw.isotope, raw.detector, len(raw.t), found.time_constant_s, found.level, found.reached_s, ""]
                )  # fmt: skip
    if not rows and not time_s:
        raise NodeFailed("no analysis has readings from before the inlet was closed (sniffs)")
    columns = (
        Column("Run"), Column("Isotope"), Column("Detector"), Column("n", "0"), Column("Time constant (s)", "0.00"),
        Column("Level", "0.00000"), Column("Equilibrated (s)", "0.0"), Column("Remark"),
    )  # fmt: skip
    name = f"{file_name(str(spec.options['file']))}.csv"
    if not doing.dry:
        write_tables({"Equilibration": (columns, rows)}, doing.folder / name)
        state.written.append(name)
    told = (
        f"{100 * within:g} % from rest after {longest:.1f} s at the latest"
        if math.isfinite(longest)
        else "no isotope comes to rest"
    )
    if time_s:
        told = f"{count} equilibrations end at {time_s:g} s now; {told}"
    return Outcome(f"{told}; {'would write' if doing.dry else 'wrote'} {name}", faults=tuple(faults))


def _move(state: State, uuid: str, series: list[RawSeries], time_s: float, faults: list[str]) -> int:
    """Define it for the nodes that follow; how many isotopes have other readings now."""
    analysis, count = state.now(uuid), 0
    for signal in series:
        if signal.kind != "signal":
            continue
        old = sniff_of(series, signal)
        new = split(old, signal, time_s)
        if len(new.signal.t) == 0:
            text = f"{signal.isotope} has no reading from {time_s:g} s on; its equilibration stays as it was"
            faults.append(f"{analysis.record_id}: {text}")
        elif len(new.sniff.t) != (0 if old is None else len(old.t)):
            state.splits.setdefault(uuid, {})[signal.isotope] = time_s
            isotope = analysis.isotopes.get(signal.isotope)
            if isotope is not None and isotope.intercept is not None:
                fit = moved(isotope.intercept, new.places)
                state.override(uuid, Override(intercepts={signal.isotope: fit}))
            count += 1
    return count


def persist(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The data files with readings moved: none is changed and none is lost. Intercepts are for IsotopeEvolutionPersistNode."""
    files: dict[str, dict[str, bytes]] = {}
    for uuid, times in state.splits.items():
        loaded = state.one(uuid)
        tree = loaded.repository.tree
        identity = layout.identity_of(loaded.analysis.files["analysis"])
        path = next(place for place in layout.paths(identity, ".data") if tree.read(place) is not None)
        series = [
            one for one in state.series(uuid)[0] if one.kind in ("signal", "sniff") and one.isotope in times
        ]
        files.setdefault(tree.name, {})[path] = changed_file(tree, path, partial(with_series, series=series))
    ends = sorted({f"{key}={time:g}s" for times in state.splits.values() for key, time in times.items()})
    return commit_all(state, doing, files, f"<DEFINE EQUIL> {', '.join(ends)}", "equilibrations")
