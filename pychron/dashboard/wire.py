"""Bytes of the dashboard's sockets: what installed clients know, and what our own nodes say to each other. Pure.

Golden bytes: spec 2.3 and 2.4. Reading gives None or nothing for bad input, and never raises.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pychron.dashboard.events import (
    ConditionTripped,
    ConditionView,
    Level,
    ValueFailed,
    ValueRead,
    ValueView,
)
from pychron.dashboard.specs import ConditionSpec, DashboardSpec, ValueSpec

TAG = "dashboard"
CONFIG_JSON = "config_json"
CONFIG_PICKLE = "config"
AREA = "dashboard"
"""Of a snapshot."""
VALUE = "value"
CONDITION = "condition"
"""Kinds of our own frames, beside those of installed clients."""

Frame = tuple[str, str]
"""Tag and text; they are joined by one space."""


# ---- what installed clients hear


def heartbeat(source: str, state: str, ts: float, simulated: bool = False) -> Frame:
    """`state` is `polling`, or `configured` where no value is enabled."""
    return _frame({"kind": "heartbeat", "source": source, "state": state, "ts": ts}, simulated)


def value_frames(event: ValueRead, simulated: bool = False) -> list[Frame]:
    """The structured frame and its legacy twin."""
    told = {
        "device": event.device,
        "kind": "value_update",
        "name": event.value_name,
        "tag": event.tag,
        "ts": event.time,
        "units": event.units,
        "value": event.value,
    }
    return [_frame(told, simulated), (event.tag, str(event.value))]


def failure_frames(event: ValueFailed, simulated: bool = False) -> list[Frame]:
    """`error` for this value alone, with its reason; where nothing came in time, `timeout` before it."""
    told = {
        "device": event.device,
        "kind": "timeout",
        "name": event.value_name,
        "tag": event.tag,
        "ts": event.time,
    }
    error = {**told, "kind": "error", "message": f"{event.name}: {event.why}"}
    return [_frame(one, simulated) for one in ([told, error] if event.late else [error])]


def condition_frames(event: ConditionTripped, simulated: bool = False) -> list[Frame]:
    """warning: structured, then the bare message. critical: the bare message, structured, then `error MESSAGE`."""
    message = event.message
    told = {"device": event.device, "kind": str(event.level), "message": message, "ts": event.time}
    first, _, rest = message.partition(" ")
    bare = (first, rest)
    if event.level is Level.WARNING:
        return [_frame(told, simulated), bare]
    told["script"] = event.script
    return [bare, _frame(told, simulated), ("error", message)]


def _frame(told: Mapping[str, Any], simulated: bool) -> Frame:
    """Where instruments are emulated each frame says so; installed clients leave alone what they do not know."""
    return TAG, json.dumps({**told, "simulated": True} if simulated else told, sort_keys=True)


def config_snapshot(spec: DashboardSpec, ts: float, port: int = 0) -> str:
    """The reply to `config_json`; `port` is the one in use, where it is not the file's."""
    devices: dict[str, list[ValueSpec]] = {}
    for value in spec.values:
        devices.setdefault(value.device, []).append(value)
    shown = [
        {
            "name": name,
            "device": values[0].source,
            "enabled": True,
            "values": [_value(value) for value in values],
        }
        for name, values in devices.items()
    ]
    config = {"source_path": spec.place.file, "port": port or spec.port, "devices": shown}
    return json.dumps({"config": config, "kind": "config_snapshot", "ts": ts})


def _value(spec: ValueSpec) -> dict[str, Any]:
    return {
        "name": spec.value_name,
        "tag": spec.tag,
        "func_name": spec.attribute,
        "period": "on_change" if spec.period_s is None else _short(spec.period_s),
        "enabled": spec.enabled,
        "threshold": spec.dead_band,
        "units": spec.units,
        "timeout": spec.timeout_s,
        "record": spec.record,
        "bindname": "",
        "conditionals": [_condition(condition) for condition in spec.conditions],
    }


def _condition(spec: ConditionSpec) -> dict[str, Any]:
    return {
        "severity": spec.level.severity,
        "teststr": spec.test.source,
        "nfail": spec.nfail,
        "script": spec.script,
        "emails": ",".join(spec.emails),
    }


def _short(number: float) -> int | float:
    return int(number) if number.is_integer() else number


# ---- what our own nodes say to each other


def view_json(view: ValueView) -> dict[str, Any]:
    """A value, as frames, snapshots, pages and `--json` have it."""
    return {
        "name": view.name,
        "device": view.device,
        "value_name": view.value_name,
        "tag": view.tag,
        "units": view.units,
        "value": view.value,
        "time": view.time,
        "age_s": None if view.age_s is None else round(view.age_s, 3),
        "state": str(view.state),
        "why": view.why,
        "level": None if view.level is None else str(view.level),
        "period_s": view.period_s,
        "server": view.server,
        "simulated": view.simulated,
    }


def condition_json(view: ConditionView) -> dict[str, Any]:
    """A condition and how it stands."""
    return {
        "condition": view.condition,
        "name": view.name,
        "level": str(view.level),
        "test": view.test,
        "tripped": view.tripped,
        "since": view.since,
        "why": view.why,
        "guidance": view.guidance,
        "place": str(view.place),
    }


# ---- reading


@dataclass(frozen=True, slots=True)
class Configured:
    """One value of a server's configuration."""

    device: str
    value_name: str
    tag: str
    units: str
    period_s: float | None

    @property
    def name(self) -> str:
        """`DEVICE.VALUE`"""
        return f"{self.device}.{self.value_name}"


def read_config(reply: bytes) -> tuple[Configured, ...] | None:
    """The enabled values of a reply to `config_json`; None where it is none. One without `enabled` counts."""
    found = read_object(reply.decode("utf-8", "replace"))
    if found.get("kind") != "config_snapshot" or not isinstance(found.get("config"), dict):
        return None
    devices = found["config"].get("devices")
    if not isinstance(devices, list):
        return None
    values: dict[str, Configured] = {}
    for device in devices:
        if not isinstance(device, dict) or not isinstance(device.get("values"), list):
            continue
        for value in device["values"]:
            if not isinstance(value, dict) or value.get("enabled") is False:
                continue
            name, tag = value.get("name"), value.get("tag")
            if not (isinstance(name, str) and name and isinstance(tag, str) and tag):
                continue
            period = value.get("period")
            one = Configured(
                _word(device.get("name")),
                name,
                tag,
                _word(value.get("units")),
                finite(period) if not isinstance(period, str) else None,
            )
            values.setdefault(tag, one)
    return tuple(values.values())


def read_object(text: str) -> dict[str, Any]:
    """A JSON object; empty where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def finite(value: object) -> float | None:
    """A finite number, also from its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
