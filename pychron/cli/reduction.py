"""What the commands that compute ages have in common: repositories, constants, progress, errors for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pychron.cli.exits import Refused
from pychron.cli.output import progress, remark

if TYPE_CHECKING:
    from pychron.dvc.cache import Cache
    from pychron.pipeline.batch import Row
    from pychron.pipeline.conversion import Arithmetic
    from pychron.pipeline.workspace import Loaded, Workspace

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
FROM = "A folder, a git repository, or DIR@REVISION"


def repository_options(command: F) -> F:
    """--meta, --repo and --root: what is read; --cache and --no-cache: what is kept of it, see `cache_of`."""
    for option in reversed(
        (
            click.option(
                "--meta", metavar="DIR", help=f"The metadata repository: chronologies, J. {FROM.lower()}."
            ),
            click.option("--repo", "repos", multiple=True, metavar="DIR", help=f"{FROM}. May be repeated."),
            click.option(
                "--root",
                type=click.Path(path_type=Path, exists=True, file_okay=False),
                metavar="DIR",
                help="A root of pycrunch: its dvc.yaml names metadata and repositories.",
            ),
            click.option(
                "--cache",
                type=click.Path(path_type=Path, file_okay=False),
                metavar="DIR",
                expose_value=False,
                callback=_remember,
                help="Where records are kept between commands (else in the user's own cache).",
            ),
            click.option(
                "--no-cache",
                is_flag=True,
                expose_value=False,
                callback=_remember,
                help="Read every file, keep nothing.",
            ),
        )
    ):
        command = option(command)
    return command


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    ctx.meta[f"{__name__}.{option.name}"] = value


def cache_of() -> Cache | None:
    """What --cache and --no-cache of the running command say; None: keep nothing."""
    from pychron.dvc.cache import Cache, default_folder

    said = click.get_current_context().meta
    if said.get(f"{__name__}.no_cache"):
        return None
    return Cache(said.get(f"{__name__}.cache") or default_folder(), remark)


def selection_options(command: F) -> F:
    """--identifier and --type: which analyses."""
    for option in reversed(
        (
            click.option(
                "--identifier",
                "identifiers",
                multiple=True,
                metavar="ID",
                help="Only this labnumber, record_id or uuid. May be repeated.",
            ),
            click.option(
                "--type",
                "types",
                multiple=True,
                default=("unknown",),
                show_default=True,
                metavar="TYPE",
                help="Types of analysis, where no identifier is given.",
            ),
        )
    ):
        command = option(command)
    return command


def arithmetic_options(command: F) -> F:
    """--constants, --convert, --from-end: how it is computed."""
    for option in reversed(
        (
            click.option(
                "--constants",
                metavar="NAME",
                default="",
                help="A set of constants, as min-2000. Without it each age takes the decay constant of its J.",
            ),
            click.option(
                "--convert", is_flag=True, help="Convert a J of other constants in place of refusing it."
            ),
            click.option(
                "--from-end",
                is_flag=True,
                help="Count decay from the end of each segment (physics), not its start (installed laboratories).",
            ),
        )
    ):
        command = option(command)
    return command


def arithmetic_of(constants: str, convert: bool, from_end: bool) -> Arithmetic:
    """What the options say. Raises Refused for a set that is not known."""
    from pychron.config.problems import nearest
    from pychron.pipeline.conversion import Arithmetic
    from pychron.reduction.constants import DEFAULT, NAMED

    if constants and constants not in NAMED:
        raise Refused(
            f"there are no constants {constants}{nearest(constants, NAMED)}; known: {', '.join(NAMED)}"
        )
    return Arithmetic(NAMED[constants or DEFAULT], not constants, convert, from_end)


def workspace_of(
    meta: str | None, repos: tuple[str, ...], root: Path | None, *, need_meta: bool = True
) -> Workspace:
    """Open what the options name. Raises Refused with what to write."""
    from pychron.dvc.errors import DvcError
    from pychron.pipeline.workspace import open_workspace

    meta, repos = places_of(meta, repos, root, need_meta=need_meta)
    try:
        return open_workspace(meta, repos, cache_of())
    except DvcError as problem:
        raise Refused(str(problem)) from None


def places_of(
    meta: str | None, repos: tuple[str, ...], root: Path | None, *, need_meta: bool = True
) -> tuple[str | None, tuple[str, ...]]:
    """Metadata and repositories that the options name. Raises Refused with what to write."""
    if root is not None:
        own_meta, own_repos = places_of_root(root)
        meta, repos = meta or own_meta, repos or own_repos
    if not repos:
        raise Refused("no repository is named; add --repo DIR, or --root DIR of a pycrunch")
    if meta is None and need_meta:
        raise Refused("no metadata repository is named; add --meta DIR, or --root DIR of a pycrunch")
    return meta, repos


def places_of_root(root: Path) -> tuple[str, tuple[str, ...]]:
    """Metadata and repositories that a root names. Raises Refused where there is none."""
    from pychron.config.problems import Report
    from pychron.dvc.errors import DvcError
    from pychron.dvc.locations import read_locations
    from pychron.pipeline.workspace import repositories_below

    report = Report(root)
    locations = read_locations(root, report)
    if report.errors:
        raise Refused("\n".join(map(str, report.errors)))
    try:
        repositories = tuple(map(str, repositories_below(locations.repositories)))
    except DvcError as problem:
        raise Refused(str(problem)) from None
    return str(locations.meta), repositories


def loaded_all(workspace: Workspace) -> list[Loaded]:
    """Every analysis, with a bar where a terminal looks.

    Until the command ends the collector of cycles rests: it would walk through all records again and again.
    """
    from pychron.dvc.cache import uncollected

    click.get_current_context().with_resource(uncollected())
    with progress(workspace.count(), "reading") as advance:
        return list(workspace.load(advance))


def selected(workspace: Workspace, identifiers: tuple[str, ...], types: tuple[str, ...]) -> list[Loaded]:
    """The analyses of the types and identifiers (labnumber, record_id or uuid). Raises Refused where a name means none."""
    return chosen(loaded_all(workspace), identifiers, types, lambda one: one.analysis)


def chosen(
    everything: Sequence[T], identifiers: tuple[str, ...], types: tuple[str, ...], of: Callable[[T], Any]
) -> list[T]:
    """The same of analyses or results that are at hand; `of` gives what has their names. Raises Refused."""
    from pychron.config.problems import nearest
    from pychron.pipeline.workspace import named

    if not identifiers:
        return [one for one in everything if of(one).analysis_type in types]
    found: dict[str, T] = {}
    for word in identifiers:
        some = named(word, everything, of)
        if not some:
            names = {of(one).identifier for one in everything} | {of(one).record_id for one in everything}
            raise Refused(f"no analysis here is {word}{nearest(word, names)}")
        found.update({of(one).uuid: one for one in some})
    return list(found.values())


def reduce_selected(workspace: Workspace, loaded: list[Loaded], arithmetic: Arithmetic) -> list[Row]:
    """Reduce them, each problem a flag of its own analysis."""
    from pychron.pipeline.batch import metadata_of, reduce_analyses

    return reduce_analyses(
        [one.analysis for one in loaded],
        metadata_of(workspace.meta, arithmetic, workspace.frozen),
        arithmetic,
    )
