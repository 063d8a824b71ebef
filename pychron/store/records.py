"""What the node's file keeps, as values. Pure.

Names of switches, results and words are the extraction line's; this room knows neither switches nor rules.
`wall` is seconds since the epoch, a stamp for people; `wire` is monotonic seconds, comparable within one
`machine_boot`.
"""

from __future__ import annotations

from pychron.runtime.values import frozen


@frozen
class Intent:
    """An actuation is about to drive. It stays open until an Outcome of the same key is committed."""

    key: str
    """Unique over all starts of the node."""
    request_id: str | None
    peer: str
    switch: str
    action: str
    steps: tuple[tuple[str, str], ...]
    """(switch, action) in the order of driving, the switch itself included."""
    wall: float
    wire: float
    machine_boot: str


@frozen
class Outcome:
    """How an actuation ended; closes the intent of the same key."""

    key: str
    result: str
    """`done`, or the name of the error."""
    changed: bool
    why: str
    count: int
    wall: float
    wire: float
    """In a Restored: translated to the wire clock of this start; may be negative."""
    request_id: str | None
    peer: str
    switch: str
    action: str
    failed_children: tuple[str, ...] = ()


@frozen
class SoftLock:
    """A person's lock on a switch, until the same switch's SoftUnlock."""

    """A soft lock as somebody set it."""

    switch: str
    who: str
    why: str
    wall: float


@frozen
class SoftUnlock:
    """The lock of `switch` is taken away."""

    """A soft lock was taken away."""

    switch: str


@frozen
class ManualState:
    """A person declared the state of a manual valve."""

    switch: str
    open: bool
    who: str
    why: str
    wall: float


@frozen
class ActuationCount:
    """How often a switch was turned. `key` as count files write it: `VALVE-A`."""

    key: str
    start: str
    """When counting began, as the lab's own count file says it."""
    start_count: int
    count: int
    timestamp: str


@frozen
class PipetteCount:
    """Shots of a pipette, and whether the next one is prepared."""

    """How many shots a pipette gave."""

    name: str
    counts: int
    last_shot: str
    """ISO date and time, empty before the first."""
    armed: bool
    """Its inner valve was opened since the last shot."""


@frozen
class ClaimRow:
    """A claim that stands, also over a restart."""

    session: str
    address: str
    switches: tuple[str, ...]
    token: int
    lease_s: float
    require: tuple[tuple[str, str], ...] = ()
    """(switch, state) that must hold: a reservation for another node."""
    orphaned: bool = False


@frozen
class ClaimGone:
    """The claim of `session` was released or has ended."""

    """A claim was released, or ended."""

    session: str


@frozen
class LastState:
    """The last known state: shown as such after a restart, never taken for the truth."""

    switch: str
    state: str
    evidence: str
    """Empty where nothing was known."""
    wall: float


@frozen
class Disabled:
    """Taken out of use by a person or a pressure trip."""

    switch: str
    why: str
    who: str
    wall: float


@frozen
class Enabled:
    """`switch` is in use again."""

    """Taken into use again."""

    switch: str


@frozen
class AuditEntry:
    """Who did what, and why. Kept by count, not by age."""

    wall: float
    peer: str
    what: str
    switch: str
    why: str


@frozen
class Token:
    """The last token of a claim that was granted. The file keeps the largest it ever saw."""

    value: int


Record = (
    Intent
    | Outcome
    | SoftLock
    | SoftUnlock
    | ManualState
    | ActuationCount
    | PipetteCount
    | ClaimRow
    | ClaimGone
    | LastState
    | Disabled
    | Enabled
    | AuditEntry
    | Token
)


@frozen
class Restored:
    """What the file knew when the node started. Dictionaries are in the order of writing."""

    intents: tuple[Intent, ...]
    """Begun and without outcome: what they drove is *unknown*, a shot among them counts as taken."""
    outcomes: dict[str, Outcome]
    """By request id, the latest of each, of the last ten minutes."""
    locks: dict[str, SoftLock]
    manual: dict[str, ManualState]
    counts: dict[str, ActuationCount]
    pipettes: dict[str, PipetteCount]
    claims: dict[str, ClaimRow]
    states: dict[str, LastState]
    disabled: dict[str, Disabled]
    token: int
