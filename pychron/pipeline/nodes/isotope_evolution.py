"""Fits the raw series of each isotope and baseline again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pychron.dvc.errors import DvcError
from pychron.dvc.records import Analysis, RawSeries, StoredFit
from pychron.pipeline.batch import Override
from pychron.pipeline.events import Flag
from pychron.pipeline.running.state import Doing, NodeFailed, Outcome, State
from pychron.pipeline.templates.klasses import ISOTOPE_FITS
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.inputs import ErrorType, Fit, FitSpec, OutlierFilter
from pychron.reduction.regression import FAULT_TEXTS, FitFault
from pychron.reduction.series import FitResult, Series, fit_all

ERRORS = tuple(one.value for one in ErrorType)
YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row of the template says of one isotope or detector; None = as stored."""

    fit: Fit | None = None
    error_type: ErrorType | None = None
    outliers: OutlierFilter | None = None
    filters: bool | None = None

    def of(self, stored: FitSpec | None) -> FitSpec:
        """The stored fit with what the row says."""
        base = stored or FitSpec()
        outliers = base.outliers
        if self.filters is not None:
            outliers = self.outliers if self.filters else None
        return replace(
            base, fit=self.fit or base.fit, error_type=self.error_type or base.error_type, outliers=outliers
        )


def check_fits(spec: NodeSpec) -> Iterator[str]:
    """Each row names an isotope or a detector, and a fit that is known."""
    rows = spec.options["fits"]
    assert isinstance(rows, tuple)
    for row in rows:
        assert isinstance(row, Mapping)
        try:
            wanted(row)
        except NodeFailed as problem:
            yield problem.text


def wanted(row: Mapping[str, str]) -> Wanted:
    """A row of `fits`. Raises NodeFailed."""
    name = row.get("name", "")
    if not name:
        raise NodeFailed("a row of fits has no name; write the isotope, or for a baseline the detector")
    fit = error = outliers = filters = None
    if word := row.get("fit", ""):
        folded = {"weighted": "weighted mean"}.get(word.casefold(), word.casefold())
        try:
            fit = Fit(folded)
        except ValueError:
            raise NodeFailed(f"{name}: {word} is no fit; write {', '.join(ISOTOPE_FITS)}") from None
    if word := row.get("error_type", ""):
        if word.upper() not in ERRORS:
            raise NodeFailed(f"{name}: {word} is no kind of error; write {', '.join(ERRORS)}")
        error = ErrorType(word.upper())
    if word := row.get("filter_outliers", "").casefold():
        if word not in (*YES, *NO):
            raise NodeFailed(f"{name}: filter_outliers is true or false")
        filters = word in YES
    try:
        outliers = OutlierFilter(int(row.get("iterations", "1")), float(row.get("std_devs", "2")))
    except ValueError as problem:
        raise NodeFailed(f"{name}: iterations and std_devs are numbers: {problem}") from None
    return Wanted(fit, error, outliers, filters)


@dataclass(slots=True)
class _Task:
    analysis: Analysis
    raw: RawSeries
    stored: StoredFit | None
    spec: FitSpec


def fit_isotopes(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Every signal and baseline of the unknowns; what cannot be fitted keeps what is stored, and is flagged."""
    rows = spec.options["fits"]
    assert isinstance(rows, tuple)
    by_name = {row["name"]: wanted(row) for row in rows if isinstance(row, Mapping)}
    tasks: list[_Task] = []
    faults: list[str] = []
    skipped = 0
    for uuid in state.unknowns:
        analysis = state.now(uuid)
        if spec.options["skip_reviewed"] and _reviewed(analysis):
            skipped += 1
            continue
        changed = None
        if spec.options["only_changed"]:
            changed = {("signal", key) for key in state.splits.get(uuid, ())}
        if changed is None or changed:
            tasks += _tasks(state, analysis, by_name, faults, changed)
    results = fit_all(
        [
            Series(one.raw.t.astype(float) - one.analysis.time_zero_offset, one.raw.y.astype(float))
            for one in tasks
        ],
        [one.spec for one in tasks],
    )
    for task, result in zip(tasks, results, strict=True):
        _take(state, task, result, faults)
    left = f", {skipped} analyses reviewed and left as they are" if skipped else ""
    return Outcome(f"{len(tasks)} series fitted{left}", faults=tuple(faults))


def _reviewed(analysis: Analysis) -> bool:
    fits = [one.intercept for one in analysis.isotopes.values()]
    return all(fit is not None and fit.reviewed for fit in fits)


def _tasks(
    state: State,
    analysis: Analysis,
    by_name: Mapping[str, Wanted],
    faults: list[str],
    changed: set[tuple[str, str]] | None,
) -> Iterator[_Task]:
    try:
        found, problems = state.series(analysis.uuid)
    except DvcError as problem:
        found, problems = [], [str(problem)]
    for text in problems:
        state.flag(analysis.uuid, [Flag("raw_series", text, analysis.record_id)])
        faults.append(f"{analysis.record_id}: {text}")
    for raw in found:
        if raw.kind == "sniff" or (changed is not None and (raw.kind, raw.isotope) not in changed):
            continue
        stored, name = _stored(analysis, raw)
        row = by_name.get(name) or by_name.get(raw.isotope or raw.detector)
        known = None if stored is None else stored.spec()
        if known is None and (row is None or row.fit is None):
            why = "nothing is stored of it" if stored is None else f"the fit {stored.fit} is not known"
            faults.append(f"{analysis.record_id}: {raw.kind} {name}: {why}; name its fit in the template")
            continue
        yield _Task(analysis, raw, stored, (row or Wanted()).of(known))


def _stored(analysis: Analysis, raw: RawSeries) -> tuple[StoredFit | None, str]:
    if raw.kind == "baseline":
        return analysis.baselines.get(raw.detector), raw.detector
    isotope = analysis.isotopes.get(raw.isotope)
    return (None, raw.isotope) if isotope is None else (isotope.intercept, isotope.name)


def _take(state: State, task: _Task, result: FitResult, faults: list[str]) -> None:
    analysis, raw = task.analysis, task.raw
    key = raw.isotope or raw.detector
    if result.fault is not FitFault.NONE:
        text = f"{raw.kind} {key}: {FAULT_TEXTS[result.fault]}"
        fatal = task.stored is None
        state.flag(analysis.uuid, [Flag("fit", text, key, fatal)])
        faults.append(f"{analysis.record_id}: {text}")
        return
    base = task.stored or StoredFit(0.0, 0.0, "", "", include_baseline_error=raw.kind == "signal")
    fit = replace(
        base,
        value=result.value,
        error=result.error,
        fit=task.spec.fit.value.title(),
        error_type=task.spec.error_type.value,
        n=result.n,
        fn=result.fn,
        outliers=task.spec.outliers,
        outlier_excluded=result.excluded,
        reviewed=True,
    )
    new: Any = {key: fit}
    state.override(
        analysis.uuid, Override(intercepts=new) if raw.kind == "signal" else Override(baselines=new)
    )
