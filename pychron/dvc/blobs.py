"""Series of numbers packed into text: base64 of big-endian float32 pairs. Pure.

Repositories of 2018 hold some streams as base64 of the *written form* of the bytes, `b'\\x00...'`; they are read too.
"""

from __future__ import annotations

import ast
import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

POINT = 8
"""Bytes of a point: two float32."""


class BadBlob(Exception):
    """It cannot be decoded; the text says why."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A decoded series."""

    t: npt.NDArray[np.float32]
    """(n,) seconds since time zero, or what the abscissa is"""
    y: npt.NDArray[np.float32]
    """(n,)"""
    tail: int = 0
    """Bytes at the end that make no whole point: the file was cut short."""


EMPTY = Blob(np.empty(0, np.float32), np.empty(0, np.float32))


def decode(text: Any) -> Blob:
    """The points of a blob; null and an empty text are no points. Raises BadBlob."""
    if text is None or text == "":
        return EMPTY
    if not isinstance(text, str):
        raise BadBlob(f"a series is written as text, this is {type(text).__name__}")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadBlob(f"it is no base64: {problem}") from None
    if data[:2] in (b"b'", b'b"') and data[-1:] == data[1:2]:
        data = _written(data)
    points, tail = divmod(len(data), POINT)
    table = np.frombuffer(data, ">f4", count=2 * points).astype(np.float32).reshape(points, 2)
    return Blob(table[:, 0], table[:, 1], tail)


def _written(data: bytes) -> bytes:
    try:
        value = ast.literal_eval(data.decode("ascii"))
    except (ValueError, SyntaxError, UnicodeDecodeError):
        raise BadBlob("it holds bytes in written form that cannot be read") from None
    if not isinstance(value, bytes):
        raise BadBlob("it holds bytes in written form that cannot be read")
    return value


def encode(t: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> str:
    """The blob of a series (n,), (n,); every reading as it was decoded, bit by bit."""
    return base64.b64encode(np.column_stack([t, y]).astype(">f4").tobytes()).decode("ascii")
