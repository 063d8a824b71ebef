"""What the page and the command line ask of the history of a node.

Times are wall seconds since the epoch. Every method that reads returns a Deferred: the database is asked in the pool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface


@dataclass(frozen=True, slots=True)
class Bucket:
    """One value, or several as one: from `start` (wall seconds) until the next bucket's start."""

    start: float
    count: int
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """One value over time, oldest first; a bucket in which nothing was measured is left out."""

    tag: str
    unit: str
    bucket_s: float
    """Width of a bucket; 0 where each is one measurement."""
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened."""

    id: int
    wall: float
    kind: str
    """`valve`, `lock`, `owner`, `alarm`, `alert`, `peer`, `value`, `shot`, `note`, or the event's own name in small letters."""
    subject: str
    """The valve, value, peer or person that it is about; may be empty."""
    text: str
    """A sentence for people."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The event itself, as JSON."""


@dataclass(frozen=True, slots=True)
class ValveThen:
    """What was known of a valve at a moment."""

    name: str
    state: str
    """open, closed, moving or unknown; unknown also before anything was recorded."""
    evidence: str | None
    since: float | None
    """When it became so; None where nothing is recorded."""
    locked: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Then:
    """The line as it was at a moment: the time machine's picture."""

    wall: float
    valves: Mapping[str, ValveThen]
    values: Mapping[str, tuple[float, float]]
    """By tag: the last value before that moment, and when it was measured."""


class IHistory(Interface):
    """The history of this node. Deferreds fail with HistoryFailed, which says why."""

    failing = Attribute(
        "why nothing can be written now (it is kept in a bounded spool meanwhile); empty: all is well"
    )
    dropped = Attribute(
        "how many values and events were lost since the start, because queue and spool were full"
    )

    def tags() -> Deferred[Sequence[str]]:
        """Every value that was ever recorded, sorted."""

    def values(tag: str, start: float, end: float, points: int = 500) -> Deferred[Series]:
        """One value from `start` to before `end`, as at most `points` buckets of minimum, mean and maximum."""

    def events(
        start: float, end: float, kinds: Sequence[str] = (), limit: int = 1000, subject: str = ""
    ) -> Deferred[Sequence[Entry]]:
        """The latest `limit` events from `start` to before `end`, oldest first; of `kinds`, of all where none is named."""

    def state_at(time: float) -> Deferred[Then]:
        """Valves and values as they were known then."""

    def note(text: str, who: str, time: float | None = None) -> Deferred[Entry]:
        """Write down what a person says, about `time` (now, where it is None). Fires when it is on disk."""


class HistoryFailed(Exception):
    """The database cannot be asked, or a note was not written. `why` is a sentence for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
