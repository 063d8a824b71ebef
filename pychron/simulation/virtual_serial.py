"""Serial lines of the virtual world. The instrument at the far end stands outside every node: what was on the line
when a node died still reaches it, and it never learns that anybody opened or closed the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.world import SerialSettings
from pychron.simulation.virtual_clock import VirtualClock
from pychron.simulation.virtual_trace import Trace

if TYPE_CHECKING:
    from pychron.simulation.virtual_network import Process

DRIVER_S = 0.001
"""From a write to the first bit on the line."""


@implementer(IAddress)
class SerialAddress:
    """A serial port has none."""


class Line:
    """One port of one host and the instrument on it."""

    def __init__(self, clock: VirtualClock, trace: Trace, name: str, instrument: Any) -> None:
        self.clock = clock
        self.trace = trace
        self.name = name
        self.plugged = True
        self.instrument = instrument
        self.far = _InstrumentSide(self)
        self.near: NodeSide | None = None
        self._byte_s = 10 / 9600
        self._free_at = {">": 0.0, "<": 0.0}
        instrument.makeConnection(self.far)

    def settle(self, settings: SerialSettings) -> None:
        bits = 1 + settings.bytesize + settings.stopbits + (settings.parity != "N")
        self._byte_s = bits / settings.baudrate

    def carry(self, data: bytes, way: str) -> None:
        """Bytes take their time on the line, one after the other."""
        now = self.clock.seconds()
        at = max(now + DRIVER_S, self._free_at[way]) + len(data) * self._byte_s
        self._free_at[way] = at
        self.trace.note("sent", f"{self.name} {way}", "data", data)
        self.clock.callLater(at - now, self._arrive, data, way)

    def _arrive(self, data: bytes, way: str) -> None:
        if not self.plugged:
            return
        self.trace.note("arrived", f"{self.name} {way}", "data", data)
        if way == ">":
            self.instrument.dataReceived(data)
        elif self.near is not None:
            self.near.arrived(data)


@implementer(ITransport)
class _InstrumentSide:
    """The instrument's transport."""

    disconnecting = False

    def __init__(self, line: Line) -> None:
        self._line = line

    def write(self, data: bytes) -> None:
        self._line.carry(bytes(data), "<")

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """An instrument cannot."""

    def getPeer(self) -> IAddress:
        return SerialAddress()

    def getHost(self) -> IAddress:
        return SerialAddress()


@implementer(ITransport)
class NodeSide:
    """The node's transport, as Twisted's SerialPort."""

    log = Logger()
    disconnecting = False

    def __init__(self, line: Line, process: Process, protocol: Any) -> None:
        self._line = line
        self._process = process
        self.protocol = protocol
        self.connected = True
        self._paused = False
        self._waiting = b""

    def write(self, data: bytes) -> None:
        if self.connected and not self.disconnecting and data:
            self._line.carry(bytes(data), ">")

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._process.clock.callLater(0, self.lost, ConnectionDone())

    abortConnection = loseConnection

    def flushInput(self) -> None:
        """Forget what came and was not read."""
        self._waiting = b""

    def flushOutput(self) -> None:
        """What was written is on the line already."""

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        if self._waiting:
            self._process.clock.callLater(0, self._read)

    def stopProducing(self) -> None:
        self.loseConnection()

    def getPeer(self) -> IAddress:
        return SerialAddress()

    def getHost(self) -> IAddress:
        return SerialAddress()

    def arrived(self, data: bytes) -> None:
        self._waiting += data
        self._process.clock.run(self._read)

    def _read(self) -> None:
        if self._paused or not self.connected or not self._waiting:
            return
        data, self._waiting = self._waiting, b""
        with self.log.failuresHandled("a protocol failed; its serial port is closed") as operation:
            self.protocol.dataReceived(data)
        if operation.failure is not None:
            self.lost(operation.failure.value or ConnectionLost())

    def lost(self, reason: BaseException) -> None:
        """Closed or unplugged."""
        if not self.connected:
            return
        self.close()
        self._line.trace.note("lost", self._line.name, type(reason).__name__)
        with self.log.failuresHandled("connectionLost failed"):
            self.protocol.connectionLost(Failure(reason))

    def close(self) -> None:
        """As the kernel closes it when its process dies: nobody is told."""
        self.connected = False
        if self._line.near is self:
            self._line.near = None


class SerialPorts:
    """The serial ports of one host, by path."""

    def __init__(self, clock: VirtualClock, trace: Trace, host: str) -> None:
        self._clock = clock
        self._trace = trace
        self._host = host
        self._lines: dict[str, Line] = {}

    def plug(self, port: str, instrument: Any) -> None:
        """An instrument (a protocol) at the far end of `port`, or again after `unplug`."""
        line = self._lines.get(port)
        if line is not None and line.instrument is instrument:
            line.plugged = True
        else:
            self._lines[port] = Line(self._clock, self._trace, f"{self._host} {port}", instrument)
        self._trace.note("plugged", self._host, port)

    def unplug(self, port: str) -> None:
        """The port is gone; the instrument keeps its state."""
        line = self._lines[port]
        line.plugged = False
        self._trace.note("unplugged", self._host, port)
        near = line.near
        if near is not None:
            near._process.clock.run(lambda: near.lost(ConnectionLost("unplugged")))

    def open(
        self, process: Process, port: str, settings: SerialSettings, factory: IProtocolFactory
    ) -> Deferred[IProtocol]:
        """Fires with the protocol in a later turn, or fails with ConnectError."""
        done: Deferred[IProtocol] = Deferred(lambda _: timer.cancel() if timer.active() else None)
        timer = process.clock.callLater(DRIVER_S, self._open, process, port, settings, factory, done)
        return done

    def _open(
        self,
        process: Process,
        port: str,
        settings: SerialSettings,
        factory: IProtocolFactory,
        done: Deferred[IProtocol],
    ) -> None:
        line = self._lines.get(port)
        if line is None or not line.plugged:
            done.errback(Failure(ConnectError(string=f"no such port: {port}")))
            return
        if line.near is not None:
            done.errback(Failure(ConnectError(string=f"{port} is in use")))
            return
        protocol: Any = factory.buildProtocol(SerialAddress())
        line.settle(settings)
        line.near = NodeSide(line, process, protocol)
        self._trace.note("opened", line.name, process.name)
        protocol.makeConnection(line.near)
        done.callback(protocol)

    def close_all(self, process: Process) -> list[Any]:
        """Its process died. Returns what must be kept from being collected."""
        kept = [
            line.near
            for line in self._lines.values()
            if line.near is not None and line.near._process is process
        ]
        for near in kept:
            near.close()
        return kept
