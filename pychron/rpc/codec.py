"""Bytes of a command connection to requests and faults, never an exception. Pure.

Three forms share a port (spec rpc-and-valves 1.2, decisions "Commands" 1, docs/adr/0004): `Open A` ended by CR, LF,
CRLF or NUL; `{HHHH}Open A` CRLF, whose digits count all of it; a JSON object a line, also as the body of a frame.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, NoReturn

from pychron.rpc.faults import Fault
from pychron.trust.addresses import UNIX

LONGEST_LINE = 4096
LONGEST_JSON = 64 * 1024
LONGEST_ID = 128
LONGEST_WITHIN_S = 600.0
PREFIX = 6
"""Bytes of `{000E}`."""

NOTHING: Mapping[str, Any] = MappingProxyType({})

_LINE_ENDS = bytes.maketrans(b"\r\0", b"\n\n")
_FRAMED = re.compile(rb"\{([0-9A-Fa-f]{4})\}")
_FRAMED_JSON = re.compile(rb"(?:\{[0-9A-Fa-f]{4}\})?[ \t]*\{")
_PLAIN = re.compile(r"([A-Za-z0-9_]+)(?: (.*))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_HTTP = re.compile(rb"(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|CONNECT|TRACE|PATCH|PRI) |.* HTTP/\d", re.DOTALL)
_ADDRESS = rf"(?:[0-9]+(?:\.[0-9]+){{3}}|{UNIX}|local):"
_OURS = re.compile(rf"(?!{_ADDRESS})[0-9A-Za-z_.-]{{4,64}}:[0-9]{{1,18}}")
_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


class Form(Enum):
    """How a request came, and so how its reply goes."""

    PLAIN = "plain"
    FRAMED = "framed"
    JSON = "json"
    FRAMED_JSON = "framed json"

    @property
    def framed(self) -> bool:
        return self in (Form.FRAMED, Form.FRAMED_JSON)


@dataclass(frozen=True, slots=True)
class Request:
    """One well-formed request. Whether there is such a verb is not asked here."""

    verb: str
    argument: str = ""
    form: Form = Form.PLAIN
    members: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    reply_id: str | int | None = None
    """`id` as the client wrote it: its reply carries it."""
    within: float | None = None

    @property
    def id(self) -> str | None:
        """`boot:counter` of one of our clients. Anything else is echoed and identifies nothing: two clients that
        both count from 1 would get each other's outcomes, and an address is that of whoever has no id."""
        if isinstance(self.reply_id, str) and _OURS.fullmatch(self.reply_id):
            return self.reply_id
        return None


@dataclass(frozen=True, slots=True)
class Garbled:
    """What is no request, and the fault to answer. `garbage`: not even text that somebody might have meant."""

    fault: Fault
    form: Form = Form.PLAIN
    reply_id: str | int | None = None
    garbage: bool = True


@dataclass(frozen=True, slots=True)
class Hostile:
    """The connection begins like HTTP or TLS: it is closed unanswered. Nothing follows it."""

    what: str


Item = Request | Garbled | Hostile


class _Unfit(Exception):
    def __init__(self, fault: Fault, reply_id: str | int | None = None, garbage: bool = False) -> None:
        self.fault = fault
        self.reply_id = reply_id
        self.garbage = garbage


GARBAGE = 3
"""Items of garbage in a row that end a connection."""


class Decoder:
    """The bytes of one connection. `feed` what was read, then `take` until it gives nothing."""

    __slots__ = ("_first", "_hostile", "_raw", "_skipping")

    def __init__(self) -> None:
        self._raw = b""
        self._skipping = False
        self._first = True
        self._hostile = False

    def feed(self, data: bytes) -> None:
        """Take over what was read."""
        if self._hostile:
            return
        data = data.translate(_LINE_ENDS)
        self._raw = self._raw + data if self._raw else data

    def one(self, data: bytes) -> Request | None:
        """The request, where `data` is one whole segment that was seen before and nothing is held: the way of a
        status poll. Otherwise None, and `feed` decides."""
        return None if self._raw or self._skipping else _SEGMENTS.get(data)

    @property
    def more(self) -> bool:
        """True while a whole line waits."""
        return b"\n" in self._raw

    @property
    def begun(self) -> bool:
        """True while a line has begun and not ended."""
        return bool(self._raw) and not self.more

    def take(self, most: int) -> list[Item]:
        """At most `most` items, in order. Empty lines are none (so CRLF is one line end).

        After `GARBAGE` items of garbage in a row it gives what it has: nobody needs the rest of what is thrown at the node.
        """
        found: list[Item] = []
        garbage = 0
        while len(found) < most:
            *lines, self._raw = self._raw.split(b"\n", most - len(found))
            if not lines:
                break
            for place, line in enumerate(lines):
                if self._skipping:
                    self._skipping = False
                elif line:
                    item = _CACHE.get(line) or self._decode(line)
                    self._first = False
                    found.append(item)
                    if self._hostile:
                        return found
                    garbage = garbage + 1 if isinstance(item, Garbled) and item.garbage else 0
                    if garbage >= GARBAGE:
                        self._raw = b"\n".join((*lines[place + 1 :], self._raw))
                        return found
            if not self._skipping:
                # A CRLF leaves an empty line in front; a flood of them is dropped in one go.
                self._raw = self._raw.lstrip(b"\n")
        if len(self._raw) > LONGEST_LINE or (self._first and self._raw[:1] == b"\x16"):
            self._judge_unended(found, most)
        return found

    def flush(self) -> list[Item]:
        """What stands unended, as if its line ended here (option `quiet_s`)."""
        if not self.begun:
            return []
        self._raw += b"\n"
        return self.take(1)

    def drop(self) -> None:
        """The connection ended: a line that it cut off is no command."""
        self._raw = b""

    def _judge_unended(self, found: list[Item], most: int) -> None:
        if self.more:
            return
        if self._skipping:
            self._raw = b""
        elif self._first and (what := _hostile(self._raw)):
            found.append(self._close(what))
        elif len(self._raw) > _longest(self._raw) and len(found) < most:
            found.append(_too_long(self._raw))
            self._first = False
            self._skipping = True
            self._raw = b""

    def _decode(self, line: bytes) -> Item:
        if self._first and (what := _hostile(line)):
            return self._close(what)
        return decode_line(line)

    def _close(self, what: str) -> Hostile:
        self._hostile = True
        self._raw = b""
        return Hostile(what)


_CACHE: dict[bytes, Request] = {}
"""Plain and framed lines seen before: a status poll asks the same again and again. Never one like HTTP."""
_SEGMENTS: dict[bytes, Request] = {}
"""The same with the line ends that clients use."""
_CACHE_MOST = 2048
_CACHE_LONGEST = 64


def decode_line(line: bytes) -> Request | Garbled:
    """One line without its end."""
    if len(line) > LONGEST_LINE and len(line) > _longest(line):
        return _too_long(line)
    if line.lstrip(b" \t")[:1] != b"{":
        return _kept(line, _text(line, Form.PLAIN))
    frame = _FRAMED.match(line)
    if frame is None:
        return _json(line, Form.JSON)
    body = line[PREFIX:]
    form = Form.FRAMED_JSON if body.lstrip(b" \t")[:1] == b"{" else Form.FRAMED
    said, counted = int(frame[1], 16), len(line) + 2
    if said not in (counted, counted + 1):
        # One too many is what the installed documentation's own example says.
        why = f"the prefix counts {said} bytes and the message has {counted}, prefix and CRLF included; nothing was done"
        return Garbled(Fault(4, why, command=_shown(body), detail=""), Form.FRAMED)
    if form is Form.FRAMED_JSON:
        return _json(body, form)
    return _kept(line, _text(body, form))


def _kept(line: bytes, item: Request | Garbled) -> Request | Garbled:
    if isinstance(item, Request) and len(line) <= _CACHE_LONGEST and not _hostile(line):
        if len(_CACHE) >= _CACHE_MOST:
            _CACHE.clear()
            _SEGMENTS.clear()
        _CACHE[line] = item
        for end in (b"\r", b"\n", b"\r\n"):
            _SEGMENTS[line + end] = item
    return item


def _text(body: bytes, form: Form) -> Request | Garbled:
    try:
        text = body.decode("utf-8").strip(" \t")
    except UnicodeDecodeError:
        return Garbled(Fault(3, "it is not UTF-8", command=_shown(body)), form)
    if _CONTROL.search(text):
        return Garbled(Fault(3, "it has control characters", command=_shown(body)), form)
    match = _PLAIN.fullmatch(text)
    if match is None:
        return Garbled(Fault(3, "write a verb, one space and its argument", command=_shown(body)), form)
    argument = match[2] or ""
    if argument[:1] in (" ", "\t"):
        why = "more than one space after the verb; write one"
        return Garbled(Fault(4, why, command=match[1], detail=argument), form, garbage=False)
    return Request(match[1], argument, form)


def _json(body: bytes, form: Form) -> Request | Garbled:
    try:
        return _object(body, form)
    except _Unfit as unfit:
        return Garbled(unfit.fault, form, unfit.reply_id, unfit.garbage)


def _object(body: bytes, form: Form) -> Request:
    members = _load(body)
    reply_id = members.pop("id", None)
    if reply_id is not None and not _fit_id(reply_id):
        raise _Unfit(_wrong(body, f"id: write a text of at most {LONGEST_ID} characters or a whole number"))
    verb = members.pop("command", None)
    if not isinstance(verb, str) or not re.fullmatch(r"[A-Za-z0-9_]{1,64}", verb):
        raise _Unfit(Fault(3, 'name the verb in "command"', command=_shown(body)), reply_id)
    within = members.pop("within", None)
    if within is not None:
        # bool is an int, and no time.
        number = isinstance(within, int | float) and not isinstance(within, bool)
        if not number or not 0 <= within <= LONGEST_WITHIN_S:
            raise _Unfit(
                _wrong(body, f"within: write seconds from 0 to {LONGEST_WITHIN_S:g}", verb), reply_id
            )
        within = float(within)
    argument = _argument(members.pop("value", None))
    if argument is None:
        raise _Unfit(_wrong(body, "value: write a text, a number or a list of them", verb), reply_id)
    return Request(verb, argument, form, members or NOTHING, reply_id, within)


def _load(body: bytes) -> dict[str, Any]:
    shown = _shown(body)
    try:
        if _HALF_A_CHARACTER.search(body):
            json.dumps(json.loads(body), ensure_ascii=False).encode()
        loaded = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeError:
        raise _Unfit(Fault(3, "it is not UTF-8", command=shown), garbage=True) from None
    except ValueError as problem:
        why = f"it is not JSON: {problem}" if len(str(problem)) < 80 else "it is not JSON"
        raise _Unfit(Fault(3, why, command=shown), garbage=True) from None
    except RecursionError:
        raise _Unfit(Fault(3, "it is nested too deeply", command=shown), garbage=True) from None
    if not isinstance(loaded, dict):
        raise _Unfit(Fault(3, "write a JSON object", command=shown), garbage=True)
    return loaded


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # {"command": "GetVersion", "command": "Open"}: which of them is meant?
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _fit_id(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _argument(value: object) -> str | None:
    """`value` as the text form has it; None where it has no such text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return None if _CONTROL.search(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else None
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, list):
        parts = [None if isinstance(one, list) else _argument(one) for one in value]
        return None if None in parts else ",".join(part for part in parts if part is not None)
    return None


def _hostile(line: bytes) -> str:
    """`HTTP` or `TLS` where a connection that begins so is no client of ours."""
    if line[:2] == b"\x16\x03":
        return "TLS"
    return "HTTP" if _HTTP.match(line) else ""


def _longest(line: bytes) -> int:
    return LONGEST_JSON if _FRAMED_JSON.match(line) else LONGEST_LINE


def _too_long(line: bytes) -> Garbled:
    form = Form.FRAMED if _FRAMED.match(line) else Form.PLAIN
    return Garbled(Fault(3, f"a line has at most {_longest(line)} bytes", command=_shown(line)), form)


def _wrong(body: bytes, why: str, verb: str = "") -> Fault:
    return Fault(4, why, command=verb or _shown(body), detail="")


def _shown(line: bytes) -> str:
    """Enough of it for the person who looks for the fault, and nothing that disturbs a terminal."""
    text = line[:40].decode("ascii", "backslashreplace")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text).strip()
    return text + "..." if len(line) > 40 else text
