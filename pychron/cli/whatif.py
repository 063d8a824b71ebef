"""`pychron whatif`: which ages other constants would move, and by how much. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pychron.cli.exits import MEANING
from pychron.cli.output import as_json, console, say
from pychron.cli.reduction import (
    arithmetic,
    reduce_selected,
    repository_options,
    selected,
    workspace_of,
)

if TYPE_CHECKING:
    from pychron.pipeline.events import AnalysisReduced

LEAST = 1e-9
"""Relative: below it an age has not moved."""
EPILOG = f"""\b
Examples:
  pychron whatif --constants renne-2011 --meta MetaData --repo Irradiation-NM-313
  pychron whatif --constants min-2000 --root ~/.pychron.crunch --json
  pychron whatif --from-end --root ~/.pychron.crunch

A J that was made with other constants is converted for the comparison: monitor age and decay constant together.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@click.option("--constants", metavar="NAME", default="", help="The set of constants to try, as renne-2011.")
@click.option("--from-end", is_flag=True, help="Count decay from the end of each segment.")
@click.option(
    "--identifier", "identifiers", multiple=True, metavar="ID", help="Only this one. May be repeated."
)
@click.option("--json", "json_", is_flag=True, help="Print a list of one object an analysis.")
def whatif(
    constants: str,
    from_end: bool,
    identifiers: tuple[str, ...],
    json_: bool,
) -> None:
    """Say which ages would move, and by how much, with other constants or another count of decay."""
    from pychron.pipeline.ages.results import results

    if not constants and not from_end:
        raise click.UsageError("say what to try: --constants NAME, or --from-end")
    as_is, other = arithmetic("", False, False), arithmetic(constants, True, from_end)
    workspace = workspace_of()
    loaded = selected(workspace, (identifiers, ("unknown",)))
    one, two = (results(loaded, reduce_selected(workspace, loaded, how), how) for how in (as_is, other))
    moved = [_moved(a, b) for a, b in zip(one, two, strict=True)]
    if json_:
        as_json(moved)
    else:
        _table(moved, other.name)


def _moved(one: AnalysisReduced, two: AnalysisReduced) -> dict[str, Any]:
    delta = None
    if one.age_ma is not None and two.age_ma is not None:
        delta = two.age_ma - one.age_ma
    return {
        "record_id": one.record_id,
        "uuid": one.uuid,
        "age_ma": one.age_ma,
        "age_err": one.age_err,
        "other_age_ma": two.age_ma,
        "other_age_err": two.age_err,
        "delta_ma": delta,
        "delta_pct": 100 * delta / one.age_ma if delta is not None and one.age_ma else None,
        "delta_sigma": delta / one.age_err if delta is not None and one.age_err else None,
        "moves": delta is not None and one.age_ma is not None and abs(delta) > LEAST * abs(one.age_ma),
        "why_not": [flag.text for flag in two.flags if flag.fatal],
    }


def _table(moved: list[dict[str, Any]], name: str) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("record", "age Ma", "± 1σ", "would be", "± 1σ", "moves by", "%", "σ"):
        table.add_column(column, justify="left" if column == "record" else "right")
    for one in moved:
        if one["delta_ma"] is None:
            table.add_row(one["record_id"], Text("; ".join(one["why_not"]) or "no age", style="red"))
            continue
        table.add_row(
            one["record_id"],
            f"{one['age_ma']:.4f}",
            f"{one['age_err']:.4f}",
            f"{one['other_age_ma']:.4f}",
            f"{one['other_age_err']:.4f}",
            _change(one["delta_ma"]),
            _change(one["delta_pct"]),
            f"{one['delta_sigma']:+.2f}" if one["delta_sigma"] is not None else "",
        )
    console().print(table)
    count = sum(one["moves"] for one in moved)
    say(f"{count} of {len(moved)} ages move with {name}")


def _change(value: float) -> str:
    return f"{value:+.4f}" if abs(value) >= 1e-3 else f"{value:+.1e}"
