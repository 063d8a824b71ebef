"""`pychron table`: the analytical table of samples, their ages, and how they were made."""

from __future__ import annotations

from pathlib import Path

import click

from pychron.cli.exits import MEANING, Refused
from pychron.cli.group_ages import end
from pychron.cli.output import as_json, say
from pychron.cli.reduction import (
    arithmetic_of,
    arithmetic_options,
    reduce_selected,
    repository_options,
    selected,
    selection_options,
    workspace_of,
)

EPILOG = f"""\b
Examples:
  pychron table --meta MetaData --repo DIR --out ages.xlsx
  pychron table --meta MetaData --repo DIR --identifier 66001 --out ages.csv

Three sheets: each analysis, the ages of each sample, and constants, monitors, irradiations, production ratios, code and
commits. As CSV they are three files. Analyses that are left out stay in the table with the reason.

{MEANING}"""


@click.command(epilog=EPILOG)
@repository_options
@selection_options
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=".xlsx or .csv",
)
@arithmetic_options
@click.option("--json", "json_", is_flag=True, help="Print a list of the files written.")
@click.pass_context
def table(
    ctx: click.Context,
    out: Path,
    json_: bool,
) -> None:
    """Write the analytical table of each sample."""
    from pychron.pipeline.ages.samples import samples_of
    from pychron.pipeline.tables.columns import COLUMNS, SUMMARY, lines, summary
    from pychron.pipeline.tables.metadata import METADATA, metadata
    from pychron.pipeline.tables.writing import UnknownTable, write_tables

    arithmetic = arithmetic_of()
    workspace = workspace_of()
    loaded = selected(workspace)
    samples = samples_of(reduce_selected(workspace, loaded, arithmetic))
    trees = [repository.tree for repository in workspace.repositories]
    trees += [workspace.meta.tree] if workspace.meta is not None else []
    sheets = {
        "Analyses": (COLUMNS, [line for sample in samples for line in lines(sample)]),
        "Ages": (SUMMARY, summary(samples)),
        "Metadata": (METADATA, metadata(samples, arithmetic, [(tree.name, tree.revision) for tree in trees])),
    }
    try:
        files = write_tables(sheets, out)
    except UnknownTable as problem:
        raise Refused(str(problem)) from None
    except OSError as problem:
        raise Refused(f"{out} cannot be written: {problem.strerror or problem}") from None
    if json_:
        as_json([str(path) for path in files])
    else:
        for path in files:
            say(str(path))
    end(ctx, samples, quiet=json_)
