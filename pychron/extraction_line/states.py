"""What a switch is, as a value: state, evidence, age, lock, owner."""

from __future__ import annotations

from enum import StrEnum

from pychron.hardware.interfaces import Evidence
from pychron.runtime.values import frozen


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MOVING = "moving"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    VALVE = "valve"
    SWITCH = "switch"
    MANUAL_VALVE = "manual_valve"
    DOUBLE_ACTUATION_VALVE = "double_actuation_valve"

    @property
    def prefix(self) -> str:
        """As state checksums and count files write it (spec 3.5, 4.7)."""
        return {Kind.SWITCH: "SWITCH", Kind.MANUAL_VALVE: "MANUAL_SWITCH"}.get(self, "VALVE")


class Action(StrEnum):
    OPEN = "open"
    CLOSE = "close"

    @property
    def other(self) -> Action:
        return Action.CLOSE if self is Action.OPEN else Action.OPEN


@frozen
class Lock:
    """A soft lock: who set it, why, and when (wall seconds)."""

    who: str
    why: str
    when: float


@frozen
class SwitchView:
    """All that one may know of a switch without asking hardware."""

    name: str
    kind: Kind
    description: str
    state: State
    evidence: Evidence | None
    """None where nothing is known yet."""
    read_at: float | None
    """Wall seconds of the reading that `state` rests on."""
    age_s: float | None
    lock: Lock | None
    owner: str
    """Empty when free."""
    orphaned: bool
    in_service: bool
    enabled: bool
    under_way: str
    """`open`, `close` or empty."""
    faults: tuple[str, ...] = ()
    """Why it is out of service, each as FILE:LINE: text."""
    node: str = ""
    """The node that owns the hardware; empty for this one."""
    stale: bool = False
    """True while the node that owns it is lost."""
