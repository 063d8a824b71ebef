"""A controller's line as the rules see it, built from what it told: what would block an actuation there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pychron.config.problems import Place
from pychron.extraction_line.errors import LineError, NotOwner
from pychron.extraction_line.machine import rules
from pychron.extraction_line.machine.line_state import Hardware, Line
from pychron.extraction_line.machine.plans import Step, expand
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.remote.views import Ties
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, SwitchView
from pychron.hardware.interfaces import Evidence

THERE = "there"
"""Key of a reservation that the controller itself tells."""


def spec_of(view: SwitchView, ties: Ties, place: Place) -> SwitchSpec:
    """What the controller's own file says of a switch, as far as it tells."""
    return SwitchSpec(
        name=view.name,
        kind=view.kind,
        place=place,
        description=view.description,
        interlocks=ties.interlocks,
        positive_interlocks=ties.positive_interlocks,
        parent=ties.parent,
        parent_inverted=ties.parent_inverted,
        settling_s=ties.settling_s,
    )


def model(specs: Iterable[SwitchSpec], views: Mapping[str, SwitchView]) -> Line:
    """A line whose switches are as `views` says; a switch without a view is unknown."""
    chosen = tuple(specs)
    hardware = Hardware(readable=True, late_s=0.0, evidence=Evidence.RELAY)
    line = Line.build(LineSpec(chosen), {s.name: hardware for s in chosen})
    for switch in line:
        view = views.get(switch.name)
        switch.starting = False
        if view is None:
            continue
        switch.state, switch.evidence, switch.lock = view.state, view.evidence, view.lock
        if not view.in_service:
            switch.spec = replace(switch.spec, faults=view.faults or ("it is out of service there",))
        if not view.enabled:
            switch.disabled = "it is disabled there; its page or log says why"
        if view.under_way in tuple(Action):
            switch.reserved, switch.reserved_for, switch.begun = THERE, Action(view.under_way), True
    return line


def reserve(line: Line, steps: Iterable[Step], key: str) -> None:
    """Mark what a command of this node that is under way turns."""
    for name, action in steps:
        if name in line.switches:
            switch = line.switches[name]
            switch.reserved, switch.reserved_for, switch.begun = key, action, True


def blockers(line: Line, name: str, action: Action, key: str = "") -> list[LineError]:
    """All reasons against the whole plan of an actuation, in the order of its steps.

    Who owns what is the controller's to say: only an orphaned switch is known to be refused.
    """

    def access(switch: str, turn: Action) -> NotOwner | None:
        return None

    grounds = Grounds(access, lambda switch: "")
    before: dict[str, Action] = {}
    found: list[LineError] = []
    for switch, turn in expand(line, name, action):
        found += rules.blockers(line, switch, turn, grounds, dict(before), key)
        before[switch] = turn
    return found


def concerned(line: Line, name: str, action: Action) -> tuple[str, ...]:
    """The switches whose states decide about an actuation, those that it turns left out; in load order."""
    plan = dict(expand(line, name, action))
    wanted: dict[str, None] = {}
    for switch, turn in plan.items():
        if turn is Action.OPEN:
            wanted |= dict.fromkeys((*line.partners[switch], *line.switches[switch].spec.positive_interlocks))
        else:
            wanted |= dict.fromkeys((*line.dependants[switch], *line.switches[switch].spec.close_requires))
    return tuple(n for n in line.switches if n in wanted and n not in plan)


def settling_s(line: Line, name: str) -> float:
    """Settling and check times of the plan that turns it."""
    specs = [line.switches[n].spec for n, _ in expand(line, name, Action.OPEN)]
    return sum(s.settling_s + (s.check_delay_s if s.check_enabled else 0.0) for s in specs)
