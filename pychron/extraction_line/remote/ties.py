"""Ties between switches of different controllers: which, and what each demands (safety rule 23). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pychron.config.problems import Place
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.machine.plans import Step, expand
from pychron.extraction_line.permits import REMEDY
from pychron.extraction_line.remote.compare import partners
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, State

Where = Mapping[str, str]
"""Controller by switch; "" for this node itself."""


@dataclass(frozen=True, slots=True)
class Tie:
    """While `switch` is not confirmed closed, `other`, on another controller, must stay `state`."""

    switch: str
    other: str
    state: State
    place: Place


@dataclass(frozen=True, slots=True)
class CrossParent:
    """`child` turns with `parent`, which another controller drives."""

    child: str
    parent: str
    inverted: bool
    place: Place


def cross_ties(spec: LineSpec, where: Where) -> tuple[Tie, ...]:
    """Interlocks, both ways, and positive interlocks that cross controllers."""
    found: list[Tie] = []
    for switch in spec.switches:
        for other in partners(spec, switch.name):
            found.append(Tie(switch.name, other, State.CLOSED, switch.place))
        for other in switch.positive_interlocks:
            if other in spec.by_name:
                found.append(Tie(switch.name, other, State.OPEN, switch.place))
    return tuple(t for t in found if where.get(t.switch, "") != where.get(t.other, ""))


def cross_parents(spec: LineSpec, where: Where) -> tuple[CrossParent, ...]:
    """Children whose parent another controller drives."""
    return tuple(
        CrossParent(s.name, s.parent, s.parent_inverted, s.place)
        for s in spec.switches
        if s.parent in spec.by_name and where.get(s.parent, "") != where.get(s.name, "")
    )


def where_is(spec: LineSpec, remotes: Collection[str]) -> dict[str, str]:
    """Each switch belongs to the controller that its `actuator` names, else to this node."""
    return {s.name: s.actuator if s.actuator in remotes else "" for s in spec.switches}


def listed(spec: LineSpec, where: Where) -> tuple[tuple[Place, str], ...]:
    """All of them with their places, for `pychron check`."""

    def at(name: str) -> str:
        return f"{name} ({where.get(name) or 'this node'})"

    ties = [
        (t.place, f"{at(t.switch)} opens only while {at(t.other)} is held {t.state} by a claim there")
        for t in cross_ties(spec, where)
    ]
    parents = [
        (
            p.place,
            f"{at(p.child)} turns {'against' if p.inverted else 'with'} its parent {at(p.parent)}, one after the other",
        )
        for p in cross_parents(spec, where)
    ]
    return (*ties, *parents)


def out_of_reach(spec: LineSpec, where: Where) -> tuple[tuple[SwitchSpec, str], ...]:
    """Rules that no claim holds and that one controller alone cannot keep: the switch, and what to write instead."""
    found: list[tuple[SwitchSpec, str]] = []
    for switch in spec.switches:
        at = where.get(switch.name, "")
        wanted = [(f"supply {switch.supply}", switch.supply, REMEDY)] if switch.supply else []
        for name in switch.close_requires:
            wanted.append((f"close_requires {name}", name, "drive both from one node, or delete it"))
        for what, other, remedy in wanted:
            if other in spec.by_name and where.get(other, "") != at:
                there = where.get(other) or "this node"
                found.append(
                    (switch, f"{what} is driven by {there}, it itself by {at or 'this node'}; {remedy}")
                )
    return tuple(found)


def part_of(spec: LineSpec, names: Collection[str]) -> LineSpec:
    """The part of a line that one controller drives, without its ties to the others: those are held by claims."""
    switches = tuple(
        replace(
            s,
            interlocks=tuple(n for n in s.interlocks if n in names or n not in spec.by_name),
            positive_interlocks=tuple(
                n for n in s.positive_interlocks if n in names or n not in spec.by_name
            ),
            parent=s.parent if s.parent in names or s.parent not in spec.by_name else "",
        )
        for s in spec.switches
        if s.name in names
    )
    return LineSpec(switches, tuple(p for p in spec.pipettes if p.inner in names and p.outer in names))


def heads(line: Line, where: Where, name: str, action: Action) -> tuple[Step, ...]:
    """What this node asks for, in order: the switch, and each child whose parent another controller drives.

    A controller turns the children that it drives itself.
    """
    plan = expand(line, name, action)

    def is_head(switch: str) -> bool:
        parent = line.switches[switch].spec.parent
        return switch == name or where.get(parent, "") != where.get(switch, "")

    return tuple(step for step in plan if is_head(step[0]))
