"""What goes over the air: one UTF-8 frame `TAG payload` a message, without NUL, never multipart. Pure.

Ours are `pychron {json}`; installed nodes send other tags, which are read by their prefix. Parsing gives a value
for bad input too, and never raises.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard

from pychron.runtime.values import frozen

TAG = "pychron"
HEARTBEAT = "heartbeat"
LONGEST = 4 * 1024 * 1024
"""Bytes of a frame or a snapshot that are still read."""
MOST = 2**63 - 1

PING = b"ping"
ECHO = b"echo"
SNAPSHOT = b"snapshot"


@frozen
class Message:
    """One event, or a heartbeat. `boot` and `seq` say where it stands among all that the node published."""

    node: str
    boot: str
    """Names one start of the node."""
    seq: int
    """Number of the event within the boot, from 1; in a heartbeat the number of the last event."""
    time: float
    """Wall seconds of the reading that the event rests on."""
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False

    @property
    def is_heartbeat(self) -> bool:
        return self.kind == HEARTBEAT


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the node knew when its last event had the number `seq`."""

    node: str
    boot: str
    seq: int
    time: float
    """Wall seconds when it was taken."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """By area, as each area defines it."""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Not one of our messages."""

    why: str


def write_message(message: Message) -> bytes:
    """The frame. What JSON cannot say (NaN, infinity) becomes null."""
    # What is the same in every message of a node is encoded once: this runs for each message of a burst.
    return b'%s%d,"time":%s,"kind":%s,"payload":%s%s' % (
        _opening(message.node, message.boot),
        message.seq,
        write_json(message.time),
        _kind(message.kind),
        write_json(message.payload),
        b',"simulated":true}' if message.simulated else b"}",
    )


@lru_cache(16)
def _opening(node: str, boot: str) -> bytes:
    return b'%s {"node":%s,"boot":%s,"seq":' % (TAG.encode(), write_json(node), write_json(boot))


@lru_cache(256)
def _kind(kind: str) -> bytes:
    return write_json(kind)


def write_snapshot(snapshot: Snapshot) -> bytes:
    """The reply to the request `snapshot`."""
    return write_json(
        {
            "node": snapshot.node,
            "boot": snapshot.boot,
            "seq": snapshot.seq,
            "time": snapshot.time,
            "state": snapshot.state,
            "simulated": snapshot.simulated,
        }
    )


def write_text(tag: str, text: str) -> bytes:
    """A frame as installed nodes send it, e.g. `RunAdded <uuid>`. NUL would cut it, so it is left out."""
    return f"{tag} {text}".replace("\0", "").encode("utf-8", "replace")


def read_message(frame: bytes) -> Message | BadFrame:
    """One of our frames."""
    tag, blank, text = frame.partition(b" ")
    if tag != TAG.encode() or not blank:
        return BadFrame(f"does not begin with {TAG!r}")
    found = _read_object(text)
    if isinstance(found, BadFrame):
        return found
    node, boot, seq, time = found.get("node"), found.get("boot"), found.get("seq"), found.get("time")
    kind, payload = found.get("kind"), found.get("payload", {})
    if not (isinstance(node, str) and isinstance(boot, str) and boot):
        return BadFrame("node or boot is missing")
    if not _is_number(seq):
        return BadFrame("seq is no number of an event")
    if not _is_time(time):
        return BadFrame("time is not seconds")
    if not (isinstance(kind, str) and kind and isinstance(payload, dict)):
        return BadFrame("kind or payload is missing")
    return Message(node, boot, seq, float(time), kind, payload, found.get("simulated") is True)


def read_snapshot(reply: bytes) -> Snapshot | BadFrame:
    """The reply to a request for a snapshot."""
    if not reply:
        return BadFrame("it gives no snapshots (an installed node?)")
    found = _read_object(reply)
    if isinstance(found, BadFrame):
        return found
    node, boot, seq, time = found.get("node"), found.get("boot"), found.get("seq"), found.get("time")
    state = found.get("state")
    if not (isinstance(node, str) and isinstance(boot, str) and boot and isinstance(state, dict)):
        return BadFrame("node, boot or state is missing")
    if not _is_number(seq) or not _is_time(time):
        return BadFrame("seq or time is no number")
    return Snapshot(node, boot, seq, float(time), state, found.get("simulated") is True)


def payload_after(tag: str, frame: str) -> str | None:
    """What installed subscribers hand to the callback of `tag`; None where the frame is not for it."""
    return frame[len(tag) :].strip() if frame.startswith(tag) else None


_COMPACT = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
# One encoder for all messages: making one costs as much as a small message.


def write_json(value: Any) -> bytes:
    """Compact JSON in ASCII."""
    if type(value) is float and math.isfinite(value):
        return b"%r" % value
    try:
        return _COMPACT.encode(value).encode("ascii")
    except ValueError:
        return _COMPACT.encode(_finite(value)).encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _read_object(text: bytes) -> dict[str, Any] | BadFrame:
    if len(text) > LONGEST:
        return BadFrame(f"is longer than {LONGEST} bytes")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return BadFrame(f"is not JSON: {error}")
    return found if isinstance(found, dict) else BadFrame("is no JSON object")


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15
