"""J along the axis of the reactor: the monitors of every level of an irradiation, by the level's height."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from pychron.dvc.errors import DvcError
from pychron.pipeline.ages.flux import level_flux
from pychron.pipeline.nodes.drawings import save_figure
from pychron.pipeline.nodes.exports import write
from pychron.pipeline.nodes.flux import monitor_of
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.template import NodeSpec


def check_irradiation(spec: NodeSpec) -> Iterator[str]:
    """The irradiation must be said, and the monitor be known."""
    if not spec.options["irradiation"]:
        yield f"irradiation is empty; write it into the template, or add --set {spec.klass}.irradiation=NAME"
    try:
        monitor_of(spec)
    except NodeFailed as problem:
        yield problem.text


def vertical_flux(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Mean J of each hole with monitors against its level's height, as a figure and CSV; levels without a height are told."""
    from pychron.pipeline.figures.scatter import Point, ScatterOptions, scatter

    meta, irradiation = state.workspace.meta, str(spec.options["irradiation"])
    if meta is None:
        raise NodeFailed("no metadata repository is named")
    wanted = {str(word) for word in spec.options["levels"]}  # type: ignore[union-attr]
    levels = [one for one in meta.levels(irradiation) if not wanted or one in wanted]
    if not levels:
        known = ", ".join(meta.levels(irradiation))
        raise NodeFailed(f"{irradiation} has no such level" + (f"; it has {known}" if known else ""))
    analyses = [one.analysis for one in state.everything()]
    groups, faults = [], []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("level", "z_mm", "hole", "n", "mean_j", "mean_j_err", "mean_j_mswd"))
    for level in levels:
        try:
            height = meta.height(irradiation, level)
            found = level_flux(
                meta, irradiation, level, analyses, state.arithmetic, monitor_of(spec), frozen=state.workspace.frozen
            )  # fmt: skip
        except DvcError as problem:
            faults.append(f"{level}: {problem}")
            continue
        holes = [one for one in found.holes if not one.mean.why]
        for one in holes:
            mswd = float(one.mean.mswd) if math.isfinite(one.mean.mswd) else ""
            where = "" if height is None else height
            writer.writerow((level, where, one.position.hole, one.mean.n, one.mean_j, one.mean_j_err, mswd))
        if height is None:
            faults.append(f"{level}: its file has no z, it is not in the figure")
        elif holes:
            groups.append((level, [Point(one.mean_j, height, one.mean_j_err) for one in holes]))
    if not groups:
        raise NodeFailed("; ".join(faults) or f"no analysis here is a monitor of {irradiation}")
    base = str(spec.options["file"]) or f"vertical-flux-{irradiation}"
    title = str(spec.options["title"]) or irradiation
    names = save_figure(
        state, spec, doing, scatter(groups, ScatterOptions(title, "J", "Height z (mm)")), base
    )
    write(state, doing, f"{base}.csv", out.getvalue().encode())
    names.append(f"{base}.csv")
    verb = "would write" if doing.dry else "wrote"
    return Outcome(f"{verb} {', '.join(names)}: {len(groups)} levels", faults=tuple(faults))
