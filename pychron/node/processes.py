"""Programs of the system, run for their output: git above all. No shell, no terminal, a deadline for each."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.world import Finished, IProcesses

KEPT = 16 * 1024 * 1024
"""Bytes of output that are kept; of the error output a sixteenth."""
LINGER_S = 2.0
"""How long pipes are awaited that a program's own children hold open after it ended."""


@implementer(IProcesses)
class RealProcesses:
    """Starts programs by the reactor."""

    def __init__(self, reactor: Any) -> None:
        """`reactor` provides IReactorProcess and IReactorTime."""
        self._reactor = reactor

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], deadline_s: float
    ) -> Deferred[Finished]:
        program = which(arguments[0])
        if program is None:
            raise FileNotFoundError(2, "this program is not installed", arguments[0])
        if not folder.is_dir():
            raise FileNotFoundError(2, "there is no such folder", str(folder))
        running = _Running(self._reactor, " ".join(arguments[:2]), deadline_s)
        self._reactor.spawnProcess(
            running,
            program,
            list(arguments),
            env={**os.environ, **environment},
            path=str(folder),
            childFDs={0: "w", 1: "r", 2: "r"},
        )
        return running.done


class _Running(ProcessProtocol):
    """One program; killed when its time is over or nobody waits any more."""

    transport: IProcessTransport

    def __init__(self, reactor: Any, what: str, deadline_s: float) -> None:
        self._reactor = reactor
        self._what = what
        self._deadline_s = deadline_s
        self._kept: dict[int, bytearray] = {1: bytearray(), 2: bytearray()}
        self._cut = False
        self._late = False
        self._linger: Any = None
        self._timer = reactor.callLater(deadline_s, self._expire)
        self.done: Deferred[Finished] = Deferred(lambda _: self._kill())

    def connectionMade(self) -> None:
        self.transport.closeChildFD(0)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        kept = self._kept[childFD]
        room = (KEPT if childFD == 1 else KEPT // 16) - len(kept)
        kept += data[:room]
        self._cut = self._cut or len(data) > room

    def processExited(self, reason: Failure) -> None:
        self._linger = self._reactor.callLater(LINGER_S, self.transport.loseConnection)

    def processEnded(self, reason: Failure) -> None:
        for timer in (self._timer, self._linger):
            if timer is not None and timer.active():
                timer.cancel()
        end = cast(ProcessTerminated | ProcessDone, reason.value)
        if self.done.called:
            return
        if self._late:
            self.done.errback(DeadlinePassed(self._what, self._deadline_s))
        else:
            status = end.exitCode if end.signal is None else None
            self.done.callback(Finished(status, bytes(self._kept[1]), bytes(self._kept[2]), self._cut))

    def _expire(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")
