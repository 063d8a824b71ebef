"""What goes into the switch machine and what comes out of it, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from pychron.extraction_line.errors import LineError
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine.plans import Step
from pychron.runtime.values import frozen

Result = Done | LineError


class Phase(StrEnum):
    """Where an actuation stands."""

    CONFIRMING = "confirming"
    """It is said to be so already: a fresh read-back must prove it."""
    STORING = "storing"
    """Its intent is being written."""
    DRIVING = "driving"
    """Its step is with the driver, perhaps waiting for its turn on the channel."""
    SETTLING = "settling"
    READING = "reading"
    RECORDING = "recording"
    """Its outcome is being written."""
    ENDED = "ended"


@dataclass(slots=True)
class Actuation:
    """One plan on its way. `requests` are answered together (copies of one command join it)."""

    key: str
    command: Command
    plan: tuple[Step, ...]
    requests: list[int]
    phase: Phase = Phase.CONFIRMING
    index: int = 0
    stored: bool = False
    begun: int = 0
    """Steps that have begun to be driven."""
    moved: list[str] = field(default_factory=list)
    """Switches that a confirmed drive turned."""
    perhaps: list[str] = field(default_factory=list)
    """Switches that were driven and are not known to have stayed as they were: the turned and the doubtful."""
    failed_children: list[str] = field(default_factory=list)
    unturned: list[str] = field(default_factory=list)
    """The switches of `failed_children`: what hangs on them is not opened."""
    refusal: LineError | None = None
    """Why the present step was not begun."""
    superseded: str = ""
    """Why a newer command took its place; it begins no further step."""
    held_back: list[object] = field(default_factory=list)
    """Events that wait until the outcome is on disk."""

    @property
    def step(self) -> Step:
        return self.plan[self.index]

    @property
    def parent(self) -> str:
        return self.command.switch


# ---- outputs


@frozen
class StoreIntent:
    """Commit the intent of `actuation`; then `intent_stored` or `intent_failed`."""

    actuation: Actuation


@frozen
class Drive:
    """Hand one step to its driver with `begin` as the guard; then driven, silent, rejected or not_begun."""

    key: str
    switch: str
    opens: bool
    urgent: bool


@frozen
class Settle:
    """Wait `seconds` of laboratory time; then `settled`."""

    key: str
    seconds: float


@frozen
class Read:
    """Ask the hardware for `names`; then `readings` with the same key (empty for a reading of no actuation)."""

    names: tuple[str, ...]
    key: str = ""


@frozen
class StoreOutcome:
    """Commit outcome, counts, last states and audit in one transaction; then `outcome_stored`."""

    actuation: Actuation
    result: Result


@frozen
class Publish:
    """Put `event` on the node's bus, once."""

    event: object


@frozen
class Reply:
    """Answer `request`."""

    request: int
    result: Result
    kept: bool = False
    """Its outcome is on disk already: by `StoreOutcome`, or of an earlier command with its id."""


@frozen
class Finished:
    """An actuation that ends with nothing to write: the machine releases it. Never leaves the machine."""

    key: str
    result: Result


Output = StoreIntent | Drive | Settle | Read | StoreOutcome | Publish | Reply | Finished
Outputs = list[Output]
Present = Callable[[], bool]
