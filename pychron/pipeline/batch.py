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

from pychron.dvc.argon import KEYS, PARTS, VALUES, numbers_of
from pychron.dvc.errors import DvcError
from pychron.dvc.frozen import Frozen
from pychron.dvc.metadata import MetaData, Position
from pychron.dvc.records import Analysis, StoredFit, StoredValue
from pychron.pipeline.ages.conversion import Arithmetic, JRefused
from pychron.pipeline.events import Flag
from pychron.reduction.batch import FLAG_TEXTS, OWN, Batch, Inputs, Scalars
from pychron.reduction.batch import Flag as Fault
from pychron.reduction.decay import days_since_start, decay_factors
from pychron.reduction.inputs import ARGON, Chronology, Measured, Productions
from pychron.reduction.options import Cosmogenic, Options
from pychron.reduction.reduce import reduce
from pychron.reduction.reduced import Reduced

_NONE, _ONE = Measured(0.0), Measured(1.0)
NO_PRODUCTIONS = Productions("none", _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _ONE, _ONE)
"""For what was never irradiated."""


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

    known: dict[object, Irradiated] = {}

    def look(analysis: Analysis) -> Irradiated:
        held = frozen(analysis)
        where = analysis.irradiation, analysis.level, analysis.position, analysis.identifier
        if analysis.productions is not None or analysis.irradiation in ("", "NoIrradiation"):
            return _looked_up(analysis, held, meta, arithmetic)
        since = None if meta is None else _sensitivity(analysis, meta)
        key = where, id(held), since
        if key not in known:
            known[key] = _looked_up(analysis, held, meta, arithmetic)
        return known[key]

    return look


def _looked_up(
    analysis: Analysis, held: Frozen | None, meta: MetaData | None, arithmetic: Arithmetic
) -> Irradiated:
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
    sensitivity, flag = _sensitivity(analysis, meta)
    if flag is not None:
        why.append(flag)
    return Irradiated(chronology, productions, position, j, lam, age, tuple(why), sensitivity)


def _productions(analysis: Analysis, held: Frozen | None, meta: MetaData) -> Productions:
    irradiation, level = analysis.irradiation, analysis.level
    own = analysis.productions or (held.productions(irradiation, level) if held is not None else None)
    return own or meta.productions(irradiation, level)


def _position(analysis: Analysis, held: Frozen | None, meta: MetaData) -> Position | None:
    where = analysis.irradiation, analysis.level, analysis.position, analysis.identifier
    own = held.position(*where) if held is not None else None
    return own or meta.position(*where)


def _sensitivity(analysis: Analysis, meta: MetaData) -> tuple[float, Flag | None]:
    """Without it (NaN) there are no moles; the age stands."""
    try:
        found = meta.sensitivity(analysis.mass_spectrometer, analysis.time)
    except DvcError as problem:
        return math.nan, Flag("no_sensitivity", str(problem), problem.place.file)
    if found is not None and found.units != "mol/fA":
        text = f"the sensitivity of {analysis.mass_spectrometer} is in {found.units}; mol/fA can be read"
        return math.nan, Flag("no_sensitivity", text, analysis.mass_spectrometer)
    return (math.nan if found is None else found.value), None


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
    groups: dict[tuple[tuple[Measured, float | None] | None, Cosmogenic | None], list[int]] = {}
    kinds: dict[tuple[int, Cosmogenic | None], list[int]] = {}
    for index, irradiated in enumerate(found):
        cosmogenic = analyses[index].cosmogenic
        members = kinds.get((id(irradiated), cosmogenic))
        if members is None:
            lam = irradiated.lambda_k
            coherent = None if lam is None else (lam, irradiated.monitor_age_ma)
            members = groups.setdefault((coherent, cosmogenic), [])
            kinds[id(irradiated), cosmogenic] = members
        members.append(index)
    rows: list[Row | None] = [None] * len(analyses)
    for (coherent, cosmogenic), members in groups.items():
        some = [analyses[i] for i in members]
        batch = build(some, [found[i] for i in members], arithmetic, overrides or {})
        chosen = options or Options(monitor_age_ma=coherent[1] if coherent else None, cosmogenic=cosmogenic)
        reduced = run(batch, arithmetic.constants, chosen)
        for row, (i, faults) in enumerate(zip(members, reduced.flags.tolist(), strict=True)):
            rows[i] = Row(analyses[i], found[i], reduced, row, _flags(analyses[i], found[i], faults))
    return [row for row in rows if row is not None]


_FAULTS = tuple((int(fault), str(fault.name).lower(), text) for fault, text in FLAG_TEXTS.items())
"""Each is a reason to have no age and to stand in no mean."""
_TOLD = int(Fault.NO_J | Fault.NO_DECAY | Fault.SIGNAL_MISSING)
"""What follows from a fault that is told already."""


def _flags(analysis: Analysis, irradiated: Irradiated, faults: int) -> tuple[Flag, ...]:
    if not (faults or irradiated.why or analysis.problems or analysis.tag != "ok"):
        return ()
    flags = [
        Flag("file", f"{p.place}: {p.text}", p.place.file, p.severity == "error") for p in analysis.problems
    ]
    flags += irradiated.why
    if any(flag.fatal for flag in flags):
        faults &= ~_TOLD
    for fault, code, text in _FAULTS:
        if faults & fault:
            flags.append(Flag(code, text, analysis.record_id, fatal=True))
    if analysis.tag != "ok":
        why = f": {analysis.tag_note}" if analysis.tag_note else ""
        flags.append(Flag("tag", f"it is tagged {analysis.tag}{why}", analysis.tag, fatal=True))
    return tuple(dict.fromkeys(flags))


def build(
    analyses: Sequence[Analysis],
    irradiated: Sequence[Irradiated],
    arithmetic: Arithmetic,
    overrides: Mapping[str, Override],
) -> Batch:
    """The arrays of one batch. What is missing is NaN, which the reduction flags."""
    values, ids = _tables(analyses, overrides)
    times = np.array([a.time for a in analyses], float)
    distinct, which = _distinct(irradiated)
    decay39, decay37, days = _decay(distinct, which, times, arithmetic)
    numbers: dict[Productions, int] = {}
    production = np.array(
        [numbers.setdefault(i.productions or NO_PRODUCTIONS, len(numbers)) for i in distinct], np.int64
    )[which]
    lam = next((i.lambda_k for i in distinct if i.lambda_k is not None), None)
    return Batch(
        Inputs(values[0, 0], values[0, 1]),
        baselines=Inputs(values[1, 0], values[1, 1], ids[0]),
        blanks=Inputs(values[2, 0], values[2, 1], ids[1]),
        ic_factors=Inputs(values[3, 0], values[3, 1], ids[2]),
        decay39=decay39,
        decay37=decay37,
        days=days,
        productions=tuple(numbers) or (NO_PRODUCTIONS,),
        production=production,
        j=_j(analyses, irradiated),
        lambda_k=lam,
        sensitivity=np.array([one.sensitivity for one in distinct], float)[which],
    )


def _distinct(irradiated: Sequence[Irradiated]) -> tuple[list[Irradiated], np.ndarray]:
    """Each object once, and (N,) which of them is whose: analyses of one hole are handed the same."""
    at: dict[int, int] = {}
    found: list[Irradiated] = []
    which = np.empty(len(irradiated), np.int64)
    for row, one in enumerate(irradiated):
        index = at.get(id(one))
        if index is None:
            index = at[id(one)] = len(found)
            found.append(one)
        which[row] = index
    return found, which


def _j(analyses: Sequence[Analysis], irradiated: Sequence[Irradiated]) -> Scalars:
    ids: dict[object, int] = {}
    near: dict[object, tuple[float, float, int]] = {}
    found = []
    for analysis, one in zip(analyses, irradiated, strict=True):
        if one.j is None:
            found.append((math.nan, math.nan, OWN))
            continue
        same = id(one), analysis.irradiation, analysis.level, analysis.position
        if same not in near:
            hole = one.position.hole if one.position is not None else analysis.position
            key = (analysis.irradiation, analysis.level, hole, one.j)
            near[same] = one.j.value, one.j.error, ids.setdefault(key, len(ids))
        found.append(near[same])
    value, error, column = zip(*found, strict=True) if found else ((), (), ())
    return Scalars(np.array(value, float), np.array(error, float), np.array(column, np.int64))


def _decay(
    distinct: Sequence[Irradiated], which: np.ndarray, times: np.ndarray, arithmetic: Arithmetic
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What was never irradiated has no 39Ar that decays: its factors are 1."""
    decay39, decay37, days = np.ones_like(times), np.ones_like(times), np.zeros_like(times)
    groups: dict[Chronology, list[int]] = {}
    for index, one in enumerate(distinct):
        if one.chronology is not None:
            groups.setdefault(one.chronology, []).append(index)
        elif not any(flag.code == "no_irradiation" for flag in one.why):
            decay39[which == index] = decay37[which == index] = np.nan
    constants = arithmetic.constants
    for chronology, members in groups.items():
        rows = np.isin(which, members)
        at = times[rows]
        decay39[rows] = decay_factors(chronology, at, constants.lambda_ar39, arithmetic.from_end)
        decay37[rows] = decay_factors(chronology, at, constants.lambda_ar37, arithmetic.from_end)
        days[rows] = days_since_start(chronology, at)
    return decay39, decay37, days


def _tables(analyses: Sequence[Analysis], overrides: Mapping[str, Override]) -> tuple[np.ndarray, np.ndarray]:
    """(4, 2, 5, N) values and errors of intercepts, baselines, blanks, IC factors; (3, 5, N) ids of the last three."""
    numbers = []
    for analysis in analyses:
        one = overrides.get(analysis.uuid) if overrides else None
        if one is None:
            numbers.append(numbers_of(analysis))
        else:
            numbers.append(numbers_of(analysis, one.intercepts, one.baselines, one.blanks, one.ic_factors))
    n = len(analyses)
    table = np.frombuffer(b"".join([one.data for one in numbers]), "<f8").reshape(n, VALUES + KEYS).copy()
    values = table[:, :VALUES].reshape(n, len(ARGON), PARTS, 2)
    ids = np.ascontiguousarray(table[:, VALUES:]).view("<i8").reshape(n, len(ARGON), PARTS - 1)
    # A baseline is shared within its analysis only.
    ids[:, :, 0] = np.where(ids[:, :, 0] < 0, OWN, ids[:, :, 0] + np.arange(n)[:, np.newaxis] * len(ARGON))
    return np.ascontiguousarray(values.transpose(2, 3, 1, 0)), np.ascontiguousarray(ids.transpose(2, 1, 0))
