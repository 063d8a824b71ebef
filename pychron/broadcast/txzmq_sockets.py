"""The real sockets, on txZMQ. Importing it installs the reactor: only node/ does, when it builds the real world.

Traps of txZMQ that stand behind the code: `publish()` puts a NUL into the frame, hence `send()`; its SUB class
splits frames at NUL; its `doRead` empties a socket without bound and holds the reactor for a second under a
flood; its high-water mark is unlimited; a socket closed leaves what waits for it waiting.
"""

from __future__ import annotations

import errno
import os
import socket as sockets
from collections.abc import Callable
from typing import Any

import zmq
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python import log as twisted_log
from txzmq import (
    ZmqEndpoint,
    ZmqFactory,
    ZmqPubConnection,
    ZmqREPConnection,
    ZmqREQConnection,
    ZmqSubConnection,
)
from zope.interface import implementer

from pychron.broadcast.frames import LONGEST
from pychron.broadcast.interfaces import IPublisher, IReplier, ISubscription, IZmq
from pychron.runtime.deadlines import within

TURN = 200
"""Messages read from one socket in one reactor turn."""
WAITING = 10_000
"""Messages that libzmq keeps for one slow peer; what comes then is dropped, and seen by its number."""
LONGEST_REQUEST = 64 * 1024

_log = Logger()


class _Bounded:
    """Reads at most TURN messages, then lets the reactor look at everybody else."""

    highWaterMark = WAITING
    tcpKeepalive = 1
    tcpKeepaliveIdle = 30
    tcpKeepaliveInterval = 10
    tcpKeepaliveCount = 3
    factory: Any
    socket: Any
    read_scheduled: Any
    messageReceived: Callable[[list[bytes]], None]

    def doRead(self) -> None:
        # Reading until EAGAIN, or a turn of our own, keeps the edge-triggered descriptor armed.
        if self._read_later_cancelled():
            return
        for _ in range(TURN):
            if self.factory is None:
                return
            try:
                parts = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            twisted_log.callWithLogger(self, self.messageReceived, parts)
        self._read_later()

    def _read_later_cancelled(self) -> bool:
        """This is the turn that was due. True where the socket is closed."""
        if self.read_scheduled is not None:
            if self.read_scheduled.active():
                self.read_scheduled.cancel()
            self.read_scheduled = None
        return self.factory is None

    def _read_later(self) -> None:
        if self.factory is not None and self.read_scheduled is None:
            self.read_scheduled = self.factory.reactor.callLater(0, self.doRead)


@implementer(IPublisher)
class _Publisher(ZmqPubConnection):  # type: ignore[misc]
    highWaterMark = WAITING
    tcpKeepalive = 1
    tcpKeepaliveIdle = 30
    tcpKeepaliveInterval = 10
    tcpKeepaliveCount = 3

    def close(self) -> None:
        _shut(self)


@implementer(IReplier)
class _Replier(_Bounded, ZmqREPConnection):  # type: ignore[misc]
    """A ROUTER with the manners of REP: whatever is asked is answered, by one frame."""

    highWaterMark = 100
    answer: Callable[[bytes], bytes]

    def messageReceived(self, message: list[bytes]) -> None:
        if b"" not in message[1:]:
            return  # No envelope: it did not come from a REQ socket, and there is no way to answer.
        body = message.index(b"", 1) + 1
        reply = self.answer(message[body]) if len(message) == body + 1 else b""
        try:
            self.send([*message[:body], reply])
        except zmq.ZMQError as error:
            _log.debug("a reply could not be sent: {why}", why=str(error))

    def close(self) -> None:
        _shut(self)


@implementer(ISubscription)
class _Subscription(_Bounded, ZmqSubConnection):  # type: ignore[misc]
    received: Callable[[bytes], None]

    def doRead(self) -> None:
        # One frame is one message; a peer that sends several at once is read as an installed client reads it. Hence nobody is
        # asked whether a frame has more parts, and what was read in a turn is handed over together.
        if self._read_later_cancelled():
            return
        receive, frames, more = self.socket.recv, [], True
        try:
            for _ in range(TURN):
                frames.append(receive(zmq.NOBLOCK))
        except zmq.Again:
            more = False
        if frames:
            twisted_log.callWithLogger(self, self._hand_over, frames)
        if more:
            self._read_later()

    def _hand_over(self, frames: list[bytes]) -> None:
        received = self.received
        for frame in frames:
            if self.factory is None:
                return
            received(frame)

    def close(self) -> None:
        _shut(self)


@implementer(IZmq)
class RealZmq:
    """Makes sockets. A context (and its threads) exists while a socket of it does: none is made before twistd
    forks. Sockets that listen have a context of their own: its end awaits that their ports are free again."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._factories: dict[str, ZmqFactory] = {}

    def publisher(self, host: str, port: int) -> tuple[IPublisher, int]:
        connection = _Publisher(self._context("listening"))
        return connection, self._bind(connection, host, port, LONGEST_REQUEST)

    def replier(self, host: str, port: int, answer: Callable[[bytes], bytes]) -> tuple[IReplier, int]:
        connection = _Replier(self._context("listening"))
        connection.answer = answer
        return connection, self._bind(connection, host, port, LONGEST_REQUEST)

    def subscription(
        self, host: str, port: int, prefixes: tuple[bytes, ...], received: Callable[[bytes], None]
    ) -> ISubscription:
        connection = _Subscription(self._context("calling"))
        connection.received = received
        for prefix in prefixes:
            connection.subscribe(prefix)
        connection.socket.set(zmq.HEARTBEAT_IVL, 2000)
        connection.socket.set(zmq.HEARTBEAT_TIMEOUT, 6000)
        connection.socket.set(zmq.RECONNECT_IVL_MAX, 2000)
        self._connect(connection, host, port)
        return connection

    async def request(self, host: str, port: int, frame: bytes, timeout_s: float) -> bytes:
        connection = ZmqREQConnection(self._context("calling"))
        try:
            self._connect(connection, host, port)
            asked: Deferred[list[bytes]] = connection.sendMsg(frame)
            parts = await within(self._reactor, timeout_s, asked, f"request to {host}:{port}")
        finally:
            _shut(connection)
        return parts[0] if parts else b""

    # ---- inside

    def _context(self, what: str) -> ZmqFactory:
        found = self._factories.get(what)
        if found is not None:
            return found
        factory = self._factories[what] = ZmqFactory()
        factory.reactor = self._reactor
        factory.lingerPeriod = 0

        def last_closed() -> None:
            del self._factories[what]
            factory.shutdown()

        factory.last_closed = last_closed
        return factory

    @staticmethod
    def _bind(connection: Any, host: str, port: int, longest: int) -> int:
        """Returns the port. Raises OSError with the address."""
        where = f"{host}:{port}"
        try:
            connection.socket.set(zmq.MAXMSGSIZE, longest)
            address = _address(host)
            if ":" in address:
                connection.socket.set(zmq.IPV6, 1)
            connection.addEndpoints([ZmqEndpoint("bind", _endpoint(address, port or "*"))])
            return int(connection.socket.get(zmq.LAST_ENDPOINT).rstrip(b"\0").rpartition(b":")[2])
        except sockets.gaierror as error:
            _shut(connection)
            raise OSError(errno.EADDRNOTAVAIL, f"there is no host {host}", where) from error
        except zmq.ZMQError as error:
            _shut(connection)
            raise OSError(error.errno, os.strerror(error.errno or 0), where) from error

    @staticmethod
    def _connect(connection: Any, host: str, port: int) -> None:
        connection.socket.set(zmq.MAXMSGSIZE, LONGEST)
        if ":" in host:
            connection.socket.set(zmq.IPV6, 1)
        try:
            connection.addEndpoints([ZmqEndpoint("connect", _endpoint(host, port))])
        except zmq.ZMQError as error:
            _shut(connection)
            raise OSError(error.errno, os.strerror(error.errno or 0), f"{host}:{port}") from error


def _shut(connection: Any) -> None:
    """Close a socket; the context goes with the last one."""
    factory = connection.factory
    if factory is None:
        return
    connection.shutdown()
    if not factory.connections:
        factory.last_closed()


def _address(host: str) -> str:
    """libzmq binds numbers only: a name is looked up here, at start, IPv4 first."""
    if host in ("", "*", "0.0.0.0", "::"):
        return host or "0.0.0.0"
    found = sockets.getaddrinfo(host.strip("[]"), None, type=sockets.SOCK_STREAM)
    found.sort(key=lambda entry: entry[0] != sockets.AF_INET)
    return str(found[0][4][0])


def _endpoint(host: str, port: int | str) -> str:
    host = host.strip("[]")
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"
