"""Groups of analyses in pieces that stand alone: every analysis of a group is in one piece, whichever repositories it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from pychron.dvc import layout
from pychron.dvc.metadata import open_metadata
from pychron.dvc.repository import open_repository
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.samples import Sample, samples_of
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.running.chunks import SIZE, Engine, Lost, Piece, absolute, code
from pychron.pipeline.running.workspace import Loaded, by_time

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GroupPiece:
    """The analyses of some identifiers, a piece of each repository that has some."""

    labels: tuple[str, ...]
    """Identifiers"""
    parts: tuple[Piece, ...]


def cut_groups(loaded: Sequence[Loaded], meta: str, arithmetic: Arithmetic) -> list[GroupPiece]:
    """Analyses that were chosen, by identifier; small groups stand in one piece until it is large enough."""
    groups: dict[str, list[Loaded]] = {}
    for one in loaded:
        groups.setdefault(one.analysis.identifier, []).append(one)
    found: list[GroupPiece] = []
    labels: list[str] = []
    members: list[Loaded] = []
    for label, some in sorted(groups.items()):
        if members and len(members) + len(some) > SIZE:
            found.append(_piece(labels, members, meta, arithmetic))
            labels, members = [], []
        labels.append(label)
        members += some
    return [*found, _piece(labels, members, meta, arithmetic)] if members else found


def _piece(labels: Sequence[str], members: Sequence[Loaded], meta: str, arithmetic: Arithmetic) -> GroupPiece:
    places: dict[str, list[str]] = {}
    for one in members:
        identity = layout.identity_of(one.analysis.files["analysis"])
        places.setdefault(absolute(one.repository.name), []).append(identity)
    parts = (
        Piece(name, tuple(some), code(), absolute(meta) if meta else "", arithmetic)
        for name, some in places.items()
    )
    return GroupPiece(tuple(labels), tuple(parts))


def of_each(make: Callable[[Sample], T], piece: GroupPiece) -> list[T]:
    """What `make` says of each sample of a piece, by identifier and aliquot. Raises OtherCode, DvcError."""
    loaded: list[Loaded] = []
    first = piece.parts[0]
    for part in piece.parts:
        part.check()
        repository = open_repository(part.repository)
        loaded += [Loaded(repository.analysis(identity), repository) for identity in part.identities]
    loaded.sort(key=lambda one: by_time(one.analysis))
    frozen = {one.analysis.uuid: one.repository.frozen for one in loaded}
    meta = metadata_of(
        open_metadata(first.meta) if first.meta else None, first.arithmetic, lambda one: frozen[one.uuid]
    )
    rows = reduce_analyses([one.analysis for one in loaded], meta, first.arithmetic)
    return [make(sample) for sample in samples_of(rows)]


def all_samples(
    engine: Engine,
    make: Callable[[Sample], T],
    pieces: Sequence[GroupPiece],
    advance: Callable[[], object] = lambda: None,
) -> tuple[list[T], list[str]]:
    """What `make` says of every sample, in the order of the pieces; and the identifiers whose piece was lost, each with the reason."""
    by_number: dict[int, list[T]] = {}
    lost: list[str] = []
    for number, done in engine.each(partial(of_each, make), pieces):
        if isinstance(done, Lost):
            lost += [f"{label}: its piece of work was lost: {done}" for label in pieces[number].labels]
        else:
            by_number[number] = done
        for _ in pieces[number].labels:
            advance()
    return [one for number in sorted(by_number) for one in by_number[number]], sorted(lost)
