"""`pychron plateau`: plateau, weighted mean and integrated age of each sample."""

from __future__ import annotations

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
  pychron plateau --meta MetaData --repo Irradiation-NM-313
  pychron plateau --meta MetaData --repo DIR --identifier 66001 --rule mahon
  pychron plateau --meta MetaData --repo DIR --identifier 66001-02 --steps C-H --json
  pychron plateau --root ~/.pychron.crunch --engine dask --json

A plateau is the longest run of at least three contiguous steps of one aliquot that agree and hold at least half of
its 39Ar. Steps agree where each pair overlaps at two sigma (fleck), or where their MSWD is likely (mahon). Errors are
one sigma; the second leaves out J, which moves all steps together.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@selection_options
@click.option("--rule", type=click.Choice(("fleck", "mahon")), default="fleck", show_default=True)
@click.option("--steps", metavar="A-B", help="First and last step of the plateau, chosen by you.")
@arithmetic_options
@engine_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object a sample.")
@click.pass_context
def plateau(
    ctx: click.Context,
    rule: str,
    steps: str | None,
    json_: bool,
) -> None:
    """Compute plateau, weighted mean and integrated age of each sample."""
    if steps is not None and _letters(steps) is None:
        raise click.UsageError("--steps is written A-F: the letters of the first and the last step")
    objects, lost = objects_of_samples(partial(_object, rule=rule, steps=steps))
    if json_:
        as_json(objects)
    else:
        _table(objects)
    end_objects(ctx, objects, lost, quiet=json_)


def _letters(steps: str) -> tuple[int, int] | None:
    from pychron.dvc.layout import step_number

    first, dash, last = steps.partition("-")
    low, high = step_number(first), step_number(last if dash else first)
    return None if low is None or high is None or low > high else (low, high)


def _object(sample: Sample, rule: str, steps: str | None) -> dict[str, Any]:
    from pychron.pipeline.ages.group_ages import integrated_age, plateau_age, weighted_age
    from pychron.reduction.plateau import PlateauRule

    found: dict[str, Any] = sample_object(sample)
    found["mean"] = age_object(weighted_age(sample.rows))
    found["integrated"] = age_object(integrated_age(sample.rows))
    if not sample.is_stepped:
        found["plateau"] = {**age_object(None), "why": "it was not heated in steps"}
        return found
    fixed = None if steps is None else _rows(sample, steps)
    result = plateau_age(sample.rows, PlateauRule(rule), fixed)
    found["plateau"] = {
        **age_object(result.age),
        "rule": rule,
        "gas_pct": 100 * result.plateau.gas if result.rows else None,
        "steps": [row_object(row) for row in result.rows],
    }
    return found


def _rows(sample: Sample, steps: str) -> tuple[int, int]:
    """From letters to the places of the good rows; a range without any row is one that no row has."""
    letters = _letters(steps)
    assert letters is not None
    inside = [
        place
        for place, row in enumerate(sample.good)
        if letters[0] <= (row.analysis.increment or 0) <= letters[1]
    ]
    return (inside[0], inside[-1]) if inside else (len(sample.rows), len(sample.rows))


def _table(objects: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("sample", "kind", "age Ma", "± 1σ", "without J", "n", "MSWD", "p", ""):
        table.add_column(
            name, justify="left" if name in ("sample", "kind", "") else "right", no_wrap=name != ""
        )
    for one in objects:
        label = " ".join(filter(None, (one["label"], one["sample"])))
        for kind in (
            ("plateau", "mean", "integrated") if one["aliquot"] is not None else ("mean", "integrated")
        ):
            age = one[kind]
            names = [step["step"] for step in age.get("steps", ())]
            note = f"{names[0]}-{names[-1]}, {age['gas_pct']:.0f} % of the 39Ar" if names else ""
            table.add_row(label, kind, *age_cells(age), Text("" if age["why"] else note))
            label = ""
    console().print(table)
    for one in objects:
        for kind in ("plateau", "mean", "integrated"):
            if one[kind]["why"] and (kind != "plateau" or one["aliquot"] is not None):
                say(f"{one['label']}: no {kind} age: {one[kind]['why']}", "yellow")
