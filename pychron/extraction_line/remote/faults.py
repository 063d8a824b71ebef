"""What a valve controller refused, back as the typed error that its own node raised. Pure.

Ours name the kind of the error; an installed server only has a number and a text (spec 1.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pychron.extraction_line import errors
from pychron.extraction_line.errors import LineError
from pychron.extraction_line.fault_table import CODES

KINDS: Mapping[str, type[LineError]] = {kind.__name__: kind for kind in CODES}
BY_CODE: Mapping[int, type[LineError]] = {
    4: errors.NotPermitted,
    5: errors.UnknownSwitch,
    7: errors.Stopping,
    10: errors.NoResponse,
    12: errors.NotOwner,
    13: errors.NotOwner,
    14: errors.Locked,
    15: errors.Mismatch,
}
"""Where a peer names no kind, or one that this version does not know."""
_ERROR = re.compile(r"ERROR\s+(\d{1,4})\s*:?\s*(.*)", re.DOTALL)


class PeerFault(Exception):
    """The peer answered that it did not do it. `code` is the wire's number."""

    def __init__(self, code: int, text: str, kind: str = "", switch: str = "", why: str = "") -> None:
        super().__init__(text or f"error {code:03d}")
        self.code = code
        self.text = text
        self.kind = kind
        self.switch = switch
        self.why = why

    def error(self, switch: str) -> LineError:
        """The typed error; `switch` is what was asked for, the peer may have stumbled on another."""
        kind = KINDS.get(self.kind) or BY_CODE.get(self.code, errors.NotPermitted)
        return kind(self.switch or switch, self.why or self.text)


def fault_of(error: object) -> PeerFault:
    """The `error` member of a JSON reply, whatever stands in it."""
    if not isinstance(error, Mapping):
        return PeerFault(0, str(error))
    return PeerFault(
        _number(error.get("code")), *(_text(error, k) for k in ("text", "kind", "switch", "why"))
    )


def fault_in(reply: str) -> PeerFault | None:
    """The fault that a plain reply says, as in `ERROR 005 : ZZ is not a registered valve name`."""
    found = _ERROR.fullmatch(reply.strip())
    return PeerFault(int(found[1]), found[2].strip()) if found else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
