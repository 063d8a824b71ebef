"""J of each hole of a level from its monitors, and by a model over the holder."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from pychron.config.problems import nearest
from pychron.dvc.errors import DvcError
from pychron.dvc.metadata import Hole
from pychron.pipeline.ages.flux import SPATIAL, HoleJ, LevelFlux, level_flux, over_the_holder
from pychron.pipeline.nodes.drawings import save_figure
from pychron.pipeline.nodes.exports import write
from pychron.pipeline.running.state import Doing, FittedHole, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.constants import MONITORS, NAMED, Monitor
from pychron.reduction.flux import FluxModel, FluxOptions

MODELS = {
    "plane": FluxModel.PLANE,
    "bowl": FluxModel.BOWL,
    "weighted_mean": FluxModel.WEIGHTED_MEAN,
    "nearest_neighbors": FluxModel.NEAREST,
    "bracketing": FluxModel.BRACKETING,
    "matching": FluxModel.MATCHING,
}
"""As templates write them."""


def check_flux(spec: NodeSpec) -> Iterator[str]:
    """The monitor is known, and a model over the holder has a holder."""
    try:
        monitor_of(spec)
    except NodeFailed as problem:
        yield problem.text
    kind = str(spec.options["model_kind"])
    if MODELS[kind] in SPATIAL and not spec.options["holder"]:
        yield f"the model {kind} needs to know where the holes lie; write holder: NAME"


def monitor_of(spec: NodeSpec) -> Monitor | None:
    """The monitor that the node names; None: as the level's file says. Raises NodeFailed."""
    name, age = str(spec.options["monitor"]), float(spec.options["monitor_age"])  # type: ignore[arg-type]
    if name:
        if name not in MONITORS:
            raise NodeFailed(
                f"there is no monitor {name}{nearest(name, MONITORS)}; known: {', '.join(MONITORS)}"
            )
        return MONITORS[name]
    if not age:
        return None
    found = [one for one in MONITORS.values() if math.isclose(one.age_ma, age, rel_tol=1e-9)]
    if not found:
        ages = ", ".join(f"{one.age_ma:g} ({one.name})" for one in MONITORS.values())
        raise NodeFailed(
            f"no monitor of {age:g} Ma is known, and an age without its constants makes no J; known: {ages}"
        )
    return found[0]


def compute(state: State, spec: NodeSpec) -> tuple[LevelFlux, tuple[Hole, ...], FluxOptions]:
    """The flux of the level by the node's model, with the holder. Raises NodeFailed."""
    if state.level is None or state.workspace.meta is None:
        raise NodeFailed("no level was named; write FindFluxMonitorsNode before it")
    meta, (irradiation, level) = state.workspace.meta, state.level
    options = FluxOptions(MODELS[str(spec.options["model_kind"])])
    analyses = [state.now(one.analysis.uuid) for one in state.everything()]
    try:
        found = level_flux(
            meta,
            irradiation,
            level,
            analyses,
            state.arithmetic,
            monitor_of(spec),
            frozen=state.workspace.frozen,
        )
        holder = meta.holder(str(spec.options["holder"])) if spec.options["holder"] else ()
        return over_the_holder(found, holder, options), holder, options
    except (DvcError, ValueError) as problem:
        raise NodeFailed(str(problem)) from None


def fit_flux(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Means of the holes, and J of every hole."""
    found, _, _ = compute(state, spec)
    kind, monitor = str(spec.options["model_kind"]), monitor_of(spec)
    state.model_kind = kind
    state.holes = tuple(_fitted(state, one, monitor) for one in found.holes)
    faults = [
        f"{one.row.analysis.record_id}: {'; '.join(flag.text for flag in one.flags if flag.fatal)}"
        for hole in found.holes
        for one in hole.monitors
        if not one.omitted and not one.counts
    ]
    if found.model is not None and found.model.why:
        faults.append(f"no J by the model {kind}: {found.model.why}")
    return Outcome(_words(found), faults=tuple(faults))


def _words(found: LevelFlux) -> str:
    means = [one for one in found.holes if not one.mean.why]
    predicted = [one for one in found.holes if math.isfinite(one.j)]
    return f"mean J of {len(means)} holes, J of {len(predicted)} of {len(found.holes)} holes"


def _fitted(state: State, one: HoleJ, monitor: Monitor | None) -> FittedHole:
    lam = one.position.lambda_k or state.arithmetic.constants.lambda_total
    age = one.position.monitor_age_ma
    if monitor is not None:
        lam, age = NAMED[monitor.constants].lambda_total, monitor.age_ma
    mean = None
    if not one.mean.why:
        mswd = float(one.mean.mswd)
        mean = (float(one.mean.value), float(one.mean_j_err), mswd if math.isfinite(mswd) else None)
    predicted = (
        (float(one.j), float(one.j_error)) if math.isfinite(one.j) and math.isfinite(one.j_error) else None
    )
    return FittedHole(
        one.position.hole,
        mean,
        predicted,
        (lam.value, lam.error),
        age,
        tuple(
            (m.row.analysis.uuid, m.row.analysis.record_id, not m.counts) for m in one.monitors
        ),
    )  # fmt: skip


def export(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """J of the holes as CSV."""
    if not state.holes:
        raise NodeFailed("no flux was fitted; write FitFluxNode before it")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("hole", "n", "mean_j", "mean_j_err", "mean_j_mswd", "j", "j_err", "lambda_k", "monitor_age_ma")
    )
    for one in state.holes:
        n = sum(not omitted for _, _, omitted in one.monitors)
        mean, predicted = one.mean or (None, None, None), one.predicted or (None, None)
        writer.writerow((one.hole, n, *mean, *predicted, one.lambda_k[0], one.monitor_age_ma))
    name = f"{spec.options['file']}.csv"
    write(state, doing, name, out.getvalue().encode())
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {name}: {len(state.holes)} holes")


def check_map(spec: NodeSpec) -> Iterator[str]:
    """A map needs to know where the holes lie, whatever the model."""
    if not spec.options["holder"]:
        yield "holder is empty; write the name of an irradiation holder of the metadata"
    yield from (problem for problem in check_flux(spec) if "write holder" not in problem)


def draw_map(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """J over the holder, each monitor with its distance from the model."""
    from pychron.pipeline.figures.flux_map import FluxMapOptions, flux_map

    found, holder, options = compute(state, spec)
    assert state.level is not None
    title = str(spec.options["title"]) or f"{state.level[0]} {state.level[1]}"
    figure = flux_map(found, holder, FluxMapOptions(title, options, state.arithmetic.name))
    names = save_figure(
        state, spec, doing, figure, str(spec.options["file"]) or f"flux-{'-'.join(state.level)}"
    )
    return Outcome(f"{'would write' if doing.dry else 'wrote'} {', '.join(names)}")
