"""The node's event bus: each subscriber has a bounded queue and takes its copy in a later turn.

None can hold up another, or the valve. What must not be lost (audit, journal) is no subscriber.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

Deliver = Callable[[object], None]
CAN_WAIT_S = 0.002
"""Far below what a person or a display notices, and above what two commits take on a fast disk."""


class Subscription:
    """One subscriber's queue. `dropped` counts what did not fit."""

    def __init__(
        self, bus: EventBus, deliver: Deliver, kinds: tuple[type, ...], bound: int, what: str
    ) -> None:
        self._bus = bus
        self.deliver = deliver
        self.kinds = kinds
        self.bound = bound
        self.what = what
        self.queue: deque[object] = deque()
        self.dropped = 0

    def cancel(self) -> None:
        """No further delivery, what waits is forgotten."""
        self._bus.forget(self)
        self.queue.clear()


class EventBus:
    """Publishes values to subscribers by type, in order, in a later turn of `clock`."""

    log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._subscriptions: list[Subscription] = []
        self._for: dict[type, list[Subscription]] = {}
        """Those who want events of a type, found at the first one."""
        self._due: IDelayedCall | None = None
        self._unhurried = False
        """What is due can wait."""

    def subscribe(self, deliver: Deliver, *kinds: type, bound: int = 10_000, what: str = "") -> Subscription:
        """`deliver` gets each event that is an instance of one of `kinds` (of any, without)."""
        subscription = Subscription(self, deliver, kinds, bound, what)
        self._subscriptions.append(subscription)
        self._for.clear()
        return subscription

    def forget(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self._for.clear()

    def counters(self) -> dict[str, Callable[[], int | float]]:
        """Of each queue now: what waits in it, and what it had no room for."""
        table: dict[str, Callable[[], int | float]] = {}
        for what in dict.fromkeys(one.what for one in self._subscriptions if one.what):
            theirs = [one for one in self._subscriptions if one.what == what]
            table[f"events_{what}_waiting"] = lambda theirs=theirs: sum(len(one.queue) for one in theirs)  # type: ignore[misc]
            table[f"events_{what}_dropped"] = lambda theirs=theirs: sum(one.dropped for one in theirs)  # type: ignore[misc]
        return table

    def publish(self, event: object, can_wait: bool = False) -> None:
        """Queue `event` for every subscriber; returns at once.

        It is delivered in the next turn. One that `can_wait` is delivered with the next event or after `CAN_WAIT_S`,
        whichever is first: what is going on meanwhile is not held up by the telling.
        """
        wanting = self._for.get(type(event))
        if wanting is None:
            wanting = [s for s in self._subscriptions if not s.kinds or isinstance(event, s.kinds)]
            self._for[type(event)] = wanting
        for subscription in wanting:
            if len(subscription.queue) >= subscription.bound:
                subscription.dropped += 1
                if subscription.dropped == 1:
                    self.log.warn("{what}: its queue is full, events are dropped", what=subscription.what)
                continue
            subscription.queue.append(event)
        if self._due is None:
            self._due = self._clock.callLater(CAN_WAIT_S if can_wait else 0, self._deliver)
            self._unhurried = can_wait
        elif self._unhurried and not can_wait:
            self._due.reset(0)
            self._unhurried = False

    def _deliver(self) -> None:
        self._due = None
        for subscription in list(self._subscriptions):
            for _ in range(len(subscription.queue)):
                if not subscription.queue:
                    break
                event = subscription.queue.popleft()
                try:
                    subscription.deliver(event)
                except Exception:
                    self.log.failure("{what}: an event could not be delivered", what=subscription.what)
