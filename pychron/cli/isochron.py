"""`pychron isochron`: the line of each sample, its trapped argon and its age."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.engines import engine_options
from pychron.cli.exits import MEANING
from pychron.cli.group_ages import (
    age_cells,
    age_object,
    end_objects,
    objects_of_samples,
    row_object,
    sample_object,
)
from pychron.cli.output import as_json, console, say
from pychron.cli.reduction import arithmetic_options, repository_options, selection_options

if TYPE_CHECKING:
    from pychron.pipeline.ages.samples import Sample

EPILOG = f"""\b
Examples:
  pychron isochron --meta MetaData --repo Irradiation-NM-313
  pychron isochron --meta MetaData --repo DIR --identifier 66001 --normal --json
  pychron isochron --root ~/.pychron.crunch --engine dask --json

The line is York's (2004), with the correlation of the errors of each point. Inverse: 36Ar/40Ar against 39Ar/40Ar, whose
intercepts are trapped 36/40 and 39/40*; normal: 40Ar/36Ar against 39Ar/36Ar. Errors are one sigma, with what points share
counted once, and not multiplied by sqrt(MSWD); the second error of the age leaves out J.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@selection_options
@click.option("--normal", is_flag=True, help="The normal isochron in place of the inverse one.")
@arithmetic_options
@engine_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object a sample.")
@click.pass_context
def isochron(
    ctx: click.Context,
    normal: bool,
    json_: bool,
) -> None:
    """Compute the isochron of each sample."""
    objects, lost = objects_of_samples(partial(_object, normal=normal))
    if json_:
        as_json(objects)
    else:
        _table(objects)
    end_objects(ctx, objects, lost, quiet=json_)


def _object(sample: Sample, normal: bool) -> dict[str, Any]:
    from pychron.pipeline.ages.group_ages import isochron_age

    result = isochron_age(sample.rows, normal=normal)
    line = result.isochron
    numbers = {
        "trapped_4036": line.trapped,
        "trapped_4036_err": line.trapped_error,
        "F": line.f,
        "F_err": line.f_error,
        "slope": line.line.slope,
        "slope_err": line.line.slope_error,
        "intercept": line.line.intercept,
        "intercept_err": line.line.intercept_error,
    }
    return {
        **sample_object(sample),
        "kind": "normal" if normal else "inverse",
        **age_object(result.age),
        **{key: value if math.isfinite(value) else None for key, value in numbers.items()},
        "points": [row_object(row) for row in result.rows],
    }


def _table(objects: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("sample", "age Ma", "± 1σ", "without J", "n", "MSWD", "p", "trapped 40/36", "± 1σ"):
        table.add_column(name, justify="left" if name == "sample" else "right", no_wrap=True)
    for one in objects:
        trapped, error = one["trapped_4036"], one["trapped_4036_err"]
        table.add_row(
            " ".join(filter(None, (one["label"], one["sample"]))),
            *age_cells(one),
            "" if trapped is None else f"{trapped:.1f}",
            "" if error is None else f"{error:.1f}",
        )
    console().print(table)
    for one in objects:
        if one["why"]:
            say(f"{one['label']}: no isochron: {one['why']}", "yellow")
        elif one["trapped_4036"] is None:
            say(
                f"{one['label']}: the line meets the ordinate below zero: its trapped ratio is not known",
                "yellow",
            )
