"""Which analyses go together, and which go."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pychron.expressions.language import ExpressionError, Missing, parse
from pychron.pipeline.ages.group_ages import weighted_age
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.batch import Row
from pychron.pipeline.events import Flag
from pychron.pipeline.running.state import Doing, Group, Outcome, State
from pychron.pipeline.templates.klasses import COMPARATORS
from pychron.pipeline.templates.template import NodeSpec

NUMBERS = ("age", "age_err", "kca", "kcl", "yield_pct", "f", "f_err", "extract_value", "aliquot", "k39")
TEXTS = ("identifier", "sample", "material", "project", "record_id", "analysis_type", "tag", "mass_spectrometer", "comment")  # fmt: skip
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def group(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """By what the members share."""
    state.groups = tuple(_grouped(state, state.unknowns, str(spec.options["by_key"]), ""))
    return Outcome(f"{len(state.groups)} groups by {spec.options['by_key']}")


def subgroup(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Within the groups that are there."""
    key = str(spec.options["by_key"])
    whole = state.groups or tuple(_grouped(state, state.unknowns, "None", ""))
    state.groups = tuple(
        part for one in whole for part in _grouped(state, one.uuids, key, one.label if state.groups else "")
    )
    return Outcome(f"{len(state.groups)} groups, within the groups by {key}")


def _grouped(state: State, uuids: Sequence[str], key: str, within: str) -> Iterator[Group]:
    members: dict[str, list[str]] = {}
    for uuid in uuids:
        members.setdefault(_key(state, uuid, key), []).append(uuid)
    for label, some in sorted(members.items()):
        shown = label if not within or label.startswith(within) else f"{within} {label}"
        yield Group(shown, tuple(some), within)


def _key(state: State, uuid: str, key: str) -> str:
    one = state.one(uuid)
    analysis = one.analysis
    match key:
        case "Identifier":
            return analysis.identifier
        case "Sample":
            return analysis.sample or analysis.identifier
        case "Aliquot":
            return f"{analysis.identifier}-{analysis.aliquot:02d}"
        case "Repository":
            return one.where
    return "all"


def check_filters(spec: NodeSpec) -> Iterator[str]:
    """Attributes, comparators and criteria are known; the expression can be read."""
    rows = spec.options["filters"]
    assert isinstance(rows, tuple)
    for row in rows:
        assert isinstance(row, Mapping)
        name, comparator = row.get("attribute", ""), row.get("comparator", "")
        if name not in (*NUMBERS, *TEXTS):
            yield f"filters: {name or 'a row'} is no attribute; write {', '.join((*NUMBERS, *TEXTS))}"
            continue
        if comparator not in COMPARATORS:
            yield f"filters: {name}: {comparator!r} is no comparator; write {', '.join(COMPARATORS)}"
        if name in NUMBERS:
            try:
                float(row.get("criterion", ""))
            except ValueError:
                yield f"filters: {name}: its criterion is a number"
        elif comparator not in ("==", "!="):
            yield f"filters: {name} is text: compare it by == or !="
    text = str(spec.options["keep"])
    if text:
        try:
            unknown = [name for name in parse(text).names if name not in NUMBERS]
        except ExpressionError as problem:
            yield f"keep: {problem.text}"
        else:
            if unknown:
                yield f"keep: {unknown[0]} is no attribute; write {', '.join(NUMBERS)}"


def keep(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """Only the unknowns for which everything holds; what is not known holds nothing."""
    rows = [row for row in spec.options["filters"] if isinstance(row, Mapping)]  # type: ignore[union-attr]
    expression = parse(str(spec.options["keep"])) if spec.options["keep"] else None
    quantities = Quantities()
    kept, unknown = [], 0
    for row in state.rows():
        values = numbers(row, quantities)
        try:
            if all(_holds(row, values, one) for one in rows) and (
                expression is None or expression.holds(values)
            ):
                kept.append(row.analysis.uuid)
        except Missing:
            unknown += 1
    before = len(state.unknowns)
    state.choose(kept)
    members = set(kept)
    state.groups = tuple(
        Group(one.label, left, one.within)
        for one in state.groups
        if (left := tuple(uuid for uuid in one.uuids if uuid in members))
    )
    why = f", {unknown} of them for want of a number" if unknown else ""
    return Outcome(f"{len(kept)} of {before} analyses kept{why}")


def _holds(row: Row, values: Mapping[str, float], one: Mapping[str, str]) -> bool:
    name, compare = one["attribute"], OPERATORS[one["comparator"]]
    if name in TEXTS:
        return compare(str(getattr(row.analysis, name)).casefold(), one.get("criterion", "").casefold())
    if name not in values:
        raise Missing(name)
    return compare(values[name], float(one["criterion"]))


def numbers(row: Row, quantities: Quantities) -> dict[str, float]:
    """What filters may ask of an analysis; what is no number is left out."""
    found: dict[str, float | None] = {
        "extract_value": row.analysis.extraction.value,
        "aliquot": float(row.analysis.aliquot),
        "kca": quantities.of(row, "kca")[0],
        "kcl": quantities.of(row, "kcl")[0],
        "yield_pct": quantities.of(row, "yield")[0],
        "k39": quantities.of(row, "k39")[0],
    }
    found["age"], found["age_err"] = quantities.of(row, "age") if row.good else (None, None)
    found["f"], found["f_err"] = quantities.of(row, "f")
    return {name: value for name, value in found.items() if value is not None}


def mswd_filter(state: State, spec: NodeSpec, doing: Doing) -> Outcome:
    """In each group the age farthest from the mean goes, until the MSWD is within its interval (Mahon 1996)."""
    tail = (1 - float(spec.options["confidence"]) / 100) / 2  # type: ignore[arg-type]
    left_out = 0
    for sample in state.samples():
        rows = [row for row in sample.good if row.number(row.reduced.age_ma) is not None]
        while len(rows) > 2:
            mean = weighted_age(rows)
            if mean.why or not mean.probability < tail:
                break
            worst = max(rows, key=lambda row: _distance(row, mean.age_ma))
            rows.remove(worst)
            text = f"its age is farthest from the mean of {sample.label}, whose MSWD was {mean.mswd:.3g}"
            state.flag(worst.analysis.uuid, [Flag("mswd", text, worst.analysis.record_id, fatal=True)])
            left_out += 1
    return Outcome(f"{left_out} analyses left out of means")


def _distance(row: Row, mean: float) -> float:
    error = row.number(row.reduced.age_err_wo_j) or math.inf
    return abs(float(row.reduced.age_ma[row.index]) - mean) / error
