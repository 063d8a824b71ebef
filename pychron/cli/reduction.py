"""What the commands that compute ages have in common: repositories, constants, progress, errors for a person.

The options of a group (`repository_options`, `selection_options`, `arithmetic_options`) give a command no argument: what the running
command says is asked for by `workspace_of`, `selected` and `arithmetic_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pychron.cli.exits import Refused
from pychron.cli.output import progress, remark

if TYPE_CHECKING:
    from pychron.dvc.cache import Cache
    from pychron.pipeline.ages.conversion import Arithmetic
    from pychron.pipeline.batch import Row
    from pychron.pipeline.running.workspace import Loaded, Workspace

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
FROM = "A folder, a git repository, or DIR@REVISION"


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    ctx.meta[f"{__name__}.{option.name}"] = value


def _said(name: str, default: Any = None) -> Any:
    """What the running command says of an option of a group."""
    return click.get_current_context().meta.get(f"{__name__}.{name}", default)


def _option(*names: str, **how: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **how)


def _group(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_FOLDER = click.Path(path_type=Path, file_okay=False)

repository_options: Callable[[F], F] = _group(
    _option("--meta", metavar="DIR", help=f"The metadata repository: chronologies, J. {FROM}."),
    _option("--repo", "repos", multiple=True, metavar="DIR", help=f"{FROM}. May be repeated."),
    _option(
        "--root",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR",
        help="A root of pycrunch: its dvc.yaml names metadata and repositories.",
    ),
    _option(
        "--cache",
        type=_FOLDER,
        metavar="DIR",
        help="Where records are kept between commands (else in the user's own cache).",
    ),
    _option("--no-cache", is_flag=True, help="Read every file, keep nothing."),
)
"""What is read, and what is kept of it."""

selection_options: Callable[[F], F] = _group(
    _option(
        "--identifier",
        "identifiers",
        multiple=True,
        metavar="ID",
        help="Only this labnumber, record_id or uuid. May be repeated.",
    ),
    _option(
        "--type",
        "types",
        multiple=True,
        default=("unknown",),
        show_default=True,
        metavar="TYPE",
        help="Types of analysis, where no identifier is given.",
    ),
)
"""Which analyses."""

arithmetic_options: Callable[[F], F] = _group(
    _option(
        "--constants",
        metavar="NAME",
        default="",
        help="A set of constants, as min-2000. Without it each age takes the decay constant of its J.",
    ),
    _option("--convert", is_flag=True, help="Convert a J of other constants in place of refusing it."),
    _option(
        "--from-end",
        is_flag=True,
        help="Count decay from the end of each segment (physics), not its start (installed laboratories).",
    ),
)
"""How it is computed."""


def cache_of() -> Cache | None:
    """Where records are kept; None: nowhere."""
    from pychron.dvc.cache import Cache, default_folder

    return None if _said("no_cache") else Cache(_said("cache") or default_folder(), remark)


def root_of() -> Path | None:
    """The root of a pycrunch, where one was said."""
    root: Path | None = _said("root")
    return root


def selection_of() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Identifiers and types."""
    return _said("identifiers", ()), _said("types", ())


def arithmetic_of() -> Arithmetic:
    """How ages are computed. Raises Refused for constants that are not known."""
    return arithmetic(_said("constants", ""), _said("convert", False), _said("from_end", False))


def arithmetic(constants: str, convert: bool, from_end: bool) -> Arithmetic:
    """By a set's name; empty: the decay constant of each J. Raises Refused for a set that is not known."""
    from pychron.config.problems import nearest
    from pychron.pipeline.ages.conversion import Arithmetic
    from pychron.reduction.constants import DEFAULT, NAMED

    if constants and constants not in NAMED:
        raise Refused(
            f"there are no constants {constants}{nearest(constants, NAMED)}; known: {', '.join(NAMED)}"
        )
    return Arithmetic(NAMED[constants or DEFAULT], not constants, convert, from_end)


def workspace_of() -> Workspace:
    """Open what the running command names. Raises Refused with what to write."""
    from pychron.dvc.errors import DvcError
    from pychron.pipeline.running.workspace import open_workspace

    meta, repos = places_of()
    try:
        return open_workspace(meta, repos, cache_of())
    except DvcError as problem:
        raise Refused(str(problem)) from None


def places_of() -> tuple[str, tuple[str, ...]]:
    """Metadata and repositories that the running command names. Raises Refused with what to write."""
    meta, repos, root = _said("meta"), _said("repos", ()), root_of()
    if root is not None:
        own_meta, own_repos = places_of_root(root)
        meta, repos = meta or own_meta, repos or own_repos
    if not repos:
        raise Refused("no repository is named; add --repo DIR, or --root DIR of a pycrunch")
    if meta is None:
        raise Refused("no metadata repository is named; add --meta DIR, or --root DIR of a pycrunch")
    return meta, repos


def places_of_root(root: Path) -> tuple[str, tuple[str, ...]]:
    """Metadata and repositories that a root names. Raises Refused where there is none."""
    from pychron.config.problems import Report
    from pychron.dvc.errors import DvcError
    from pychron.dvc.locations import read_locations
    from pychron.pipeline.running.workspace import repositories_below

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


def selected(
    workspace: Workspace, which: tuple[tuple[str, ...], tuple[str, ...]] | None = None
) -> list[Loaded]:
    """The analyses of the identifiers (labnumber, record_id or uuid) and types that the running command says, or of `which`.

    Raises Refused where a name means none.
    """
    return chosen(loaded_all(workspace), *(which or selection_of()), lambda one: one.analysis)


def chosen(
    everything: Sequence[T], identifiers: tuple[str, ...], types: tuple[str, ...], of: Callable[[T], Any]
) -> list[T]:
    """The same of analyses or results that are at hand; `of` gives what has their names. Raises Refused."""
    from pychron.config.problems import nearest
    from pychron.pipeline.running.workspace import named

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
