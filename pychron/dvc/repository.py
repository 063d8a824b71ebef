"""A repository of analyses, read: one analysis with all that is stored of it, every fault on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pychron.config.problems import Place, Problem
from pychron.dvc import layout, modifiers, quick
from pychron.dvc.errors import CorruptFile, DvcError, MissingFile, NoRepository
from pychron.dvc.frozen import Frozen
from pychron.dvc.groups import Group
from pychron.dvc.json_file import mapping, number, parse
from pychron.dvc.metadata import read_productions
from pychron.dvc.records import Analysis, Extraction, Isotope, RawSeries, StoredFit, StoredValue
from pychron.dvc.times import seconds
from pychron.dvc.trees import Tree, open_tree
from pychron.reduction.inputs import ARGON, Productions


class Repository:
    """One repository, in whatever form it stands."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.frozen = Frozen(tree)

    @property
    def name(self) -> str:
        return self.tree.name

    def identities(self) -> list[str]:
        """Of every analysis, sorted: uuids, or run ids in older repositories."""
        found = {layout.identity_of(path) for path in self.tree.paths()}
        return sorted(found - {""})

    def analyses(self) -> Iterator[Analysis]:
        """Every analysis, by identity. What is wrong with one is in its `problems`; the others follow."""
        for identity in self.identities():
            yield self.analysis(identity)

    def analysis(self, identity: str) -> Analysis:
        """One analysis. Raises MissingFile where there is none; a fault of its files is in its `problems`."""
        try:
            path, data = self._find(identity)
        except CorruptFile as damage:
            return _Reading(self, identity, damage.place.file, damage).analysis()
        if data is None:
            raise MissingFile(Place(self.name), f"it has no analysis {identity}")
        return _Reading(self, identity, path, data).analysis()

    def analyses_of(self, group: Group) -> Iterator[Analysis]:
        """Those of one group, by identity; only files that were there when it was looked at are read."""
        files = group.files()
        folders = frozenset(path.removeprefix("reduction/").partition("/")[0] for path in sorted(files))
        kinds = frozenset(path.rsplit("/", 2)[-2] for path in sorted(files))
        for identity in group.identities():
            halves = [half for half in layout.splits(identity) if half[0] in folders]
            try:
                found = self._first(layout.places(halves), files)
            except CorruptFile as damage:
                yield _Reading(self, identity, damage.place.file, damage, halves, files, kinds).analysis()
                continue
            if found is not None:
                yield _Reading(self, identity, *found, halves, files, kinds).analysis()

    def series(self, analysis: Analysis) -> tuple[list[RawSeries], list[str]]:
        """The raw series, and what is wrong with some of them. Raises MissingFile, CorruptFile."""
        identity = (
            analysis.uuid
            if "analysis" not in analysis.files
            else layout.identity_of(analysis.files["analysis"])
        )
        path, data = self._find(identity, ".data")
        if data is None:
            raise MissingFile(Place(self.name), f"{analysis.record_id} has no raw series ({path})")
        return modifiers.series(parse(data, path), path)

    def _find(self, identity: str, modifier: str = "") -> tuple[str, bytes | None]:
        """The first of the places where a file may stand, or the first place and None."""
        places = layout.paths(identity, modifier)
        return self._first(places) or (places[0], None)

    def _first(self, places: Iterable[str], files: frozenset[str] | None = None) -> tuple[str, bytes] | None:
        for path in places:
            if files is None or path in files:
                data = self.tree.read(path)
                if data is not None:
                    return path, data
        return None


def open_repository(name: str | Path) -> Repository:
    """The repository that a person named. Raises NoRepository."""
    repository = Repository(open_tree(name))
    if not any(layout.identity_of(path) for path in repository.tree.walk()):
        raise NoRepository(Place(str(name)), "no analysis is in it; is this the metadata repository?")
    return repository


class _Reading:
    """One analysis while it is read: collects the problems of its files."""

    def __init__(
        self,
        repository: Repository,
        identity: str,
        path: str,
        data: bytes | DvcError,
        halves: Sequence[tuple[str, str]] = (),
        files: frozenset[str] | None = None,
        kinds: frozenset[str] | None = None,
    ) -> None:
        """`data`: of the main file, or why it cannot be had. `halves`, `files`: ways to split it, files that are there, modifiers that any has, if known."""
        self._repository = repository
        self._identity = identity
        self._path = path
        self._data = data
        self._halves = halves or tuple(layout.splits(identity))
        self._known = files
        self._kinds = kinds
        self._problems: list[Problem] = []
        self._files: dict[str, str] = {}

    def _fault(self, path: str, text: str, severity: Any = "error", line: int = 0) -> None:
        self._problems.append(Problem(Place(path, line), severity, text))

    def _modifier(
        self,
        name: str,
        read: Callable[[Any, str], Any],
        required: bool,
        quickly: Callable[[bytes], Any] | None = None,
    ) -> Any:
        if not required and self._kinds is not None and name not in self._kinds:
            return None
        try:
            found = self._repository._first(layout.places(self._halves, name), self._known)
        except DvcError as damage:
            self._fault(damage.place.file, damage.text)
            return None
        if found is None:
            if required:
                path = layout.paths(self._identity, name)[0]
                self._fault(path, f"there is no {name} file; without it there is no age")
            return None
        path, data = found
        self._files[name] = path
        if quickly is not None and (record := quickly(data)) is not None:
            return record
        try:
            return read(parse(data, path), path)
        except DvcError as problem:
            self._fault(problem.place.file, problem.text, line=problem.place.line)
            return None

    def analysis(self) -> Analysis:
        self._files["analysis"] = self._path
        try:
            if isinstance(self._data, DvcError):
                raise self._data
            main = quick.main(self._data) or mapping(parse(self._data, self._path), self._path)
        except DvcError as problem:
            self._fault(problem.place.file, problem.text, line=problem.place.line)
            main = {}
        kind = str(main.get("analysis_type") or "unknown")
        if kind == "sample":
            kind = "unknown"
        blank = kind.startswith(("blank", "background", "detector_ic"))
        fits: Mapping[str, StoredFit] = self._modifier("intercepts", modifiers.fits, True, quick.fits) or {}
        baselines: Mapping[str, StoredFit] = (
            self._modifier("baselines", modifiers.fits, True, quick.fits) or {}
        )
        blanks: Mapping[str, StoredValue] = (
            self._modifier("blanks", modifiers.values, not blank, quick.values) or {}
        )
        factors: Mapping[str, StoredValue] = (
            self._modifier("icfactors", modifiers.values, True, quick.values) or {}
        )
        extraction = self._modifier("extraction", modifiers.extraction, False) or Extraction()
        tag, note = self._modifier("tags", modifiers.tag, False) or ("ok", "")
        productions = self._modifier("productions", _productions, False)
        cosmogenic = self._modifier("cosmogenic", modifiers.cosmogenic, False)
        aliquot, increment = self._whole(main, "aliquot", 0), self._whole(main, "increment", None)
        identifier = str(main.get("identifier") or "")
        return Analysis(
            uuid=str(main.get("uuid") or self._identity),
            record_id=layout.run_id(identifier, aliquot or 0, increment) if identifier else self._identity,
            identifier=identifier,
            aliquot=aliquot or 0,
            increment=increment,
            analysis_type=kind,
            time=self._time(main),
            mass_spectrometer=_text(main, "mass_spectrometer"),
            irradiation=_text(main, "irradiation"),
            level=_text(main, "irradiation_level"),
            position=self._whole(main, "irradiation_position", None),
            isotopes=self._isotopes(main, fits, baselines, blanks, factors),
            baselines=baselines,
            mapping=self._mapping(main),
            time_zero_offset=self._offset(main),
            sample=_text(main, "sample"),
            material=_text(main, "material"),
            project=_text(main, "project"),
            comment=_text(main, "comment"),
            extraction=extraction,
            tag=tag,
            tag_note=note,
            spec_sha=_text(main, "spec_sha"),
            meta_commit=_text(main, "meta_commit") or _text(main, "commit"),
            detectors=tuple(main.get("detectors") or ()),
            files=self._files,
            problems=tuple(self._problems),
            productions=productions,
            cosmogenic=cosmogenic,
        )

    def _isotopes(
        self,
        main: dict[str, Any],
        fits: Mapping[str, StoredFit],
        baselines: Mapping[str, StoredFit],
        blanks: Mapping[str, StoredValue],
        factors: Mapping[str, StoredValue],
    ) -> dict[str, Isotope]:
        found = {}
        listed = main.get("isotopes")
        if not isinstance(listed, dict) or not listed:
            if main:
                self._fault(self._path, "it lists no isotopes")
            return {}
        for key, one in listed.items():
            if not isinstance(one, dict) or not one.get("detector"):
                self._fault(self._path, f"isotope {key} has no detector")
                continue
            detector = str(one["detector"])
            found[key] = Isotope(
                key,
                str(one.get("name") or key),
                detector,
                str(one.get("units") or "fA"),
                fits.get(key),
                baselines.get(detector),
                blanks.get(key),
                factors.get(detector),
            )
        return found

    def _mapping(self, main: dict[str, Any]) -> dict[str, str]:
        stored = main.get("arar_mapping")
        stored = stored if isinstance(stored, dict) else {}
        return {name: str(stored.get(name) or name) for name in ARGON}

    def _whole(self, main: dict[str, Any], key: str, default: int | None) -> int | None:
        value = main.get(key)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            self._fault(self._path, f"{key} must be a whole number, it is {value!r}")
            return default

    def _time(self, main: dict[str, Any]) -> float:
        if not main:
            return float("nan")
        try:
            return seconds(main.get("timestamp"))
        except ValueError as problem:
            self._fault(self._path, f"timestamp: {problem}")
            return float("nan")

    def _offset(self, main: dict[str, Any]) -> float:
        """A delay of admission counts the other way round."""
        try:
            if main.get("admit_delay"):
                return -number(main["admit_delay"], self._path, "admit_delay")
            return number(main.get("time_zero_offset") or 0.0, self._path, "time_zero_offset")
        except CorruptFile as problem:
            self._fault(self._path, problem.text)
            return 0.0


def _productions(document: Any, path: str) -> Productions:
    return read_productions(document, path, f"{path} (frozen)")


def _text(main: dict[str, Any], key: str) -> str:
    value = main.get(key)
    return "" if value is None else str(value)
