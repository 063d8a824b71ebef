"""From records of a repository and the metadata to batches of the reduction, and back to one result an analysis. Pure.

What two analyses have in common is one variable in their errors: a blank made from the same references with the same value, an IC
factor, a baseline of two isotopes on one detector, a hole's J, productions. Analyses whose J was made with one decay constant are one
batch, because an age is only coherent with the constant of its J.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pychron.dvc.errors import DvcError
from pychron.dvc.frozen import Frozen
from pychron.dvc.metadata import MetaData, Position
from pychron.dvc.records import Analysis, Isotope, StoredFit, StoredValue
from pychron.pipeline.conversion import Arithmetic, JRefused
from pychron.pipeline.events import Flag
from pychron.reduction.batch import FLAG_TEXTS, OWN, Batch, Inputs, Scalars
from pychron.reduction.batch import Flag as Fault
from pychron.reduction.decay import days_since_start, decay_factors
from pychron.reduction.inputs import ARGON, Chronology, Measured, Productions
from pychron.reduction.options import Options
from pychron.reduction.reduce import reduce
from pychron.reduction.reduced import Reduced

_NONE, _ONE = Measured(0.0), Measured(1.0)
NO_PRODUCTIONS = Productions("none", _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _ONE, _ONE)
"""For what was never irradiated."""
FATAL = Fault.SIGNAL_MISSING | Fault.NO_J | Fault.NO_DECAY | Fault.NO_AGE | Fault.FIT | Fault.SIGNAL_NEGATIVE


@dataclass(frozen=True, slots=True)
class Override:
    """What nodes fitted anew, in place of what is stored. By isotope key, by detector for baselines and IC factors."""

    intercepts: Mapping[str, StoredFit] = field(default_factory=dict)
    baselines: Mapping[str, StoredFit] = field(default_factory=dict)
    blanks: Mapping[str, StoredValue] = field(default_factory=dict)
    ic_factors: Mapping[str, StoredValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Irradiated:
    """What the metadata say of an analysis; None where they say nothing, and then `why`."""

    chronology: Chronology | None = None
    productions: Productions | None = None
    position: Position | None = None
    j: Measured | None = None
    lambda_k: Measured | None = None
    monitor_age_ma: float | None = None
    """Of the monitor that made J: an error of lambda then acts on both."""
    why: tuple[Flag, ...] = ()
    sensitivity: float = math.nan
    """mol per fA of its spectrometer"""


@dataclass(slots=True)
class Row:
    """One analysis and where its result stands: row `index` of `reduced`."""

    analysis: Analysis
    irradiated: Irradiated
    reduced: Reduced
    index: int
    flags: tuple[Flag, ...]

    @property
    def good(self) -> bool:
        """Whether it may go into a mean."""
        return not any(flag.fatal for flag in self.flags)

    def number(self, values: object) -> float | None:
        """The analysis's own of an array over the batch; None where it is no number."""
        value = float(values[self.index])  # type: ignore[index]
        return value if math.isfinite(value) else None


Meta = Callable[[Analysis], Irradiated]


def nothing_frozen(_: Analysis) -> Frozen | None:
    """For repositories that hold nothing fast."""
    return None


def metadata_of(
    meta: MetaData | None,
    arithmetic: Arithmetic,
    frozen: Callable[[Analysis], Frozen | None] = nothing_frozen,
) -> Meta:
    """A reader of what the metadata say; each fault becomes a flag of the analyses that it is about.

    What an analysis or its repository has frozen stands over the metadata.
    """

    def look(analysis: Analysis) -> Irradiated:
        if not analysis.irradiation or analysis.irradiation == "NoIrradiation":
            return Irradiated(
                why=(Flag("no_irradiation", "it was not irradiated", analysis.record_id, fatal=True),)
            )
        if meta is None:
            return Irradiated(why=(Flag("no_metadata", "no metadata repository was named", fatal=True),))
        why: list[Flag] = []
        chronology = _asked(lambda: meta.chronology(analysis.irradiation), "no_chronology", why)
        if chronology is not None and (problem := chronology.problem()):
            why.append(Flag("chronology", f"{analysis.irradiation}: {problem}", analysis.irradiation, True))
        held = frozen(analysis)
        productions = _asked(lambda: _productions(analysis, held, meta), "no_productions", why)
        position = _asked(lambda: _position(analysis, held, meta), "no_level", why)
        j = lam = age = None
        if position is not None and position.j is not None and position.j.value > 0:
            try:
                j, lam, age = arithmetic.j(position)
            except JRefused as refused:
                why.append(Flag("j_of_other_constants", refused.text, analysis.identifier, True))
        elif not why:
            where = f"{analysis.irradiation} {analysis.level} {analysis.position}"
            why.append(Flag("no_j", f"{where} has no J; fit the flux of its level", where, True))
        sensitivity = _sensitivity(analysis, meta, why)
        return Irradiated(chronology, productions, position, j, lam, age, tuple(why), sensitivity)

    return look


def _productions(analysis: Analysis, held: Frozen | None, meta: MetaData) -> Productions:
    irradiation, level = analysis.irradiation, analysis.level
    own = analysis.productions or (held.productions(irradiation, level) if held is not None else None)
    return own or meta.productions(irradiation, level)


def _position(analysis: Analysis, held: Frozen | None, meta: MetaData) -> Position | None:
    where = analysis.irradiation, analysis.level, analysis.position, analysis.identifier
    own = held.position(*where) if held is not None else None
    return own or meta.position(*where)


def _sensitivity(analysis: Analysis, meta: MetaData, why: list[Flag]) -> float:
    """Without it there are no moles; the age stands."""
    try:
        found = meta.sensitivity(analysis.mass_spectrometer, analysis.time)
    except DvcError as problem:
        why.append(Flag("no_sensitivity", str(problem), problem.place.file))
        return math.nan
    if found is not None and found.units != "mol/fA":
        text = f"the sensitivity of {analysis.mass_spectrometer} is in {found.units}; mol/fA can be read"
        why.append(Flag("no_sensitivity", text, analysis.mass_spectrometer))
        return math.nan
    return math.nan if found is None else found.value


def _asked(read: Callable[[], object], code: str, why: list[Flag]):  # type: ignore[no-untyped-def]
    try:
        return read()
    except DvcError as problem:
        why.append(Flag(code, str(problem), problem.place.file, fatal=True))
        return None


def reduce_analyses(
    analyses: Sequence[Analysis],
    meta: Meta,
    arithmetic: Arithmetic,
    options: Options | None = None,
    overrides: Mapping[str, Override] | None = None,
    run: Callable[..., Reduced] = reduce,
) -> list[Row]:
    """Every analysis reduced, in the order given; `overrides` by uuid. Never raises for what an analysis holds."""
    found = [meta(analysis) for analysis in analyses]
    groups: dict[tuple[Measured, float | None] | None, list[int]] = {}
    for index, irradiated in enumerate(found):
        lam = irradiated.lambda_k
        groups.setdefault(None if lam is None else (lam, irradiated.monitor_age_ma), []).append(index)
    rows: list[Row | None] = [None] * len(analyses)
    for coherent, members in groups.items():
        some = [analyses[i] for i in members]
        batch = build(some, [found[i] for i in members], arithmetic, overrides or {})
        chosen = options or Options(monitor_age_ma=coherent[1] if coherent else None)
        reduced = run(batch, arithmetic.constants, chosen)
        for row, i in enumerate(members):
            flags = _flags(analyses[i], found[i], int(reduced.flags[row]))
            rows[i] = Row(analyses[i], found[i], reduced, row, flags)
    return [row for row in rows if row is not None]


def _flags(analysis: Analysis, irradiated: Irradiated, faults: int) -> tuple[Flag, ...]:
    flags = [
        Flag("file", f"{p.place}: {p.text}", p.place.file, p.severity == "error") for p in analysis.problems
    ]
    flags += irradiated.why
    told = any(flag.fatal for flag in flags)
    for fault, text in FLAG_TEXTS.items():
        if faults & fault and not (told and fault in (Fault.NO_J, Fault.NO_DECAY, Fault.SIGNAL_MISSING)):
            flags.append(Flag(str(fault.name).lower(), text, analysis.record_id, bool(fault & FATAL)))
    if analysis.tag != "ok":
        flags.append(Flag("tag", f"it is tagged {analysis.tag}", analysis.tag, fatal=True))
    return tuple(dict.fromkeys(flags))


def build(
    analyses: Sequence[Analysis],
    irradiated: Sequence[Irradiated],
    arithmetic: Arithmetic,
    overrides: Mapping[str, Override],
) -> Batch:
    """The arrays of one batch. What is missing is NaN, which the reduction flags."""
    n = len(analyses)
    tables = _Tables(n)
    for row, analysis in enumerate(analyses):
        tables.take(row, analysis, overrides.get(analysis.uuid) or Override())
    times = np.array([a.time for a in analyses], float)
    decay39, decay37, days = _decay(irradiated, times, arithmetic)
    numbers: dict[Productions, int] = {}
    production = np.array(
        [numbers.setdefault(i.productions or NO_PRODUCTIONS, len(numbers)) for i in irradiated], np.int64
    )
    lam = next((i.lambda_k for i in irradiated if i.lambda_k is not None), None)
    return Batch(
        tables.inputs("intercept", shared=False),
        baselines=tables.inputs("baseline"),
        blanks=tables.inputs("blank"),
        ic_factors=tables.inputs("ic"),
        decay39=decay39,
        decay37=decay37,
        days=days,
        productions=tuple(numbers) or (NO_PRODUCTIONS,),
        production=production,
        j=_j(analyses, irradiated),
        lambda_k=lam,
        sensitivity=np.array([one.sensitivity for one in irradiated]),
    )


def _j(analyses: Sequence[Analysis], irradiated: Sequence[Irradiated]) -> Scalars:
    ids: dict[object, int] = {}
    value, error = np.full(len(analyses), np.nan), np.full(len(analyses), np.nan)
    column = np.full(len(analyses), OWN, np.int64)
    for row, (analysis, one) in enumerate(zip(analyses, irradiated, strict=True)):
        if one.j is not None:
            value[row], error[row] = one.j.value, one.j.error
            hole = one.position.hole if one.position is not None else analysis.position
            key = (analysis.irradiation, analysis.level, hole, one.j)
            column[row] = ids.setdefault(key, len(ids))
    return Scalars(value, error, column)


def _decay(
    irradiated: Sequence[Irradiated], times: np.ndarray, arithmetic: Arithmetic
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was never irradiated has no 39Ar that decays: its factors are 1."""
    decay39, decay37, days = np.ones_like(times), np.ones_like(times), np.zeros_like(times)
    groups: dict[Chronology, list[int]] = {}
    for row, one in enumerate(irradiated):
        if one.chronology is not None:
            groups.setdefault(one.chronology, []).append(row)
        elif not any(flag.code == "no_irradiation" for flag in one.why):
            decay39[row] = decay37[row] = np.nan
    constants = arithmetic.constants
    for chronology, members in groups.items():
        at = times[members]
        decay39[members] = decay_factors(chronology, at, constants.lambda_ar39, arithmetic.from_end)
        decay37[members] = decay_factors(chronology, at, constants.lambda_ar37, arithmetic.from_end)
        days[members] = days_since_start(chronology, at)
    return decay39, decay37, days


class _Tables:
    """(5, N) tables of each kind of input, with the ids of what is shared."""

    def __init__(self, n: int) -> None:
        self._values: dict[str, np.ndarray] = {}
        self._errors: dict[str, np.ndarray] = {}
        self._ids: dict[str, np.ndarray] = {}
        self._known: dict[object, int] = {}
        for kind, nothing in (("intercept", np.nan), ("baseline", 0.0), ("blank", 0.0), ("ic", 1.0)):
            self._values[kind] = np.full((len(ARGON), n), nothing)
            self._errors[kind] = np.full((len(ARGON), n), np.nan if kind == "intercept" else 0.0)
            self._ids[kind] = np.full((len(ARGON), n), OWN, np.int64)

    def inputs(self, kind: str, shared: bool = True) -> Inputs:
        return Inputs(self._values[kind], self._errors[kind], self._ids[kind] if shared else None)

    def take(self, row: int, analysis: Analysis, override: Override) -> None:
        blankless = analysis.is_blank or analysis.analysis_type in ("background", "detector_ic")
        for line, name in enumerate(ARGON):
            isotope = analysis.argon(name)
            if isotope is None:
                continue
            self._fits(line, row, isotope, override)
            if not blankless:
                blank = override.blanks.get(isotope.key, isotope.blank)
                self._stored("blank", line, row, blank, name, missing=np.nan)
            factor = override.ic_factors.get(isotope.detector, isotope.ic_factor)
            self._stored("ic", line, row, factor, isotope.detector, missing=np.nan)

    def _fits(self, line: int, row: int, isotope: Isotope, override: Override) -> None:
        intercept = override.intercepts.get(isotope.key, isotope.intercept)
        baseline = override.baselines.get(isotope.detector, isotope.baseline)
        if intercept is None or baseline is None:
            return
        self._put("intercept", line, row, intercept.used)
        used = baseline.used
        error = used.error if intercept.include_baseline_error else 0.0
        self._put("baseline", line, row, Measured(used.value, error), ("baseline", row, isotope.detector))

    def _stored(
        self, kind: str, line: int, row: int, value: StoredValue | None, of: str, missing: float
    ) -> None:
        if value is None:
            self._put(kind, line, row, Measured(missing, missing))
            return
        references = tuple(r.uuid or r.record_id for r in value.references)
        key = (kind, of, value.value, value.error, references)
        self._put(kind, line, row, Measured(value.value, value.error), key)

    def _put(self, kind: str, line: int, row: int, value: Measured, key: object = None) -> None:
        self._values[kind][line, row], self._errors[kind][line, row] = value.value, value.error
        if key is not None and value.error > 0:
            self._ids[kind][line, row] = self._known.setdefault(key, len(self._known))
