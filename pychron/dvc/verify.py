"""Looks through a whole repository: every file readable, every record complete, every blob whole, every reference resolved."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pychron.config.problems import Place, Problem
from pychron.dvc import layout
from pychron.dvc.errors import CorruptFile, DvcError
from pychron.dvc.json_file import parse
from pychron.dvc.metadata import MetaData
from pychron.dvc.repository import Repository
from pychron.dvc.trees import Tree

Advance = Callable[[], object]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong with one file."""

    file: str
    line: int
    """0: the file as a whole"""
    severity: Literal["error", "warning"]
    """A warning is what this place alone cannot decide: a reference that may stand in another repository."""
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.text}"


class Findings:
    """Collects them, each once, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def error(self, file: str, text: str, line: int = 0) -> None:
        """What makes the file useless, or wrong."""
        self._found[Finding(file, line, "error", text)] = None

    def warning(self, file: str, text: str) -> None:
        """What a person should know."""
        self._found[Finding(file, 0, "warning", text)] = None

    def take(self, problem: DvcError | Problem) -> None:
        """A fault that reading told."""
        warns = isinstance(problem, Problem) and problem.severity == "warning"
        place = problem.place
        self._found[Finding(place.file, place.line, "warning" if warns else "error", problem.text)] = None


def document(tree: Tree, path: str, findings: Findings) -> Any:
    """The JSON of a file, with what is doubtful in it told; None where it is none."""
    data = content(tree, path, findings)
    if data is None:
        return None
    try:
        found = parse(data, path)
    except CorruptFile as problem:
        findings.take(problem)
        return None
    if b"NaN" in data or b"Infinity" in data or data.count(b'"') > 1:
        _doubtful(data, path, findings)
    return found


def content(tree: Tree, path: str, findings: Findings) -> bytes | None:
    """The bytes of a file that the tree lists; None, and told, where they cannot be had."""
    try:
        data = tree.read(path)
    except DvcError as problem:
        findings.take(problem)
        return None
    if data is None:
        findings.error(path, "it cannot be read: a link that leads nowhere, or it went away just now")
    return data


def _doubtful(data: bytes, path: str, findings: Findings) -> None:
    doubled: dict[str, None] = {}
    constants: dict[str, None] = {}

    def pairs(items: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in items}) < len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    doubled[key] = None
                seen.add(key)

    json.loads(data, object_pairs_hook=pairs, parse_constant=lambda word: constants.setdefault(word))
    for word in constants:
        findings.error(path, f"it holds {word}, which is no number")
    for key in doubled:
        findings.error(path, f"{key} stands twice in one table; only the last is read")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at and what was found."""

    kind: Literal["analyses", "metadata"]
    files: int
    records: int
    """Analyses, or irradiations"""
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        return sum(one.severity == "error" for one in self.findings)


def is_metadata(tree: Tree) -> bool:
    """Whether it is a metadata repository: it holds chronologies."""
    return any(path.endswith("/chronology.txt") and path.count("/") == 1 for path in tree.paths())


def steps(tree: Tree) -> int:
    """How often `verify` calls `advance`."""
    paths = list(tree.paths())
    return len(paths) + len({layout.identity_of(path) for path in paths} - {""})


def verify(
    tree: Tree,
    *,
    meta: MetaData | None = None,
    elsewhere: Collection[str] = (),
    advance: Advance = lambda: None,
) -> Verified:
    """Look through a tree, whichever kind it is.

    `meta`: the irradiations of analyses are looked up in it. `elsewhere`: uuids and record_ids of other repositories, in which
    references may stand. Raises CorruptFile where git itself cannot give the tree.
    """
    from pychron.dvc.verify_analyses import verify_analyses
    from pychron.dvc.verify_metadata import verify_metadata

    findings = Findings()
    paths = list(tree.paths())
    if is_metadata(tree):
        records = verify_metadata(MetaData(tree), paths, findings, frozenset(elsewhere), advance)
        return Verified("metadata", len(paths), records, tuple(findings))
    if not any(layout.identity_of(path) for path in paths):
        raise CorruptFile(
            Place(tree.name), "neither an analysis nor a chronology.txt is in it; name a repository"
        )
    records = verify_analyses(Repository(tree), paths, findings, meta, frozenset(elsewhere), advance)
    return Verified("analyses", len(paths), records, tuple(findings))


def names_in(repository: Repository) -> Iterator[str]:
    """What a reference may call the analyses of a repository: identities, uuids and record_ids."""
    for identity in repository.identities():
        yield identity
        try:
            analysis = repository.analysis(identity)
        except DvcError:
            continue
        yield analysis.uuid
        yield analysis.record_id
