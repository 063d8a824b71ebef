"""Results and faults as the bytes of a reply, in the form of the request. Pure.

Spec rpc-and-valves 1.3 for the words; dictionaries and lists go as JSON (installed servers sent Python's repr).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pychron.rpc.codec import PREFIX, Form
from pychron.rpc.faults import Fault

_BREAKS = str.maketrans({"\r": " ", "\n": " ", "\0": " "})

TRUE = b"OK\r\n"
FALSE = b"False\r\n"
NONE = b"No Response\r\n"


def render(form: Form, reply_id: str | int | None, result: Any) -> bytes:
    """One reply. Raises TypeError for a result of a type that no verb may give."""
    if form is Form.PLAIN or reply_id is None:
        if result is True:
            if form is Form.PLAIN:
                return TRUE
            body = TRUE
        elif result is False:
            body = FALSE
        elif result is None:
            body = NONE
        else:
            body = _text(result).encode("utf-8", "backslashreplace") + b"\r\n"
        return _in_frame(body) if form.framed else body
    return _in_json(form, {"id": reply_id, "result": result})


def render_fault(form: Form, reply_id: str | int | None, fault: Fault) -> bytes:
    """One refusal."""
    if form is Form.PLAIN or reply_id is None:
        body = fault.line.translate(_BREAKS).encode("utf-8", "backslashreplace") + b"\r\n"
        return _in_frame(body) if form.framed else body
    return _in_json(form, {"id": reply_id, "error": {**fault.data, "code": fault.code, "text": fault.text}})


def frame(text: str) -> bytes:
    """`{HHHH}` + text + CRLF, as our own client sends it; the digits count all of it. Raises ValueError where four
    digits do not do: no server takes such a request."""
    body = text.encode("utf-8") + b"\r\n"
    if len(body) + PREFIX > 0xFFFF:
        raise ValueError(f"a request of {len(body)} bytes is too long")
    return _in_frame(body)


def _in_frame(body: bytes) -> bytes:
    # Four digits end at 65,535; a longer reply has as many as it needs, and the count includes them.
    count = len(body) + PREFIX
    while len(f"{count:04X}") + 2 + len(body) != count:
        count = len(f"{count:04X}") + 2 + len(body)
    return b"{%04X}%s" % (count, body)


def _in_json(form: Form, reply: Mapping[str, Any]) -> bytes:
    body = _dump(reply).encode("ascii") + b"\r\n"
    return _in_frame(body) if form.framed else body


def _text(result: Any) -> str:
    if isinstance(result, str):
        return result if result.isprintable() else result.translate(_BREAKS)
    if isinstance(result, int | float):
        return repr(result)
    if isinstance(result, dict | list | tuple):
        return _dump(result)
    raise TypeError(f"a verb cannot answer a {type(result).__name__}")


def _dump(value: Any) -> str:
    """Compact ASCII JSON: half a character that a client sent as its id cannot break it."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    """JSON knows no NaN: a number that is none is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
