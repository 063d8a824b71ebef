"""The line protocol between a node and a script's process: JSON, one line out and one line back a command. Pure.

    child -> node   {"n": 7, "do": "open", "args": {"name": "A"}, "at": ["extraction/air.py", 12]}
    node -> child   {"n": 7, "ok": true}    or    {"n": 7, "raise": "Interlocked", "text": "A: ..."}
    node -> child   {"start": {...}} once, first
    child -> node   {"end": "completed", ...} once, last

What comes from the child is never trusted: anything else is a ProtocolError, which ends the script and not the node.
Both ends import this module, so that it needs nothing but the standard library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

MAX_LINE = 65_536
"""Bytes of a line, LF not counted."""
MAX_START = 4 * 1024 * 1024
"""The start message may carry a script's source."""
MAX_NUMBER = 2**53
ENDS = ("completed", "cancelled", "failed")


class ProtocolError(Exception):
    """A line that is none of ours. `line` is its beginning."""

    def __init__(self, why: str, line: bytes = b"") -> None:
        super().__init__(why, line)
        self.why = why
        self.line = bytes(line[:80])

    def __str__(self) -> str:
        return f"{self.why}: {self.line!r}" if self.line else self.why


class CommandLine(NamedTuple):
    """What the script asks. `file` and `line` say where in the script."""

    n: int
    do: str
    args: dict[str, Any]
    file: str
    line: int


class EndLine(NamedTuple):
    """How the script ended. `kind` names the exception, `source` is the text of the line it stumbled on."""

    result: str
    kind: str
    text: str
    file: str
    line: int
    source: str
    unknown: tuple[tuple[str, str, int], ...]
    """Dry run: names that nothing defines, each with file and line."""
    not_reached: tuple[tuple[str, int, int], ...]
    """Dry run: (file, first line, last line)."""


class Reply(NamedTuple):
    """The node's answer; `kind` is empty where it went well."""

    n: int
    value: Any
    kind: str
    text: str


def encode(message: Mapping[str, Any], limit: int = MAX_LINE) -> bytes:
    """One line without its LF. Raises ProtocolError for what JSON cannot say or a line cannot hold."""
    try:
        line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"it cannot be sent: {error}") from None
    if len(line) > limit:
        raise ProtocolError(f"it cannot be sent: {len(line)} bytes, {limit} are allowed")
    return line


def decode(line: bytes, limit: int = MAX_LINE) -> dict[str, Any]:
    """The object of one line. Raises ProtocolError."""
    if len(line) > limit:
        raise ProtocolError(f"a line of more than {limit} bytes", line)
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ProtocolError("a line that is not JSON", line) from None
    if not isinstance(message, dict):
        raise ProtocolError("a line that is no object", line)
    return message


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


def parse_child(line: bytes) -> CommandLine | EndLine:
    """What a child wrote, checked member by member. Raises ProtocolError."""
    message = decode(line)
    if "end" in message:
        return _end(message, line)
    n, do, args = message.get("n"), message.get("do"), message.get("args", {})
    if not _natural(n) or not isinstance(do, str) or not 0 < len(do) <= 64 or not isinstance(args, dict):
        raise ProtocolError("a line that is no command", line)
    file, number = _at(message.get("at"), line)
    return CommandLine(n, do, args, file, number)  # type: ignore[arg-type]


def _end(message: dict[str, Any], line: bytes) -> EndLine:
    result = message["end"]
    texts = [message.get(key, "") for key in ("kind", "text", "source")]
    if result not in ENDS or not all(isinstance(text, str) for text in texts):
        raise ProtocolError("an end that is none of ours", line)
    file, number = _at(message.get("at"), line)
    unknown = _rows(message.get("unknown", []), (str, str, int), line)
    not_reached = _rows(message.get("not_reached", []), (str, int, int), line)
    return EndLine(result, texts[0], texts[1], file, number, texts[2], unknown, not_reached)


def _rows(rows: object, types: tuple[type, ...], line: bytes) -> tuple[Any, ...]:
    if not isinstance(rows, list):
        raise ProtocolError("an end that is none of ours", line)
    for row in rows:
        if not isinstance(row, list) or [type(cell) for cell in row] != list(types):
            raise ProtocolError("an end that is none of ours", line)
    return tuple(tuple(row) for row in rows)


def _at(at: object, line: bytes) -> tuple[str, int]:
    if at is None:
        return "", 0
    if not isinstance(at, list) or len(at) != 2 or not isinstance(at[0], str) or not _natural(at[1]):
        raise ProtocolError("a place that is none", line)
    return at[0], at[1]


def _natural(number: object) -> bool:
    return type(number) is int and 0 <= number < MAX_NUMBER


def parse_reply(line: bytes) -> Reply:
    """What the node answered. Raises ProtocolError."""
    message = decode(line)
    n = message.get("n")
    if not _natural(n):
        raise ProtocolError("a reply without its number", line)
    return Reply(n, message.get("ok"), message.get("raise", ""), message.get("text", ""))  # type: ignore[arg-type]


def parse_start(line: bytes) -> dict[str, Any]:
    """The members of the start message. Raises ProtocolError."""
    start = decode(line, MAX_START).get("start")
    if not isinstance(start, dict):
        raise ProtocolError("no start message", line)
    return start


class LineSplitter:
    """Bytes in, whole lines out. A line that grows beyond the limit comes out once, cut one byte beyond it
    (so that its reader refuses it), and all that follows is dropped: nothing a child writes makes a node grow."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._rest = b""
        self._overflown = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes; none any more after one that is longer than allowed."""
        if self._overflown:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        for index, line in enumerate([*lines, self._rest]):
            if len(line) > self._limit:
                self._overflown = True
                self._rest = b""
                return [*lines[:index], line[: self._limit + 1]]
        return lines
