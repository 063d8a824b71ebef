"""Interpreted ages: written into the repository of their analyses, and read again as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pychron.dvc import layout
from pychron.dvc.committing import as_bytes
from pychron.dvc.errors import DvcError
from pychron.dvc.interpreted_ages import InterpretedAge, identifier_of, next_path, read_interpreted_age
from pychron.dvc.json_file import parse
from pychron.dvc.times import text as time_text
from pychron.dvc.trees import Tree
from pychron.pipeline.ages.interpreting import NoSuchAge, interpret
from pychron.pipeline.nodes.persisting import commit_all
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.running.workspace import short_name
from pychron.pipeline.templates.template import NodeSpec

if TYPE_CHECKING:
    from pychron.pipeline.tables.columns import Cell, Column


def persist(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """One for each group, of the kind that is preferred; a group that has none of this kind is told."""
    state.wants_ages = True
    state.choose(state.unknowns)
    date = time_text(doing.now())
    preferred = str(spec.options["preferred"])
    files: dict[str, dict[str, bytes]] = {}
    present: dict[str, list[str]] = {}
    names: list[str] = []
    faults: list[str] = []
    for sample in state.samples():
        if not sample.rows:
            continue
        if not sample.identifier:
            faults.append(
                f"{sample.label}: its analyses have several identifiers, an interpreted age has one"
            )
            continue
        try:
            document = interpret(sample, preferred, state.arithmetic, date)
        except NoSuchAge as nothing:
            faults.append(f"{sample.label} has no {preferred.replace('_', ' ')}: {nothing.text}")
            continue
        tree = state.one(sample.rows[0].analysis.uuid).repository.tree
        own = files.setdefault(tree.name, {})
        known = present.setdefault(tree.name, [path for path in tree.paths() if identifier_of(path)])
        path, content = _place(tree, sample.identifier, document, known, own)
        own[path] = content
        names.append(sample.label)
    subject = f"<IA> added interpreted age {', '.join(names)}"
    outcome = commit_all(state, doing, files, subject, "interpreted ages")
    return Outcome(outcome.text, outcome.skipped, faults=tuple(faults))


def _place(
    tree: Tree,
    identifier: str,
    document: Mapping[str, object],
    present: Sequence[str],
    taken: Mapping[str, bytes],
) -> tuple[str, bytes]:
    """Its file and content: of the one that is there already where the numbers are the same, else the next free one."""
    for path in present:
        if identifier_of(path) == identifier and path not in taken:
            data = tree.read(path)
            if data is not None and str(document["uuid"]).encode() in data:
                return path, data
    return next_path(identifier, [*present, *taken]), as_bytes(document)


NONE_STORED = "no interpreted age is in the repositories; pychron pipeline run interpreted_age makes them"


def choose(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Stored interpreted ages by repository and identifier; with `newest` the last of each identifier and name."""
    wanted = {word.casefold() for word in spec.options["identifiers"]}  # type: ignore[union-attr]
    found, faults = stored(state, spec.options["repositories"])  # type: ignore[arg-type]
    chosen = [one for _, one in found if not wanted or one.identifier.casefold() in wanted]
    if spec.options["newest"]:
        last = {(one.identifier, one.name): one for one in sorted(chosen, key=lambda one: one.date)}
        chosen = list(last.values())
    if not chosen and not faults:
        raise NodeFailed(NONE_STORED)
    state.interpreted = tuple(sorted(chosen, key=lambda one: (one.sample, one.identifier, one.path)))
    return Outcome(f"{len(chosen)} interpreted ages", faults=tuple(faults))


def stored(state: State, repositories: Sequence[str]) -> tuple[list[tuple[str, InterpretedAge]], list[str]]:
    """Every stored one with the name of its repository, and what could not be read. No `repositories`: of all."""
    wanted = {word.casefold() for word in repositories}
    found, faults = [], []
    for repository in state.workspace.repositories:
        name = short_name(repository.tree.name)
        if wanted and name.casefold() not in wanted:
            continue
        for one in _stored(repository.tree):
            if isinstance(one, str):
                faults.append(f"{name}: {one}")
            else:
                found.append((name, one))
    return found, faults


def sheet(found: Sequence[tuple[str, InterpretedAge]]) -> tuple[tuple[Column, ...], list[list[Cell]]]:
    """Columns and rows of a table, by sample, identifier and name."""
    from pychron.pipeline.tables.columns import Column

    columns = (
        Column("Sample"), Column("Identifier"), Column("Name"), Column("Kind"), Column("Age (Ma)", "0.00000"),
        Column("± 1σ with J", "0.00000"), Column("n", "0"), Column("MSWD", "0.00"), Column("Made"), Column("Repository"),
        Column("File"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            one.sample, one.identifier, one.name, one.kind.replace("_", " "), one.age_ma, one.age_err, one.n, one.mswd,
            one.date, name, one.path,
        ]
        for name, one in found
    ]  # fmt: skip
    return columns, sorted(rows, key=lambda row: tuple(map(str, row[:3])))


def table(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """The stored interpreted ages of the repositories, as CSV and XLSX."""
    from pychron.pipeline.tables.writing import write_tables

    found, faults = stored(state, spec.options["repositories"])  # type: ignore[arg-type]
    if not found and not faults:
        raise NodeFailed(NONE_STORED)
    columns, rows = sheet(found)
    base = str(spec.options["file"])
    names = [f"{base}.xlsx", f"{base}.csv"]
    for one in names if not doing.dry else ():
        write_tables({"Interpreted ages": (columns, rows)}, doing.folder / one)
        state.written.append(one)
    verb = "would write" if doing.dry else "wrote"
    return Outcome(f"{verb} {', '.join(names)}: {len(rows)} interpreted ages", faults=tuple(faults))


def _stored(tree: Tree) -> Iterator[InterpretedAge | str]:
    for path in tree.paths():
        if layout.is_interpreted_age(path):
            try:
                data = tree.read(path)
                if data is not None:
                    yield read_interpreted_age(parse(data, path), path)
            except DvcError as problem:
                yield str(problem)
