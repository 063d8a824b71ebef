"""What the page says of instruments and other nodes, from the counters that they keep. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Counters = Mapping[str, Callable[[], int | float]]
CHANNEL = "channel_"
REMOTE = "remote_"
COUNTED = ("exchanges", "timeouts", "garbled", "lost")
TROUBLES = {
    "store_failed": "commits could not be written: nothing opens",
    "rpc_standstills": "times the node stood still for more than a second",
    "web_dropped": "pages were dropped because they did not read",
}
"""Counters that are no trouble while they are zero."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the root's files, with the switches that it drives."""

    name: str
    klass: str
    switches: tuple[str, ...]


def device_panels(known: Mapping[str, Device], counters: Counters) -> list[dict[str, Any]]:
    """One panel each: those of the files, then those that only a channel knows. `up` is None where nothing tells it."""
    channels = [name[len(CHANNEL) : -len("_up")] for name in counters if _is(name, CHANNEL, "_up")]
    found = []
    for name in dict.fromkeys((*known, *channels)):
        device = known.get(name, Device(name, "", ()))
        panel: dict[str, Any] = {
            "name": name,
            "klass": device.klass,
            "switches": list(device.switches),
            "up": _flag(counters, f"{CHANNEL}{name}_up"),
        }
        for counted in COUNTED:
            read = counters.get(f"{CHANNEL}{name}_{counted}")
            panel[counted] = read() if read is not None else 0
        found.append(panel)
    return found


def peer_panels(counters: Counters) -> list[dict[str, Any]]:
    """Each valve controller that this node talks to."""
    names = [name[len(REMOTE) : -len("_connected")] for name in counters if _is(name, REMOTE, "_connected")]
    return [
        {
            "name": name,
            "connected": _flag(counters, f"{REMOTE}{name}_connected"),
            **{
                key: counters[f"{REMOTE}{name}_{key}"]()
                for key in ("commands", "unanswered", "polls", "polls_failed")
                if f"{REMOTE}{name}_{key}" in counters
            },
        }
        for name in names
    ]


def troubles(counters: Counters) -> list[str]:
    """What a person should know of this node itself."""
    found = [(counters[name](), text) for name, text in TROUBLES.items() if name in counters]
    return [f"{count:g} {text}" for count, text in found if count]


def _is(name: str, before: str, after: str) -> bool:
    return name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)


def _flag(counters: Counters, name: str) -> bool | None:
    read = counters.get(name)
    return bool(read()) if read is not None else None
