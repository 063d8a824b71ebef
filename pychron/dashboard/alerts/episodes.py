"""The life of an alert, as a pure machine: one episode a condition, latched until acknowledged, all clear once. Pure.

In: tripped, cleared, acknowledged, tick. Out: `Keep` (on disk before anything is sent), `Send`, `Forget`. Times: `now` is wire seconds of
this start, `wall` a stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from pychron.dashboard.alerts.specs import Policy
from pychron.dashboard.events import Level


class Phase(StrEnum):
    """How an episode stands."""

    WAITING = "waiting"
    """It trips, and its delay is not over: nobody was told."""
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    """Somebody has it; it still trips."""
    OVER = "over"
    """It trips no longer, everybody was told, and nobody has acknowledged it."""


class Kind(StrEnum):
    """What is sent."""

    RAISED = "raised"
    REPEATED = "repeated"
    ESCALATED = "escalated"
    CLEAR = "all clear"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from its beginning to its end."""

    key: str
    """The condition's name, or `node NAME`"""
    level: Level
    title: str
    why: str
    guidance: str
    place: str
    began: float
    """Wall seconds"""
    phase: Phase = Phase.WAITING
    raised: float | None = None
    over: float | None = None
    by: str = ""
    """Who acknowledged it"""
    note: str = ""
    escalated: bool = False
    heard: bool = False
    """Somebody was told that it trips, and not yet that it is over"""

    @property
    def id(self) -> str:
        """Of this episode, not of the next one of the same condition."""
        return f"{self.key}@{self.began:.3f}"


@dataclass(frozen=True, slots=True)
class Keep:
    """Write the episode down."""

    episode: Episode


@dataclass(frozen=True, slots=True)
class Forget:
    """It has ended: strike it out."""

    episode: Episode


@dataclass(frozen=True, slots=True)
class Send:
    """Tell `channels`."""

    episode: Episode
    kind: Kind
    channels: tuple[str, ...]


Outputs = list[Keep | Forget | Send]


@dataclass(slots=True)
class _Due:
    raise_at: float | None = None
    repeat_at: float | None = None
    escalate_at: float | None = None


class Episodes:
    """All of a node. `policy` says what a level does."""

    def __init__(self, policy: Callable[[Level], Policy]) -> None:
        self._policy = policy
        self._open: dict[str, Episode] = {}
        self._due: dict[str, _Due] = {}

    def all(self) -> tuple[Episode, ...]:
        """In the order in which they began."""
        return tuple(self._open.values())

    def get(self, key: str) -> Episode | None:
        """The open one of a key."""
        return self._open.get(key)

    def restored(self, episodes: tuple[Episode, ...], now: float) -> None:
        """Those of a node that died, before anything else. Delays and repeats begin anew."""
        for episode in episodes:
            self._open[episode.key] = episode
            self._due[episode.key] = self._schedule(episode, now)

    def tripped(self, told: Episode, now: float) -> Outputs:
        """A condition holds. One that is known already only has its words renewed; one that was over is raised again."""
        known = self._open.get(told.key)
        if known is None:
            return self._put(replace(told, phase=Phase.WAITING), now) + self._raise_if_due(
                told.key, now, told.began
            )
        if known.phase is Phase.OVER:
            again = replace(
                known, phase=Phase.WAITING, why=told.why, level=told.level, over=None, escalated=False
            )
            return self._put(again, now) + self._raise_if_due(told.key, now, told.began)
        self._open[told.key] = renewed = replace(known, why=told.why)
        return [Keep(renewed)] if renewed != known else []

    def cleared(self, key: str, wall: float) -> Outputs:
        """It holds no longer. The all clear goes to everybody who heard of it, once."""
        known = self._open.get(key)
        if known is None or known.phase is Phase.OVER:
            return []
        over = replace(known, phase=Phase.OVER, over=wall, heard=False)
        clear: Outputs = [Send(over, Kind.CLEAR, self._told(known))] if known.heard else []
        if known.phase is Phase.ACKNOWLEDGED or known.raised is None:
            return [*self._end(known), *clear]
        self._open[key], self._due[key] = over, _Due()
        return [Keep(over), *clear]

    def acknowledged(self, key: str, by: str, note: str = "") -> Outputs:
        """Somebody has it: no repeat, no escalation. One that is over is forgotten."""
        known = self._open.get(key)
        if known is None:
            return []
        if known.phase is Phase.OVER:
            return self._end(known)
        taken = replace(known, phase=Phase.ACKNOWLEDGED, by=by, note=note)
        self._open[key], self._due[key] = taken, _Due()
        return [Keep(taken)]

    def tick(self, now: float, wall: float) -> Outputs:
        """What is due: delays that are over, repeats, escalations."""
        out: Outputs = []
        for key in list(self._open):
            out += self._raise_if_due(key, now, wall)
            episode, due = self._open[key], self._due[key]
            policy = self._policy(episode.level)
            if due.escalate_at is not None and now >= due.escalate_at:
                due.escalate_at = None
                self._open[key] = episode = replace(episode, escalated=True)
                out += [Keep(episode), Send(episode, Kind.ESCALATED, policy.escalate_to)]
            if due.repeat_at is not None and now >= due.repeat_at:
                due.repeat_at = now + policy.repeat_s
                out.append(Send(episode, Kind.REPEATED, self._told(episode)))
        return out

    # ---- inside

    def _put(self, episode: Episode, now: float) -> Outputs:
        self._open[episode.key] = episode
        self._due[episode.key] = self._schedule(episode, now)
        return [Keep(episode)]

    def _schedule(self, episode: Episode, now: float) -> _Due:
        policy = self._policy(episode.level)
        if episode.phase is Phase.WAITING:
            return _Due(raise_at=now + policy.delay_s)
        if episode.phase is Phase.RAISED:
            return _Due(
                repeat_at=now + policy.repeat_s if policy.repeat_s else None,
                escalate_at=now + policy.escalate_s if policy.escalate_s and not episode.escalated else None,
            )
        return _Due()

    def _raise_if_due(self, key: str, now: float, wall: float) -> Outputs:
        at = self._due[key].raise_at
        if at is None or now < at:
            return []
        raised = replace(self._open[key], phase=Phase.RAISED, raised=wall, heard=True)
        return [*self._put(raised, now), Send(raised, Kind.RAISED, self._policy(raised.level).channels)]

    def _told(self, episode: Episode) -> tuple[str, ...]:
        policy = self._policy(episode.level)
        more = policy.escalate_to if episode.escalated else ()
        return tuple(dict.fromkeys((*policy.channels, *more)))

    def _end(self, episode: Episode) -> Outputs:
        del self._open[episode.key]
        del self._due[episode.key]
        return [Forget(episode)]
