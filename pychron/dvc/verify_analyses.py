"""Verifies a repository of analyses: what each says of itself, of its isotopes, and of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pychron.dvc import layout
from pychron.dvc.blobs import BadBlob, decode
from pychron.dvc.errors import DvcError
from pychron.dvc.interpreted_ages import InterpretedAge, read_interpreted_age
from pychron.dvc.metadata import MetaData
from pychron.dvc.records import Analysis, Isotope, RawSeries, Reference, StoredFit
from pychron.dvc.repository import Repository
from pychron.dvc.verify import Findings, content, document

STREAMS = ("measured_response", "requested_output", "setpoint_stream", "cryo_response", "request", "response", "sblob")  # fmt: skip
"""Of an extraction file, today's names and the older ones."""
SHOWN = 3
"""So many missing references are named in one line."""


def verify_analyses(
    repository: Repository,
    paths: Sequence[str],
    findings: Findings,
    meta: MetaData | None,
    elsewhere: frozenset[str],
    advance: Callable[[], object],
) -> int:
    """Tell all that is wrong; the number of analyses."""
    return _Verifier(repository, paths, findings, meta, elsewhere, advance).run()


class _Verifier:
    def __init__(
        self,
        repository: Repository,
        paths: Sequence[str],
        findings: Findings,
        meta: MetaData | None,
        elsewhere: frozenset[str],
        advance: Callable[[], object],
    ) -> None:
        self._repository = repository
        self._paths = paths
        self._findings = findings
        self._meta = meta
        self._elsewhere = elsewhere
        self._advance = advance
        self._present = frozenset(paths)
        self._ages: list[InterpretedAge] = []
        self._main: dict[str, list[str]] = {}
        for path in paths:
            if identity := layout.identity_of(path):
                self._main.setdefault(identity, []).append(path)

    def run(self) -> int:
        for path in self._paths:
            self._file(path)
            self._advance()
        analyses = []
        for identity, places in self._main.items():
            analysis = self._analysis(identity, places)
            if analysis is not None:
                analyses.append(analysis)
            self._advance()
        names = self._elsewhere | set(self._main)
        names |= {one.uuid for one in analyses} | {one.record_id for one in analyses}
        self._doubles(analyses)
        for analysis in analyses:
            self._references(analysis, names)
        for age in self._ages:
            missing = [uuid for uuid in age.uuids if uuid not in names]
            if missing:
                text = f"{len(missing)} of its analyses, as {missing[0]}, are in no repository that was named"
                self._findings.warning(age.path, f"{text}; add --with DIR")
        return len(self._main)

    # ---- files by themselves

    def _file(self, path: str) -> None:
        if not path.endswith(".json"):
            content(self._repository.tree, path, self._findings)
            return
        found = document(self._repository.tree, path, self._findings)
        identity, modifier = layout.owner_of(path)
        if identity and identity not in self._main:
            self._findings.error(path, f"it belongs to {identity}, and there is no such analysis")
        if layout.is_interpreted_age(path) and found is not None:
            try:
                self._ages.append(read_interpreted_age(found, path))
            except DvcError as problem:
                self._findings.take(problem)
        if modifier == "extraction" and isinstance(found, dict):
            self._streams(path, {key: found.get(key) for key in STREAMS})
        elif modifier == "peakcenter" and isinstance(found, dict):
            self._streams(path, {"points": found.get("data")})
            for detector, one in found.items():
                if isinstance(one, dict):
                    self._streams(path, {f"the points of {detector}": one.get("points")})
        elif modifier == "monitor":
            checks = found if isinstance(found, list) else []
            for one in checks:
                if isinstance(one, dict):
                    self._streams(path, {f"the data of {one.get('name')}": one.get("data")})

    def _streams(self, path: str, blobs: Mapping[str, Any]) -> None:
        for what, text in blobs.items():
            if isinstance(text, list):
                continue
            try:
                tail = decode(text).tail
            except BadBlob as problem:
                self._findings.error(path, f"{what} cannot be decoded: {problem}")
                continue
            if tail:
                self._findings.error(path, f"{what} was cut short: {tail} bytes at its end make no point")

    # ---- one analysis

    def _analysis(self, identity: str, places: Sequence[str]) -> Analysis | None:
        try:
            analysis = self._repository.analysis(identity)
        except DvcError as problem:
            self._findings.take(problem)
            return None
        path = analysis.files["analysis"]
        for other in places:
            if other != path:
                self._findings.error(other, f"the same analysis stands in {path}, which is read")
        for problem_ in analysis.problems:
            self._findings.take(problem_)
        if not analysis.isotopes:
            return analysis
        if layout.is_uuid(identity) and analysis.uuid.casefold() != identity.casefold():
            self._findings.error(path, f"its uuid is {analysis.uuid}, its name says {identity}")
        for what in ("identifier", "mass_spectrometer"):
            if not getattr(analysis, what):
                self._findings.error(path, f"it has no {what}")
        for name, key in analysis.mapping.items():
            if key not in analysis.isotopes and key != name:
                self._findings.error(
                    path, f"arar_mapping names {key} for {name}, and it lists no such isotope"
                )
        self._irradiated(analysis, path)
        series = self._series(analysis, path)
        for isotope in analysis.isotopes.values():
            self._isotope(analysis, isotope, series)
        if analysis.spec_sha and f"{analysis.spec_sha}.json" not in self._present:
            self._findings.warning(path, f"its spectrometer settings {analysis.spec_sha}.json are not here")
        return analysis

    def _irradiated(self, analysis: Analysis, path: str) -> None:
        if self._meta is None or analysis.irradiation in ("", "NoIrradiation"):
            return
        where = f"{analysis.irradiation} {analysis.level} {analysis.position}"
        try:
            position = self._meta.position(
                analysis.irradiation, analysis.level, analysis.position, analysis.identifier
            )
        except DvcError as problem:
            self._findings.error(path, f"{where} cannot be looked up: {problem}")
            return
        if position is None:
            self._findings.error(path, f"the metadata have no position {where}")
        elif analysis.identifier and position.identifier and position.identifier != analysis.identifier:
            text = f"{where} holds {position.identifier} in the metadata; here it is {analysis.identifier}"
            self._findings.error(path, text)

    def _series(self, analysis: Analysis, path: str) -> dict[tuple[str, str], RawSeries] | None:
        """By kind and name; None where there is no readable data file."""
        try:
            found, problems = self._repository.series(analysis)
        except DvcError as problem:
            self._findings.error(path, problem.text) if not problem.place.line else self._findings.take(
                problem
            )
            return None
        data = self._beside(path, ".data")
        for text in problems:
            self._findings.error(data, text)
        by_name: dict[tuple[str, str], RawSeries] = {}
        for raw in found:
            name = raw.isotope or raw.detector
            what = f"the {raw.kind} of {name}"
            if raw.kind != "sniff" and (raw.kind, name) in by_name:
                self._findings.error(data, f"{what} stands there twice")
            by_name[raw.kind, name] = raw
            if raw.kind == "signal" and raw.isotope not in analysis.isotopes:
                self._findings.error(data, f"{what} is there, and the analysis lists no such isotope")
            if not len(raw.y):
                if raw.kind != "sniff":
                    self._findings.error(data, f"{what} has no points")
            elif not (np.isfinite(raw.t).all() and np.isfinite(raw.y).all()):
                self._findings.error(data, f"{what} holds values that are no numbers")
            elif raw.kind == "signal" and (np.diff(raw.t) <= 0).any():
                self._findings.warning(data, f"the times of {what} do not rise from point to point")
        return by_name

    def _beside(self, path: str, modifier: str) -> str:
        places = layout.paths(layout.identity_of(path), modifier)
        return next((place for place in places if place in self._present), places[0])

    def _isotope(
        self, analysis: Analysis, isotope: Isotope, series: Mapping[tuple[str, str], RawSeries] | None
    ) -> None:
        files = analysis.files
        blankless = analysis.is_blank or analysis.analysis_type in ("background", "detector_ic")
        broken = {problem.place.file for problem in analysis.problems}
        for modifier, value, of in (
            ("intercepts", isotope.intercept, isotope.key),
            ("baselines", isotope.baseline, isotope.detector),
            ("blanks", None if blankless else isotope.blank, isotope.key),
            ("icfactors", isotope.ic_factor, isotope.detector),
        ):
            file = files.get(modifier)
            if file is None or file in broken or (modifier == "blanks" and blankless):
                continue
            if value is None:
                self._findings.error(file, f"it has nothing of {of}")
            elif value.error < 0:
                self._findings.error(file, f"the error of {of} is below zero")
        if series is not None:
            self._points(
                analysis, isotope.intercept, series.get(("signal", isotope.key)), "intercepts", isotope.key
            )
            self._points(
                analysis,
                isotope.baseline,
                series.get(("baseline", isotope.detector)),
                "baselines",
                isotope.detector,
            )

    def _points(
        self, analysis: Analysis, fit: StoredFit | None, raw: RawSeries | None, modifier: str, of: str
    ) -> None:
        if fit is None or fit.manual is not None:
            return
        path = analysis.files[modifier]
        if raw is None:
            self._findings.error(path, f"{of} has a fit and no readings")
            return
        points = len(raw.y)
        if fit.n is not None and fit.n > points:
            self._findings.error(path, f"the fit of {of} counts {fit.n} points, its series has {points}")
        excluded = [index for index in (*fit.user_excluded, *fit.outlier_excluded) if not 0 <= index < points]
        if excluded:
            self._findings.error(path, f"{of} leaves out point {excluded[0]} of {points}")
        if fit.spec() is None:
            self._findings.warning(
                path, f"the fit {fit.fit} {fit.error_type} of {of} is not one that can be made again"
            )

    # ---- between analyses

    def _doubles(self, analyses: Sequence[Analysis]) -> None:
        seen: dict[str, Analysis] = {}
        for analysis in analyses:
            if not analysis.identifier:
                continue
            first = seen.setdefault(analysis.record_id, analysis)
            if first is not analysis:
                path = analysis.files["analysis"]
                text = f"{analysis.record_id} is also {first.files['analysis']}"
                self._findings.warning(path, f"{text}: two analyses have one name")

    def _references(self, analysis: Analysis, names: frozenset[str] | set[str]) -> None:
        for modifier, values in (
            ("blanks", [one.blank for one in analysis.isotopes.values()]),
            ("icfactors", [one.ic_factor for one in analysis.isotopes.values()]),
        ):
            missing: dict[str, None] = {}
            for value in values:
                for reference in value.references if value is not None else ():
                    if not _known(reference, names):
                        missing[reference.record_id or reference.uuid or "one without a name"] = None
            if missing:
                some = ", ".join(list(missing)[:SHOWN])
                more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
                text = f"its references {some}{more} are in no repository that was named; add --with DIR"
                self._findings.warning(analysis.files[modifier], text)


def _known(reference: Reference, names: frozenset[str] | set[str]) -> bool:
    return (reference.uuid or reference.record_id) in names or reference.record_id in names
