"""Notices that the node itself stood still (stopped, swapped out, blocked): what was sent meanwhile is late.

After a SIGCONT the reactor reads its sockets before it runs a timer, and what it reads looks new. So the time of
the last tick is compared when bytes are read, and everything read in the first turns after a standstill is held to
have lain in a buffer: a poll reports every socket that had something, a backlog of connections takes a few turns.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from pychron.runtime.periodic import Periodic

TICK_S = 0.25
LONGEST_S = 1.0
TURNS = 5


class LoopWatch:
    """One a node. `seen(now)` whenever something is read; `settling` tells whether it may be late."""

    log = Logger()

    def __init__(self, clock: IReactorTime, longest_s: float = LONGEST_S) -> None:
        self._clock = clock
        self.longest_s = longest_s
        self.last = clock.seconds()
        """Wire seconds at the last tick."""
        self.settling = False
        """True from the end of a standstill until every socket was read."""
        self.since = self.last
        """Wire seconds at the last sign of life before the standstill."""
        self.standstills = 0
        self._turns = 0
        self._ticks = Periodic(clock, TICK_S, self._tick, "the loop watch")

    def start(self) -> None:
        """Begin to tick. Until then nothing is a standstill."""
        self.last = self._clock.seconds()
        self._ticks.start()

    def stop(self) -> None:
        """No further tick."""
        self._ticks.stop()

    def seen(self, now: float) -> None:
        """Something is read at `now`: was there a standstill?"""
        if now - self.last > self.longest_s and self._ticks.running:
            self._wake(now)

    def _tick(self) -> None:
        now = self._clock.seconds()
        self.seen(now)
        self.last = now

    def _wake(self, now: float) -> None:
        self.log.warn(
            "this node stood still for {seconds:.1f} s; what was sent meanwhile is not carried out",
            seconds=now - self.last,
        )
        if not self.settling:
            self._clock.callLater(0, self._turn)
        self.standstills += 1
        self.since, self.last = self.last, now
        self.settling = True
        self._turns = TURNS

    def _turn(self) -> None:
        self._turns -= 1
        if self._turns > 0:
            self._clock.callLater(0, self._turn)
        else:
            self.settling = False
