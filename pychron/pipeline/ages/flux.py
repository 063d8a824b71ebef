"""The neutron dose of a level: J of each monitor, the mean of each hole, a model over the holder. Pure.

J = (exp(lambda tm) - 1) / F for a monitor of age tm (McDougall & Harrison 1999, eq. 2.13). Each hole takes the decay constant and the
monitor age that its record names, else those of a named monitor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pychron.dvc.frozen import Frozen
from pychron.dvc.metadata import Hole, MetaData, Position
from pychron.dvc.records import Analysis
from pychron.pipeline.ages.conversion import MA, Arithmetic
from pychron.pipeline.batch import Irradiated, Meta, Row, metadata_of, nothing_frozen, reduce_analyses
from pychron.pipeline.events import Flag
from pychron.reduction.constants import NAMED, Monitor
from pychron.reduction.flux import Flux, FluxModel, FluxOptions, predict
from pychron.reduction.inputs import Measured
from pychron.reduction.weighted_mean import Mean, nothing, weighted_mean

Floats = npt.NDArray[np.float64]

SPATIAL = (FluxModel.PLANE, FluxModel.BOWL, FluxModel.NEAREST, FluxModel.BRACKETING)
"""Models that need to know where the holes lie."""
STAND_IN = Measured(1.0)
"""In place of J, which is what is being looked for."""


@dataclass(frozen=True, slots=True)
class MonitorJ:
    """One monitor analysis."""

    row: Row
    j: float
    error: float
    omitted: bool
    """A person left it out of the mean: the level's file says so"""
    flags: tuple[Flag, ...]

    @property
    def counts(self) -> bool:
        return not self.omitted and not any(flag.fatal for flag in self.flags)


@dataclass(frozen=True, slots=True)
class HoleJ:
    """One hole of the level, errors one sigma."""

    position: Position
    monitors: tuple[MonitorJ, ...]
    mean: Mean
    """Weighted mean of the monitors that count, as if they shared nothing: what level files hold"""
    shared_error: float
    """Its error with blanks, IC factors and productions that monitors share counted once"""
    j: float = math.nan
    """By the model, NaN without one"""
    j_error: float = math.nan

    @property
    def mean_j(self) -> float:
        """Of the hole's own monitors, NaN without."""
        return self.mean.value

    @property
    def mean_j_err(self) -> float:
        """MSEM: the error, times sqrt(MSWD) where that is greater than one."""
        return self.mean.msem


@dataclass(frozen=True, slots=True)
class LevelFlux:
    """A level: its holes by number, and the model over them."""

    holes: tuple[HoleJ, ...]
    model: Flux | None = None


def level_flux(
    meta: MetaData,
    irradiation: str,
    level: str,
    analyses: Sequence[Analysis],
    arithmetic: Arithmetic,
    monitor: Monitor | None = None,
    sample: str = "",
    frozen: Callable[[Analysis], Frozen | None] = nothing_frozen,
) -> LevelFlux:
    """J of each hole of a level that has monitors among `analyses`; holes without have a mean with `why`.

    A monitor is an analysis of a sample called `sample`, without one as the hole's record calls it (`monitor_name`), or one that the
    level's file lists. `monitor`: this age and its constants in place of those of the file. Raises DvcError where the level's file cannot
    be had.
    """
    positions = sorted(meta.positions(irradiation, level), key=lambda one: one.hole)
    by_hole: dict[int, list[Analysis]] = {one.hole: [] for one in positions}
    holes = {one.hole: one for one in positions}
    for analysis in analyses:
        position = meta.position(irradiation, level, analysis.position, analysis.identifier)
        if (
            (analysis.irradiation, analysis.level) == (irradiation, level)
            and position is not None
            and _is_monitor(analysis, position, sample)
        ):
            by_hole[position.hole].append(analysis)
    everything = [one for some in by_hole.values() for one in some]
    rows = reduce_analyses(everything, without_j(metadata_of(meta, arithmetic, frozen)), arithmetic)
    taken = iter(rows)
    return LevelFlux(
        tuple(
            _hole(holes[hole], [next(taken) for _ in some], arithmetic, monitor)
            for hole, some in by_hole.items()
        )
    )


def over_the_holder(flux: LevelFlux, holder: Sequence[Hole], options: FluxOptions) -> LevelFlux:
    """`flux` with J of every hole by a model over the means. Raises ValueError for a hole that the holder does not have."""
    x, y = _places(flux.holes, holder, options.model)
    means = np.array([one.mean.value for one in flux.holes])
    errors = np.array([one.mean_j_err for one in flux.holes])
    model = predict(x, y, means, errors, x, y, options)
    return LevelFlux(
        tuple(
            replace(one, j=float(j), j_error=float(error))
            for one, j, error in zip(flux.holes, model.j, model.error, strict=True)
        ),
        model,
    )


def without_j(meta: Meta) -> Meta:
    """What the metadata say, but for J: a monitor needs none, and an unfitted level has none."""

    def look(analysis: Analysis) -> Irradiated:
        found = meta(analysis)
        why = tuple(flag for flag in found.why if flag.code not in ("no_j", "j_of_other_constants"))
        return replace(found, j=STAND_IN, lambda_k=None, monitor_age_ma=None, why=why)

    return look


def _is_monitor(analysis: Analysis, position: Position, sample: str) -> bool:
    if any(one.uuid == analysis.uuid for one in position.analyses):
        return True
    name = sample or str(position.options.get("monitor_name") or "")
    return (
        bool(name) and analysis.analysis_type == "unknown" and analysis.sample.casefold() == name.casefold()
    )


def _hole(position: Position, rows: list[Row], arithmetic: Arithmetic, monitor: Monitor | None) -> HoleJ:
    if not rows:
        return HoleJ(position, (), nothing("no monitor of it is here"), math.nan)
    dose = _dose(position, arithmetic, monitor)
    if dose is None:
        why = "its record names no monitor age; add --monitor NAME"
        return HoleJ(position, (), nothing(why, len(rows)), math.nan)
    omitted = {one.uuid for one in position.analyses if one.is_omitted}
    monitors = tuple(_monitor(row, dose, row.analysis.uuid in omitted) for row in rows)
    counted = [one for one in monitors if one.counts]
    if not counted:
        return HoleJ(position, monitors, nothing("none of its monitors counts"), math.nan)
    j, error = (np.array([getattr(one, name) for one in counted]) for name in ("j", "error"))
    index = np.array([one.row.index for one in counted], np.intp)
    by_f = -j / counted[0].row.reduced.f[index]
    covariance = counted[0].row.reduced.covariance(index, "f") * np.outer(by_f, by_f)
    return HoleJ(
        position, monitors, weighted_mean(j, error), weighted_mean(j, error, covariance).error
    )  # fmt: skip


def _dose(position: Position, arithmetic: Arithmetic, monitor: Monitor | None) -> float | None:
    """exp(lambda tm) - 1"""
    if monitor is not None:
        return math.expm1(NAMED[monitor.constants].lambda_total.value * monitor.age_ma * MA)
    age = position.monitor_age_ma
    if age is None:
        return None
    lam = position.lambda_k or arithmetic.constants.lambda_total
    return math.expm1(lam.value * age * MA)


def _monitor(row: Row, dose: float, omitted: bool) -> MonitorJ:
    f, error = float(row.reduced.f[row.index]), float(row.reduced.f_error[row.index])
    flags = row.flags
    if row.good and not f > 0:
        flags += (Flag("no_argon", "it has no radiogenic argon", row.analysis.record_id, fatal=True),)
    j = dose / f if f > 0 else math.nan
    return MonitorJ(row, j, j * error / f if f > 0 else math.nan, omitted, flags)


def _places(holes: Sequence[HoleJ], holder: Sequence[Hole], model: FluxModel) -> tuple[Floats, Floats]:
    if not holder and model not in SPATIAL:
        number = np.array([float(one.position.hole) for one in holes])
        return number, np.zeros_like(number)
    known = {hole.name: hole for hole in holder}
    missing = [str(one.position.hole) for one in holes if str(one.position.hole) not in known]
    if missing:
        raise ValueError(f"the holder has no hole {', '.join(missing)}; it has {len(known)} holes")
    found = [known[str(one.position.hole)] for one in holes]
    return np.array([one.x for one in found]), np.array([one.y for one in found])
