"""Serves an emulated 34970A to other processes: on a pseudo-terminal, as on a serial port, or on a TCP port."""

from __future__ import annotations

import json
import os
import termios
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionLost
from twisted.internet.fdesc import readFromFD, setNonBlocking, writeToFD
from twisted.python.failure import Failure

from pychron.simulation.agilent_34970a import Agilent34970A, AgilentFactory, AgilentLine
from pychron.simulation.relay_bank import Movement


class MovementLog:
    """Each movement as a line of JSON, on disk at once: `time` (wall), `address`, `open`, `cause`."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def write(self, movement: Movement) -> None:
        """One line."""
        line = {
            "time": time.time(),
            "address": movement.address,
            "open": movement.open,
            "cause": movement.cause,
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Nothing more is written."""
        self._file.close()


class PtySide(FileDescriptor):
    """The instrument's end of a pseudo-terminal. It keeps one end of the other side open itself, so that a client may
    close and open it again, as with a serial port."""

    def __init__(self, reactor: Any, line: Any) -> None:
        super().__init__(reactor)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        setNonBlocking(self._master)
        self.name = os.ttyname(self._slave)
        self.line = line
        self.unplugged: Callable[[], None] = lambda: None
        """Called when the line drops."""
        self.connected = 1
        line.makeConnection(self)
        self.startReading()  # type: ignore[no-untyped-call]

    def fileno(self) -> int:
        return self._master

    def doRead(self) -> Any:
        return readFromFD(self._master, self.line.dataReceived)

    def writeSomeData(self, data: bytes) -> Any:
        return writeToFD(self._master, data)

    def loseConnection(self, _connDone: Failure | None = None) -> None:
        """As if the plug were pulled."""
        self.unplugged()

    def close(self) -> None:
        """Both ends: a client sees an unplugged adapter."""
        if self.connected:
            self.connectionLost(Failure(ConnectionLost()))

    def connectionLost(self, reason: Failure) -> None:
        if self._master < 0:
            return
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        os.close(self._master)
        os.close(self._slave)
        self._master = -1


class EmulatorHost:
    """One instrument and its way in. The instrument keeps its state while the way is cut."""

    def __init__(self, reactor: Any, instrument: Agilent34970A, log: Path | None = None) -> None:
        self.instrument = instrument
        self._reactor = reactor
        self._link: Path | None = None
        self._pty: PtySide | None = None
        self._listening: Any = None
        self._log = MovementLog(log) if log is not None else None
        if self._log is not None:
            instrument.bank.listeners.append(self._log.write)

    def serve_pty(self, link: Path | None = None) -> str:
        """A new pseudo-terminal, and a name that leads to it. Returns the name to give to a client."""
        self._link = link
        self._pty = PtySide(self._reactor, AgilentLine(self.instrument))
        self._pty.unplugged = self._drop
        if link is not None:
            with suppress(FileNotFoundError):
                if link.is_symlink():
                    link.unlink()
            link.symlink_to(self._pty.name)
        return str(link or self._pty.name)

    def _drop(self) -> None:
        if self._link is not None:
            self._reactor.callLater(0, self.replug)

    def unplug(self) -> None:
        """Pull the plug: the port is gone, the relays stay as they are."""
        if self._pty is not None:
            if self._link is not None:
                with suppress(FileNotFoundError):
                    self._link.unlink()
            self._pty.close()
            self._pty = None

    def replug(self) -> str:
        """The port is there again, under its link."""
        self.unplug()
        return self.serve_pty(self._link)

    def serve_tcp(self, port: int) -> int:
        """Listen on 127.0.0.1. Returns the port. Raises CannotListenError."""
        factory = AgilentFactory(self.instrument)
        self._listening = self._reactor.listenTCP(port, factory, interface="127.0.0.1")
        found: int = self._listening.getHost().port
        return found

    def close(self) -> Any:
        """Give the way and the log up."""
        self.unplug()
        if self._log is not None:
            self._log.close()
        listening, self._listening = self._listening, None
        return listening.stopListening() if listening is not None else None
