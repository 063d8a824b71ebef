"""The valves file of a line: every switch that it describes, each with what is wrong with it (spec 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pychron.config.fields import Fields
from pychron.config.problems import Problem, Report, nearest
from pychron.extraction_line.files.valves_entries import KINDS, PIPETTE, Entry, read_entries
from pychron.extraction_line.files.valves_rules import ActuatorFacts, Checks, Draft
from pychron.extraction_line.permits import read_permits
from pychron.extraction_line.specs import DEFAULT_ACTUATOR, LineSpec, PipetteSpec, SwitchSpec
from pychron.extraction_line.states import Kind
from pychron.hardware.interfaces import Evidence

LONGEST_S = 600.0
"""No relay settles and no position switch lags longer."""
_BAD_NAME = re.compile(r"[,|:\s-]|[^\x20-\x7e\xa1-\U0010ffff]")
_WAIVER = re.compile(r"(?P<name>[^:]+):(?P<code>[^=]+)(=(?P<value>.*))?")
_MINIMUM = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,2})?(\s*[A-Za-z%/]+)?")


def read_valves(
    path: Path,
    report: Report,
    *,
    actuators: Mapping[str, ActuatorFacts] | None = None,
    default_actuator: str = DEFAULT_ACTUATOR,
    waive: Sequence[str] = (),
) -> LineSpec | None:
    """The line, or None where the file cannot be read at all.

    `actuators` are the devices that switches may name, by each name that means them; None where they are not known
    (nothing is checked then). `waive` are faults that a person takes on, `F:interlock=X`. A switch that an error
    touches is in the line with its `faults`: out of service.
    """
    found = Report(report.root)
    entries = read_entries(path, found)
    if entries is None:
        for problem in found.problems:
            report.add(problem)
        return None
    drafts: dict[str, Draft] = {}
    for entry in entries:
        if entry.kind != PIPETTE:
            _take(_draft(entry, default_actuator, actuators, found), drafts, found)
    pipettes: dict[str, PipetteSpec] = {}
    for entry in entries:
        if entry.kind == PIPETTE:
            _pipette(entry, drafts, pipettes, found)
    Checks(drafts, tuple(pipettes.values()), actuators, found, path.suffix.lower() == ".xml").run()
    read_permits(LineSpec(tuple(d.spec for d in drafts.values())), found)
    faults = _settle([_owned(p, entries) for p in found.problems], waive, report, path)
    return LineSpec(
        tuple(replace(d.spec, faults=tuple(faults.get(name, ()))) for name, d in drafts.items()),
        tuple(pipettes.values()),
    )


def _take(draft: Draft | None, drafts: dict[str, Draft], report: Report) -> None:
    if draft is None:
        return
    spec = draft.spec
    first = drafts.setdefault(spec.name, draft)
    if first is not draft:
        # Whichever of the two is meant: what either is interlocked with opens only while the one that is read is closed.
        both = tuple(dict.fromkeys((*first.spec.interlocks, *spec.interlocks)))
        drafts[spec.name] = replace(first, spec=replace(first.spec, interlocks=both))
        report.error(
            spec.place,
            f"{spec.kind} {spec.name} stands twice, first in line {first.spec.place.line}; "
            "only the first is listed; give one of them another name",
            touches=(spec.name,),
            code="double_name",
            value=spec.name,
        )


def _draft(
    entry: Entry, default_actuator: str, actuators: Mapping[str, ActuatorFacts] | None, report: Report
) -> Draft | None:
    name = entry.name
    what = f"{entry.kind} {name}"
    if not name:
        report.error(entry.place, f"a {entry.kind} has no name and is not read; write one", code="name")
        return None
    fields = Fields(entry.values, entry.place, report, what, (name,))
    if entry.kind in KINDS:
        kind = Kind(entry.kind)
    else:
        kind = Kind.VALVE
        fields.wrong(
            "kind", f"{entry.kind} is no kind of switch{nearest(entry.kind, KINDS)}", value=entry.kind
        )
    if _BAD_NAME.search(name):
        fields.wrong(
            "name", "a name has no comma, bar, colon, hyphen or space: words on the wire use them", value=name
        )
    actuator = fields.text("actuator", default_actuator)
    if actuators is not None and actuator in actuators:
        actuator = actuators[actuator].name
    state_device = fields.text("state_device")
    if actuators is not None and state_device in actuators:
        state_device = actuators[state_device].name
    spec = SwitchSpec(
        name=name,
        kind=kind,
        place=entry.place,
        address=fields.text("address"),
        description=fields.text("description"),
        actuator=actuator,
        group=entry.group,
        interlocks=_others(fields, "interlock", name),
        positive_interlocks=_others(fields, "positive_interlock", name),
        parent=fields.text("parent"),
        parent_inverted=fields.flag("parent.inverted", default=False),
        state_device=state_device,
        state_address=fields.text("state_address"),
        state_invert=fields.flag("state_invert", default=False),
        query_state=fields.flag("query_state", default=True),
        use_state_word=fields.flag("use_state_word", default=False),
        track=fields.flag("track", default=True),
        settling_s=fields.number("settling_time", 0.0, minimum=0.0, maximum=LONGEST_S),
        check_enabled=fields.flag("check_actuation_enabled", default=True),
        check_delay_s=fields.number("check_actuation_delay", 0.0, minimum=0.0, maximum=LONGEST_S),
        ignore_lock_warning=fields.flag("ignore_lock_warning", default=False),
        inverted_logic=fields.flag("inverted_logic", default=False),
        enabled=fields.flag("enabled", default=True),
        safe=fields.choice("safe", "", ("off", "on")),
        supply=fields.text("supply"),
        supply_minimum=fields.text("supply_minimum"),
        permit=fields.text("permit"),
        close_requires=_others(fields, "close_requires", name),
        redrive=fields.flag("redrive", default=False),
        cooling=fields.flag("cooling", default=False),
        evidence_required=_evidence(fields),
    )
    if spec.supply_minimum and not _MINIMUM.fullmatch(spec.supply_minimum):
        fields.wrong(
            "supply_minimum",
            f"supply_minimum {spec.supply_minimum!r} is no number with a unit, as in 4.5 bar",
        )
    if spec.safe and kind is not Kind.SWITCH:
        fields.doubtful("safe", "safe means something for a switch only: a valve is made safe by closing it")
    if kind is Kind.DOUBLE_ACTUATION_VALVE:
        parts = [p.strip() for p in spec.address.split(",")]
        if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
            fields.wrong(
                "address", f"address {spec.address!r} is not two different addresses; write OPENS,CLOSES"
            )
    fields.unknown(near_is_error=True)
    return Draft(spec, fields)


def _others(fields: Fields, key: str, name: str) -> tuple[str, ...]:
    return tuple(v.text for v in fields.texts(key) if v.text != name)


def _evidence(fields: Fields) -> Evidence | None:
    word = fields.choice("evidence", "", [str(e) for e in Evidence])
    return Evidence(word) if word else None


def _pipette(
    entry: Entry, drafts: Mapping[str, Draft], pipettes: dict[str, PipetteSpec], report: Report
) -> None:
    name = entry.name or "Pipette"
    fields = Fields(entry.values, entry.place, report, f"pipette {name}")
    ends = {key: fields.text(key) for key in ("inner", "outer")}
    fields.touches = tuple(sorted({end for end in ends.values() if end in drafts}))
    sound = True
    for key, end in ends.items():
        if end not in drafts:
            sound = False
            missing = (
                f"{key} {end} is no switch of this file{nearest(end, drafts)}"
                if end
                else f"has no {key} valve"
            )
            fields.wrong(key, f"{missing}; its shots cannot be counted", value=end)
    if sound and ends["inner"] == ends["outer"]:
        sound = False
        fields.wrong("outer", f"inner and outer are both {ends['outer']}; a pipette lies between two valves")
    first = pipettes.get(name)
    if first is not None:
        sound = False
        fields.wrong(
            "name",
            f"stands twice, first in line {first.place.line}; give one another name",
            entry.place,
            name,
        )
    fields.unknown(("description",), near_is_error=True)
    if sound:
        pipettes[name] = PipetteSpec(name, ends["inner"], ends["outer"], entry.place)


def _settle(
    problems: Iterable[Problem], waive: Sequence[str], report: Report, path: Path
) -> dict[str, list[str]]:
    """Hand the problems to `report`, waived ones as warnings; give each switch its faults."""
    faults: dict[str, list[str]] = {}
    waivers: dict[str, re.Match[str]] = {}
    for text in waive:
        match = _WAIVER.fullmatch(text.strip())
        if match is None:
            report.error(
                report.place(path),
                f"--waive {text!r} is not understood; write NAME:FAULT=VALUE, as F:interlock=X",
                code="waive",
            )
        else:
            waivers[text] = match
    used: set[str] = set()
    for problem in problems:
        if problem.severity == "warning":
            report.add(problem)
            continue
        by = {n: t for t, m in waivers.items() for n in problem.touches if _waives(m, n, problem)}
        used.update(by.values())
        left = tuple(n for n in problem.touches if n not in by)
        if by:
            who = ", ".join(sorted(by))
            report.warning(
                problem.place,
                f"waived for {who}: {problem.text}",
                touches=sorted(by),
                code=problem.code,
                value=problem.value,
            )
        if left or not by:
            report.add(replace(problem, touches=left))
        for name in left:
            faults.setdefault(name, []).append(str(problem).replace(": error: ", ": ", 1))
    for text in waivers:
        if text not in used:
            report.warning(
                report.place(path),
                f"--waive {text} matches no fault of this file; leave it out",
                code="waive",
            )
    return faults


def _owned(problem: Problem, entries: Sequence[Entry]) -> Problem:
    """A key that stands twice is found before anybody knows whose it is: its line tells."""
    if problem.code != "double_key" or problem.touches:
        return problem
    above = [e for e in entries if e.place.line <= problem.place.line and e.kind != PIPETTE and e.name]
    owner = max(above, key=lambda e: e.place.line, default=None)
    return problem if owner is None else replace(problem, touches=(owner.name,))


def _waives(match: re.Match[str], name: str, problem: Problem) -> bool:
    return (
        match["name"].strip() == name
        and match["code"].strip() == problem.code
        and (match["value"] is None or match["value"].strip() == problem.value)
    )
