"""The real script host: a child process in a session of its own, spoken to through its stdin and stdout.

What a script spawns is ended with it, as far as it stays in its process group: a program that makes itself a
session of its own escapes, and cannot reach the hardware.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IDelayedCall, IProcessTransport, IReactorTime
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

import pychron
from pychron.scripting import limits, protocol
from pychron.scripting.interfaces import IScriptChild, IScriptHost

STDERR_MAX = 64 * 1024
"""Bytes of stderr that are passed on; what follows is read and dropped."""
LINGER_S = 1.0
"""How long a child may live that closed its pipes, and pipes that an escaped program holds."""

PACKAGE_FOLDER = str(Path(pychron.__file__).absolute().parent.parent)


@implementer(IScriptHost)
class ProcessScriptHost:
    """Starts `python -m pychron.scripting.child` with an empty environment and three pipes."""

    def __init__(self, reactor: Any, python: str = sys.executable) -> None:
        """`reactor` provides IReactorProcess and IReactorTime."""
        self._reactor = reactor
        self._python = python

    def start(
        self,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> IScriptChild:
        child = ChildProcess(self._reactor, line, ended, error)
        arguments = [self._python, "-P", "-s", "-m", "pychron.scripting.child"]
        environment = limits.environment(os.environ, PACKAGE_FOLDER)
        self._reactor.spawnProcess(
            child, self._python, arguments, env=environment, childFDs={0: "w", 1: "r", 2: "r"}
        )
        return child


@implementer(IScriptChild)
class ChildProcess(ProcessProtocol):
    """One child: lines in and out, its stderr bounded, its group ended with it."""

    transport: IProcessTransport

    def __init__(
        self,
        reactor: IReactorTime,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> None:
        self._reactor = reactor
        self._received = line
        self._ended = ended
        self._error = error
        self._splitter = protocol.LineSplitter()
        self._stderr = 0
        self._exited = False
        self._linger: IDelayedCall | None = None
        self._closed: list[int] = []
        self.pid = 0

    # -- IScriptChild ---------------------------------------------------------------------------------------

    def send(self, line: bytes) -> None:
        if not self._exited and 0 not in self._closed:
            self.transport.writeToChild(0, line + b"\n")

    def interrupt(self) -> None:
        self._signal("INT")

    def kill(self) -> None:
        if self._exited:
            return
        if not self._kill_group():
            self._signal("KILL")  # it has not come so far as to have a group of its own

    def _signal(self, name: str) -> None:
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess(name)

    def _kill_group(self) -> bool:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    # -- ProcessProtocol ------------------------------------------------------------------------------------

    def connectionMade(self) -> None:
        self.pid = self.transport.pid

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if childFD == 1:
            for line in self._splitter.feed(data):
                self._received(line)
        elif self._stderr < STDERR_MAX:
            passed = data[: STDERR_MAX - self._stderr]
            self._stderr += len(passed)
            self._error(passed)

    def childConnectionLost(self, childFD: int) -> None:
        self._closed.append(childFD)
        if childFD != 2 and not self._exited and self._linger is None:
            self._linger = self._reactor.callLater(LINGER_S, self.kill)

    def processExited(self, reason: Failure) -> None:
        self._exited = True
        self._kill_group()
        self._stop_lingering()
        self._linger = self._reactor.callLater(LINGER_S, self.transport.loseConnection)

    def processEnded(self, reason: Failure) -> None:
        self._stop_lingering()
        end = cast(ProcessTerminated | ProcessDone, reason.value)
        status: int | None = end.exitCode
        number: int | None = end.signal
        if number is not None:
            self._ended(None, f"killed by {_signal_name(number)}")
        else:
            self._ended(status, f"exit status {status}")

    def _stop_lingering(self) -> None:
        if self._linger is not None and self._linger.active():
            self._linger.cancel()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
