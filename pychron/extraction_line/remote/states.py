"""What this node believes of one valve controller: polls and broadcasts merged by (boot, seq), ages, doubts. Pure.

Inputs carry the time (wire seconds), outputs are events for the bus. Nothing here is ever guessed: what the
controller does not say, or what a command without an answer left open, is unknown; all of it is unknown while the
controller is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from pychron.config.problems import Place
from pychron.extraction_line.events import (
    AlarmCleared,
    AlarmRaised,
    LockChanged,
    OwnerChanged,
    PeerChanged,
    SwitchChanged,
)
from pychron.extraction_line.remote.views import BadReply, RemotePicture, RemoteSwitch, Ties, read_view
from pychron.extraction_line.specs import SwitchSpec
from pychron.extraction_line.states import Kind, State, SwitchView

Events = list[object]
PAST = 64
"""Boots of which a late message is known to be late."""


@dataclass(slots=True)
class Lingering:
    """A command that got no answer: it may still act until `past` (wire seconds)."""

    past: float
    alike_needed: int
    """Readings asked for after `past` that must agree: one where the controller says what is under way, else two."""
    run: tuple[State, int] = (State.UNKNOWN, 0)


class RemoteStates:
    """The switches of one controller. `own` are those of this node's file, in its order; empty: the peer's list."""

    def __init__(self, peer: str, own: Mapping[str, SwitchSpec]) -> None:
        self.peer = peer
        self.own = own
        self.node = peer
        self.boot = ""
        self.seq = -1
        """Number up to which the states are true."""
        self.lost = True
        self.why_lost = "it has not answered yet"
        self.told_at: float | None = None
        """When the controller last said something about states (or that nothing has changed)."""
        self.faults: dict[str, str] = {}
        """Switches that are out of service here, and why (safety rule 22)."""
        self._switches: dict[str, RemoteSwitch] = {}
        self._read_at: dict[str, float] = {}
        self._doubts: dict[str, Lingering] = {}
        self._turned_at: dict[str, float] = {}
        self._lost_at = -inf
        self._alarms: dict[str, bool] = {}
        """Alarms of the peer told here; True where its list of standing ones has named it."""
        self._past: deque[str] = deque(maxlen=PAST)
        self._heard_seq = -1

    # ---- asking

    def names(self) -> tuple[str, ...]:
        """In the order of this node's file, or of the peer."""
        return tuple(self.own) or tuple(self._switches)

    def ties(self, name: str) -> Ties:
        """What its controller binds it to; nothing where that is not known."""
        switch = self._switches.get(name)
        return switch.ties if switch is not None else Ties()

    def knows(self, name: str) -> bool:
        """The peer has named it."""
        return name in self._switches

    def raw(self, now: float) -> dict[str, RemoteSwitch]:
        """As the controller told it, with ages brought up to `now`."""
        return {
            n: replace(s, view=replace(s.view, age_s=self._age(n, now))) for n, s in self._switches.items()
        }

    def view(self, name: str, now: float) -> SwitchView:
        """One switch."""
        switch = self._switches.get(name)
        told = switch.view if switch is not None else self.first_view(name)
        fault = self.faults.get(name)
        return replace(
            told,
            state=State.UNKNOWN if self.lost or name in self._doubts else told.state,
            age_s=self._age(name, now),
            in_service=told.in_service and fault is None,
            faults=told.faults if fault is None else (*told.faults, fault),
            node=self.node,
            stale=self.lost,
        )

    def first_view(self, name: str) -> SwitchView:
        """A switch of which nothing is known but its name and what this node's file says."""
        spec = self.own.get(name)
        return blank(spec if spec is not None else SwitchSpec(name, Kind.VALVE, Place("")))

    def in_doubt(self, name: str) -> bool:
        """A command of ours got no answer and nothing has settled it yet."""
        return name in self._doubts

    def doubts(self) -> tuple[str, ...]:
        """Every switch in doubt."""
        return tuple(self._doubts)

    def fresh(self, now: float, within_s: float) -> bool:
        """The controller is there and what it said is younger than `within_s`."""
        return not self.lost and self.told_at is not None and now - self.told_at <= within_s

    # ---- being told

    def snapshot(
        self,
        picture: RemotePicture,
        asked_at: float,
        now: float,
        *,
        settles: Container[str] | None = None,
        states_too: bool = True,
    ) -> Events:
        """The whole line, asked for at `asked_at`. What is older than what is known is dropped.

        `settles` are the switches whose doubts it may settle (None: all); words from a server's memory settle none.
        `states_too` is False where only locks or owners were asked: they make no state younger.
        """
        if picture.boot in self._past:
            return []
        if picture.boot != self.boot:
            if self.boot and picture.boot:
                self._past.append(self.boot)
            self.boot, self.seq, self._heard_seq = picture.boot, -1, -1
        if self.lost and not (states_too and asked_at >= self._lost_at):
            return []  # what was known before it was lost is not made known again by that
        before = self._shown(now)
        events = self._found(picture.node)
        if picture.seq is None or picture.seq >= self.seq:
            self.seq = self.seq if picture.seq is None else picture.seq
            kept = self._switches
            self._switches = dict(picture.switches)
            for name, switch in picture.switches.items():
                if picture.seq is None and asked_at < self._turned_at.get(name, asked_at) and name in kept:
                    self._switches[name] = kept[name]  # a word from before it was turned comes after that
                    continue
                if switch.view.age_s is not None:
                    self._read_at[name] = now - switch.view.age_s
                else:
                    self._read_at.pop(name, None)
                if settles is None or name in settles:
                    self._settle(name, switch.view, asked_at)
            if states_too:
                self.told_at = now
            events += self._alarm_changes(picture.alarms)
        return events + self._changes(before, now)

    def event(
        self, boot: str, seq: int, kind: str, payload: Mapping[str, Any], now: float
    ) -> tuple[Events, bool]:
        """One broadcast. The flag says that something is missing: ask for the whole line."""
        if boot != self.boot or self.lost:
            return [], boot not in self._past
        first_time = seq > self._heard_seq
        self._heard_seq = max(seq, self._heard_seq)
        events: Events = []
        if kind == "alarm" and first_time:
            events += self._alarm(payload)
        if seq <= self.seq:
            return events, False
        if seq > self.seq + 1:
            return events, True
        before = self._shown(now)
        if kind in ("valve", "lock"):
            try:
                view = read_view(payload, self.node)
            except BadReply:
                return events, True
            known = self._switches.get(view.name)
            if known is None:
                return events, True
            self._switches[view.name] = RemoteSwitch(view, known.ties)
            if view.age_s is not None:
                self._read_at[view.name] = now - view.age_s
        elif kind == "owner":
            self._owned(payload)
        events += self._changes(before, now, commanded=payload.get("commanded") is True)
        self.seq = seq
        self.told_at = now
        return events, False

    def beat(self, boot: str, seq: int, now: float) -> bool:
        """A heartbeat with the present number. True: something is missing, ask for the whole line."""
        if boot != self.boot:
            return boot not in self._past
        if self.lost or seq > self.seq:
            return True
        self.told_at = now
        return False

    # ---- losing

    def lose(self, why: str, now: float) -> Events:
        """The controller cannot be reached: every state is unknown, at once. Said once."""
        if self.lost:
            return []
        before = self._shown(now)
        self.lost, self.why_lost, self._lost_at = True, why, now
        return [PeerChanged(self.peer, False, why), *self._changes(before, now)]

    def doubt(self, name: str, past: float, alike_needed: int, now: float) -> Events:
        """A command for the switch got no answer: unknown until it is read back, ordered after the command."""
        before = self._shown(now)
        older = self._doubts.get(name)
        if older is not None:
            past, alike_needed = max(past, older.past), max(alike_needed, older.alike_needed)
        self._doubts[name] = Lingering(past, alike_needed)
        return self._changes(before, now)

    def turned(self, name: str, now: float) -> None:
        """It was turned and read back: what was asked for before now says nothing of it."""
        self._turned_at[name] = now

    def service(self, faults: Mapping[str, str], now: float) -> Events:
        """Which switches are out of service here, and why."""
        before = self._shown(now)
        self.faults = dict(faults)
        return self._changes(before, now)

    # ---- inside

    def _age(self, name: str, now: float) -> float | None:
        at = self._read_at.get(name)
        return None if at is None else max(0.0, now - at)

    def _settle(self, name: str, view: SwitchView, asked_at: float) -> None:
        doubt = self._doubts.get(name)
        if doubt is None or asked_at < doubt.past:
            return
        if view.under_way or view.state not in (State.OPEN, State.CLOSED):
            doubt.run = (State.UNKNOWN, 0)
            return
        doubt.run = (view.state, doubt.run[1] + 1 if doubt.run[0] is view.state else 1)
        if doubt.run[1] >= doubt.alike_needed:
            del self._doubts[name]

    def _found(self, node: str) -> Events:
        self.node = node or self.peer
        if not self.lost:
            return []
        self.lost, self.why_lost = False, ""
        return [PeerChanged(self.peer, True, "it answers")]

    def _shown(self, now: float) -> dict[str, SwitchView]:
        return {name: self.view(name, now) for name in self.names()}

    def _changes(self, before: Mapping[str, SwitchView], now: float, commanded: bool = False) -> Events:
        events: Events = []
        for name in self.names():
            was, view = before.get(name), self.view(name, now)
            if was is None or _facts(was) != _facts(view):
                before_word = str(State.UNKNOWN if was is None else was.state)
                events.append(SwitchChanged(view, before_word, commanded, peer=self.node))
            if was is not None and was.lock != view.lock:
                lock = view.lock
                events.append(LockChanged(view, lock.who if lock else self.node, lock.why if lock else ""))
            if was is not None and (was.owner, was.orphaned) != (view.owner, view.orphaned):
                events.append(OwnerChanged((name,), view.owner, view.orphaned, f"told by {self.node}"))
        return events

    def _owned(self, payload: Mapping[str, Any]) -> None:
        owner, names = payload.get("owner"), payload.get("switches")
        for name in names if isinstance(names, list) else ():
            known = self._switches.get(name) if isinstance(name, str) else None
            if known is not None and isinstance(owner, str):
                view = replace(known.view, owner=owner, orphaned=payload.get("orphaned") is True)
                self._switches[name] = RemoteSwitch(view, known.ties)

    def _alarm(self, payload: Mapping[str, Any]) -> Events:
        key, text = payload.get("key"), payload.get("text")
        if not isinstance(key, str) or not isinstance(text, str):
            return []
        known = key in self._alarms
        if payload.get("raised") is False:
            self._alarms.pop(key, None)
            return [AlarmCleared(f"{self.peer}:{key}", f"{self.node}: {text}")] if known else []
        if known:
            return []
        names = payload.get("switches")
        switches = tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()
        self._alarms[key] = False
        return [AlarmRaised(f"{self.peer}:{key}", f"{self.node}: {text}", switches)]

    def _alarm_changes(self, standing: tuple[str, ...]) -> Events:
        raised = [k for k in standing if k not in self._alarms]
        gone = [k for k, stood in self._alarms.items() if stood and k not in standing]
        self._alarms |= dict.fromkeys(standing, True)
        for key in gone:
            del self._alarms[key]
        events: Events = [
            AlarmRaised(f"{self.peer}:{k}", f"{self.node}: the alarm {k} stands there") for k in raised
        ]
        return events + [
            AlarmCleared(f"{self.peer}:{k}", f"{self.node}: it no longer stands there") for k in gone
        ]


def _facts(view: SwitchView) -> tuple[object, ...]:
    """What is worth an event: not the age, not the lock."""
    return (view.state, view.evidence, view.in_service, view.enabled, view.stale, view.under_way)


def blank(spec: SwitchSpec) -> SwitchView:
    """A switch as its file has it; what it is now is unknown."""
    return SwitchView(
        name=spec.name,
        kind=spec.kind,
        description=spec.description,
        state=State.UNKNOWN,
        evidence=None,
        read_at=None,
        age_s=None,
        lock=None,
        owner="",
        orphaned=False,
        in_service=not spec.faults,
        enabled=spec.enabled,
        under_way="",
        faults=spec.faults,
    )
