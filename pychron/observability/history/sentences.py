"""What happened, as a sentence for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def subject_of(kind: str, payload: Mapping[str, Any]) -> str:
    """The valve, value, peer or person that an event is about; empty where it is about several."""
    keys = {
        "valve": "name",
        "lock": "name",
        "peer": "peer",
        "shot": "pipette",
        "alarm": "key",
        "alert": "key",
    }
    key = keys.get(kind)
    return str(payload.get(key) or "") if key is not None else ""


def sentence(kind: str, payload: Mapping[str, Any]) -> str:
    """One line."""

    def word(key: str) -> str:
        return str(payload.get(key) or "")

    why = f": {word('why')}" if word("why") else ""
    match kind:
        case "valve":
            before = f"{word('before')} -> " if word("before") else ""
            evidence = f" ({word('evidence')})" if word("evidence") else ""
            peer = f", for {word('peer')}" if word("peer") else ""
            return f"{word('name')} {before}{word('state')}{evidence}{peer}"
        case "lock":
            return f"{word('name')} {'locked' if payload.get('lock') else 'unlocked'} by {word('who')}{why}"
        case "owner":
            names = ", ".join(map(str, payload.get("switches") or ()))
            return f"{names} {'owned by ' + word('owner') if word('owner') else 'free'}{why}"
        case "alarm":
            return f"{'ALARM' if payload.get('raised') else 'over'}: {word('text')}"
        case "alert":
            return f"{word('kind')}: {word('title')}{why}"
        case "peer":
            return f"{word('peer')} {'connected' if payload.get('connected') else 'lost'}{why}"
        case "shot":
            return f"{word('pipette')}: shot {payload.get('counts')}"
        case "note":
            return word("text")
    return f"{kind} {', '.join(f'{key} {value}' for key, value in list(payload.items())[:6])}"
