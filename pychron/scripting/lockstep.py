"""The virtual script host: the child's own code in a thread, in lock-step with a virtual clock.

Exactly one of the two runs at a time: the reactor's thread waits while the script computes, the script's thread
waits while the clock goes on. No real time is involved, so that a whole laboratory runs twice with equal traces.
A script that computes for ever hangs the simulation; the real host is for those.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from pychron.scripting import protocol
from pychron.scripting.interfaces import IScriptChild, IScriptHost
from pychron.scripting.namespace import Running

STUBBORN = 100
"""A script that goes on after so many kills is left where it waits."""


class _Killed(BaseException):
    """Ends the thread of a killed script."""


@implementer(IScriptHost)
class LockstepScriptHost:
    """`turn_s` is how long a script computes between two commands, in seconds of `clock`. With 0 a script that
    polls without sleeping stops the clock for ever, so that a simulation gives it a millisecond."""

    def __init__(self, clock: IReactorTime, turn_s: float = 0.0) -> None:
        self._clock = clock
        self._turn_s = turn_s
        self._children: list[LockstepChild] = []

    def start(
        self,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> IScriptChild:
        child = LockstepChild(self._clock, self._turn_s, line, ended)
        self._children = [each for each in self._children if not each.over]
        self._children.append(child)
        return child

    def stop(self) -> None:
        """End every thread, at once and without a word to anybody."""
        for child in self._children:
            child.forget()
        self._children.clear()


@implementer(IScriptChild)
class LockstepChild:
    """One script's thread. The thread runs only inside `_turn` and `_end_thread`."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        turn_s: float,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
    ) -> None:
        self._clock = clock
        self._turn_s = turn_s
        self._received = line
        self._ended = ended
        self._inbox: deque[bytes] = deque()
        self._outbox: deque[bytes] = deque()
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True, name="script")
        self._killed = False
        self._kills = 0
        self._returned = False
        self._due: IDelayedCall | None = None
        self.over = False
        """True once `ended` was called."""

    # -- the reactor's side ---------------------------------------------------------------------------------

    def send(self, line: bytes) -> None:
        if self._killed or self.over:
            return
        self._inbox.append(line)
        if self._due is None:
            self._due = self._clock.callLater(self._turn_s, self._turn)

    def interrupt(self) -> None:
        """Nothing to break: it never computes while this thread runs."""

    def kill(self) -> None:
        if not self._killed and not self.over:
            self._killed = True
            self._no_turn()
            self._clock.callLater(0, self._bury)

    def forget(self) -> None:
        """End the thread and tell nobody."""
        self._killed = self.over = True
        self._no_turn()
        self._end_thread()

    def _no_turn(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _turn(self) -> None:
        self._due = None
        self._resume()
        while self._outbox:
            self._received(self._outbox.popleft())
        if self._returned and not self._killed:
            self._thread.join()
            self._over(0, "exit status 0")

    def _bury(self) -> None:
        if not self.over:
            self._end_thread()
            self._over(None, "killed by SIGKILL")

    def _over(self, status: int | None, text: str) -> None:
        self.over = True
        self._ended(status, text)

    def _resume(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()

    def _end_thread(self) -> None:
        if self._thread.ident is None:
            return
        while not self._returned and self._kills < STUBBORN:
            self._resume()
        if self._returned:
            self._thread.join()
        else:
            self.log.warn(
                "a script went on after {kills} kills; its thread waits for ever", kills=self._kills
            )

    # -- the script's side ----------------------------------------------------------------------------------

    def ask(self, line: bytes) -> bytes:
        """One command: hand over, wait for the reply."""
        self._outbox.append(line)
        self._back.release()
        self._go.acquire()
        if self._killed:
            self._kills += 1
            raise _Killed
        return self._inbox.popleft()

    def _run(self) -> None:
        try:
            run = Running(self, protocol.parse_start(self._inbox.popleft()))
            self._outbox.append(protocol.encode(run.run()))
        except _Killed:
            pass
        finally:
            self._returned = True
            self._back.release()
