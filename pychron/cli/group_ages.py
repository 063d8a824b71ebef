"""What the commands over samples have in common: reading, JSON, cells, and how they end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.engines import engine_of
from pychron.cli.exits import REFUSED
from pychron.cli.output import progress, remark, say
from pychron.cli.reduction import arithmetic_of, places_of, reduce_selected, selected, workspace_of

if TYPE_CHECKING:
    from pychron.pipeline.ages.group_ages import GroupAge
    from pychron.pipeline.ages.samples import Sample
    from pychron.pipeline.batch import Row


def ages_of_samples() -> list[Sample]:
    """What the running command names: read, reduced, put together. Raises Refused."""
    from pychron.pipeline.ages.samples import samples_of

    workspace = workspace_of()
    return samples_of(reduce_selected(workspace, selected(workspace), arithmetic_of()))


def objects_of_samples(make: Callable[[Sample], dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """`make` of each sample that the running command names, here or by its engine; and what the engine lost. Raises Refused."""
    with engine_of() as engine:
        if engine is None:
            return [make(sample) for sample in ages_of_samples()], []
        from pychron.pipeline.running.group_chunks import all_samples, cut_groups

        meta, _ = places_of()
        pieces = cut_groups(selected(workspace_of()), meta, arithmetic_of())
        with progress(sum(len(piece.labels) for piece in pieces), "samples") as advance:
            return all_samples(engine, make, pieces, advance)


def sample_object(sample: Sample) -> dict[str, Any]:
    """Who it is, and which analyses are left out of its ages."""
    return {
        "label": sample.label,
        "identifier": sample.identifier,
        "aliquot": sample.aliquot,
        "sample": sample.name,
        "left_out": [
            {
                **row_object(row),
                "why": [flag.text for flag in row.flags if flag.fatal],
                "codes": [flag.code for flag in row.flags if flag.fatal],
            }
            for row in sample.rows
            if not row.good
        ],
    }


def row_object(row: Row) -> dict[str, Any]:
    """One analysis of a sample."""
    from pychron.dvc.layout import step_letters

    increment = row.analysis.increment
    return {
        "record_id": row.analysis.record_id,
        "uuid": row.analysis.uuid,
        "step": "" if increment is None else step_letters(increment),
    }


def age_object(age: GroupAge | None) -> dict[str, Any]:
    """An age for JSON; null where there is none."""

    def number(name: str) -> float | None:
        value = math.nan if age is None else float(getattr(age, name))
        return value if math.isfinite(value) else None

    return {
        "age_ma": number("age_ma"),
        "age_err": number("error"),
        "age_err_wo_j": number("error_wo_j"),
        "n": 0 if age is None else age.n,
        "mswd": number("mswd"),
        "probability": number("probability"),
        "why": "" if age is None else age.why,
    }


def age_cells(age: dict[str, Any]) -> list[str]:
    """age, both errors, n, MSWD, p."""
    forms = {
        "age_ma": ".4f",
        "age_err": ".4f",
        "age_err_wo_j": ".4f",
        "n": "d",
        "mswd": ".2f",
        "probability": ".3f",
    }
    return ["" if age[key] is None else format(age[key], form) for key, form in forms.items()]


def end_objects(
    ctx: click.Context, objects: Sequence[dict[str, Any]], lost: Sequence[str], *, quiet: bool
) -> None:
    """As `end`, of what was said of the samples; what was lost is always told."""
    left_out = [one for sample in objects for one in sample["left_out"]]
    for one in left_out if not quiet else ():
        say(f"{one['record_id']} is left out: {'; '.join(one['why'])}", "red")
    for text in lost:
        remark(text)
    if not objects and not lost:
        remark("no analysis of this type is here")
    if lost or not objects or any(code != "tag" for one in left_out for code in one["codes"]):
        ctx.exit(REFUSED)


def end(ctx: click.Context, samples: list[Sample], *, quiet: bool) -> None:
    """Say which analyses were left out and why; status 1 where one was for a fault, or where there is nothing."""
    faulty = False
    for sample in samples:
        for row in sample.rows:
            fatal = [flag for flag in row.flags if flag.fatal]
            faulty = faulty or any(flag.code != "tag" for flag in fatal)
            if fatal and not quiet:
                say(f"{row.analysis.record_id} is left out: {'; '.join(flag.text for flag in fatal)}", "red")
    if not samples:
        remark("no analysis of this type is here")
    if faulty or not samples:
        ctx.exit(REFUSED)
