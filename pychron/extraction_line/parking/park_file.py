"""park.yaml: what a node does with its line when nobody looks after it (safety rule 18). Frozen, checked, never run here.

```yaml
on_owner_lost: {do: hold}
on_node_stop: {do: sequence, after: 5}
sequence:
  - close: [A, B]
  - wait: 2
  - open: P
    when: IG1 < 1e-3
  - message: line parked
  - raise_funnel: true
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pychron.config.fields import Fields, Value
from pychron.config.problems import Place, Report, nearest
from pychron.config.yaml_file import YamlList, YamlNode, YamlTable, YamlText, leaves, read_yaml, texts
from pychron.expressions.language import ExpressionError, parse
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action, Kind

LONGEST_S = 86400.0
_NO_MEASUREMENT = frozenset({"true", "false", "always", "never", "yes", "no", "on", "off"})


class Do(StrEnum):
    HOLD = "hold"
    """Nothing moves."""
    ALARM = "alarm"
    """Nothing moves, a person is called."""
    SEQUENCE = "sequence"
    """The steps of the file, stopped and alarmed at the first refusal."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What happens `after_s` (wire seconds) from the event on, if it still holds then."""

    do: Do
    after_s: float = 0.0


DEFAULTS: Mapping[str, Trigger] = {
    "on_owner_lost": Trigger(Do.HOLD),
    "on_orphaned_for": Trigger(Do.ALARM, 300.0),
    "on_node_stop": Trigger(Do.HOLD),
    "on_air_lost": Trigger(Do.ALARM),
    "on_battery": Trigger(Do.ALARM),
}


UNTOLD = "on_battery"
"""The event of which nothing tells a node."""
NODE_STOP = "on_node_stop"
LONGEST_STOP_S = 120.0
"""A stop waits no longer than this before its sequence: whoever stops the node gives it minutes, not hours."""


@dataclass(frozen=True, slots=True)
class CloseStep:
    """Close these, one after the other."""

    names: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class OpenStep:
    """`when` is a condition as written, which must hold just before; it is never empty."""

    name: str
    when: str
    place: Place


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Let so many lab seconds pass."""

    seconds: float
    place: Place


@dataclass(frozen=True, slots=True)
class MessageStep:
    """Say this to whoever watches."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class RaiseFunnelStep:
    """Raise the furnace's funnel, where the node has one."""

    place: Place


Step = CloseStep | OpenStep | WaitStep | MessageStep | RaiseFunnelStep
STEPS = ("close", "open", "wait", "message", "raise_funnel")


@dataclass(frozen=True, slots=True)
class ParkSpec:
    """Without a park.yaml: the defaults and no step."""

    triggers: Mapping[str, Trigger] = field(default_factory=lambda: dict(DEFAULTS))
    steps: tuple[Step, ...] = ()
    sound: bool = True
    """False: an error stands in the report, the sequence may not run (the triggers hold or alarm)."""


def driven_elsewhere(park: ParkSpec, where: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    """Steps that turn a switch of another node (by switch in `where`): each with its place and what to write instead."""
    for step in park.steps:
        names = (
            step.names if isinstance(step, CloseStep) else (step.name,) if isinstance(step, OpenStep) else ()
        )
        for name in names:
            if where.get(name):
                text = (
                    f"{name} is driven by {where[name]}, and a sequence turns this node's own switches only"
                )
                yield step.place, f"{text}; write the step into the park.yaml of that node"


def read_park(path: Path, line: LineSpec, report: Report) -> ParkSpec:
    """The file, or the defaults where there is none. A fault in a step makes the whole sequence unsound."""
    if not path.exists():
        return ParkSpec()
    before = len(report.errors)
    node = read_yaml(path, report)
    triggers = dict(DEFAULTS)
    steps: tuple[Step, ...] = ()
    if isinstance(node, YamlTable):
        reader = _Reader(line, report)
        for key, value in node.entries.items():
            if key in DEFAULTS:
                triggers[key] = reader.trigger(key, value, node.places[key])
            elif key == "sequence":
                steps = tuple(reader.sequence(value))
            else:
                report.error(
                    node.places[key],
                    f"{key} is not known{nearest(key, (*DEFAULTS, 'sequence'))}",
                    code="park",
                )
        for key, trigger in triggers.items():
            if trigger.do is Do.SEQUENCE and not steps:
                report.error(
                    node.places.get(key, node.place),
                    f"{key} runs the sequence, and there is none; write sequence:",
                    code="park",
                )
        if triggers[NODE_STOP].after_s > LONGEST_STOP_S:
            report.error(
                node.places[NODE_STOP],
                f"{NODE_STOP}: after {triggers[NODE_STOP].after_s:g} s comes too late, a stop waits no longer than "
                f"{LONGEST_STOP_S:g} s; write less",
                code="park",
            )
        if triggers[UNTOLD].do is Do.SEQUENCE:
            report.warning(
                node.places.get(UNTOLD, node.place),
                f"{UNTOLD} never comes: no power supply tells this node anything; "
                "have it run `pychron safe` in its own shutdown script",
                code="park",
            )
    elif node is not None and not (isinstance(node, YamlText) and not node.text):
        report.error(
            node.place, "is no table; write on_owner_lost:, on_node_stop: ... and sequence:", code="park"
        )
    return ParkSpec(triggers, steps, sound=len(report.errors) == before)


class _Reader:
    def __init__(self, line: LineSpec, report: Report) -> None:
        self.line = line
        self.report = report

    def trigger(self, key: str, node: YamlNode, place: Place) -> Trigger:
        default = DEFAULTS[key]
        if isinstance(node, YamlText):
            values = {"do": [Value(node.text, node.place)]}
        elif isinstance(node, YamlTable):
            values = leaves(node)
        else:
            self.report.error(place, f"{key} is a list; write {key}: {{do: hold, after: 0}}", code="park")
            return default
        fields = Fields(values, place, self.report, key)
        do = Do(fields.choice("do", str(default.do), [str(d) for d in Do]))
        after_s = fields.number("after", default.after_s, minimum=0.0, maximum=LONGEST_S)
        fields.unknown(near_is_error=True)
        return Trigger(do, after_s)

    def sequence(self, node: YamlNode) -> Iterator[Step]:
        if not isinstance(node, YamlList):
            if not (isinstance(node, YamlText) and not node.text):
                self.report.error(
                    node.place, "sequence is no list; write one `- close: [A]` for each step", code="park"
                )
            return
        for item in node.items:
            step = self.step(item)
            if step is not None:
                yield step

    def step(self, item: YamlNode) -> Step | None:
        if not isinstance(item, YamlTable):
            self.report.error(item.place, f"is no step; write one of {', '.join(STEPS)}", code="park")
            return None
        found = [key for key in item.entries if key in STEPS]
        strange = [
            key for key in item.entries if key not in STEPS and not (key == "when" and "open" in item.entries)
        ]
        for key in strange:
            self.report.error(
                item.places[key], f"{key} is no step{nearest(key, (*STEPS, 'when'))}", code="park"
            )
        if len(found) != 1:
            if found or not strange:
                self.report.error(
                    item.place,
                    f"is not one step; write exactly one of {', '.join(STEPS)} in each",
                    code="park",
                )
            return None
        key = found[0]
        values = [Value(v.text.strip(), v.place) for v in texts(item.entries[key]) if v.text.strip()]
        return self.made(key, item, Fields({key: values}, item.places[key], self.report), values)

    def made(self, key: str, item: YamlTable, fields: Fields, values: list[Value]) -> Step | None:
        place = item.places[key]
        if not values:
            fields.wrong(
                key,
                f"{key} says nothing; {'write the names' if key in ('close', 'open') else 'write a value'}",
            )
            return None
        if key == "close":
            for value in values:
                self.check(value, Action.CLOSE)
            return CloseStep(tuple(v.text for v in values), place)
        if key == "open":
            return self.opening(item, fields, values)
        if key == "wait":
            return WaitStep(fields.number("wait", 0.0, minimum=0.0, maximum=LONGEST_S), place)
        if key == "message":
            return MessageStep(fields.text("message"), place)
        return RaiseFunnelStep(place) if fields.flag("raise_funnel", default=True) else None

    def opening(self, item: YamlTable, fields: Fields, values: list[Value]) -> Step | None:
        if len(values) > 1:
            fields.wrong(
                "open", "open names more than one switch; write one step for each, each with its when"
            )
            return None
        self.check(values[0], Action.OPEN)
        when = [v.text.strip() for v in texts(item.entries["when"])] if "when" in item.entries else []
        condition = when[0] if len(when) == 1 else ""
        try:
            measured = [n for n in parse(condition).names if n.casefold() not in _NO_MEASUREMENT]
        except ExpressionError as problem:
            if condition:
                fields.wrong("open", f"when: {problem}", item.places["when"])
                return None
            measured = []
        if not measured:
            fields.wrong(
                "open",
                f"open {values[0].text} without a condition that must hold is refused; "
                "write when: and what must be measured, as in `when: IG1 < 1e-3`",
            )
            return None
        return OpenStep(values[0].text, condition, item.places["open"])

    def check(self, value: Value, action: Action) -> None:
        """The switch exists, needs no hand, and nothing that hangs on it opens or stops cooling."""
        spec = self.line.by_name.get(value.text)
        if spec is None:
            self.wrong(
                value, f"{action} {value.text}: no such switch{nearest(value.text, self.line.by_name)}"
            )
            return
        if spec.kind is Kind.MANUAL_VALVE:
            self.wrong(
                value, f"{action} {value.text}: a manual valve is turned by hand; write a message instead"
            )
        if action is Action.OPEN and spec.faults:
            self.wrong(value, f"open {value.text}: it is out of service ({spec.faults[0]})")
        for name, turn in self.turned(value.text, action).items():
            by = "" if name == value.text else f" (with its parent {value.text})"
            if turn is Action.CLOSE and self.line.by_name[name].cooling:
                self.wrong(value, f"{action} {value.text} turns off {name}{by}, which cools; delete the step")
            elif turn is Action.OPEN and action is Action.CLOSE:
                self.wrong(
                    value, f"close {value.text} opens {name}{by} unconditionally; close what you mean by name"
                )

    def turned(self, name: str, action: Action) -> dict[str, Action]:
        """What an actuation moves: the switch and its children, inverted ones the other way."""
        turns = {name: action}
        waiting = [name]
        while waiting:
            above = waiting.pop(0)
            for child in self.line.switches:
                if child.parent == above and child.name not in turns:
                    turns[child.name] = turns[above].other if child.parent_inverted else turns[above]
                    waiting.append(child.name)
        return turns

    def wrong(self, value: Value, text: str) -> None:
        self.report.error(value.place, text, code="park", value=value.text)
