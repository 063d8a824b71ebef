"""One clock for a whole laboratory, and the clock of one node that can be dropped with all its timers.

Twisted's own `Clock` shows each timer the time at which `advance` ends; this one shows it its own time, and runs
timers of one instant in the order in which they were scheduled.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

MOST_CALLS_AN_INSTANT = 100_000


class StandsStill(Exception):
    """Timers schedule each other without end at one instant."""


@implementer(IDelayedCall)
class VirtualCall:
    """A timer. Times are those of the clock that made it."""

    def __init__(self, clock: VirtualClock, offset: float, when: float, work: Callable[[], object]) -> None:
        self._clock = clock
        self._offset = offset
        self.when = when
        """On the laboratory's clock."""
        self.order = 0
        self.state = "waiting"
        self.work = work
        self.ended: Callable[[], None] = lambda: None

    def getTime(self) -> float:
        return self.when + self._offset

    def active(self) -> bool:
        return self.state == "waiting"

    def cancel(self) -> None:
        self._must_wait()
        self.state = "cancelled"
        self.ended()

    def reset(self, secondsFromNow: float) -> None:
        self._must_wait()
        self._clock.put(self, self._clock.seconds() + secondsFromNow)

    def delay(self, secondsLater: float) -> None:
        self._must_wait()
        self._clock.put(self, self.when + secondsLater)

    def _must_wait(self) -> None:
        if self.state == "cancelled":
            raise AlreadyCancelled
        if self.state == "called":
            raise AlreadyCalled


@implementer(IReactorTime)
class VirtualClock:
    """The laboratory's clock: moves only in `advance`."""

    log = Logger()

    def __init__(self) -> None:
        self._now = 0.0
        self._order = 0
        self._heap: list[tuple[float, int, VirtualCall]] = []

    def seconds(self) -> float:
        return self._now

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> VirtualCall:
        return self.schedule(delay, 0.0, lambda: callable(*args, **kw))

    def schedule(self, delay: float, offset: float, work: Callable[[], object]) -> VirtualCall:
        """A timer `delay` seconds from now, whose `getTime` adds `offset`."""
        if not delay >= 0:
            raise ValueError(f"a timer {delay} s from now")
        call = VirtualCall(self, offset, self._now + delay, work)
        self.put(call, call.when)
        return call

    def put(self, call: VirtualCall, when: float) -> None:
        """Schedule `call` anew."""
        call.when = when
        self._order += 1
        call.order = self._order
        heapq.heappush(self._heap, (when, call.order, call))

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        return [call for _, order, call in sorted(self._heap) if call.active() and call.order == order]

    def advance(self, seconds: float) -> None:
        """Run all that falls due within `seconds`, each at its own time. A timer that fails is logged."""
        end = self._now + seconds
        instant, calls = self._now, 0
        while self._heap and self._heap[0][0] <= end:
            when, order, call = heapq.heappop(self._heap)
            if not call.active() or call.order != order:
                continue
            calls = calls + 1 if when == instant else 1
            instant = when
            if calls > MOST_CALLS_AN_INSTANT:
                raise StandsStill(
                    f"more than {MOST_CALLS_AN_INSTANT} calls at {when} s; the last one: {call.work}"
                )
            self._now = max(self._now, when)
            call.state = "called"
            call.ended()
            with self.log.failuresHandled("a timer failed"):
                call.work()
        self._now = end


@implementer(IReactorTime)
class NodeClock:
    """The clock of one process on one host: same speed, another zero. `drop` ends it and all its timers."""

    def __init__(self, lab: VirtualClock, offset: float = 0.0) -> None:
        self._lab = lab
        self._offset = offset
        self._calls: dict[int, VirtualCall] = {}
        self._serial = 0
        self._dropped = False
        self._frozen = False
        self._late: list[Callable[[], object]] = []
        self._kept: list[Any] = []

    def seconds(self) -> float:
        return self._lab.seconds() + self._offset

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> VirtualCall:
        def work() -> object:
            return self.run(lambda: callable(*args, **kw))

        call = self._lab.schedule(delay, self._offset, work)
        if self._dropped:
            # Late code of a dead process: it never runs.
            call.state = "cancelled"
            self._kept.append(work)
            return VirtualCall(self._lab, self._offset, call.when, work)
        self._serial += 1
        serial = self._serial
        self._calls[serial] = call
        call.ended = lambda: self._forget(serial)
        return call

    def _forget(self, serial: int) -> None:
        self._calls.pop(serial, None)

    def getDelayedCalls(self) -> Sequence[IDelayedCall]:
        return sorted(self._calls.values(), key=lambda call: (call.when, call.order))

    def run(self, work: Callable[[], object]) -> object:
        """Do `work` in the process's turn: at once, after the thaw when it is frozen, never when it is dead."""
        if self._dropped:
            self._kept.append(work)
            return None
        if self._frozen:
            self._late.append(work)
            return None
        return work()

    @property
    def frozen(self) -> bool:
        return self._frozen

    @property
    def dropped(self) -> bool:
        return self._dropped

    def freeze(self) -> None:
        """SIGSTOP: time goes on, nothing of the process runs."""
        self._frozen = True

    def thaw(self) -> None:
        """SIGCONT: what fell due meanwhile runs now, in order, each in a turn of its own."""
        self._frozen = False
        late, self._late = self._late, []
        for work in late:
            self.callLater(0, work)

    def drop(self) -> list[Any]:
        """Cancel every timer for ever. Returns what they held, for the caller to keep: see virtual_lab."""
        self._dropped = True
        calls, self._calls = list(self._calls.values()), {}
        for call in calls:
            call.ended = lambda: None
            if call.active():
                call.cancel()
        return [calls, self._late, self._kept]
