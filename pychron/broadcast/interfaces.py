"""The sockets of ZMQ as this project uses them, so that a virtual world can stand in for libzmq."""

from __future__ import annotations

from collections.abc import Callable

from zope.interface import Interface


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
