"""What the site reads of a request, and the bytes that it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from twisted.web.http import Request as HttpRequest

from pychron.web.access import COOKIE, Forbidden


def json_bytes(value: Any) -> bytes:
    """As it goes over the wire; what JSON cannot say is told as text."""
    return json.dumps(value, ensure_ascii=False, default=str).encode()


def query_of(request: HttpRequest) -> dict[str, str]:
    """What stands behind the question mark, the first of each name."""
    given: dict[bytes, list[bytes]] = request.args or {}
    return {
        key.decode("latin-1"): values[0].decode("utf-8", "replace") for key, values in given.items() if values
    }


def words_of(body: Mapping[str, Any], key: str, longest: int) -> str:
    """A text that a person wrote. Raises Forbidden."""
    text = body.get(key)
    if not isinstance(text, str) or not text.strip():
        raise Forbidden(f"{key} is missing", 400)
    return text.strip()[:longest]


def static_file(name: str) -> bytes:
    """A file that came with the program. The name is one of a fixed table, never a visitor's."""
    return (files("pychron.web") / "static" / name).read_bytes()


def headers_of(request: HttpRequest) -> dict[str, str]:
    """By name in lower case, the first of each."""
    found = request.requestHeaders.getAllRawHeaders()
    return {name.decode("latin-1").lower(): values[0].decode("latin-1") for name, values in found if values}


def cookie_of(request: HttpRequest) -> str:
    """The session's; empty without one."""
    raw = request.getCookie(COOKIE.encode())
    return raw.decode("latin-1") if raw else ""


def address_of(request: HttpRequest) -> str:
    """Of the peer; empty where it has none."""
    return str(getattr(request.getClientAddress(), "host", ""))
