"""When a switch may be opened or closed (safety rules 7 to 10). Pure: a line, a wish, the reasons against it.

Every function returns all reasons, the most telling first, so that `Why` can list them; an actuation takes the
first. Unknown counts as open for interlocks, and as not open for what must be open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pychron.extraction_line.errors import (
    Disabled,
    Held,
    Interlocked,
    LineError,
    Locked,
    NotOwner,
    NotPermitted,
    OutOfService,
)
from pychron.extraction_line.machine.line_state import Line, Switch, target
from pychron.extraction_line.states import Action, Kind, State
from pychron.runtime.values import frozen

NOTHING: Mapping[str, Action] = {}
Access = Callable[[str, Action], NotOwner | None]
"""May the asker turn this switch: leases, orphans and the system lock (extraction_line/claims/leases.py)."""
Permit = Callable[[Switch], str]
"""Why the switch's pressure permit or supply says no; empty where it does not."""


@frozen
class Grounds:
    """What rules ask beside the line itself."""

    access: Access
    permit: Permit


def privileged(switch: Switch, action: Action) -> bool:
    """The direction that makes safe. A valve's is closing; a plain switch has one only where its file says so."""
    if switch.spec.kind is Kind.SWITCH:
        return switch.spec.safe == {Action.CLOSE: "off", Action.OPEN: "on"}[action]
    return action is Action.CLOSE


def blockers(
    line: Line,
    name: str,
    action: Action,
    grounds: Grounds,
    before: Mapping[str, Action] = NOTHING,
    plan_key: str = "",
) -> list[LineError]:
    """All reasons against turning `name`, given what the same plan does `before` it.

    `plan_key` names the actuation that asks: its own reservations do not stand against it.
    """
    switch = line.switches[name]
    found: list[LineError] = []
    if action is Action.OPEN and switch.spec.faults:
        found.append(
            OutOfService(name, f"{switch.spec.faults[0]}; mend the file or waive it by name, then restart")
        )
    if not privileged(switch, action):
        if action is Action.OPEN or switch.spec.kind is Kind.SWITCH:
            found += _disabled(switch)
        permit = grounds.permit(switch)
        if permit:
            found.append(NotPermitted(name, permit))
    if action is Action.OPEN:
        found += _interlocks(line, switch, before, plan_key)
        found += _positive(line, switch, before, plan_key)
    else:
        found += _dependants(line, switch, before, plan_key)
        found += _mechanical(line, switch, before)
    denied = grounds.access(name, action)
    if denied is not None:
        found.append(denied)
    if switch.lock is not None:
        found.append(_locked(switch))
    return found


def _locked(switch: Switch) -> Locked:
    lock = switch.lock
    assert lock is not None
    why = f": {lock.why}" if lock.why else ""
    return Locked(switch.name, f"locked by {lock.who}{why}; unlock it first")


def _disabled(switch: Switch) -> list[LineError]:
    found: list[LineError] = []
    if not switch.spec.enabled:
        found.append(Disabled(switch.name, "its file says enabled: false"))
    if switch.disabled:
        found.append(Disabled(switch.name, switch.disabled))
    return found


def _interlocks(line: Line, switch: Switch, before: Mapping[str, Action], key: str) -> list[LineError]:
    found: list[LineError] = []
    for name in line.partners[switch.name]:
        partner = line.switches[name]
        if before.get(name) is Action.CLOSE:
            continue  # the same plan closes it first, and looks again just before this one is driven
        if before.get(name) is Action.OPEN:
            found.append(Interlocked(switch.name, f"interlocked with {name}, which the same command opens"))
        elif partner.reserved_for is Action.OPEN and partner.reserved != key:
            found.append(Interlocked(switch.name, f"interlocked with {name}, which is being opened"))
        elif partner.believed is not State.CLOSED:
            remedy = (
                f"close {name} first"
                if partner.believed is State.OPEN
                else f"close {name}, or have its state confirmed"
            )
            found.append(Interlocked(switch.name, f"interlocked by {name}, {partner.believed}; {remedy}"))
        elif partner.reserved_for is Action.CLOSE and partner.begun and partner.reserved != key:
            found.append(
                Interlocked(switch.name, f"interlocked by {name}, moving; try again when it is closed")
            )
    hold = line.holds.get(switch.name)
    if hold is not None and hold[0] is State.CLOSED:
        found.append(Interlocked(switch.name, f"held closed for {hold[1]}; release that claim first"))
    return found


def _positive(line: Line, switch: Switch, before: Mapping[str, Action], key: str) -> list[LineError]:
    found: list[LineError] = []
    for name in switch.spec.positive_interlocks:
        other = line.switches.get(name)
        if other is None:
            found.append(Interlocked(switch.name, f"its positive interlock {name} does not exist"))
        elif before.get(name) is Action.OPEN:
            continue
        elif before.get(name) is Action.CLOSE or not (
            other.is_surely(State.OPEN) or (other.reserved == key and other.believed is State.OPEN)
        ):
            found.append(
                Interlocked(switch.name, f"{name} must be confirmed open and is {other.state}; open it first")
            )
    return found


def _dependants(line: Line, switch: Switch, before: Mapping[str, Action], key: str) -> list[LineError]:
    found: list[LineError] = []
    for name in line.dependants[switch.name]:
        other = line.switches[name]
        if before.get(name) is Action.CLOSE:
            continue
        if not (other.is_surely(State.CLOSED) or (other.reserved == key and other.believed is State.CLOSED)):
            found.append(Held(switch.name, f"{name} depends on it and is {other.state}; close {name} first"))
    hold = line.holds.get(switch.name)
    if hold is not None and hold[0] is State.OPEN:
        found.append(Held(switch.name, f"held open for {hold[1]}; release that claim first"))
    return found


def _mechanical(line: Line, switch: Switch, before: Mapping[str, Action]) -> list[LineError]:
    found: list[LineError] = []
    for name in switch.spec.close_requires:
        other = line.switches.get(name)
        if other is None:
            found.append(Held(switch.name, f"{name}, which must be confirmed open, does not exist"))
        elif before.get(name) is Action.CLOSE or not other.is_surely(State.OPEN):
            found.append(Held(switch.name, f"{name} must be confirmed open (up) and is {other.state}"))
    return found


def is_already(line: Line, plan: tuple[tuple[str, Action], ...]) -> bool:
    """Every step confirmed so, readable (a fresh read-back can prove it) and not marked `redrive`."""
    return all(
        line.switches[n].state is target(a)
        and line.switches[n].hardware.readable
        and not line.switches[n].spec.redrive
        for n, a in plan
    )
