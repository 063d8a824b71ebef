"""What the nodes of a run hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pychron.dvc.committing import Author
from pychron.dvc.interpreted_ages import InterpretedAge
from pychron.dvc.records import Analysis, RawSeries
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.flux import without_j
from pychron.pipeline.ages.samples import Sample, samples_of
from pychron.pipeline.batch import Override, Row, metadata_of, reduce_analyses
from pychron.pipeline.events import Flag
from pychron.pipeline.fitting.applied import applied, merged
from pychron.pipeline.fitting.equilibrating import split_at
from pychron.pipeline.fitting.references import SAME_AS_UNKNOWN
from pychron.pipeline.running.workspace import Loaded, Workspace
from pychron.reduction.inputs import Measured
from pychron.reduction.options import Cosmogenic

OF_AGES = (
    "no_irradiation", "no_metadata", "no_chronology", "chronology", "no_productions", "no_level", "no_j",
    "j_of_other_constants", "no_decay", "no_age",
)  # fmt: skip
"""Flags that only say that there is no age: no fault of an air or a blank, nor of a run that computes none."""


class NodeFailed(Exception):
    """A node cannot do its work, and the run stops before it. `text` says why and what a person does."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a node ended."""

    text: str
    """One line for a person"""
    skipped: bool = False
    """It was not done, and `text` says why"""
    stop: bool = False
    """A person looks before the run goes on"""
    faults: tuple[str, ...] = ()
    """What went wrong without ending the run; the exit status says so"""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a run may do in the world."""

    folder: Path
    """Where its files go"""
    dry: bool
    """Nothing is written at all"""
    persist: bool
    author: Author | None
    now: Callable[[], float]
    """Wall seconds, for commits"""
    push: Callable[[Path], str]
    """Pushes a repository; why it could not, or an empty text"""
    passed: bool = False
    """A person has looked: a review that stopped lets the run go on"""


@dataclass(frozen=True, slots=True)
class Group:
    """Analyses that figures and tables take together."""

    label: str
    uuids: tuple[str, ...]
    within: str = ""
    """Of a group within a group: the label of that"""


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit that the run made."""

    repository: str
    commit: str
    subject: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FittedHole:
    """J of a hole, to be written into the level's file. None: the hole has none."""

    hole: int
    mean: tuple[float, float, float | None] | None
    """Mean J of its monitors, its error, its MSWD"""
    predicted: tuple[float, float] | None
    lambda_k: tuple[float, float]
    monitor_age_ma: float | None
    monitors: tuple[tuple[str, str, bool], ...]
    """uuid, record_id, left out"""


@dataclass(slots=True)
class State:
    """Nodes read and change it; `run_file` keeps it on disk."""

    workspace: Workspace
    arithmetic: Arithmetic
    given: tuple[str, ...] = ()
    """Identifiers, record_ids or uuids that the run was given in place of the template's choice"""
    unknowns: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    searched: bool = False
    """A node looked for references; that it found none is an answer"""
    overrides: dict[str, Override] = field(default_factory=dict)
    flags: dict[str, tuple[Flag, ...]] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    wants_ages: bool = False
    level: tuple[str, str] | None = None
    """Irradiation and level whose flux is fitted: its analyses have no J yet"""
    model_kind: str = ""
    holes: tuple[FittedHole, ...] = ()
    interpreted: tuple[InterpretedAge, ...] = ()
    """Stored interpreted ages that a node read"""
    cosmogenic: tuple[float, ...] | None = None
    """38/36 of cosmogenic and of trapped argon, each with its error: 38Ar and 36Ar are taken apart by them; empty: all 38Ar
    beyond air's is of chlorine; None: as each analysis has it stored"""
    factors: tuple[tuple[str, float, float], ...] = ()
    """Correction factors of salts: key of the production files, value, error"""
    judged: tuple[str, ...] = ()
    """Codes of flags that a node looked into itself: the reduction's own of this code count no more"""
    splits: dict[str, dict[str, float]] = field(default_factory=dict)
    """uuid -> isotope's key -> s since time zero at which its equilibration ends, other than stored"""
    standards: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Detector -> the detector and the ratio that its IC factor refers to"""
    commits: list[Committed] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    _index: dict[str, Loaded] = field(default_factory=dict)
    _rows: dict[str, Row] = field(default_factory=dict)

    def everything(self) -> Sequence[Loaded]:
        """All that was read, by time."""
        return self.workspace.load()

    def one(self, uuid: str) -> Loaded:
        """As it is stored. Where two repositories hold one analysis, the first counts."""
        return self._indexed()[uuid]

    def has(self, uuid: str) -> bool:
        """Whether it was read."""
        return uuid in self._indexed()

    def _indexed(self) -> dict[str, Loaded]:
        if not self._index:
            for loaded in self.everything():
                self._index.setdefault(loaded.analysis.uuid, loaded)
        return self._index

    def now(self, uuid: str) -> Analysis:
        """With what nodes fitted anew."""
        found = applied(self.one(uuid).analysis, self.overrides.get(uuid))
        return found if self.cosmogenic is None else replace(found, cosmogenic=self._cosmogenic())

    def series(self, uuid: str) -> tuple[list[RawSeries], list[str]]:
        """Raw series with equilibrations as nodes defined them, and what is wrong with some. Raises MissingFile, CorruptFile."""
        loaded = self.one(uuid)
        found, problems = loaded.repository.series(loaded.analysis)
        return split_at(found, self.splits.get(uuid, {})), problems

    def override(self, uuid: str, new: Override) -> None:
        """Put what was fitted in the place of what is stored."""
        self.overrides[uuid] = merged(self.overrides.get(uuid), new)
        self._rows.clear()

    def flag(self, uuid: str, flags: Iterable[Flag]) -> None:
        """Add flags to an analysis; each is kept once."""
        self.flags[uuid] = tuple(dict.fromkeys((*self.flags.get(uuid, ()), *flags)))
        self._rows.clear()

    def choose(self, uuids: Iterable[str]) -> None:
        """Make these the unknowns."""
        self.unknowns = tuple(dict.fromkeys(uuids))
        self._rows.clear()

    def rows(self) -> list[Row]:
        """Every unknown reduced as it is now, in one batch, with the flags of nodes."""
        if len(self._rows) != len(self.unknowns):
            meta = metadata_of(self.workspace.meta, self.arithmetic, self.workspace.frozen)
            if self.level is not None:
                meta = without_j(meta)
            rows = reduce_analyses(
                [self.now(uuid) for uuid in self.unknowns],
                meta,
                self.arithmetic,
            )
            self._rows = {
                uuid: replace(row, flags=self._flags(uuid, row))
                for uuid, row in zip(self.unknowns, rows, strict=True)
            }
        return [self._rows[uuid] for uuid in self.unknowns]

    def _cosmogenic(self) -> Cosmogenic | None:
        if not self.cosmogenic:
            return None
        made, made_error, trapped, trapped_error = self.cosmogenic
        return Cosmogenic(Measured(made, made_error), Measured(trapped, trapped_error))

    def _flags(self, uuid: str, row: Row) -> tuple[Flag, ...]:
        ageless = not self.wants_ages or row.analysis.analysis_type not in SAME_AS_UNKNOWN
        own = [
            flag
            for flag in row.flags
            if not (ageless and flag.code in OF_AGES) and flag.code not in self.judged
        ]
        return tuple(dict.fromkeys((*own, *self.flags.get(uuid, ()))))

    def samples(self) -> list[Sample]:
        """The groups as figures and tables take them; without a grouping node by identifier or heated aliquot."""
        rows = {row.analysis.uuid: row for row in self.rows()}
        if not self.groups:
            return samples_of(list(rows.values()))
        return [_sample(group, [rows[uuid] for uuid in group.uuids if uuid in rows]) for group in self.groups]


def _sample(group: Group, rows: list[Row]) -> Sample:
    ordered = tuple(sorted(rows, key=lambda row: (row.analysis.time, row.analysis.increment or 0)))
    identifiers = sorted({row.analysis.identifier for row in rows})
    aliquots = {(row.analysis.identifier, row.analysis.aliquot) for row in rows}
    stepped = len(aliquots) == 1 and any(row.analysis.increment is not None for row in rows)
    return Sample(
        group.label,
        identifiers[0] if len(identifiers) == 1 else "",
        rows[0].analysis.aliquot if rows and stepped else None,
        ordered,
    )
