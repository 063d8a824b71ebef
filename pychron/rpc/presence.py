"""Whether the peer of a socket is still there: a look at the state of the connection, without reading from it."""

from __future__ import annotations

import select
import socket
from typing import Any

_RDHUP = getattr(select, "POLLRDHUP", 0)
_GONE = _RDHUP | select.POLLHUP | select.POLLERR | select.POLLNVAL


def is_there(transport: Any) -> bool:
    """False once the peer has closed, half-closed or reset; True where the transport has no socket to look at.

    A FIN behind unread bytes is seen too where the system tells it (Linux: POLLRDHUP, poll(2)).
    """
    get = getattr(transport, "getHandle", None)
    handle = get() if get is not None else None
    if handle is None:
        return not getattr(transport, "disconnected", False)
    try:
        descriptor = handle.fileno()
        if descriptor < 0:
            return False
        if not _RDHUP:
            return _peek(handle)
        look = select.poll()
        look.register(descriptor, _RDHUP)
        return not any(event & _GONE for _, event in look.poll(0))
    except OSError:
        return False


def _peek(handle: socket.socket) -> bool:
    try:
        return handle.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
