"""The line as the switch machine holds it: specs, what each switch is now, and who is tied to whom. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pychron.extraction_line.machine.doubts import Doubt
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, Kind, Lock, State, SwitchView
from pychron.hardware.interfaces import Evidence, Mark

STRENGTH = {Evidence.DECLARED: 0, Evidence.COMMANDED: 1, Evidence.RELAY: 2, Evidence.INDICATOR: 3}


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the driver behind a switch declares."""

    readable: bool
    late_s: float
    evidence: Evidence
    same_channel: bool = True
    """The position is read over the channel that drives: a reading there runs behind the command."""


@dataclass(slots=True)
class Switch:
    """One switch now. `reserved` names the actuation whose plan holds it."""

    spec: SwitchSpec
    hardware: Hardware
    state: State = State.UNKNOWN
    evidence: Evidence | None = None
    read_at: float | None = None
    read_wall: float | None = None
    doubts: tuple[Doubt, ...] = ()
    alike: tuple[bool, int] | None = None
    last_drive: Mark | None = None
    """An older reading than this says nothing of the present state."""
    lock: Lock | None = None
    disabled: str = ""
    reserved: str = ""
    reserved_for: Action | None = None
    begun: bool = False
    """The reserving actuation has begun to drive it."""
    confirmed: State | None = None
    """What it was when last confirmed, unless a command of ours has begun to turn it since."""
    starved: str = ""
    """Why its supply fails: then nothing that is read of it counts."""
    starting: bool = True
    count: int = 0
    count_since: str = ""
    last_known: tuple[State, float] | None = None
    """What the node's file said at start: shown, never believed."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def believed(self) -> State:
        """Its state for the rules: unknown without supply, or where its evidence is weaker than its file demands."""
        if self.starved:
            return State.UNKNOWN
        least = self.spec.evidence_required
        if least is None or self.state is State.UNKNOWN:
            return self.state
        enough = self.evidence is not None and STRENGTH[self.evidence] >= STRENGTH[least]
        return self.state if enough else State.UNKNOWN

    def is_surely(self, state: State) -> bool:
        """Confirmed, and nothing under way that could change it to the other."""
        turning = self.reserved_for is not None and (
            self.begun or (self.reserved_for is Action.OPEN) != (state is State.OPEN)
        )
        return self.believed is state and not turning


def target(action: Action) -> State:
    """The state that an action leads to."""
    return State.OPEN if action is Action.OPEN else State.CLOSED


@dataclass(slots=True)
class Line:
    """All switches by name, in load order, with the ties between them."""

    spec: LineSpec
    switches: dict[str, Switch]
    partners: Mapping[str, tuple[str, ...]]
    """Interlocks, taken both ways: what may not be open together."""
    children: Mapping[str, tuple[str, ...]]
    dependants: Mapping[str, tuple[str, ...]]
    """Switches that name this one as positive interlock or supply."""
    holds: dict[str, tuple[State, str]] = field(default_factory=dict)
    """By switch: the state that another node's claim requires, and whose claim it is (safety rule 23)."""

    @classmethod
    def build(cls, spec: LineSpec, hardware: Mapping[str, Hardware]) -> Line:
        """`hardware` for each switch by name; manual valves need none."""
        none = Hardware(readable=False, late_s=0.0, evidence=Evidence.DECLARED)
        switches = {s.name: Switch(s, hardware.get(s.name, none)) for s in spec.switches}
        partners: dict[str, list[str]] = {name: [] for name in switches}
        children: dict[str, list[str]] = {name: [] for name in switches}
        dependants: dict[str, list[str]] = {name: [] for name in switches}
        for s in spec.switches:
            for other in s.interlocks:
                for a, b in ((s.name, other), (other, s.name)):
                    if a in partners and b in partners and a != b and b not in partners[a]:
                        partners[a].append(b)
            if s.parent in children and s.parent != s.name:
                children[s.parent].append(s.name)
            for other in (*s.positive_interlocks, s.supply):
                if other in dependants and s.name not in dependants[other]:
                    dependants[other].append(s.name)
        return cls(
            spec,
            switches,
            {k: tuple(v) for k, v in partners.items()},
            {k: tuple(v) for k, v in children.items()},
            {k: tuple(v) for k, v in dependants.items()},
        )

    def __iter__(self) -> Iterator[Switch]:
        return iter(self.switches.values())

    def pairs_open(self) -> list[tuple[str, str]]:
        """Interlocked pairs both confirmed open."""
        return [
            (s.name, other)
            for s in self
            for other in self.partners[s.name]
            if s.name < other and s.state is State.OPEN and self.switches[other].state is State.OPEN
        ]

    def view(self, name: str, now: float, owner: str = "", orphaned: bool = False) -> SwitchView:
        """The switch as a value; `now` in wire seconds."""
        s = self.switches[name]
        under_way = str(s.reserved_for) if s.reserved_for is not None else ""
        return SwitchView(
            name=name,
            kind=s.spec.kind,
            description=s.spec.description,
            state=s.state,
            evidence=s.evidence,
            read_at=s.read_wall,
            age_s=None if s.read_at is None else max(0.0, now - s.read_at),
            lock=s.lock,
            owner=owner,
            orphaned=orphaned,
            in_service=not s.spec.faults,
            enabled=s.spec.enabled and not s.disabled,
            under_way=under_way,
            faults=s.spec.faults,
        )


def is_manual(switch: Switch) -> bool:
    """A valve that only a hand can turn."""
    return switch.spec.kind is Kind.MANUAL_VALVE
