"""`pychron flux`: J of each hole of an irradiation level from its monitors, and a model over the holder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import as_json, console, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    loaded_all,
    repository_options,
    workspace_of,
)

if TYPE_CHECKING:
    from pychron.dvc.metadata import Hole, MetaData
    from pychron.pipeline.ages.flux import HoleJ, LevelFlux, MonitorJ
    from pychron.reduction.constants import Monitor
    from pychron.reduction.flux import FluxOptions

MODELS = ("plane", "bowl", "weighted-mean", "nearest", "bracketing", "matching")
ERRORS = ("SEM", "MSEM", "SD", "MC")
EPILOG = f"""\b
Examples:
  pychron flux --meta MetaData --repo Irradiation-NM-313 --irradiation NM-313 --level B
  pychron flux --root ~/.pychron.crunch --irradiation NM-313 --level B --model plane --holder 12_hole
  pychron flux --meta MetaData --repo DIR --irradiation I --level L --monitor fc-renne-2011 --json

mean_j is the weighted mean of a hole's own monitors and mean_j_err its error times sqrt(MSWD) where the MSWD is
greater than one, as level files hold them; mean_j_err_shared counts what monitors share (blanks, IC factors,
productions) once. Nothing is written. The status is 1 where a monitor was left out for a fault.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@click.option("--irradiation", required=True, metavar="NAME", help="As NM-313.")
@click.option("--level", required=True, metavar="NAME", help="As B.")
@click.option("--monitor", metavar="NAME", help="Age and constants of this monitor, in place of the file's.")
@click.option(
    "--sample", metavar="NAME", default="", help="What monitors are called, where the file does not say."
)
@click.option("--model", type=click.Choice(MODELS), help="Predict J of every hole by this model.")
@click.option(
    "--holder", metavar="NAME|FILE", help="Where the holes lie: a holder of the metadata, or a file."
)
@click.option("--error", type=click.Choice(ERRORS), default="MSEM", show_default=True, help="Of the model.")
@click.option("--unweighted", is_flag=True, help="Each hole counts the same in the model.")
@click.option(
    "--neighbours", type=click.IntRange(1), default=3, show_default=True, help="For the model nearest."
)
@click.option(
    "--trials", type=click.IntRange(100), default=10_000, show_default=True, help="For the error MC."
)
@click.option("--seed", type=int, default=0, show_default=True, help="For the error MC.")
@arithmetic_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object a hole.")
@click.pass_context
def flux(
    ctx: click.Context,
    irradiation: str,
    level: str,
    monitor: str | None,
    sample: str,
    model: str | None,
    holder: str | None,
    error: str,
    unweighted: bool,
    neighbours: int,
    trials: int,
    seed: int,
    json_: bool,
) -> None:
    """Compute J of each hole of a level from the monitors in the repositories."""
    from pychron.dvc.errors import DvcError
    from pychron.pipeline.ages.flux import level_flux, over_the_holder
    from pychron.reduction.flux import FluxError, FluxModel, FluxOptions

    chosen = _monitor(monitor)
    workspace = workspace_of()
    assert workspace.meta is not None
    _known_level(workspace.meta, irradiation, level)
    options = None
    if model is not None:
        options = FluxOptions(
            FluxModel(model.replace("-", " ")), FluxError(error), not unweighted, neighbours, trials, seed
        )
    holes = holes_of(workspace.meta, holder, options)
    analyses = [one.analysis for one in loaded_all(workspace)]
    try:
        found = level_flux(
            workspace.meta, irradiation, level, analyses,
            arithmetic_of(), chosen, sample, workspace.frozen,
        )  # fmt: skip
        if options is not None:
            found = over_the_holder(found, holes, options)
    except (DvcError, ValueError) as problem:
        raise Refused(str(problem)) from None
    if json_:
        as_json([as_object(hole) for hole in found.holes])
    else:
        _table(found, irradiation, level)
    faulty = [one for hole in found.holes for one in hole.monitors if not one.omitted and not one.counts]
    nothing = not any(hole.mean.n for hole in found.holes) or (found.model is not None and found.model.why)
    if faulty or nothing:
        ctx.exit(REFUSED)


def _monitor(name: str | None) -> Monitor | None:
    from pychron.config.problems import nearest
    from pychron.reduction.constants import MONITORS

    if name is None:
        return None
    if name not in MONITORS:
        raise Refused(f"there is no monitor {name}{nearest(name, MONITORS)}; known: {', '.join(MONITORS)}")
    return MONITORS[name]


def _known_level(meta: MetaData, irradiation: str, level: str) -> None:
    from pychron.config.problems import nearest

    levels = meta.levels(irradiation)
    if level not in levels:
        have = f"it has {', '.join(levels)}" if levels else f"the metadata hold no irradiation {irradiation}"
        raise Refused(f"{irradiation} has no level {level}{nearest(level, levels)}; {have}")


def holes_of(meta: MetaData, name: str | None, options: FluxOptions | None) -> tuple[Hole, ...]:
    """The holes of a holder by name or file. Raises Refused, also where a model needs one and none is named."""
    from pychron.dvc.errors import DvcError
    from pychron.dvc.metadata import read_holder
    from pychron.pipeline.ages.flux import SPATIAL

    if name is None:
        if options is not None and options.model in SPATIAL:
            raise Refused(
                f"the model {options.model.value} needs to know where the holes lie; add --holder NAME or FILE"
            )
        return ()
    try:
        path = Path(name)
        return read_holder(path.read_bytes(), name) if path.is_file() else meta.holder(name)
    except (DvcError, OSError) as problem:
        raise Refused(str(problem)) from None


def as_object(hole: HoleJ) -> dict[str, Any]:
    """For JSON."""
    mean = hole.mean
    return {
        "identifier": hole.position.identifier,
        "position": hole.position.hole,
        "n": mean.n if not mean.why else 0,
        "mean_j": _number(mean.value),
        "mean_j_err": _number(hole.mean_j_err),
        "mean_j_mswd": _number(mean.mswd),
        "mean_j_err_shared": _number(hole.shared_error),
        "j": _number(hole.j),
        "j_err": _number(hole.j_error),
        "why": mean.why,
        "monitors": [
            {
                "record_id": one.row.analysis.record_id,
                "uuid": one.row.analysis.uuid,
                "j": _number(one.j),
                "j_err": _number(one.error),
                "counts": one.counts,
                "why_not": _why_not(one),
            }
            for one in hole.monitors
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _why_not(one: MonitorJ) -> str:
    if one.omitted:
        return "the level's file leaves it out"
    return "; ".join(flag.text for flag in one.flags if flag.fatal)


def _table(found: LevelFlux, irradiation: str, level: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    modelled = found.model is not None
    columns = ["hole", "identifier", "n", "mean J", "± 1σ", "%", "MSWD"]
    columns += ["by model", "± 1σ", "off %"] if modelled else []
    for name in columns:
        table.add_column(name, justify="left" if name == "identifier" else "right", no_wrap=True)
    for hole in found.holes:
        mean, error = hole.mean.value, hole.mean_j_err
        cells = [
            str(hole.position.hole), hole.position.identifier, str(hole.mean.n) if not hole.mean.why else "",
            _figure(mean, "9.4e"), _figure(error, ".1e"), _figure(100 * error / mean, ".3f"),
            _figure(hole.mean.mswd, ".2f"),
        ]  # fmt: skip
        if modelled:
            off = 100 * (mean / hole.j - 1)
            cells += [_figure(hole.j, "9.4e"), _figure(hole.j_error, ".1e"), _figure(off, "+.3f")]
        table.add_row(*cells)
    console().print(table)
    for hole in found.holes:
        for one in hole.monitors:
            if not one.counts:
                style = "dim" if one.omitted else "red"
                say(f"{one.row.analysis.record_id} is left out: {_why_not(one)}", style)
    count = sum(one.counts for hole in found.holes for one in hole.monitors)
    say(f"{irradiation} {level}: {count} monitors in {sum(hole.mean.n > 0 for hole in found.holes)} holes")
    if found.model is not None:
        fit = (
            found.model.why
            or f"MSWD of the monitors about the model {_figure(found.model.mswd, '.2f') or '-'}"
        )
        say(fit, "red" if found.model.why else "")


def _figure(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else ""
