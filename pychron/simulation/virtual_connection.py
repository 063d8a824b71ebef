"""The two ends of a connection in the virtual network: transports as Twisted's reactor would give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, TimeoutError
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IPushProducer, ITCPTransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.simulation.virtual_flow import Flow, Packet
from pychron.simulation.virtual_network import Process

WINDOW = 65_536
"""Bytes that a receiver's kernel takes before anybody reads them."""
LARGEST_READ = 65_536
"""Bytes that Twisted reads at most in one turn (twisted.internet.abstract)."""
BUFFER = 65_536
"""Bytes in a transport's own buffer at which its producer is paused (twisted.internet.abstract)."""


@implementer(ITCPTransport, IPushProducer)
class End:
    """One end. Everything it tells its protocol it tells in a turn of the process that owns it."""

    log = Logger()
    disconnecting = False

    def __init__(self, process: Process, name: str, local: IAddress, peer: IAddress) -> None:
        self.process = process
        self.name = name
        self.protocol: Any = None
        self.alive = True
        self.connected = True
        self._told = False
        self.flow: Flow
        self._local = local
        self._peer = peer
        self._buffer = bytearray()
        self._flush_due = False
        self._in_window = WINDOW
        self._taken = 0
        self._inbox: list[Packet] = []
        self._paused = False
        self._reading_due = False
        self._write_ended = False
        self._write_ending = False
        self._read_ended = False
        self.producer: Any = None
        self.streamingProducer = False
        self._producer_paused = False
        self._options: dict[str, bool] = {}
        process.ends.append(self)

    # What a protocol calls.

    def write(self, data: bytes) -> None:
        if isinstance(data, str):
            raise TypeError("bytes are written, not text")
        if not self.connected or self.disconnecting or self._write_ending or not data:
            return
        self._buffer += data
        if self.producer is not None and self.streamingProducer and len(self._buffer) > BUFFER:
            self._producer_paused = True
            self.producer.pauseProducing()
        self._flush_later()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._flush_later()

    def loseWriteConnection(self) -> None:
        self._write_ending = True
        self._flush_later()

    def abortConnection(self) -> None:
        if not self.connected or self._told:
            return
        self._buffer.clear()
        self._inbox.clear()
        self.disconnecting = True
        self._reset()
        self.process.clock.callLater(0, self._lost, ConnectionAborted())

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        if self.connected and not self.disconnecting:
            self._paused = False
            self._read_later()

    def stopProducing(self) -> None:
        self.loseConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self.producer is not None:
            raise RuntimeError(f"{self.producer} has not been unregistered")
        if not self.connected:
            producer.stopProducing()
            return
        self.producer, self.streamingProducer = producer, streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self.producer = None
        self._producer_paused = False
        if self.disconnecting:
            self._flush_later()

    def getPeer(self) -> Any:
        return self._peer

    def getHost(self) -> Any:
        return self._local

    def getHandle(self) -> None:
        """There is no socket: who wants to know whether the peer is there looks at `disconnected`."""

    def setTcpNoDelay(self, enabled: bool) -> None:
        self._options["nodelay"] = bool(enabled)

    def getTcpNoDelay(self) -> bool:
        return self._options.get("nodelay", False)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self._options["keepalive"] = bool(enabled)

    def getTcpKeepAlive(self) -> bool:
        return self._options.get("keepalive", False)

    # Sending.

    def _flush_later(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self.process.clock.callLater(0, self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if not self.alive or not self.connected:
            return
        while self._buffer and self._in_window:
            size = min(len(self._buffer), self._in_window)
            network = self.process.network
            if size > 1 and network.random.random() < network.split:
                size = network.random.randrange(1, size)
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._in_window -= size
            self.flow.send(("data", data))
        if self._buffer:
            return
        if self.producer is not None and (not self.streamingProducer or self._producer_paused):
            self._producer_paused = False
            self.producer.resumeProducing()
        elif self.producer is None and self.disconnecting:
            self._close()
            self._lost(ConnectionDone())
        elif self._write_ending and not self._write_ended:
            self._write_ended = True
            self.flow.send(("fin",))
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self._tell(self.protocol.writeConnectionLost)
            if self._read_ended and self.connected:
                self._close()
                self._lost(ConnectionDone())

    def _close(self) -> None:
        """As close(2): unread bytes make it a reset."""
        if not self.alive:
            return
        if any(packet[0] == "data" for packet in self._inbox):
            self._reset()
            return
        self.alive = False
        if not self._write_ended:
            self._write_ended = True
            self.flow.send(("fin",))

    def _reset(self) -> None:
        if self.alive:
            self.alive = False
            self.flow.discard()
            self.flow.send(("reset",))

    # Receiving.

    def arrived(self, packet: Packet) -> None:
        """From the network, in the kernel's time: the process may be frozen, or dead."""
        kind = packet[0]
        if not self.process.host.up:
            return
        if not self.alive:
            if kind in ("data", "open"):
                self.flow.discard()
                self.flow.send(("reset",))
            return
        if kind == "ack":
            self._in_window += int(packet[1])  # type: ignore[misc]
            if self._buffer:
                self._flush_later()
            return
        if kind == "reset":
            self.alive = False
            self._inbox.clear()
            self.flow.discard()
            self.process.clock.run(lambda: self._lost(ConnectionLost("Connection reset by peer")))
            return
        self._inbox.append(packet)
        if not self._paused and not self._reading_due:
            self._reading_due = True
            self.process.clock.run(self._read)

    def _read_later(self) -> None:
        if self._inbox and not self._reading_due:
            self._reading_due = True
            self.process.clock.callLater(0, self._read)

    def _read(self) -> None:
        """As doRead: all that waits in the kernel, at most LARGEST_READ a turn."""
        self._reading_due = False
        if self._paused or not self.connected or not self._inbox:
            return
        data = self._waiting()
        if data:
            self._take(len(data))
            self._tell(lambda: self.protocol.dataReceived(data))
        elif IHalfCloseableProtocol.providedBy(self.protocol) and not self._write_ended:
            self._inbox.clear()
            self._read_ended = True
            self._tell(self.protocol.readConnectionLost)
        else:
            self._inbox.clear()
            self._close()
            self._lost(ConnectionDone())
        self._read_later()

    def _waiting(self) -> bytes:
        """Take the bytes before the peer's end."""
        data = bytearray()
        while self._inbox and len(data) < LARGEST_READ:
            packet = self._inbox[0]
            if len(packet) != 2 or not isinstance(packet[1], bytes):
                break
            room = LARGEST_READ - len(data)
            data += packet[1][:room]
            if len(packet[1]) > room:
                self._inbox[0] = ("data", packet[1][room:])
            else:
                del self._inbox[0]
        return bytes(data)

    def _take(self, size: int) -> None:
        """Tell the sender, now and then, that its bytes were read."""
        self._taken += size
        if self._taken >= WINDOW // 2:
            self.flow.send(("ack", self._taken))
            self._taken = 0

    def _tell(self, call: Callable[[], object]) -> None:
        """As the reactor: an exception ends the connection."""
        with self.log.failuresHandled("a protocol failed; its connection is closed") as operation:
            call()
        if operation.failure is not None and self.connected:
            self._close()
            self._lost(operation.failure.value or ConnectionLost())

    def _lost(self, reason: BaseException) -> None:
        """Tell the protocol, once."""
        if self._told:
            return
        self.connected = False
        self._told = True
        if self in self.process.ends:
            self.process.ends.remove(self)
        self.process.network.trace.note("lost", self.name, type(reason).__name__)
        if self.producer is not None:
            producer, self.producer = self.producer, None
            producer.stopProducing()
        if self.protocol is None:
            return  # Reset before its process accepted it.
        with self.log.failuresHandled("connectionLost failed"):
            self.protocol.connectionLost(Failure(reason))

    # The kernel's side.

    @property
    def disconnected(self) -> bool:
        """The connection is over, or the kernel knows of its end although nobody has read so far."""
        return self._told or not self.alive or self._read_ended or ("fin",) in self._inbox

    def given_up(self) -> None:
        """The kernel has sent the same segment in vain for a quarter of an hour."""
        if self.alive:
            self.alive = False
            self.process.clock.run(lambda: self._lost(TimeoutError()))

    def refuse(self) -> None:
        """Accepted and closed again: nobody wants it."""
        self.connected = False
        self._told = True
        self.process.ends.remove(self)
        self._close()

    def die(self, silent: bool) -> None:
        """Its process was killed, or its host lost power. What the kernel took is still delivered, unless silent."""
        self.connected = False
        if silent:
            self.alive = False
            self.flow.discard()
        else:
            self._close()
