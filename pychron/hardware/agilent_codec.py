"""SCPI text of a 34970A/34972A with 34903A actuator modules (Command Reference, ROUTe and SYSTem). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

ERROR = b"SYST:ERR?\n"
MOST_ERRORS = 21
"""Reads that empty the longest error queue there is (20, and the answer that it is empty)."""

_ADDRESS = re.compile(r"[1-8][0-9]{2,3}")
_ERROR = re.compile(rb'([+-]?\d+)\s*,\s*"([^"]*)"\Z')


class NotUnderstood(ValueError):
    """An answer that is none to what was asked."""


def check_address(address: str) -> str:
    """Empty where it is slot and channel (`101`), else what to write."""
    if _ADDRESS.fullmatch(address):
        return ""
    return f"{address!r} is no slot and channel; write for example 101 (slot 1, channel 01)"


def command(address: str, opens: bool) -> bytes:
    """`opens` is the relay's own direction: ROUTe:OPEN lifts it."""
    return b"ROUT:%s (@%s)\n" % (b"OPEN" if opens else b"CLOSE", address.encode("ascii"))


def question(addresses: Sequence[str], opens: bool) -> bytes:
    """The whole bank in one query: 1 for each relay that is open (or closed, where `opens` is False)."""
    return b"ROUT:%s? (@%s)\n" % (b"OPEN" if opens else b"CLOSE", ",".join(addresses).encode("ascii"))


def question_and_error(addresses: Sequence[str], opens: bool) -> bytes:
    """`question` with an answer in any case: what it refuses is not answered, but stands in the error queue."""
    return question(addresses, opens) + ERROR


def answer(line: bytes, expected: int) -> list[bool]:
    """The values of `question`. Raises NotUnderstood."""
    parts = line.strip().split(b",")
    if len(parts) != expected or any(p.strip() not in (b"0", b"1", b"+0", b"+1") for p in parts):
        raise NotUnderstood(f"{line[:60]!r} is no list of {expected} relays")
    return [p.strip().endswith(b"1") for p in parts]


def error(line: bytes) -> tuple[int, str]:
    """One entry of the error queue; number 0 where it is empty. Raises NotUnderstood."""
    match = _ERROR.match(line.strip())
    if match is None:
        raise NotUnderstood(f"{line[:60]!r} is no entry of the error queue")
    return int(match[1]), match[2].decode("ascii", "replace")


def step_in(number: int) -> bytes:
    """Have the instrument say `number` (2 to 255), as only an answer to this very question can.

    The register (IEEE 488.2 standard event enable) moves nothing. Its first setting is sacrificed: it makes nonsense,
    never a command, of what an earlier connection left in the input buffer without its line end.
    """
    return b"*ESE %d\n*ESE %d\n*ESE?\n" % (number, number)


def is_step(line: bytes, number: int) -> bool:
    """Whether this is the answer to `step_in`."""
    return line.strip() in (b"%d" % number, b"+%d" % number)
