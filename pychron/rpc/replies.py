"""What one of our servers answers, framed JSON with the id of its request, as a value. Pure.

The words of installed servers are those of the area that asks (spec rpc-and-valves 2.4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FRAME = re.compile(rb"\{([0-9A-Fa-f]{4,8})\}")


class Nonsense(Exception):
    """No reply that can be told from another."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A result or, where `error` is not None, a refusal: code, text and what else a node says (kind, switch, why)."""

    id: str
    result: Any = None
    error: Mapping[str, Any] | None = None


def read_reply(line: bytes) -> Reply:
    """A line without its end. Raises Nonsense, also where the prefix does not count the line."""
    frame = _FRAME.match(line)
    body = line
    if frame is not None:
        if int(frame[1], 16) != len(line) + 2:
            raise Nonsense(f"{line[:10]!r} does not count the {len(line) + 2} bytes that came")
        body = line[frame.end() :]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Nonsense(f"no JSON: {line[:60]!r}") from None
    if not isinstance(document, dict) or not isinstance(document.get("id"), str | int):
        raise Nonsense(f"no reply with an id: {line[:60]!r}")
    error = document.get("error")
    if error is not None and not isinstance(error, dict):
        error = {"code": 2, "text": str(error)}
    if error is None and "result" not in document:
        raise Nonsense(f"neither result nor error: {line[:60]!r}")
    return Reply(str(document["id"]), document.get("result"), error)
