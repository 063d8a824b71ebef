"""The node's notifier: publishes each change at once, beats every 2 s, answers requests on the next port."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.broadcast.frames import (
    ECHO,
    HEARTBEAT,
    PING,
    SNAPSHOT,
    Message,
    Snapshot,
    write_message,
    write_snapshot,
    write_text,
)
from pychron.broadcast.interfaces import Announcement, INotifier, IPublisher, IReplier
from pychron.broadcast.sequence import HEARTBEAT_S
from pychron.events.bus import EventBus, Subscription
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

PAIRS = 50
"""Ports tried for a free pair P, P + 1."""
BOUND = 10_000


class PortTaken(Exception):
    """A port of the notifier cannot be had. `why` is a sentence."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(why)
        self.host = host
        self.port = port
        self.why = why


@implementer(INotifier)
class Notifier:
    """PUB on P, REP on P + 1. What is said before `start` is numbered and unheard."""

    log = Logger()

    def __init__(self, world: World, node: str) -> None:
        self._world = world
        self._node = node
        self._seq = 0
        self._publisher: IPublisher | None = None
        self._replier: IReplier | None = None
        self._subscription: Subscription | None = None
        self._seen_dropped = 0
        self._translate: dict[type, Callable[[Any], Announcement | None]] = {}
        self._areas: dict[str, Callable[[], Any]] = {}
        self._followers: list[Callable[[Message], None]] = []
        self._answers: dict[bytes, Callable[[], bytes | str]] = {
            PING: lambda: ECHO,
            SNAPSHOT: lambda: write_snapshot(self.snapshot()),
        }
        self._beat = Periodic(world.wire, HEARTBEAT_S, self._say_beat, "heartbeat of the notifier")
        self.sent = 0
        """Frames handed to the publisher, heartbeats included."""
        self.answered = 0
        """Requests answered."""

    # ---- life

    def start(self, host: str, port: int, bus: EventBus | None = None) -> int:
        """Bind both sockets and begin; returns P. Port 0 takes a free pair. Raises PortTaken."""
        self._publisher, self._replier, port = self._bind(host, port)
        if bus is not None:
            self._subscription = bus.subscribe(self._deliver, bound=BOUND, what="notifier")
        self._beat.start(now=True)
        return port

    def stop(self) -> None:
        """Say what is still on the bus, then close both ports. May be called twice."""
        if self._beat.running:
            self._beat.stop()
        if self._subscription is not None:
            self._flush()
            self._subscription.cancel()
            self._subscription = None
        for socket in (self._publisher, self._replier):
            if socket is not None:
                socket.close()
        self._publisher = self._replier = None

    def _bind(self, host: str, port: int) -> tuple[IPublisher, IReplier, int]:
        for last in [port != 0] if port else [n == PAIRS - 1 for n in range(PAIRS)]:
            try:
                publisher, bound = self._world.zmq.publisher(host, port)
            except OSError as error:
                raise PortTaken(host, port, _why(host, port, error)) from error
            try:
                if bound >= 65535:
                    raise OSError(errno.EADDRNOTAVAIL, "there is no port above 65535")
                replier, _ = self._world.zmq.replier(host, bound + 1, self.answer)
                return publisher, replier, bound
            except OSError as error:
                publisher.close()
                if last:
                    raise PortTaken(host, bound + 1, _why(host, bound + 1, error)) from error
        raise AssertionError("the last attempt raises")

    # ---- saying

    def number(self) -> int:
        self._flush()
        return self._seq

    def publish(self, kind: str, payload: Mapping[str, Any], time: float | None = None) -> int:
        self._flush()
        return self._say(kind, payload, time)

    def announce(self, event: type, translate: Callable[[Any], Announcement | None]) -> None:
        if event in self._translate:
            raise ValueError(f"{event.__name__} is announced already")
        self._translate[event] = translate

    def follow(self, told: Callable[[Message], None]) -> Callable[[], None]:
        self._followers.append(told)

        def ended() -> None:
            if told in self._followers:
                self._followers.remove(told)

        return ended

    def run_added(self, uuid: str) -> None:
        self.send_text("RunAdded", uuid)

    def console_message(self, text: str) -> None:
        self.send_text("ConsoleMessage", text)

    def send_text(self, tag: str, text: str) -> None:
        self._send(write_text(tag, text))

    def _say(self, kind: str, payload: Mapping[str, Any], time: float | None) -> int:
        self._seq += 1
        message = self._message(kind, payload, time)
        self._send(write_message(message))
        for told in list(self._followers):
            maybeDeferred(told, message).addErrback(self._untold)
        return self._seq

    def _say_beat(self) -> None:
        self._flush()
        self._send(write_message(self._message(HEARTBEAT, {}, None)))

    def _message(self, kind: str, payload: Mapping[str, Any], time: float | None) -> Message:
        when = self._world.wall() if time is None else time
        return Message(self._node, self._world.boot, self._seq, when, kind, payload, self._world.simulated)

    def _send(self, frame: bytes) -> None:
        if self._publisher is not None:
            self._publisher.send(frame)
            self.sent += 1

    # ---- the bus

    def _deliver(self, event: object) -> None:
        subscription = self._subscription
        if subscription is not None and subscription.dropped != self._seen_dropped:
            # What did not fit was never numbered: a number left out makes it a gap that subscribers see.
            self._seen_dropped = subscription.dropped
            self._seq += 1
        translate = self._translate.get(type(event))
        if translate is None:
            return
        before, understood = self._seq, False
        try:
            announcement = translate(event)
            if announcement is not None:
                self._say(announcement.kind, announcement.payload, announcement.time)
            understood = True
        finally:
            if not understood and self._seq == before:
                self._seq += 1  # a gap, too: what could not be said is in the next snapshot

    def _flush(self) -> None:
        """Say first what waits on the bus: a number given away, or a snapshot, must not be older than the state."""
        subscription = self._subscription
        while subscription is not None and subscription.queue:
            event = subscription.queue.popleft()
            maybeDeferred(self._deliver, event).addErrback(self._untold)

    def _untold(self, failure: Failure) -> None:
        self.log.failure("an event could not be announced", failure=failure)

    # ---- the reply port

    def contribute(self, area: str, state: Callable[[], Any]) -> None:
        if area in self._areas:
            raise ValueError(f"{area} has its part of the snapshot already")
        self._areas[area] = state

    def handle(self, request: str, answer: Callable[[], bytes | str]) -> None:
        if request.encode() in self._answers:
            raise ValueError(f"{request} is answered already")
        self._answers[request.encode()] = answer

    def snapshot(self) -> Snapshot:
        """All that the areas know now, with the present number."""
        self._flush()
        state = {area: part() for area, part in self._areas.items()}
        return Snapshot(
            self._node, self._world.boot, self._seq, self._world.wall(), state, self._world.simulated
        )

    def answer(self, request: bytes) -> bytes:
        """The reply to `request`; an empty one where it is unknown or cannot be answered."""
        self.answered += 1
        answer = self._answers.get(request.strip())
        if answer is None:
            return b""
        replies: list[bytes | str] = []
        maybeDeferred(answer).addCallbacks(replies.append, self._unanswered, errbackArgs=(request,))
        reply = replies[0] if replies else b""
        return reply if isinstance(reply, bytes) else reply.encode("utf-8", "replace")

    def _unanswered(self, failure: Failure, request: bytes) -> None:
        self.log.failure("the request {request} could not be answered", failure=failure, request=request)


def _why(host: str, port: int, error: OSError) -> str:
    return f"port {host}:{port} cannot be had ({error.strerror or error})"
