"""Ages of the unknowns, and rules that look at their fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pychron.dvc.errors import DvcError
from pychron.dvc.records import Analysis, RawSeries
from pychron.pipeline.events import Flag
from pychron.pipeline.fitting.qualities import qualities
from pychron.pipeline.fitting.references import blank_type
from pychron.pipeline.fitting.review import Rules, review, rules_of
from pychron.pipeline.running.state import Doing, Outcome, State
from pychron.pipeline.templates.template import NodeSpec
from pychron.reduction.series import FitResult, Series, fit_all

SHOWN = 3


def calculate(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Corrections, F and age of each unknown; blanks of another type are flagged."""
    state.wants_ages = True
    for uuid in state.unknowns:
        state.flag(uuid, wrong_blanks(state, state.now(uuid)))
    rows = state.rows()
    without = [row for row in rows if not row.good]
    faults = tuple(
        f"{row.analysis.record_id}: {'; '.join(flag.text for flag in row.flags if flag.fatal)}"
        for row in without
    )
    return Outcome(f"{len(rows) - len(without)} of {len(rows)} analyses are good", faults=faults)


def wrong_blanks(state: State, analysis: Analysis) -> Iterator[Flag]:
    """A stored blank that was made from blanks of another type than the analysis's own."""
    kind = blank_type(analysis.analysis_type)
    for isotope in analysis.isotopes.values() if kind is not None else ():
        for reference in isotope.blank.references if isotope.blank is not None else ():
            if reference.exclude != "ok" or not reference.uuid or not state.has(reference.uuid):
                continue
            other = state.one(reference.uuid).analysis
            if other.analysis_type != kind:
                text = f"its blank comes from {other.record_id}, a {other.analysis_type}; it needs a {kind}"
                yield Flag("blank_type", text, other.record_id)


def check_rules(spec: NodeSpec) -> Iterator[str]:
    """Full scales are numbers."""
    try:
        rules_of(spec)
    except ValueError as problem:
        yield f"full_scales: {problem}; write fA as a number"


def review_fits(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Flag what the rules find, of unknowns and references; by its policy leave it out, or stop for a person.

    A reference that is left out is no reference of a fit that comes after the review.
    """
    rules = rules_of(spec)
    flagged: dict[str, tuple[Flag, ...]] = {}
    looked = list(dict.fromkeys((*state.unknowns, *state.references)))
    for uuid in looked:
        analysis = state.now(uuid)
        found = look(state, analysis, rules)
        if found and rules.policy == "omit":
            found = tuple(replace(flag, fatal=True) for flag in found)
        if found:
            flagged[uuid] = found
            state.flag(uuid, found)
    names = [state.now(uuid).record_id for uuid in flagged]
    some = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    text = f"{len(flagged)} of {len(looked)} analyses flagged" + (f": {some}" if names else "")
    if rules.policy == "stop" and flagged and not doing.passed:
        return Outcome(f"{text}; look at them, then go on with --resume", stop=True)
    faults = tuple(
        f"{state.now(uuid).record_id}: {flag.text}"
        for uuid, flags in flagged.items()
        for flag in flags
        if flag.fatal
    )
    return Outcome(text, faults=faults)


def look(state: State, analysis: Analysis, rules: Rules) -> tuple[Flag, ...]:
    """Every flag of one analysis, its raw series included."""
    try:
        series, problems = state.series(analysis.uuid)
    except DvcError as problem:
        series, problems = [], [str(problem)]
    flags = [Flag("raw_series", text, analysis.record_id) for text in problems]
    fits = _refitted(analysis, series) if rules.slope_pct or rules.curvature_pct or rules.adjusted_r2 else {}
    return tuple(dict.fromkeys((*flags, *review(qualities(analysis, series, fits), rules))))


def _refitted(analysis: Analysis, series: list[RawSeries]) -> dict[str, FitResult]:
    """By isotope: slope and curvature are not stored, so the series are fitted as they were."""
    keys, inputs, specs = [], [], []
    for raw in series:
        isotope = analysis.isotopes.get(raw.isotope) if raw.kind == "signal" else None
        spec = isotope.intercept.spec() if isotope is not None and isotope.intercept is not None else None
        if spec is not None:
            keys.append(raw.isotope)
            inputs.append(Series(raw.t.astype(float) - analysis.time_zero_offset, raw.y.astype(float)))
            specs.append(spec)
    return dict(zip(keys, fit_all(inputs, specs), strict=True))
