"""`pychron export`: results as files for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import progress, say
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
  pychron export isoplotr --root ~/.pychron.crunch --identifier 27257 --out isoplotr
  pychron export isoplotr --meta MetaData --repo NM-313 --format 3 --out DIR

\b
In R:
  d <- IsoplotR::read.data("27257.csv", method="Ar-Ar", format=2)
  IsoplotR::isochron(d)

IsoplotR has a decay constant and an atmospheric 40Ar/36Ar of its own: set them (settings("lambda","K40",...),
settings("iratio","Ar40Ar36",...)) to those that your J was made with, or its ages differ from those here.

{MEANING}"""


@click.group()
def export() -> None:
    """Write results as files for other programs."""


@export.command(epilog=EPILOG)
@repository_options
@selection_options
@arithmetic_options
@click.option("--format", "form", type=click.IntRange(1, 3), default=2, show_default=True, help="1: 39/36 and 40/36; 2: 39/40 and 36/40, with their correlation; 3: 39/40, 36/40 and 39/36.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", default=Path(), help="Where the files go; by itself here.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Write over files of an earlier export.")
@click.pass_context
def isoplotr(
    ctx: click.Context,
    form: int,
    out: Path,
    overwrite: bool,
) -> None:
    """Write the ratios of each sample as a CSV file that IsoplotR reads.

    One file for each identifier, or each aliquot that was heated in steps. The rows are named here, in their order: the file
    has no place for names.
    """
    from pychron.pipeline.ages.samples import samples_of
    from pychron.pipeline.isoplotr import export as exported
    from pychron.pipeline.nodes.drawings import file_name

    arithmetic = arithmetic_of()
    workspace = workspace_of()
    samples = samples_of(reduce_selected(workspace, selected(workspace), arithmetic))
    with progress(len(samples), "exporting") as advance:
        found = []
        for sample in samples:
            found.append(exported(sample, form))
            advance()
    paths = [out / f"{file_name(one.label)}.csv" for one in found]
    taken = [path for path, one in zip(paths, found, strict=True) if one.text and path.exists()]
    if taken and not overwrite:
        raise Refused(f"{taken[0]} is there already; nothing was written. Add --overwrite, or another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, one in zip(paths, found, strict=True):
            if one.text:
                path.write_text(one.text, "utf-8")
                say(f"{path}: {', '.join(one.written)}; lambda {one.lambda_k:.6g}/a")
            else:
                say(f"{one.label}: not written: {one.why}", "red")
            for record_id, why in one.left_out:
                say(f"  {record_id} is left out: {why}", "red")
    except OSError as failed:
        raise Refused(f"{failed.filename or out} cannot be written: {failed.strerror}") from None
    if not found:
        say("no analysis of this type is here")
    if not found or any(one.why or one.left_out for one in found):
        ctx.exit(REFUSED)
