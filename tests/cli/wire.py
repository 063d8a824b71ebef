"""A node at the far end of a socket pair: what it will say is there before it is asked."""

from __future__ import annotations

import json
import socket
from typing import Any

from pychron.cli.client import Client


class Wire:
    """Stands in for the connection of a Client. Each connection gets the next of `replies`."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.asked: list[bytes] = []
        self._far: list[socket.socket] = []

    def connect(self, client: Client) -> socket.socket:
        near, far = socket.socketpair()
        near.settimeout(client.timeout_s)
        far.sendall(self.replies.pop(0))
        far.shutdown(socket.SHUT_WR)
        self._far.append(far)
        return near

    def close(self) -> None:
        for far in self._far:
            self.asked.append(far.recv(65536))
            far.close()
        self._far.clear()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The JSON requests that came, without what differs from run to run."""
        self.close()
        found = []
        for line in self.asked:
            request = json.loads(line)
            assert request.pop("id").endswith(":1")
            found.append(request)
        return found
