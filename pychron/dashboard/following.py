"""What a client knows of one dashboard server: frames and replies in, values with their states out. Pure.

Works with installed servers (`dashboard {json}` frames and `config_json`) and, where the server is one of ours, with
numbered frames and snapshots, which also say that something is over. Ages count on the client's own wire clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pychron.dashboard.events import Level, ValueState, ValueView
from pychron.dashboard.wire import AREA, CONDITION, VALUE, Configured, finite

STALE_S = 6.0
"""Three heartbeats."""
LOST_S = 30.0
MOST_VALUES = 10_000
MOST_FLAGS = 100
"""Of one server: more than a laboratory has, and an end to what a server gone mad can make us keep."""


@dataclass(slots=True)
class _Heard:
    """One value as it was last told."""

    configured: Configured
    value: float | None = None
    time: float | None = None
    heard_at: float | None = None
    fault: str = ""
    level: Level | None = None
    state: ValueState | None = None
    """As one of our servers says it; None of installed ones."""


@dataclass(slots=True)
class Followed:
    """One server. Times are wire seconds of this client unless they are called wall."""

    server: str
    begun: float
    last: float | None = None
    """When anything was last heard."""
    ours: bool = False
    """It answered a snapshot: what it says with numbers counts, the frames for installed clients are passed over."""
    configured: bool = False
    values: dict[str, _Heard] = field(default_factory=dict)
    """By tag."""
    critical: dict[str, str] = field(default_factory=dict)
    """Why a queue must not go on, by condition."""
    flags: dict[str, str] = field(default_factory=dict)
    """What an installed server called critical or an error: it never says that it is over."""
    simulated: bool = False
    """It says that its instruments are emulated."""

    # ---- in

    def heard(self, now: float) -> None:
        """Any frame came."""
        self.last = now

    def stood_still(self, seconds: float) -> None:
        """This node did not run for so long: that is no silence of the server."""
        self.begun += seconds
        if self.last is not None:
            self.last += seconds

    def configure(self, values: Iterable[Configured]) -> None:
        """The configuration came. What is known of values that stay is kept."""
        before = self.values
        self.values = {}
        for value in list(values)[:MOST_VALUES]:
            known = before.get(value.tag)
            self.values[value.tag] = known if known is not None else _Heard(value)
            self.values[value.tag].configured = value
        self.configured = True

    def frame(self, told: Mapping[str, Any], now: float) -> None:
        """A `dashboard {json}` frame."""
        self.heard(now)
        self.simulated = told.get("simulated") is True
        kind = told.get("kind")
        if self.ours or kind == "heartbeat":
            return
        heard = self.values.get(str(told.get("tag", "")))
        if kind == "value_update" and heard is not None:
            value = finite(told.get("value"))
            if value is not None:
                heard.value, heard.time, heard.heard_at = value, finite(told.get("ts")), now
                heard.fault, heard.state = "", None
            elif told.get("value") == "timeout":
                heard.fault = "the server says timeout"
        elif kind == "timeout" and heard is not None:
            heard.fault = "the server says timeout"
        elif kind == "error" and heard is not None:
            heard.fault = str(told.get("message", "the server says error"))
            self._flag(heard.fault)
        elif kind in ("critical", "error"):
            self._flag(str(told.get("message", kind)))

    def _flag(self, message: str) -> None:
        if len(self.flags) < MOST_FLAGS:
            self.flags[message] = message

    def snapshot(self, state: Mapping[str, Any], now: float, simulated: bool = False) -> None:
        """All that one of our servers knows: replaces what was known."""
        self.heard(now)
        self.simulated = simulated
        area = state.get(AREA)
        if not isinstance(area, dict):
            return
        self.ours = True
        self.flags.clear()
        self.critical.clear()
        for one in _tables(area.get("values")):
            self._value(one, now)
        for one in _tables(area.get("conditions")):
            self._condition(one)

    def message(self, kind: str, payload: Mapping[str, Any], now: float) -> None:
        """A numbered frame of one of our servers."""
        self.heard(now)
        if kind == VALUE:
            self._value(payload, now)
        elif kind == CONDITION:
            self._condition(payload)

    def lost(self) -> None:
        """Its numbers no longer follow each other; a snapshot will come, or it is another server by now."""
        self.ours = False

    def clear(self) -> None:
        """A person has seen what an installed server told."""
        self.flags.clear()

    def _value(self, told: Mapping[str, Any], now: float) -> None:
        tag = str(told.get("tag", ""))
        known = self.values.get(tag)
        if known is None:
            device, name = str(told.get("device", "")), str(told.get("value_name", ""))
            if not (tag and name) or len(self.values) >= MOST_VALUES:
                return
            period = finite(told.get("period_s"))
            known = self.values[tag] = _Heard(
                Configured(device, name, tag, str(told.get("units", "")), period)
            )
        age = finite(told.get("age_s"))
        known.value, known.time = finite(told.get("value")), finite(told.get("time"))
        known.heard_at = None if age is None else now - age
        known.fault = str(told.get("why") or "")
        known.level = _level(told.get("level"))
        known.state = _state(told.get("state"))

    def _condition(self, told: Mapping[str, Any]) -> None:
        name = str(told.get("condition", ""))
        room = name in self.critical or len(self.critical) < MOST_VALUES
        if told.get("tripped") is True and told.get("level") == Level.CRITICAL and room:
            self.critical[name] = f"{name}: {told.get('why', '')}"
        else:
            self.critical.pop(name, None)

    # ---- out

    def state(self, now: float) -> ValueState:
        """Of the server as a whole."""
        if self.last is None:
            return ValueState.LOST if now - self.begun > LOST_S else ValueState.WAITING
        silent = now - self.last
        if silent > LOST_S:
            return ValueState.LOST
        return ValueState.STALE if silent > STALE_S else ValueState.LIVE

    def why(self, now: float) -> str:
        """Why it is not live; empty where it is."""
        state = self.state(now)
        if state is ValueState.LIVE:
            return ""
        if self.last is None:
            return f"the dashboard server {self.server} has not been heard yet"
        return f"the dashboard server {self.server} has been silent for {now - self.last:.0f} s"

    def views(self, now: float) -> list[ValueView]:
        """In the order of its configuration."""
        return [self._view(heard, now) for heard in self.values.values()]

    def _view(self, heard: _Heard, now: float) -> ValueView:
        server = self.state(now)
        value = heard.configured
        state, why = self._own_state(heard), heard.fault
        if server is not ValueState.LIVE:
            state = server
            why = self.why(now)
        return ValueView(
            name=value.name,
            device=value.device,
            value_name=value.value_name,
            tag=value.tag,
            units=value.units,
            value=heard.value,
            time=heard.time,
            age_s=None if heard.heard_at is None else max(0.0, now - heard.heard_at),
            state=state,
            why=why,
            level=heard.level,
            server=self.server,
            simulated=self.simulated,
            period_s=value.period_s,
        )

    @staticmethod
    def _own_state(heard: _Heard) -> ValueState:
        """As its server sees it."""
        if heard.state is not None:
            return heard.state
        if heard.fault:
            return ValueState.ERROR
        return ValueState.WAITING if heard.heard_at is None else ValueState.LIVE

    def error(self, now: float) -> str:
        """Why a queue must not start or go on; empty where it may."""
        for text in (*self.critical.values(), *self.flags.values()):
            return text
        if self.state(now) in (ValueState.LOST, ValueState.WAITING):
            return self.why(now)
        return ""


def _tables(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _level(word: object) -> Level | None:
    return next((level for level in Level if level == word), None)


def _state(word: object) -> ValueState | None:
    return next((state for state in ValueState if state == word), None)
