"""What the remote line needs of its two connections to a valve controller, and how an exchange can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class LinkDown(Exception):
    """There is no connection: nothing was written."""


class LinkCut(Exception):
    """Something may have been written and no answer came. The connection has been aborted by now.

    `closed` is True where the peer ended or lost the connection, False where its time was over.
    """

    def __init__(self, text: str, closed: bool = False) -> None:
        super().__init__(text)
        self.closed = closed


@dataclass(frozen=True, slots=True)
class PeerVersion:
    """What a harmless first request told of the peer."""

    ours: bool
    """False: an installed Pychron valve server: one plain request a connection, words, no list of valves."""
    text: str = ""
    simulated: bool = False


class Link(Protocol):
    """Two connections to one peer: actuations, and the rest. Both come back by themselves, with backoff."""

    def start(self, up: Callable[[], None], down: Callable[[str], None]) -> None:
        """Begin to connect. `up` and `down` (with the reason) are called as the connection for queries is
        made and lost; for an installed peer, which holds no connection, `up` once its dialect is known."""

    async def stop(self) -> None:
        """End both connections; what is under way ends with LinkCut."""

    async def version(self, timeout_s: float) -> PeerVersion:
        """The peer's dialect, asked once by GetVersion, never by an actuation. Raises LinkDown, LinkCut."""

    async def ask(
        self, verb: str, value: str = "", *, timeout_s: float, actuates: bool = False, **members: Any
    ) -> Any:
        """One request of ours, in JSON with an `id` of this boot unless `members` holds one; the result.

        On time-out the connection is aborted before LinkCut is raised: what it still carried is no command any
        more. Raises PeerFault, LinkDown, LinkCut.
        """

    async def ask_plain(self, text: str, *, timeout_s: float) -> str:
        """One plain request on a connection of its own, the reply read to its end and stripped.

        An installed server closes without a byte where it does not understand: an empty text. Raises LinkDown, LinkCut.
        """
