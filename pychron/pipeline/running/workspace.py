"""The repositories that a run reads, opened once: every analysis with the repository that it came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from pychron.config.problems import Place
from pychron.dvc.cache import Cache, Records
from pychron.dvc.errors import DvcError, NoRepository
from pychron.dvc.frozen import Frozen
from pychron.dvc.metadata import MetaData, open_metadata
from pychron.dvc.records import Analysis
from pychron.dvc.repository import Repository, open_repository

T = TypeVar("T")
Advance = Callable[[], object]
"""Called after each analysis that was read."""


def silent() -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An analysis and its repository."""

    analysis: Analysis
    repository: Repository

    @property
    def where(self) -> str:
        """The repository's own name, without its folder: what events and tables call it."""
        return short_name(self.repository.name)


@dataclass(slots=True)
class Workspace:
    """What a person named: a metadata repository and repositories of analyses. Each may be a folder, a git repository, or DIR@REV."""

    meta: MetaData | None
    repositories: tuple[Repository, ...]
    cache: Cache | None = None
    """Where records are kept from one command to the next."""
    _state: str | None = None
    _records: list[Records] = field(default_factory=list)
    _loaded: list[Loaded] = field(default_factory=list)
    _frozen: dict[str, Frozen] = field(default_factory=dict)

    def count(self) -> int:
        """How many analyses there are to read."""
        return sum(records.count() for records in self._opened())

    def load(self, advance: Advance = silent) -> Sequence[Loaded]:
        """Every analysis of every repository, by time; read once."""
        if not self._loaded:
            for records, repository in zip(self._opened(), self.repositories, strict=True):
                self._loaded += [Loaded(analysis, repository) for analysis in records.load(advance)]
            self._records.clear()
            self._loaded.sort(key=lambda one: by_time(one.analysis))
        return self._loaded

    def _opened(self) -> list[Records]:
        """What each repository holds now; looked at once for `count` and `load`."""
        if not self._records:
            self._records += [Records(repository, self.cache) for repository in self.repositories]
        return self._records

    def state(self) -> str:
        """A signature of every file that a result may come from; empty where nothing is kept, or something had changed a moment before.

        Taken once, when the workspace is opened: what is read of it later is never older.
        """
        if self._state is None:
            self._state = "" if self.cache is None else self._signature(self.cache.now_ns())
        return self._state

    def _signature(self, now_ns: int) -> str:
        found = [] if self.meta is None else [self.meta.tree.state(now_ns, deep=True)]
        for records, repository in zip(self._opened(), self.repositories, strict=True):
            found += [records.state(), repository.tree.state(now_ns, deep=False)]
            found.append(f"at {repository.tree.revision}")
        return "\n".join(found) if all(found) else ""

    def frozen(self, analysis: Analysis) -> Frozen | None:
        """What the repository of an analysis that was loaded holds fast of the metadata."""
        if len(self._frozen) != len(self._loaded):
            self._frozen = {one.analysis.uuid: one.repository.frozen for one in self._loaded}
        return self._frozen.get(analysis.uuid)

    def find(self, word: str) -> list[Loaded]:
        """The analyses that a uuid (or its beginning, from 8 letters), a record_id or an identifier names."""
        return named(word, self.load(), lambda one: one.analysis)


class Timed(Protocol):
    """An analysis, or its result."""

    @property
    def time(self) -> float: ...
    @property
    def uuid(self) -> str: ...


class Named(Protocol):
    """An analysis, or its result."""

    @property
    def uuid(self) -> str: ...
    @property
    def record_id(self) -> str: ...
    @property
    def identifier(self) -> str: ...


def by_time(one: Timed) -> tuple[bool, float, str]:
    """The order of analyses everywhere; what has no time comes last."""
    return math.isnan(one.time), 0.0 if math.isnan(one.time) else one.time, one.uuid


def named(word: str, everything: Sequence[T], of: Callable[[T], Named]) -> list[T]:
    """Those of `everything` that a uuid (or its beginning, from 8 letters), a record_id or an identifier names; `of` gives what has these."""
    folded = word.strip().casefold()
    for match in (_is_uuid, _is_record, _is_identifier):
        found = [one for one in everything if match(of(one), folded)]
        if found:
            return found
    return []


def _is_uuid(one: Named, word: str) -> bool:
    return len(word) >= 8 and one.uuid.casefold().startswith(word)


def _is_record(one: Named, word: str) -> bool:
    return one.record_id.casefold() == word


def _is_identifier(one: Named, word: str) -> bool:
    return one.identifier.casefold() == word


def open_workspace(
    meta: str | Path | None, repositories: Sequence[str | Path], cache: Cache | None = None
) -> Workspace:
    """Open everything that was named. Raises NoRepository with the first that cannot be had."""
    workspace = Workspace(
        open_metadata(meta) if meta is not None else None,
        tuple(open_repository(name) for name in repositories),
        cache,
    )
    workspace.state()
    return workspace


def repositories_below(folder: Path) -> Iterator[Path]:
    """The repositories in a folder of repositories, by name; what holds no analysis is left out."""
    if not folder.is_dir():
        raise NoRepository(Place(str(folder)), "there is no such folder; clone the repositories into it")
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            try:
                open_repository(path)
            except DvcError:
                continue
            yield path


def short_name(name: str) -> str:
    """`Irradiation-NM-313` of a folder's whole path; a revision stays with it."""
    return Path(name).name.removesuffix(".git") or name
