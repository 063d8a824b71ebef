"""A serial port (or pty) as a stream: opened for us alone, gone when it is unplugged, given up at once when asked to."""

from __future__ import annotations

import errno
import termios
from contextlib import suppress
from typing import Any

import serial
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionAborted
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.serialport import SerialPort
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.world import SerialSettings

_REMEDIES = {
    errno.ENOENT: "there is no such port; plug the adapter in, or name it by /dev/serial/by-id/...",
    errno.ENODEV: "the adapter is gone; plug it in again",
    errno.ENXIO: "the adapter is gone; plug it in again",
    errno.EIO: "the far end is gone; look at adapter and cable",
    errno.EACCES: "this user may not open it; add it to the port's group (dialout), then log in again",
    errno.EPERM: "this user may not open it; add it to the port's group (dialout), then log in again",
    errno.EBUSY: "another program has it open; stop that one (`fuser PORT` names it)",
    errno.EAGAIN: "another program has it open; stop that one (`fuser PORT` names it)",
    errno.ENOTTY: "it is no serial port; name the port that the instrument is on",
    errno.EISDIR: "it is a folder; name the port that the instrument is on",
}


@implementer(IAddress)
class SerialAddress:
    """The port's name."""

    def __init__(self, port: str) -> None:
        self.port = port


class _Port(SerialPort):
    """Twisted's SerialPort, exclusive, with `abortConnection`: `loseConnection` waits until all is written, which a
    line that is held up (XOFF, a full pty) never allows."""

    def __init__(self, protocol: Any, port: str, reactor: Any, settings: SerialSettings) -> None:
        self._hold_dtr = settings.hold_dtr
        super().__init__(  # type: ignore[no-untyped-call]
            protocol,
            port,
            reactor,
            baudrate=settings.baudrate,
            bytesize=settings.bytesize,
            parity=settings.parity,
            stopbits=settings.stopbits,
            xonxoff=settings.xonxoff,
            rtscts=settings.rtscts,
        )

    def _serialFactory(self, port: str, **how: Any) -> Any:
        line = serial.Serial(exclusive=True, **how)
        line.port = port
        if self._hold_dtr:
            line.dtr = False
        line.open()
        if line.xonxoff:
            # An XOFF of an earlier connection may still hold the line up, and its XON never comes. What it held back is
            # forgotten first; Linux lets go on only what was stopped by the same call.
            termios.tcflush(line.fd, termios.TCOFLUSH)
            termios.tcflow(line.fd, termios.TCOOFF)
            termios.tcflow(line.fd, termios.TCOON)
        return line

    def abortConnection(self) -> None:
        """Close in the next turn; what is not on the wire yet never gets there."""
        port: Any = self
        if not port.connected:
            return
        port.disconnecting = True
        port.stopReading()
        port.stopWriting()
        with suppress(OSError, termios.error):
            port.flushOutput()
        port.reactor.callLater(0, self._aborted)

    def _aborted(self) -> None:
        port: Any = self
        if port.connected:
            port.connectionLost(Failure(ConnectionAborted()))


@implementer(IStreamClientEndpoint)
class SerialEndpoint:
    """Opens `port` at each `connect`. Fails with ConnectError, whose text says what to do."""

    def __init__(self, reactor: Any, port: str, settings: SerialSettings) -> None:
        self._reactor = reactor
        self._port = port
        self._settings = settings

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """In a later turn, as every endpoint. Cancelling it opens nothing."""
        done: Deferred[IProtocol] = Deferred(lambda _: timer.cancel() if timer.active() else None)
        timer = self._reactor.callLater(0, self._open, protocolFactory, done)
        return done

    def _open(self, factory: IProtocolFactory, done: Deferred[IProtocol]) -> None:
        protocol: Any = factory.buildProtocol(SerialAddress(self._port))
        try:
            _Port(protocol, self._port, self._reactor, self._settings)
        except (OSError, termios.error, ValueError) as problem:
            done.errback(Failure(ConnectError(string=self._text(problem))))
        else:
            done.callback(protocol)

    def _text(self, problem: BaseException) -> str:
        # pyserial hides the number of what the system refused in its cause.
        for found in filter(None, (problem, problem.__context__)):
            for number in (getattr(found, "errno", None), *found.args):
                if number in _REMEDIES:
                    return f"{self._port}: {_REMEDIES[number]}"
        return f"{self._port}: {problem}"
