"""The repositories that a run reads, opened once: every analysis with the repository that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pychron.config.problems import Place
from pychron.dvc.cache import Cache, Records
from pychron.dvc.errors import DvcError, NoRepository
from pychron.dvc.frozen import Frozen
from pychron.dvc.metadata import MetaData, open_metadata
from pychron.dvc.records import Analysis
from pychron.dvc.repository import Repository, open_repository

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
            self._loaded.sort(key=lambda one: (one.analysis.time, one.analysis.uuid))
        return self._loaded

    def _opened(self) -> list[Records]:
        """What each repository holds now; looked at once for `count` and `load`."""
        if not self._records:
            self._records += [Records(repository, self.cache) for repository in self.repositories]
        return self._records

    def frozen(self, analysis: Analysis) -> Frozen | None:
        """What the repository of an analysis that was loaded holds fast of the metadata."""
        if len(self._frozen) != len(self._loaded):
            self._frozen = {one.analysis.uuid: one.repository.frozen for one in self._loaded}
        return self._frozen.get(analysis.uuid)

    def find(self, word: str) -> list[Loaded]:
        """The analyses that a uuid (or its beginning, from 8 letters), a record_id or an identifier names."""
        folded = word.strip().casefold()
        everything = self.load()
        for match in (_is_uuid, _is_record, _is_identifier):
            found = [one for one in everything if match(one.analysis, folded)]
            if found:
                return found
        return []


def _is_uuid(analysis: Analysis, word: str) -> bool:
    return len(word) >= 8 and analysis.uuid.casefold().startswith(word)


def _is_record(analysis: Analysis, word: str) -> bool:
    return analysis.record_id.casefold() == word


def _is_identifier(analysis: Analysis, word: str) -> bool:
    return analysis.identifier.casefold() == word


def open_workspace(
    meta: str | Path | None, repositories: Sequence[str | Path], cache: Cache | None = None
) -> Workspace:
    """Open everything that was named. Raises NoRepository with the first that cannot be had."""
    return Workspace(
        open_metadata(meta) if meta is not None else None,
        tuple(open_repository(name) for name in repositories),
        cache,
    )


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
