"""`pychron age`: stored signals to ages, each with its error and its flags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from pychron.cli.engines import engine_of, engine_options
from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import as_json, console, progress, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    chosen,
    places_of,
    reduce_selected,
    repository_options,
    selected,
    selection_of,
    selection_options,
    workspace_of,
)

if TYPE_CHECKING:
    from pychron.pipeline.ages.conversion import Arithmetic
    from pychron.pipeline.events import AnalysisReduced
    from pychron.pipeline.running.chunks import Engine
    from pychron.pipeline.running.workspace import Workspace

EPILOG = f"""\b
Examples:
  pychron age --meta MetaData --repo Irradiation-NM-313
  pychron age --meta MetaData --repo Irradiation-NM-313@v1 --identifier 27257
  pychron age --root ~/.pychron.crunch --json
  pychron age --meta MetaData --repo DIR --constants renne-2011 --convert
  pychron age --root ~/.pychron.crunch --engine dask --scheduler tcp://cluster:8786 --json

Errors are one sigma. An analysis that has no age is listed with the reason, and the exit status is 1; the others
have theirs all the same.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@selection_options
@arithmetic_options
@engine_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object an analysis.")
@click.pass_context
def age(
    ctx: click.Context,
    json_: bool,
) -> None:
    """Compute the age of each analysis from its stored intercepts, baselines, blanks and IC factors."""
    from pychron.pipeline.ages.kept_results import kept_results
    from pychron.pipeline.ages.results import as_object

    arithmetic = arithmetic_of()
    with engine_of() as engine:
        if engine is not None:
            found = _by_engine(engine, arithmetic)
        else:
            workspace = workspace_of()
            asked = json.dumps(selection_of())
            found = kept_results(workspace, arithmetic, asked, lambda: _here(workspace, arithmetic))
    if json_:
        as_json([as_object(result) for result in found])
    else:
        _table(found)
    without = [result for result in found if any(flag.fatal for flag in result.flags)]
    if without or not found:
        ctx.exit(REFUSED)


def _here(workspace: Workspace, arithmetic: Arithmetic) -> list[AnalysisReduced]:
    from pychron.pipeline.ages.results import results

    loaded = selected(workspace)
    return results(loaded, reduce_selected(workspace, loaded, arithmetic), arithmetic)


def _by_engine(engine: Engine, arithmetic: Arithmetic) -> list[AnalysisReduced]:
    """What was lost is always shown, whatever was asked for: nobody knows what it was."""
    from pychron.dvc.errors import DvcError
    from pychron.dvc.metadata import open_metadata
    from pychron.pipeline.running.chunks import all_ages, cut, is_lost

    meta, repos = places_of()
    try:
        open_metadata(meta)
        pieces = cut(repos, meta, arithmetic)
    except DvcError as problem:
        raise Refused(str(problem)) from None
    with progress(sum(len(piece.identities) for piece in pieces), "reducing") as advance:
        found = all_ages(engine, pieces, advance)
    lost = [one for one in found if is_lost(one)]
    return chosen([one for one in found if not is_lost(one)], *selection_of(), lambda one: one) + lost


def _table(found: list[AnalysisReduced]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not found:
        say("no analysis of this type is here")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("record", "age Ma", "± 1σ", "without J", "40Ar* %", "K/Ca", "F", "± 1σ", "flags"):
        table.add_column(
            name, justify="left" if name in ("record", "flags") else "right", no_wrap=name != "flags"
        )
    for r in found:
        fatal = any(flag.fatal for flag in r.flags)
        table.add_row(
            Text(r.record_id, style="red" if fatal else ""),
            _figure(r.age_ma, 4),
            _figure(r.age_err, 4),
            _figure(r.age_err_wo_j, 4),
            _figure(r.yield_pct, 2),
            _figure(r.kca, 3),
            _figure(r.f, 4),
            _figure(r.f_err, 4),
            Text(" ".join(flag.code for flag in r.flags), style="red" if fatal else "yellow"),
        )
    console().print(table)
    for r in found:
        for flag in r.flags:
            say(
                f"{r.record_id}: {'no age: ' if flag.fatal else ''}{flag.text}",
                "red" if flag.fatal else "yellow",
            )
    without = sum(any(flag.fatal for flag in r.flags) for r in found)
    say(f"{len(found)} analyses, {len(found) - without} with an age, constants: {found[0].constants}")


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
