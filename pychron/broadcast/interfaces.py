"""The sockets of ZMQ as this project uses them, so that a virtual world can stand in for libzmq."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zope.interface import Interface

from pychron.broadcast.frames import Message, Snapshot


class IPublisher(Interface):
    """A bound PUB socket."""

    def send(frame: bytes) -> None:
        """One frame, one message; never blocks."""

    def close() -> None: ...


class IReplier(Interface):
    """A bound REP socket."""

    def close() -> None: ...


class ISubscription(Interface):
    """A connected SUB socket."""

    def close() -> None: ...


class IZmq(Interface):
    """Makes sockets. Every one has bounded queues; a bind that fails raises OSError."""

    def publisher(host: str, port: int) -> tuple[IPublisher, int]:
        """Bind PUB; port 0 = any free one. Returns the socket and its port."""

    def replier(host: str, port: int, answer: Callable[[bytes], bytes]) -> tuple[IReplier, int]:
        """Bind REP; `answer` is called for each request and its result always sent."""

    def subscription(
        host: str, port: int, prefixes: tuple[bytes, ...], received: Callable[[bytes], None]
    ) -> ISubscription:
        """Connect SUB (ZMQ reconnects by itself); `received` gets each frame, a bounded number a reactor turn."""

    async def request(host: str, port: int, frame: bytes, timeout_s: float) -> bytes:
        """One REQ on a socket of its own, closed afterwards. Raises DeadlinePassed."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a notifier says of one event."""

    kind: str
    payload: Mapping[str, Any]
    """Values that JSON knows."""
    time: float | None = None
    """Wall seconds of the reading that it rests on; None = now."""


class INotifier(Interface):
    """The node's voice: every area says through it what changed, and answers for what it knows."""

    def number() -> int:
        """Number of the last event, everything on the bus included: what a reply to a poll carries."""

    def publish(kind: str, payload: Mapping[str, Any], time: float | None = None) -> int:
        """Say it now; returns its number."""

    def announce(event: type, translate: Callable[[Any], Announcement | None]) -> None:
        """Each `event` on the node's bus goes out as `translate` says; None = not this one."""

    def contribute(area: str, state: Callable[[], Any]) -> None:
        """`state` gives this area's part of each snapshot: all that its announcements are changes of."""

    def handle(request: str, answer: Callable[[], bytes | str]) -> None:
        """Answer a further request on the reply port."""

    def follow(told: Callable[[Message], None]) -> Callable[[], None]:
        """`told` gets each message as it goes out, within this node; it only notes it. Returns what ends that."""

    def snapshot() -> Snapshot:
        """All that the areas know now, with the present number."""

    def run_added(uuid: str) -> None:
        """`RunAdded <uuid>`, for installed subscribers."""

    def console_message(text: str) -> None:
        """`ConsoleMessage <text>`, for installed subscribers."""

    def send_text(tag: str, text: str) -> None:
        """`TAG text`, for installed subscribers."""
