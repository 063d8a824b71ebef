"""The raw series of a repository fitted again, beside what is stored: do the numbers still follow from the readings?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pychron.dvc.errors import DvcError
from pychron.dvc.records import Analysis, RawSeries, StoredFit
from pychron.dvc.repository import Repository
from pychron.reduction.inputs import FitSpec
from pychron.reduction.regression import FAULT_TEXTS, FitFault
from pychron.reduction.series import FitResult, Series, fit_all

TOLERANCE = 1e-3
"""In errors: a stored value, and a stored error, within this of ours is the same."""

BATCH = 200
"""Analyses whose series are in memory at once."""


@dataclass(frozen=True, slots=True)
class Refit:
    """One series. `value` and `error` are None where it could not be fitted, `why` says it."""

    uuid: str
    record_id: str
    isotope: str
    """Key of the isotope; of a baseline the detector"""
    kind: str
    """`signal` or `baseline`"""
    fit: str
    error_type: str
    n: int
    value: float | None
    error: float | None
    stored_value: float | None
    stored_error: float | None
    why: str = ""

    @property
    def off(self) -> float | None:
        """How far value and error are from the stored ones, the larger, in stored errors; None where one is missing."""
        if self.value is None or self.error is None or self.stored_value is None or self.stored_error is None:
            return None
        distance = max(abs(self.value - self.stored_value), abs(self.error - self.stored_error))
        if self.stored_error > 0:
            return distance / self.stored_error
        return 0.0 if distance == 0 else math.inf

    @property
    def is_same(self) -> bool:
        return self.off is not None and self.off <= TOLERANCE


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that kept a series from being fitted."""

    record_id: str
    text: str


def refit(
    repository: Repository, identities: Iterable[str], done: Callable[[], None] = lambda: None
) -> tuple[list[Refit], list[Fault]]:
    """Fit every signal and baseline of the analyses named; `done` is called after each."""
    rows: list[Refit] = []
    faults: list[Fault] = []
    waiting: list[tuple[Analysis, RawSeries, StoredFit, FitSpec]] = []

    def flush() -> None:
        series = [
            Series(raw.t.astype(float) - one.time_zero_offset, raw.y.astype(float))
            for one, raw, _, _ in waiting
        ]
        results = fit_all(series, [spec for _, _, _, spec in waiting])
        rows.extend(
            _row(one, raw, stored, result)
            for (one, raw, stored, _), result in zip(waiting, results, strict=True)
        )
        waiting.clear()

    for number, identity in enumerate(identities, 1):
        analysis = repository.analysis(identity)
        faults += [Fault(analysis.record_id, str(problem)) for problem in analysis.problems]
        try:
            found, problems = repository.series(analysis)
        except DvcError as problem:
            faults.append(Fault(analysis.record_id, str(problem)))
            found, problems = [], []
        faults += [
            Fault(analysis.record_id, f"{analysis.files.get('analysis', '')}: {text}") for text in problems
        ]
        for raw in found:
            if raw.kind == "sniff":
                continue
            stored = _stored(analysis, raw)
            spec = None if stored is None else stored.spec()
            if stored is None or spec is None:
                why = (
                    "nothing is stored of it"
                    if stored is None
                    else f"the fit {stored.fit} {stored.error_type} is not known"
                )
                rows.append(_row(analysis, raw, stored, None, why))
            else:
                waiting.append((analysis, raw, stored, spec))
        if number % BATCH == 0:
            flush()
        done()
    flush()
    return rows, faults


def _stored(analysis: Analysis, raw: RawSeries) -> StoredFit | None:
    if raw.kind == "signal":
        isotope = analysis.isotopes.get(raw.isotope)
        return None if isotope is None else isotope.intercept
    return analysis.baselines.get(raw.detector)


def _row(
    analysis: Analysis, raw: RawSeries, stored: StoredFit | None, result: FitResult | None, why: str = ""
) -> Refit:
    whole = result is not None and result.fault is FitFault.NONE
    if result is not None and not whole:
        why = FAULT_TEXTS[result.fault]
    return Refit(
        analysis.uuid,
        analysis.record_id,
        raw.isotope or raw.detector,
        raw.kind,
        "" if stored is None else stored.fit,
        "" if stored is None else stored.error_type,
        len(raw.y) if result is None else result.n,
        result.value if result is not None and whole else None,
        result.error if result is not None and whole else None,
        None if stored is None else stored.value,
        None if stored is None else stored.error,
        why,
    )
