"""What a pycrunch has reduced so far. Works in the pool, one call at a time; what it gives out is frozen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pychron.dvc import layout
from pychron.dvc.errors import DvcError
from pychron.dvc.metadata import MetaData, open_metadata
from pychron.dvc.repository import Repository
from pychron.dvc.trees import open_tree
from pychron.pipeline.ages.results import Quantities, results
from pychron.pipeline.batch import Row, metadata_of, reduce_analyses
from pychron.pipeline.control_charts import Measured, control_chart
from pychron.pipeline.events import AnalysisReduced, ControlChart, Flag, Panel, RunningSample
from pychron.pipeline.fitting.applied import net
from pychron.pipeline.fitting.qualities import qualities
from pychron.pipeline.fitting.review import review
from pychron.pipeline.following.panels import panels_of
from pychron.pipeline.running.workspace import Loaded
from pychron.pipeline.settings import Settings
from pychron.reduction.inputs import ARGON

Key = tuple[str, str]
"""Repository's folder name and uuid"""
STANDARDS = ("air", "cocktail")
"""Types whose 40Ar tells the sensitivity, shot by shot."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: a folder, and the commit that is checked out; empty for a plain folder."""

    folder: Path
    commit: str = ""

    @property
    def name(self) -> str:
        """As open_tree takes it."""
        return f"{self.folder}@{self.commit}" if self.commit else str(self.folder)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at one repository brought."""

    reduced: tuple[AnalysisReduced, ...] = ()
    """By time."""
    fresh: tuple[AnalysisReduced, ...] = ()
    """Those of them that are not as they were before."""
    charts: tuple[ControlChart, ...] = ()
    """Every chart, by name."""
    running: RunningSample | None = None


class Keeper:
    """Reads what changed, reduces it, and remembers results and points of control charts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._results: dict[Key, AnalysisReduced] = {}
        self._identities: dict[Key, str] = {}
        self._holes: dict[Key, str] = {}
        self._charts: dict[tuple[str, str], dict[str, Measured]] = {}
        self._signatures: dict[Path, dict[str, tuple[int, int]]] = {}

    def knows(self, uuid: str) -> bool:
        """Whether some repository has it."""
        return any(key[1] == uuid for key in self._results)

    def identity(self, result: AnalysisReduced) -> str:
        """What the names of its files are made of: the uuid, in older repositories the run id."""
        return self._identities.get((result.repository, result.uuid), result.uuid)

    def changed_paths(self, folder: Path) -> list[str] | None:
        """Files of a plain folder that are others than at the last call; None at the first."""
        now = _signature(folder)
        before = self._signatures.get(folder)
        self._signatures[folder] = now
        if before is None:
            return None
        changed = [path for path, mark in now.items() if before.get(path) != mark]
        gone = [path for path in before if path not in now]
        return sorted([*changed, *gone])

    def look(self, source: Source, meta: Source, wanted: Iterable[str] | None, now: float) -> Look:
        """Reduce some identities of a repository (all, where None). Raises DvcError where it cannot be read."""
        repository = Repository(open_tree(source.name))
        loaded = []
        for identity in repository.identities() if wanted is None else sorted(wanted):
            try:
                loaded.append(Loaded(repository.analysis(identity), repository))
            except DvcError:
                # A file that belongs to no analysis, or whose analysis is gone.
                continue
        rows = self._reduce(loaded, _metadata(meta))
        found = []
        quantities = Quantities()
        for one, row, result in zip(loaded, rows, self._named(source, loaded, rows), strict=True):
            self._remember(one, row, result, quantities)
            found.append(result)
        ordered = sorted(found, key=lambda r: (r.time, r.uuid))
        fresh = [one for one in ordered if self._is_fresh(one)]
        self._results.update({(one.repository, one.uuid): one for one in ordered})
        return Look(tuple(ordered), tuple(fresh), self.charts(), self._running(now))

    def draw(self, running: RunningSample, source: Source, meta: Source) -> tuple[Panel, ...]:
        """The panels of the running sample, all its analyses reduced together. Raises DvcError."""
        repository = Repository(open_tree(source.name))
        keys = [(one.repository, one.uuid) for one in running.analyses]
        loaded = [Loaded(repository.analysis(self._identities[key]), repository) for key in keys]
        rows = self._reduce(loaded, _metadata(meta))
        return panels_of(rows, self._settings.arithmetic.name)

    def _reduce(self, loaded: Sequence[Loaded], metadata: MetaData | None) -> list[Row]:
        frozen = {one.analysis.uuid: one.repository.frozen for one in loaded}
        arithmetic = self._settings.arithmetic
        meta = metadata_of(metadata, arithmetic, lambda analysis: frozen[analysis.uuid])
        rows = reduce_analyses([one.analysis for one in loaded], meta, arithmetic)
        return [self._reviewed(one, row) for one, row in zip(loaded, rows, strict=True)]

    def _reviewed(self, loaded: Loaded, row: Row) -> Row:
        try:
            series, problems = loaded.repository.series(loaded.analysis)
        except DvcError as problem:
            series, problems = [], [str(problem)]
        flags = [Flag("raw_series", text, loaded.analysis.record_id) for text in problems]
        found = review(qualities(loaded.analysis, series), self._settings.rules)
        if self._settings.rules.policy == "omit":
            found = tuple(replace(flag, fatal=True) for flag in found)
        return replace(row, flags=tuple(dict.fromkeys((*row.flags, *flags, *found))))

    def _named(self, source: Source, loaded: Sequence[Loaded], rows: Sequence[Row]) -> list[AnalysisReduced]:
        """The folder names the repository, whatever revision of it was read."""
        found = results(loaded, rows, self._settings.arithmetic)
        return [replace(one, repository=source.folder.name) for one in found]

    def _is_fresh(self, result: AnalysisReduced) -> bool:
        old = self._results.get((result.repository, result.uuid))
        return old is None or replace(old, commit="") != replace(result, commit="")

    def _remember(self, loaded: Loaded, row: Row, result: AnalysisReduced, quantities: Quantities) -> None:
        analysis, key = row.analysis, (result.repository, result.uuid)
        self._identities[key] = layout.identity_of(analysis.files["analysis"])
        position = "" if analysis.position is None else str(analysis.position)
        self._holes[key] = " ".join(filter(None, (analysis.irradiation, analysis.level, position)))
        for (name, units), (value, error) in chart_values(row, quantities).items():
            machine = f", {analysis.mass_spectrometer}" if analysis.mass_spectrometer else ""
            chart = self._charts.setdefault((f"{name}{machine}", units), {})
            chart[result.uuid] = (analysis.time, value, error, analysis.record_id)

    def charts(self) -> tuple[ControlChart, ...]:
        """Every chart as it stands."""
        return tuple(
            control_chart(name, units, points.values(), self._settings.chart_points)
            for (name, units), points in sorted(self._charts.items())
        )

    def _running(self, now: float) -> RunningSample | None:
        unknowns = [r for r in self._results.values() if r.analysis_type == "unknown" and r.time == r.time]
        if not unknowns:
            return None
        newest = max(unknowns, key=lambda r: (r.time, r.uuid))
        members = [
            r for r in unknowns if (r.identifier, r.repository) == (newest.identifier, newest.repository)
        ]
        members.sort(key=lambda r: (r.time, r.uuid))
        hole = self._holes.get((newest.repository, newest.uuid), "")
        return RunningSample(newest.identifier, newest.sample, newest.repository, hole, tuple(members), now)


def chart_values(row: Row, quantities: Quantities) -> Mapping[tuple[str, str], tuple[float, float]]:
    """What an analysis adds to control charts: (name, units) -> value and one-sigma error."""
    analysis, kind = row.analysis, row.analysis.analysis_type
    found: dict[tuple[str, str], tuple[float, float]] = {}
    if analysis.tag != "ok":
        return found
    if kind.startswith("blank"):
        for name in ARGON:
            isotope = analysis.argon(name)
            value = None if isotope is None else net(isotope, blank=False)
            if value is not None:
                found[f"{kind} {name}", "fA"] = value.value, value.error
    elif kind in STANDARDS:
        detectors = [one.detector for name in ("Ar40", "Ar36") if (one := analysis.argon(name)) is not None]
        for key, name in (
            ((f"{kind} sensitivity", "fA"), "Ar40"),
            ((f"{kind} 40/36 ({'/'.join(detectors)})", ""), "Ar40/Ar36"),
        ):
            number, error = quantities.of(row, name)
            if number is not None and error is not None:
                found[key] = number, error
    return found


def why_unreadable(source: Source) -> str:
    """Why the metadata cannot be read; empty where they can."""
    try:
        open_metadata(source.name)
    except (DvcError, OSError) as problem:
        return str(problem)
    return ""


def _metadata(source: Source) -> MetaData | None:
    """None where they cannot be read: each analysis is flagged then, and the state of the repository says why."""
    try:
        return open_metadata(source.name)
    except DvcError:
        return None


def _signature(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in names:
            path = Path(base, name)
            try:
                stat = path.stat()
            except OSError:
                continue
            found[path.relative_to(folder).as_posix()] = (stat.st_mtime_ns, stat.st_size)
    return found
