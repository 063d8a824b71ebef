"""Conditionals of a value: both dialects to frozen conditions, each fault where it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pychron.config.fields import Fields
from pychron.config.problems import Report
from pychron.dashboard.entries import ConditionEntry, ValueEntry
from pychron.dashboard.events import Level
from pychron.dashboard.specs import READING, ConditionSpec, OnMissing
from pychron.expressions.language import Expression, ExpressionError, parse

LEVELS = {
    "10": Level.WARNING,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "20": Level.CRITICAL,
    "critical": Level.CRITICAL,
}
COMPARATORS = (">", "<", ">=", "<=", "==")
MOST_READINGS = 1000
_SIMPLE = re.compile(r"\s*x\s*(<=|>=|<|>)\s*([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


@dataclass(frozen=True, slots=True)
class Owner:
    """The value that a condition is on, as its messages name it."""

    name: str
    script_fault: Callable[[str], str]
    """Empty where an extraction script of that name can be run."""


def read_conditions(entry: ValueEntry, owner: Owner, report: Report) -> tuple[ConditionSpec, ...]:
    """Those of `conditionals`, then those of a mapping under `threshold`."""
    found: dict[str, ConditionSpec] = {}
    entries = [*entry.conditions, *_thresholds(entry, owner, report)]
    for one in entries:
        spec = _condition(one, owner, report)
        if spec is None:
            continue
        if spec.name in found:
            report.error(spec.place, f"{owner.name}: the test {spec.test.source} stands twice; keep one")
        found.setdefault(spec.name, spec)
    return tuple(found.values())


def _thresholds(entry: ValueEntry, owner: Owner, report: Report) -> list[ConditionEntry]:
    """`threshold: {warning: 30, critical: 40, comparator: ">", action_script: ...}` as conditionals."""
    table = {k.partition(".")[2]: v for k, v in entry.table.items() if k.startswith("threshold.")}
    fields = Fields(table, entry.place, report, f"{owner.name}: threshold")
    if not table:
        return []
    comparator = fields.text("comparator", ">")
    if comparator not in COMPARATORS:
        fields.wrong("comparator", f"comparator {comparator!r} is not known; write > < >= <= or ==")
        comparator = ">"
    script = fields.texts("action_script")
    shared = {k: list(fields.texts(k)) for k in ("nfail", "nclear", "hysteresis", "on_missing", "guidance")}
    shared["emails"] = list(fields.texts("emails"))
    found = []
    for level in ("warning", "critical"):
        for limit in fields.texts(level):
            rows = {**shared, "teststr": [type(limit)(f"x {comparator} {limit.text}", limit.place)]}
            if script and level == "critical":
                rows["script"] = list(script)
            rows = {k: v for k, v in rows.items() if v}
            found.append(ConditionEntry(type(limit)(level, limit.place), rows, limit.place))
    if not found:
        fields.wrong("warning", "says neither warning nor critical; write one of them")
    fields.unknown(near_is_error=True)
    return found


def _condition(entry: ConditionEntry, owner: Owner, report: Report) -> ConditionSpec | None:
    fields = Fields(entry.table, entry.place, report, owner.name)
    level = LEVELS.get(entry.level.text.strip().casefold())
    if level is None:
        said = entry.level.text.strip()
        fields.wrong(
            "level",
            f"{said!r} is no level; write 10 or warning, 20 or critical"
            if said
            else "the condition has no level; write level: warning or level: critical",
            entry.level.place,
            said,
        )
    source = fields.text("teststr") or fields.text("test")
    if not source:
        fields.wrong("teststr", "a condition has no test; write one such as x>30")
        return None
    test = _expression(fields, "teststr", source)
    clear = _clear(fields, source)
    script = fields.text("script")
    if script and (why := owner.script_fault(script)):
        fields.wrong("script", f"script {script}: {why}")
    emails = _emails(fields)
    on_missing = OnMissing(
        fields.choice("on_missing", str(OnMissing.TRIP), [str(word) for word in OnMissing])
    )
    nfail = fields.integer("nfail", 1, minimum=1, maximum=MOST_READINGS)
    nclear = fields.integer("nclear", 1, minimum=1, maximum=MOST_READINGS)
    guidance = fields.text("guidance")
    fields.unknown(near_is_error=True)
    if level is None or test is None:
        return None
    return ConditionSpec(
        f"{owner.name}.{source}",
        level,
        test,
        clear,
        nfail,
        nclear,
        on_missing,
        guidance,
        script,
        emails,
        entry.place,
    )


def _expression(fields: Fields, key: str, source: str) -> Expression | None:
    try:
        return parse(source)
    except ExpressionError as problem:
        fields.wrong(key, f"the test {problem.source!r} {problem.text}", value=source)
        return None


def _clear(fields: Fields, source: str) -> Expression | None:
    """`clear: x<28`, or `hysteresis: 2` beside a test that compares x with one number."""
    said, width = fields.text("clear"), fields.number("hysteresis", 0.0, minimum=0.0)
    if said and width:
        fields.wrong("hysteresis", "clear and hysteresis say the same thing twice; keep one")
    if said:
        return _expression(fields, "clear", said)
    if not width:
        return None
    simple = _SIMPLE.fullmatch(source)
    if simple is None:
        fields.wrong(
            "hysteresis",
            f"hysteresis needs a test such as x>30, not {source}; write clear: and what must hold then",
        )
        return None
    comparison, limit = simple[1], simple[2]
    sign = "-" if comparison.startswith(">") else "+"
    opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[comparison]
    return _expression(fields, "hysteresis", f"{READING} {opposite} {limit} {sign} {width!r}")


def _emails(fields: Fields) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in fields.texts("emails"):
        for word in value.text.replace(";", ",").split(","):
            address = word.strip()
            if not address:
                continue
            if not _EMAIL.fullmatch(address):
                fields.wrong("emails", f"{address!r} is no e-mail address", value.place)
                continue
            found[address] = None
    return tuple(found)
