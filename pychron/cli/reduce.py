"""`pychron reduce`: make stored numbers again from the readings."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pychron.cli.engines import engine_of, engine_options
from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import as_json, complain, progress, say

if TYPE_CHECKING:
    from pychron.dvc.repository import Repository
    from pychron.pipeline.fitting.refits import Fault, Refit

EPILOG = f"""\b
Examples:
  pychron reduce fits --repo data/.dvc/repositories/NM-313
  pychron reduce fits --repo NM-313.git@main --identifier 27252
  pychron reduce fits --repo DIR --json > fits.json

{MEANING}"""

SHOWN = 40
"""Differences that the terminal gets; --json has all."""


@click.group()
def reduce() -> None:
    """Make stored numbers again from the readings."""


@reduce.command(epilog=EPILOG)
@click.option(
    "--repo", required=True, metavar="DIR", help="A repository: git, bare as DIR@REVISION, or a plain folder."
)
@click.option("--identifier", default="", metavar="ID", help="Only analyses of this identifier.")
@engine_options
@click.option("--json", "json_", is_flag=True, help="Print a list of one object a fit.")
def fits(repo: str, identifier: str, json_: bool) -> None:
    """Refit the raw series and show where the result differs from what is stored.

    A value or an error that lies a thousandth of the stored error or more away is a difference.
    """
    from pychron.dvc.errors import DvcError
    from pychron.dvc.repository import open_repository
    from pychron.pipeline.fitting.refits import refit
    from pychron.pipeline.running.chunks import all_fits, cut

    try:
        with engine_of() as engine:
            if engine is not None:
                pieces = cut([repo], identifier=identifier)
                if identifier and not pieces:
                    raise _none(repo, identifier)
                with progress(sum(len(piece.identities) for piece in pieces), "fitting") as advance:
                    rows, faults = all_fits(engine, pieces, advance)
            else:
                repository = open_repository(repo)
                chosen = _chosen(repository, identifier)
                with progress(len(chosen), "fitting") as advance:
                    rows, faults = refit(repository, chosen, advance)
    except DvcError as problem:
        raise Refused(str(problem)) from None
    for fault in faults:
        complain(f"{fault.record_id}: {fault.text}")
    if json_:
        as_json([asdict(row) for row in rows])
    else:
        _show(rows, faults)
    if faults or not all(row.is_same for row in rows):
        raise click.exceptions.Exit(REFUSED)


def _chosen(repository: Repository, identifier: str) -> list[str]:
    identities = repository.identities()
    if not identifier:
        return identities
    found = [one for one in identities if repository.analysis(one).identifier == identifier]
    if not found:
        raise _none(repository.name, identifier)
    return found


def _none(repository: str, identifier: str) -> Refused:
    return Refused(f"{repository}: no analysis has the identifier {identifier}")


def _show(rows: list[Refit], faults: list[Fault]) -> None:
    other = sorted((row for row in rows if not row.is_same), key=lambda one: -(one.off or float("inf")))
    for row in other[:SHOWN]:
        what = f"{row.record_id}  {row.kind} {row.isotope}, {row.fit} {row.error_type}, {row.n} points"
        if row.off is None:
            say(f"{what}: {row.why}", "red")
        else:
            now, stored = (
                f"{row.value:.7g} +- {row.error:.3g}",
                f"{row.stored_value:.7g} +- {row.stored_error:.3g}",
            )
            say(f"{what}: {now}, stored {stored} ({row.off:.2g} errors off)")
    if len(other) > SHOWN:
        say(f"... and {len(other) - SHOWN} more; --json has all")
    same = len(rows) - len(other)
    analyses = len({row.uuid for row in rows})
    worst = max((row.off or 0.0 for row in rows), default=0.0)
    say(
        f"{same} of {len(rows)} fits of {analyses} analyses are what is stored (the farthest is {worst:.1e} errors off)"
    )
    if faults:
        say(f"{len(faults)} faults kept series from being fitted", "bold red")
