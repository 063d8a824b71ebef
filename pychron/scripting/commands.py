"""The commands that scripts have: names, arguments, and what a cancelled script may still do. Pure.

The child builds its functions from this table, so that a room above adds commands without touching the child.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Kind(Enum):
    """What a command does to the laboratory; a cancelled script may still use SAFE and ASKS."""

    ACTS = "opens, heats or moves"
    WAITS = "takes time"
    SAFE = "closes, locks, switches off or lets go"
    ASKS = "reads, tells, or ends the script"

    @property
    def moves(self) -> bool:
        return self in (Kind.ACTS, Kind.SAFE)

    @property
    def allowed_after_cancel(self) -> bool:
        return self in (Kind.SAFE, Kind.ASKS)


REQUIRED: Final = object()
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `parameters` in order; `hidden` ones are the child's own words, no script sees them."""

    name: str
    kind: Kind
    parameters: tuple[tuple[str, Any], ...] = ()
    hidden: bool = False

    def wire(self) -> list[Any]:
        """As the start message carries it."""
        return [self.name, [[n] if d is REQUIRED else [n, d] for n, d in self.parameters]]


def kind_of(spec: CommandSpec, args: Mapping[str, Any]) -> Kind:
    """A set point of zero switches off: it is SAFE. A ramp that ends there heats on the way."""
    if spec.name == "ramp":
        return spec.kind
    for key in ("power", "setpoint"):
        value = args.get(key)
        if spec.kind is Kind.ACTS and type(value) in (int, float) and value == 0:
            return Kind.SAFE
    return spec.kind


EVERY_SCRIPT = (
    CommandSpec("info", Kind.ASKS, (("message", ""),), hidden=True),
    CommandSpec("now", Kind.ASKS, hidden=True),
    CommandSpec("begin_interval", Kind.ASKS, (("duration", 0), ("name", "")), hidden=True),
    CommandSpec("complete_interval", Kind.WAITS, (("id", 0),), hidden=True),
    CommandSpec("unmatched_interval", Kind.ASKS, (("id", 0), ("file", ""), ("line", 0)), hidden=True),
    CommandSpec("sleep", Kind.WAITS, (("duration", 0), ("message", None))),
    CommandSpec("delay", Kind.WAITS, (("duration", 0), ("message", None))),
    CommandSpec("cancel", Kind.ASKS),
    CommandSpec("abort", Kind.ASKS),
    CommandSpec("exit", Kind.ASKS),
)

_SWITCH = (("name", None), ("description", ""))
_ACTUATION = (*_SWITCH, ("cancel_on_failed_actuation", True), ("ntries", 100))

VALVES = (
    CommandSpec("open", Kind.ACTS, _ACTUATION),
    CommandSpec("close", Kind.SAFE, _ACTUATION),
    CommandSpec("is_open", Kind.ASKS, _SWITCH),
    CommandSpec("is_closed", Kind.ASKS, _SWITCH),
    CommandSpec("lock", Kind.SAFE, _SWITCH),
    CommandSpec("unlock", Kind.ACTS, _SWITCH),
)

DEVICE = (
    CommandSpec("extract", Kind.ACTS, (("power", ""), ("units", ""), ("block", None))),
    CommandSpec("end_extract", Kind.SAFE),
    CommandSpec("enable", Kind.ACTS),
    CommandSpec("disable", Kind.SAFE),
    CommandSpec("prepare", Kind.ACTS),
    CommandSpec("warmup", Kind.ACTS, (("block", False),)),
    CommandSpec("fire_laser", Kind.ACTS),
    CommandSpec(
        "ramp", Kind.ACTS, (("start", 0), ("setpoint", REQUIRED), ("duration", 0), ("rate", 0), ("period", 1))
    ),
    CommandSpec("move_to_position", Kind.ACTS, (("position", ""), ("autocenter", True), ("block", True))),
    CommandSpec("execute_pattern", Kind.ACTS, (("pattern", ""), ("block", True), ("duration", None))),
    CommandSpec("set_tray", Kind.ACTS, (("tray", ""),)),
    CommandSpec("set_motor", Kind.ACTS, (("name", REQUIRED), ("value", REQUIRED))),
    CommandSpec("set_light", Kind.ACTS, (("value", REQUIRED),)),
    CommandSpec("dump_sample", Kind.ACTS),
    CommandSpec("drop_sample", Kind.ACTS, (("position", ""),)),
)
"""Sent to the device that the run's `extract_device` names. What spec 1.7 lists beyond these is not built."""

ALIASES: Mapping[str, str] = {"delay": "sleep"}

LEGACY = frozenset(
    (
        "heat",
        "end_heat",
        "heat_sample",
        "setpoint",
        "regress",
        "collect",
        "equil",
        "position",
        "degas",
        "clear_conditions",
        "set_source_params",
    )
)
"""Commands of very old scripts that no installation has any more."""
