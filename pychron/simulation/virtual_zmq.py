"""ZMQ of one process in the virtual world: PUB, SUB, REP and REQ over the virtual network.

As libzmq with heartbeats on: a publisher drops what a subscriber has no room for; a subscriber connects by itself,
again and again; a link that is cut for SILENT_S ends the connection, and what was on its way is lost.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from zope.interface import implementer

from pychron.broadcast.interfaces import IPublisher, IReplier, ISubscription, IZmq
from pychron.runtime.deadlines import within
from pychron.simulation.virtual_attempt import Attempt
from pychron.simulation.virtual_network import Listener, Process

HEARTBEAT_S = 1.0
SILENT_S = 3.0
RECONNECT_S = 0.1
CONNECT_S = 5.0
HIGH_WATER = 1000
"""Messages that wait for one subscriber."""


class _Peer(Protocol):
    """One connection: frames with a kind and a length, a heartbeat, an end when the other side falls silent."""

    transport: Any

    def __init__(self, socket: _Socket) -> None:
        self._socket = socket
        self._data = b""
        self._heard_at = 0.0
        self._timer: Any = None
        self.prefixes: tuple[bytes, ...] = ()
        self.waiting = 0
        self.paused = False
        self._queue: list[bytes] = []

    def connectionMade(self) -> None:
        self._heard_at = self._socket.clock.seconds()
        self.transport.registerProducer(self, True)
        self._timer = self._socket.clock.callLater(HEARTBEAT_S, self._beat)
        self._socket.joined(self)

    def tell(self, kind: bytes, frame: bytes = b"") -> None:
        """One frame. What finds no room is dropped when it is a message."""
        packed = struct.pack(">cI", kind, len(frame)) + frame
        if not self.paused:
            self.transport.write(packed)
        elif len(self._queue) < HIGH_WATER:
            self._queue.append(packed)
        else:
            self._socket.dropped += 1

    def pauseProducing(self) -> None:
        self.paused = True

    def resumeProducing(self) -> None:
        self.paused = False
        while self._queue and not self.paused:
            self.transport.write(self._queue.pop(0))

    def stopProducing(self) -> None:
        self._queue.clear()

    def close(self) -> None:
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _beat(self) -> None:
        if self._socket.clock.seconds() - self._heard_at > SILENT_S:
            self.transport.abortConnection()
            return
        self.tell(b"B")
        self._timer = self._socket.clock.callLater(HEARTBEAT_S, self._beat)

    def dataReceived(self, data: bytes) -> None:
        self._heard_at = self._socket.clock.seconds()
        self._data += data
        while len(self._data) >= 5:
            kind, length = struct.unpack_from(">cI", self._data)
            if len(self._data) < 5 + length:
                return
            frame, self._data = self._data[5 : 5 + length], self._data[5 + length :]
            if kind == b"S":
                self.prefixes += (frame,)
            elif kind == b"M":
                self._socket.received(self, frame)

    def connectionLost(self, reason: Any = None) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._socket.left(self)


class _Socket:
    """What PUB, SUB, REP and REQ have in common."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.clock = process.clock
        self.peers: list[_Peer] = []
        self.dropped = 0
        self.closed = False

    def factory(self) -> Factory:
        return Factory.forProtocol(lambda: _Peer(self))

    def joined(self, peer: _Peer) -> None:
        self.peers.append(peer)

    def received(self, peer: _Peer, frame: bytes) -> None:
        """One message."""

    def left(self, peer: _Peer) -> None:
        if peer in self.peers:
            self.peers.remove(peer)

    def close(self) -> None:
        self.closed = True
        for peer in list(self.peers):
            peer.close()


class _Bound(_Socket):
    """One that peers connect to."""

    listener: Listener

    def bind(self, host: str, port: int) -> int:
        try:
            self.listener = self.process.listen(host, port, self.factory())
        except CannotListenError as problem:
            raise problem.socketError from None
        return int(self.listener.port)

    def close(self) -> None:
        self.listener.stopListening()
        super().close()


@implementer(IPublisher)
class _Publisher(_Bound):
    def send(self, frame: bytes) -> None:
        for peer in list(self.peers):
            if any(frame.startswith(prefix) for prefix in peer.prefixes):
                peer.tell(b"M", frame)


@implementer(IReplier)
class _Replier(_Bound):
    def __init__(self, process: Process, answer: Callable[[bytes], bytes]) -> None:
        super().__init__(process)
        self._answer = answer

    def received(self, peer: _Peer, frame: bytes) -> None:
        peer.tell(b"M", self._answer(frame))


class _Connecting(_Socket):
    """One that connects, and does so again when the connection is lost."""

    def __init__(self, process: Process, host: str, port: int) -> None:
        super().__init__(process)
        self._host = host
        self._port = port
        self._again: Any = None
        self._attempt: Deferred[Any] | None = None
        self.connect()

    def connect(self) -> None:
        if self.closed:
            return
        self._attempt = Attempt(self.process, self._host, self._port, self.factory(), CONNECT_S).done
        self._attempt.addErrback(lambda _: self._later())

    def _later(self) -> None:
        if not self.closed:
            self._again = self.clock.callLater(RECONNECT_S, self.connect)

    def left(self, peer: _Peer) -> None:
        super().left(peer)
        self._later()

    def close(self) -> None:
        super().close()
        if self._again is not None and self._again.active():
            self._again.cancel()
        if self._attempt is not None:
            self._attempt.cancel()


@implementer(ISubscription)
class _Subscription(_Connecting):
    def __init__(
        self,
        process: Process,
        host: str,
        port: int,
        prefixes: tuple[bytes, ...],
        deliver: Callable[[bytes], None],
    ) -> None:
        self._prefixes = prefixes
        self._deliver = deliver
        super().__init__(process, host, port)

    def joined(self, peer: _Peer) -> None:
        super().joined(peer)
        for prefix in self._prefixes:
            peer.tell(b"S", prefix)

    def received(self, peer: _Peer, frame: bytes) -> None:
        if not self.closed:
            self._deliver(frame)


class _Requester(_Connecting):
    def __init__(self, process: Process, host: str, port: int, frame: bytes) -> None:
        self._frame = frame
        self.answer: Deferred[bytes] = Deferred()
        super().__init__(process, host, port)

    def joined(self, peer: _Peer) -> None:
        super().joined(peer)
        peer.tell(b"M", self._frame)

    def received(self, peer: _Peer, frame: bytes) -> None:
        if not self.answer.called:
            self.answer.callback(frame)


@implementer(IZmq)
class VirtualZmq:
    """What a node is handed as `World.zmq`."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def publisher(self, host: str, port: int) -> tuple[IPublisher, int]:
        socket = _Publisher(self._process)
        return socket, socket.bind(host, port)

    def replier(self, host: str, port: int, answer: Callable[[bytes], bytes]) -> tuple[IReplier, int]:
        socket = _Replier(self._process, answer)
        return socket, socket.bind(host, port)

    def subscription(
        self, host: str, port: int, prefixes: tuple[bytes, ...], received: Callable[[bytes], None]
    ) -> ISubscription:
        return _Subscription(self._process, host, port, prefixes, received)

    async def request(self, host: str, port: int, frame: bytes, timeout_s: float) -> bytes:
        socket = _Requester(self._process, host, port, frame)
        try:
            return await within(self._process.clock, timeout_s, socket.answer, f"request to {host}:{port}")
        finally:
            socket.close()
