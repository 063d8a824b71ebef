"""The line as its file describes it: switches, pipettes and the ties between them, frozen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pychron.config.problems import Place
from pychron.extraction_line.states import Kind
from pychron.hardware.interfaces import Evidence

DEFAULT_ACTUATOR = "switch_controller"
"""The device that drives a switch whose file names none (spec 5.1)."""


@dataclass(frozen=True, slots=True)
class SwitchSpec:
    """One switch of the valves file. Times are lab seconds."""

    name: str
    kind: Kind
    place: Place
    address: str = ""
    description: str = ""
    actuator: str = DEFAULT_ACTUATOR
    """Device name; without meaning for a manual valve."""
    group: str = ""
    interlocks: tuple[str, ...] = ()
    """As written; whoever enforces them takes them both ways."""
    positive_interlocks: tuple[str, ...] = ()
    """What must be confirmed open before this opens."""
    parent: str = ""
    parent_inverted: bool = False
    state_device: str = ""
    """Device that reads the position; empty: the actuator itself."""
    state_address: str = ""
    """What the position is read at; empty: `address`."""
    state_invert: bool = False
    query_state: bool = True
    use_state_word: bool = False
    track: bool = True
    settling_s: float = 0.0
    check_enabled: bool = True
    check_delay_s: float = 0.0
    ignore_lock_warning: bool = False
    inverted_logic: bool = False
    """On closes it and off opens it; read-backs are flipped too."""
    enabled: bool = True
    safe: str = ""
    """`off` or `on`: the direction that is privileged for kind `switch`; empty for none (safety rule 8)."""
    supply: str = ""
    """The switch or gauge whose supply this one rests on (safety rule 5)."""
    supply_minimum: str = ""
    """The least value of the supply with its unit, as written (`4.5 bar`)."""
    permit: str = ""
    """A condition under which it may be opened, as written (`IG1 < 1e-5`); empty: none."""
    close_requires: tuple[str, ...] = ()
    """What must be confirmed open (up) before this closes."""
    redrive: bool = False
    """Drive again though confirmed already so: latching hardware (safety rule 14)."""
    cooling: bool = False
    """Water or a pump: no park sequence turns it off (safety rule 18)."""
    evidence_required: Evidence | None = None
    """A state that rests on weaker evidence than this counts as unknown for the rules; None: any will do."""
    faults: tuple[str, ...] = ()
    """Each `FILE:LINE: text`. Not empty: out of service, may be closed and never opened (safety rule 10)."""


@dataclass(frozen=True, slots=True)
class PipetteSpec:
    """A pipette counts shots: inner opens, then outer. Both name switches that exist."""

    name: str
    inner: str
    outer: str
    place: Place


@dataclass(frozen=True, slots=True)
class LineSpec:
    """All of one valves file. The order of `switches` is load order, which is word order."""

    switches: tuple[SwitchSpec, ...] = ()
    pipettes: tuple[PipetteSpec, ...] = ()
    by_name: Mapping[str, SwitchSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", MappingProxyType({s.name: s for s in self.switches}))
