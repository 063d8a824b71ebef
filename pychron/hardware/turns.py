"""Whose turn it is on a thing that serves one at a time: first come, first served, urgent ones before all others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred


@dataclass(slots=True, eq=False)
class _Waiting:
    urgent: bool
    turn: Deferred[None] = field(default_factory=Deferred)


class Turns:
    """`await take()`, work, then `give()` in a `finally`."""

    def __init__(self) -> None:
        self._queue: deque[_Waiting] = deque()
        self._busy = False
        self._passing = False

    @property
    def busy(self) -> bool:
        """Whether somebody has the turn."""
        return self._busy

    async def take(self, urgent: bool = False) -> None:
        """Returns when the turn has come. Who is cancelled while waiting leaves the queue."""
        if not self._busy and not self._queue:
            self._busy = True
            return
        waiting = _Waiting(urgent)
        place = next((i for i, w in enumerate(self._queue) if urgent and not w.urgent), len(self._queue))
        self._queue.insert(place, waiting)
        try:
            await waiting.turn
        except BaseException:
            if waiting in self._queue:
                self._queue.remove(waiting)
            raise

    def give(self) -> None:
        """The next one's turn. A loop, not a recursion: a thousand may wait for a device that is gone."""
        self._busy = False
        if self._passing:
            return
        self._passing = True
        try:
            while self._queue and not self._busy:
                self._busy = True
                self._queue.popleft().turn.callback(None)
        finally:
            self._passing = False
