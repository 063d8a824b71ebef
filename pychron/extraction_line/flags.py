"""Flags of initialization.xml: named marks that nodes set, read and keep alive (spec 4.6). Pure; time is an argument."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

WATCHDOG_S = 60.0
TRUE_WORDS = ("t", "true", "on")


@dataclass(slots=True)
class Flag:
    """A plain flag. It clears itself when nobody pinged, read or set it for a minute."""

    name: str
    on: bool = False
    touched: float = 0.0
    owner: str = ""

    def touch(self, peer: str, now: float) -> None:
        """Any request keeps it alive."""
        self._expire(now)
        self.touched, self.owner = now, peer

    def _expire(self, now: float) -> None:
        if self.on and now - self.touched > WATCHDOG_S:
            self.on = False

    def read(self, now: float) -> str:
        """`1` or `0`."""
        self._expire(now)
        return "1" if self.on else "0"

    def set(self, value: str, now: float) -> str:
        """A number (not zero is true) or a word."""
        try:
            self.on = float(value) != 0
        except ValueError:
            self.on = value.strip().lower() in TRUE_WORDS
        return "OK"

    def ping(self, now: float, wall: float) -> str:
        """The time, as installed clients expect."""
        return str(wall)


@dataclass(slots=True)
class TimedFlag:
    """On for a number of seconds."""

    name: str
    until: float = 0.0
    owner: str = ""

    def touch(self, peer: str, now: float) -> None:
        """Who asked last."""
        self.owner = peer

    def read(self, now: float) -> str:
        """Seconds left."""
        return str(max(0.0, self.until - now) if self.until > now else 0)

    def set(self, value: str, now: float) -> str:
        """Seconds from now; an empty value is one."""
        try:
            seconds = float(value) if value.strip() else 1.0
        except ValueError:
            return "Invalid flag value"
        if not math.isfinite(seconds):
            return "Invalid flag value"
        self.until = now + seconds
        return "OK"

    def ping(self, now: float, wall: float) -> str:
        """`Complete` once its time is over."""
        return "Complete" if now >= self.until else str(wall)


class Flags:
    """All flags of a node, and its constant parameters (mass_spec_params.cfg)."""

    def __init__(self, flags: Mapping[str, Flag | TimedFlag], parameters: Mapping[str, str]) -> None:
        self._flags = dict(flags)
        self.parameters = dict(parameters)

    def find(self, name: str, peer: str, now: float) -> Flag | TimedFlag | None:
        """By name; the request counts as a sign of life."""
        flag = self._flags.get(name)
        if flag is not None:
            flag.touch(peer, now)
        return flag
