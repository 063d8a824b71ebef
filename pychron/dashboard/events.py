"""What the dashboard tells the node's bus, and what it shows of its values. Values only. Pure.

A value is named `DEVICE.VALUE` by the names that the file shows people (`Env.temperature`). Times are wall seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pychron.config.problems import Place


class Level(StrEnum):
    """How bad it is that a condition holds."""

    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def severity(self) -> int:
        """The number that installed clients know."""
        return 20 if self is Level.CRITICAL else 10


class ValueState(StrEnum):
    """How far a value can be trusted."""

    WAITING = "waiting"
    """Not read yet since the start, and not late either."""
    LIVE = "live"
    STALE = "stale"
    """Older than three of its periods, or its server is silent: the number is an old one."""
    LOST = "lost"
    """Its server is gone, or it was never read in time: nothing is known of it."""
    ERROR = "error"
    """The last reading failed; `why` says how."""


@dataclass(frozen=True, slots=True)
class ValueRead:
    """A reading that differs from the last one told by more than the dead-band, or is the first one after a fault."""

    name: str
    device: str
    value_name: str
    tag: str
    """What installed clients subscribe to: `<Env,temperature>`."""
    value: float
    units: str
    time: float
    """When it was read."""
    place: Place


@dataclass(frozen=True, slots=True)
class ValueFailed:
    """A value is in error now: told once, and again when the reason is another one."""

    name: str
    device: str
    value_name: str
    tag: str
    why: str
    """A sentence: what was asked, what came, what to do."""
    time: float
    place: Place
    late: bool = False
    """Nothing came in time (installed clients hear `timeout`); else what came was wrong."""


@dataclass(frozen=True, slots=True)
class ConditionTripped:
    """A condition holds now, after its `nfail` failing readings in a row. Once, until it is cleared."""

    condition: str
    """Its name: `Env.temperature.x>30`. One name, one condition."""
    name: str
    """The value that it is a condition on."""
    device: str
    value_name: str
    level: Level
    test: str
    """As the file writes it."""
    value: float | None
    """None where it trips because the value is missing; `why` says so."""
    units: str
    time: float
    why: str
    """A sentence with the number and the test, or why there is no number."""
    guidance: str
    """What the file tells people to do."""
    script: str
    emails: tuple[str, ...]
    place: Place
    missing: bool = False
    """It holds because its value is in error or too old, not because of a number."""

    @property
    def message(self) -> str:
        """As installed clients get it: `Env.temperature.x>30 is True. value=31`."""
        shown = "missing" if self.value is None else _plain(self.value)
        return f"{self.condition} is True. value={shown}"


@dataclass(frozen=True, slots=True)
class ConditionCleared:
    """A condition that was tripped holds no longer, by its own clear test where it has one."""

    condition: str
    name: str
    device: str
    value_name: str
    level: Level
    test: str
    value: float | None
    units: str
    time: float
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class ServerChanged:
    """A dashboard server that this node follows was reached, fell silent or is lost. Told at each change."""

    host: str
    port: int
    state: ValueState
    """LIVE, STALE, LOST, or WAITING until it was first heard."""
    why: str
    time: float


@dataclass(frozen=True, slots=True)
class ValueView:
    """A value as pages, terminals and conditions of a queue see it."""

    name: str
    device: str
    value_name: str
    tag: str
    units: str
    value: float | None
    """The last number; None where there never was one."""
    time: float | None
    """Wall seconds of the last reading; None where there was none."""
    age_s: float | None
    """Seconds of this node's wire clock since it was read, or since this client heard it."""
    state: ValueState
    why: str = ""
    """Why it is not live."""
    level: Level | None = None
    """The worst condition that holds on it."""
    server: str = ""
    """HOST:PORT of the dashboard server it was heard from; empty for this node's own."""
    period_s: float | None = None
    """How often it is read; None where it is told at each change only, or not known."""
    simulated: bool = False
    """Its server says that the instruments are emulated."""


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition and how it stands."""

    condition: str
    name: str
    level: Level
    test: str
    tripped: bool
    since: float | None
    """Wall seconds when it tripped."""
    why: str
    guidance: str
    place: Place


def _plain(value: float) -> str:
    """As Python prints it; whole numbers without a point, as installed messages have them."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
