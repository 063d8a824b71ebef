"""Work on repositories in pieces that stand alone: a piece is named by values, opened where it is done, and its result is values.

A piece is some analyses of one repository. It carries which code it was cut for: another version's numbers would not be those of
the rest.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

import pychron
from pychron.dvc.errors import DvcError
from pychron.dvc.metadata import open_metadata
from pychron.dvc.repository import open_repository
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.results import results
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.events import AnalysisReduced, Flag
from pychron.pipeline.fitting.refits import BATCH, Fault, Refit, refit
from pychron.pipeline.running.workspace import Loaded, by_time, short_name

SIZE = 2 * BATCH
"""Analyses a piece: whole batches of fits, so that the same series are fitted together as without an engine."""
ROOMS = ("config", "dvc", "pipeline", "reduction")
"""What a number depends on."""

LOST = "engine"
"""Code of the flag of an analysis whose piece was lost."""

T = TypeVar("T")
P = TypeVar("P")


class OtherCode(Exception):
    """The process that was handed a piece runs another version."""


class Lost(Exception):
    """What an engine could not do: the reason, as the engine has it."""


class Engine(Protocol):
    """Whatever does pieces."""

    def each(self, work: Callable[[P], T], pieces: Sequence[P]) -> Iterator[tuple[int, T | Lost]]:
        """Number of the piece and what came of it, as they come; a piece that fails is Lost, the others follow."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some analyses of one repository, and what is to be computed."""

    repository: str
    identities: tuple[str, ...]
    code: str
    meta: str = ""
    arithmetic: Arithmetic = field(default_factory=Arithmetic)

    def check(self) -> None:
        """Raises OtherCode."""
        if self.code != code():
            raise OtherCode(
                f"the worker runs other code ({code()[:12]}, Python {sys.version_info[0]}.{sys.version_info[1]}) than the "
                f"command ({self.code[:12]}); install the same version on both"
            )


@cache
def code() -> str:
    """Of everything that a number depends on: our own modules and Python."""
    made = hashlib.sha256(repr(sys.version_info[:2]).encode())
    (home,) = (Path(folder) for folder in pychron.__path__)
    for room in ROOMS:
        for path in sorted((home / room).rglob("*.py")):
            made.update(path.relative_to(home).as_posix().encode() + b"\n" + path.read_bytes())
    return made.hexdigest()


def cut(
    repositories: Iterable[str], meta: str = "", arithmetic: Arithmetic | None = None, identifier: str = ""
) -> list[Piece]:
    """The pieces of some repositories, in order; `identifier`: only of these analyses. Raises NoRepository, CorruptFile."""
    found = []
    for name in repositories:
        repository = open_repository(name)
        whole = absolute(name)
        identities = repository.identities()
        if identifier:
            identities = [one for one in identities if repository.analysis(one).identifier == identifier]
        for start in range(0, len(identities), SIZE):
            some = tuple(identities[start : start + SIZE])
            found.append(
                Piece(whole, some, code(), absolute(meta) if meta else "", arithmetic or Arithmetic())
            )
    return found


def absolute(name: str) -> str:
    """The same place for a process with another current folder. `DIR@REV` stays one."""
    return os.path.abspath(name)  # noqa: PTH100 - resolves no link, and takes DIR@REV


def ages(piece: Piece) -> list[AnalysisReduced]:
    """The ages of a piece, in the order of its identities. Raises OtherCode, DvcError."""
    piece.check()
    repository = open_repository(piece.repository)
    meta = open_metadata(piece.meta) if piece.meta else None
    loaded = [Loaded(repository.analysis(identity), repository) for identity in piece.identities]
    rows = reduce_analyses(
        [one.analysis for one in loaded],
        metadata_of(meta, piece.arithmetic, lambda _: repository.frozen),
        piece.arithmetic,
    )
    return results(loaded, rows, piece.arithmetic)


def fits(piece: Piece) -> tuple[list[Refit], list[Fault]]:
    """The series of a piece fitted again. Raises OtherCode, DvcError."""
    piece.check()
    return refit(open_repository(piece.repository), piece.identities)


def all_ages(
    engine: Engine, pieces: Sequence[Piece], advance: Callable[[], object] = lambda: None
) -> list[AnalysisReduced]:
    """Every analysis of every piece, by time. Those of a piece that was lost are flagged, and have no age."""
    found: list[AnalysisReduced] = []
    for number, some in engine.each(ages, pieces):
        piece = pieces[number]
        found += _lost_ages(piece, some) if isinstance(some, Lost) else some
        for _ in piece.identities:
            advance()
    return sorted(found, key=by_time)


def all_fits(
    engine: Engine, pieces: Sequence[Piece], advance: Callable[[], object] = lambda: None
) -> tuple[list[Refit], list[Fault]]:
    """Every series of every piece, in their order. Analyses of a piece that was lost are faults."""
    by_number: dict[int, tuple[list[Refit], list[Fault]]] = {}
    for number, some in engine.each(fits, pieces):
        piece = pieces[number]
        if isinstance(some, Lost):
            some = (
                [],
                [Fault(identity, f"its piece of work was lost: {some}") for identity in piece.identities],
            )
        by_number[number] = some
        for _ in piece.identities:
            advance()
    rows = [row for number in sorted(by_number) for row in by_number[number][0]]
    return rows, [fault for number in sorted(by_number) for fault in by_number[number][1]]


def is_lost(one: AnalysisReduced) -> bool:
    """Whether an engine could not do the piece that it was in; then only its identity is known."""
    return any(flag.code == LOST for flag in one.flags)


def _lost_ages(piece: Piece, lost: Lost) -> Iterator[AnalysisReduced]:
    flag = Flag(LOST, f"its piece of work was lost: {lost}", piece.repository, fatal=True)
    for identity in piece.identities:
        yield AnalysisReduced(
            repository=short_name(piece.repository),
            uuid=identity,
            record_id=identity,
            identifier="",
            sample="",
            analysis_type="",
            time=math.nan,
            flags=(flag,),
            constants=piece.arithmetic.name,
        )


class Here:
    """The engine that does one piece after the other in this process."""

    def each(self, work: Callable[[P], T], pieces: Sequence[P]) -> Iterator[tuple[int, T | Lost]]:
        """As `Engine` says."""
        for number, piece in enumerate(pieces):
            try:
                done: T | Lost = work(piece)
            except (DvcError, OtherCode) as problem:
                done = Lost(str(problem))
            yield number, done
