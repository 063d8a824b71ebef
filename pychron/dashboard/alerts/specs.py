"""setupfiles/alerts.yaml as frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.config.problems import Place
from pychron.dashboard.events import Level


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail over SMTP."""

    name: str
    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    tls: str
    """`starttls`, `tls` (from the first byte) or `none`"""
    user: str
    password_file: str
    """Its first line is the password; empty: no login"""
    place: Place


@dataclass(frozen=True, slots=True)
class Webhook:
    """An HTTP POST."""

    name: str
    url: str
    preset: str
    """`plain`, `ntfy`, `slack` or `teams`"""
    place: Place


@dataclass(frozen=True, slots=True)
class Program:
    """A program with arguments; the alert is in its environment."""

    name: str
    arguments: tuple[str, ...]
    place: Place


Channel = Mail | Webhook | Program
PRESETS = ("plain", "ntfy", "slack", "teams")
TLS = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to an alert of one level. Times are seconds; 0: never, for delay: at once."""

    channels: tuple[str, ...] = ()
    delay_s: float = 0.0
    repeat_s: float = 0.0
    escalate_s: float = 0.0
    escalate_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a condition trips, in this order: hold, close, lock, script."""

    condition: str
    """`Env.temperature.x>30`"""
    hold_queue: bool
    close: tuple[str, ...]
    lock: tuple[str, ...]
    script: str
    place: Place

    @property
    def moves(self) -> bool:
        return bool(self.close or self.script)


@dataclass(frozen=True, slots=True)
class WatchedNode:
    """Another node whose heartbeat is followed."""

    name: str
    host: str
    port: int
    """Its publish port"""
    silent_s: float
    """An alert is raised when nothing came for so long"""
    place: Place


@dataclass(frozen=True, slots=True)
class AlertsSpec:
    """The whole file; without one there are no channels, and episodes are kept and shown all the same."""

    channels: dict[str, Channel] = field(default_factory=dict)
    policies: dict[Level, Policy] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    watch: tuple[WatchedNode, ...] = ()
    dead_man_url: str = ""
    dead_man_s: float = 60.0
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Channels that hear of one condition, by its name, beside those of its level."""

    def policy(self, level: Level) -> Policy:
        """Of a level; without one nothing is sent."""
        return self.policies.get(level, Policy())
