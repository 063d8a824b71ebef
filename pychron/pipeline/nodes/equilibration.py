"""How long the gas took to spread into the spectrometer: from what was measured before the inlet closed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pychron.dvc.errors import DvcError
from pychron.pipeline.nodes.drawings import file_name
from pychron.pipeline.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.template import NodeSpec
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
    longest = -math.inf
    for uuid in state.unknowns:
        loaded = state.one(uuid)
        name = loaded.analysis.record_id
        try:
            series, problems = loaded.repository.series(loaded.analysis)
        except DvcError as problem:
            series, problems = [], [str(problem)]
        faults += [f"{name}: {text}" for text in problems]
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
    if not rows:
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
    return Outcome(f"{told}; {'would write' if doing.dry else 'wrote'} {name}", faults=tuple(faults))
