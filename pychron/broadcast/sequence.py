"""How a subscriber stays true to a publisher: what to apply, when to ask for a snapshot, when the peer is lost. Pure.

Subscribe first, then ask for a snapshot; what is older than the last applied event or of another boot is
dropped; a gap or a new boot asks for a new snapshot; three heartbeats missing make the peer lost. Inputs carry
the time (wire seconds), outputs are values.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pychron.broadcast.frames import BadFrame, Message, Snapshot

HEARTBEAT_S = 2.0
LOST_S = 3 * HEARTBEAT_S
PAUSE_S = 0.25
"""Least time between two requests for a snapshot."""
LONGEST_PAUSE_S = 5.0
HELD = 2000
"""Messages kept while a snapshot is awaited."""
PAST = 64
"""Boots of which a late message is known to be late."""


@dataclass(frozen=True, slots=True)
class AskSnapshot:
    """Send the request; then `answered`."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Forget what was known and take this."""

    snapshot: Snapshot
    why: str


@dataclass(frozen=True, slots=True)
class Apply:
    """The next event, in order."""

    message: Message


@dataclass(frozen=True, slots=True)
class Lost:
    """What was known of the peer is not known any more, until the next Reset."""

    why: str


Output = AskSnapshot | Reset | Apply | Lost
Outputs = list[Output]


class Follower:
    """Follows one publisher."""

    def __init__(self, now: float) -> None:
        self.boot = ""
        """Of the publisher as it is followed; empty before the first snapshot."""
        self.seq = 0
        """Number of the last event applied."""
        self.lost = False
        self.missed = 0
        """Events that never came; a snapshot made up for them."""
        self.late = 0
        """Messages dropped because they were older, doubled, or of a boot that has ended."""
        self._heard_at = now
        self._behind_since: float | None = now
        self._why = "first contact"
        self._known = 0
        """The largest number that the publisher is known to have reached."""
        self._strange = True
        """A message of another boot was heard: which one lives, the next snapshot tells."""
        self._asked = False
        self._ask_at = now
        self._pause = PAUSE_S
        self._at_asking = (0, True)
        """`_known` and `_strange` when the request went out: its answer settles these and nothing later."""
        self._held: dict[tuple[str, int], Message] = {}
        self._past: deque[str] = deque(maxlen=PAST)

    @property
    def synchronous(self) -> bool:
        """True while everything that the publisher said is applied, as far as anybody can know."""
        return self._behind_since is None and not self.lost

    def start(self, now: float) -> Outputs:
        """The subscription is made: ask for the first snapshot."""
        return self._ask(now)

    def heard(self, message: Message, now: float) -> Outputs:
        """A message came in."""
        if message.boot in self._past:
            self.late += 1
            return []
        if message.boot != self.boot:
            self._hold(message)
            self._strange = True
            return self._judge("it was started anew", now)
        self._heard_at = now
        if message.seq <= self.seq:
            self.late += not message.is_heartbeat
            return self._judge("it was lost", now)
        self._known = max(self._known, message.seq)
        self._hold(message)
        out = self._catch_up()
        return out + self._judge(f"events from {self.seq + 1} on did not come", now)

    def answered(self, answer: Snapshot | BadFrame, now: float) -> Outputs:
        """The answer to AskSnapshot, or why there is none."""
        self._asked = False
        if isinstance(answer, BadFrame):
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            self._ask_at = now + self._pause
            return []
        same = answer.boot == self.boot
        if answer.boot in self._past or (same and answer.seq < self.seq):
            self.late += 1
            return self._judge(self._why, now)
        self._pause = PAUSE_S
        current = same and answer.seq == self.seq and self.synchronous
        if not same and self.boot:
            self._past.append(self.boot)
        if same:
            held = sum(1 for boot, seq in self._held if boot == self.boot and seq <= answer.seq)
            self.missed += answer.seq - self.seq - held
        known, strange = self._at_asking
        if not same or known == self._known:
            self._known = answer.seq
        self._strange = self._strange and not strange and same
        self.boot, self.seq = answer.boot, answer.seq
        self.lost, self._behind_since, self._heard_at = False, None, now
        out: Outputs = [] if current else [Reset(answer, self._why)]
        out += self._catch_up()
        return out + self._judge(f"events from {self.seq + 1} on did not come", now)

    def tick(self, now: float) -> Outputs:
        """Call it at least four times a second."""
        out: Outputs = []
        if not self.lost:
            silent = now - self._heard_at >= LOST_S
            behind = self._behind_since is not None and now - self._behind_since >= LOST_S
            if silent or behind:
                self.lost = True
                why = "nothing was heard of it" if silent else f"{self._why}, and it gave no snapshot"
                out.append(Lost(f"{why} for {LOST_S:g} s"))
        if self._behind_since is not None:
            out += self._ask(now)
        return out

    # ---- inside

    def _hold(self, message: Message) -> None:
        """Keep an event until those before it are there, one way or the other."""
        if message.is_heartbeat:
            return
        if len(self._held) >= HELD:
            self._held.clear()
        self._held[(message.boot, message.seq)] = message

    def _catch_up(self) -> Outputs:
        """Apply what is held and next in order; forget what is older, or of a boot that does not live."""
        out: Outputs = []
        if self.lost:
            return out
        while (message := self._held.pop((self.boot, self.seq + 1), None)) is not None:
            self.seq = message.seq
            out.append(Apply(message))
        self._known = max(self._known, self.seq)
        if self._held:
            self._held = {
                key: message
                for key, message in self._held.items()
                if (key[1] > self.seq if key[0] == self.boot else self._strange)
            }
            self._known = max([self._known, *(seq for boot, seq in self._held if boot == self.boot)])
        return out

    def _judge(self, why: str, now: float) -> Outputs:
        """Behind or not; where behind, ask."""
        if not (self.lost or self._strange or self._known > self.seq):
            self._behind_since = None
            return []
        if self._behind_since is None:
            self._behind_since = now
            self._why = why
        return self._ask(now)

    def _ask(self, now: float) -> Outputs:
        if self._asked or now < self._ask_at:
            return []
        self._asked = True
        self._ask_at = now + self._pause
        self._at_asking = (self._known, self._strange)
        return [AskSnapshot()]
