"""`pychron dvc`: the repositories themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.exits import MEANING, REFUSED, Refused
from pychron.cli.output import as_json, progress, say
from pychron.cli.reduction import FROM, places_of_root

if TYPE_CHECKING:
    from pychron.dvc.trees import Tree
    from pychron.dvc.verify import Verified

EPILOG = f"""\b
Examples:
  pychron dvc verify data/.dvc/MetaData
  pychron dvc verify data/.dvc/repositories/NM-313 --meta data/.dvc/MetaData --with data/.dvc/repositories/blanks
  pychron dvc verify NM-313.git@main --refits --json
  pychron dvc verify --root ~/.pychron.crunch

An error is one line that names file and reason. A warning is what this repository alone cannot decide, as a reference
that may stand in another one; with --strict it counts too.

{MEANING}"""


@click.group()
def dvc() -> None:
    """Look after repositories of analyses and metadata."""


@dvc.command(epilog=EPILOG)
@click.argument("repository", metavar="[DIR]", required=False)
@click.option("--root", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR", help="Every repository of this root of pycrunch, and its metadata, each with the others to look references up in.")  # fmt: skip
@click.option("--meta", metavar="DIR", help=f"Look up irradiations in this metadata repository. {FROM}.")
@click.option("--with", "others", multiple=True, metavar="DIR", help="Another repository in which references may stand. May be repeated.")  # fmt: skip
@click.option("--refits", is_flag=True, help="Fit every raw series again, too: a result that is not what is stored is an error.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "json_", is_flag=True, help="Print one object with the list of findings; with --root a list of them.")  # fmt: skip
@click.pass_context
def verify(
    ctx: click.Context,
    repository: str | None,
    root: Path | None,
    meta: str | None,
    others: tuple[str, ...],
    refits: bool,
    strict: bool,
    json_: bool,
) -> None:
    """Read all of a repository and report every file that is damaged, incomplete or at odds with another.

    DIR is a repository of analyses or of metadata: a folder, a git repository, or DIR@REVISION. Nothing is changed.
    """
    if (repository is None) == (root is None):
        raise click.UsageError("name a repository, or a root of pycrunch with --root")
    if root is not None and (meta or others):
        raise click.UsageError("--meta and --with come with a root: leave them out")
    names = [repository] if repository is not None else []
    if root is not None:
        meta, others = places_of_root(root)
        names = [meta, *others]
    objects, bad = [], False
    for name in names:
        done = _verified(name, None if name == meta else meta, [one for one in others if one != name], refits)
        tree, found, different = done
        if json_:
            objects.append(_object(tree, found, different))
        else:
            _show(tree, found, different)
        bad = bad or bool(found.errors or different or (strict and found.findings))
    if json_:
        as_json(objects if root is not None else objects[0])
    if bad:
        ctx.exit(REFUSED)


def _verified(
    name: str, meta: str | None, others: Sequence[str], refits: bool
) -> tuple[Tree, Verified, list[str]]:
    from pychron.dvc.errors import DvcError
    from pychron.dvc.metadata import open_metadata
    from pychron.dvc.repository import open_repository
    from pychron.dvc.trees import open_tree
    from pychron.dvc.verify import names_in, steps, verify

    try:
        tree = open_tree(name)
        known = frozenset(one for other in others for one in names_in(open_repository(other)))
        with progress(steps(tree), "verifying") as advance:
            found = verify(
                tree,
                meta=None if meta is None else open_metadata(meta),
                elsewhere=known,
                advance=advance,
            )
    except DvcError as problem:
        raise Refused(str(problem)) from None
    except OSError as problem:
        raise Refused(f"{problem.filename or name}: {problem.strerror}") from None
    return tree, found, _refits(tree) if refits and found.kind == "analyses" else []


def _refits(tree: Tree) -> list[str]:
    from pychron.dvc.repository import Repository
    from pychron.pipeline.fitting.refits import refit

    repository = Repository(tree)
    identities = repository.identities()
    with progress(len(identities), "fitting") as advance:
        rows, _ = refit(repository, identities, advance)
    return [
        f"{row.record_id}: {row.kind} {row.isotope}: "
        + (f"fitted again it is {row.off:.2g} stored errors off" if row.off is not None else row.why)
        for row in rows
        if not row.is_same
    ]


def _object(tree: Tree, found: Verified, different: list[str]) -> dict[str, Any]:
    return {
        "repository": tree.name,
        "revision": tree.revision,
        "kind": found.kind,
        "files": found.files,
        "records": found.records,
        "errors": found.errors,
        "findings": [asdict(one) for one in found.findings],
        "refits_that_differ": different,
    }


def _show(tree: Tree, found: Verified, different: list[str]) -> None:
    for one in found.findings:
        say(str(one), "red" if one.severity == "error" else "yellow")
    for text in different:
        say(text, "red")
    what = "analyses" if found.kind == "analyses" else "irradiations"
    warnings = len(found.findings) - found.errors
    errors = found.errors + len(different)
    say(
        f"{tree.name}: {found.files} files, {found.records} {what}: {errors} errors, {warnings} warnings",
        "bold red" if errors else "bold",
    )
