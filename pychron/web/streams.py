"""Server-sent events to browsers: bounded for each, what does not read is dropped and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.web.server import Request
from zope.interface import implementer

from pychron.runtime.periodic import Periodic

BEAT_S = 3.0
GATHER_S = 0.02
"""Events of so long go out together: a page draws no faster."""
MOST_WAITING = 256 * 1024
"""Bytes that wait for one browser. One that reads slower is dropped, and comes back for a fresh state."""
MOST_BROWSERS = 100


@implementer(IPushProducer)
class _Browser:
    """One open stream."""

    def __init__(self, request: Request, gone: Callable[[_Browser], None]) -> None:
        self._request = request
        self._gone = gone
        self._paused = False
        self._waiting: list[bytes] = []
        self._bytes = 0
        self.open = True
        self.done: Deferred[bytes] = Deferred()
        """Fires when we end it."""
        request.notifyFinish().addBoth(self._finished)
        request.registerProducer(self, True)

    def send(self, data: bytes) -> bool:
        """False where too much waits: then it is over."""
        if not self.open:
            return True
        if not self._paused:
            self._request.write(data)
            return True
        self._waiting.append(data)
        self._bytes += len(data)
        if self._bytes <= MOST_WAITING:
            return True
        self.end(abort=True)
        return False

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        waiting, self._waiting, self._bytes = b"".join(self._waiting), [], 0
        if waiting and self.open:
            self._request.write(waiting)

    def stopProducing(self) -> None:
        self._finished(None)

    def end(self, abort: bool = False) -> None:
        """Close it. `abort`: what waits is thrown away."""
        if not self.open:
            return
        self.open = False
        self._waiting.clear()
        self._gone(self)
        channel = self._request.channel
        if abort and channel is not None:
            channel.forceAbortClient()
        else:
            self._request.unregisterProducer()
            self.done.callback(b"")

    def _finished(self, _: object) -> None:
        if self.open:
            self.open = False
            self._waiting.clear()
            self._gone(self)


class Streams:
    """Every browser that follows this node."""

    def __init__(self, clock: IReactorTime, beat: Callable[[], dict[str, Any]]) -> None:
        self._clock = clock
        self._browsers: list[_Browser] = []
        self._pending: list[bytes] = []
        self._due: IDelayedCall | None = None
        self._beat_of = beat
        self._beat = Periodic(clock, BEAT_S, self._say_beat, "beat of the live page")
        self.before: Callable[[], list[tuple[str, Any]]] = list
        """Events that belong before what has been gathered goes out: colours, worked out once for many changes."""
        self.dropped = 0

    def start(self) -> None:
        """Begin to beat."""
        self._beat.start()

    def stop(self) -> None:
        """Close every stream."""
        if self._beat.running:
            self._beat.stop()
        if self._due is not None:
            self._due.cancel()
            self._due = None
        for browser in list(self._browsers):
            browser.end()

    @property
    def browsers(self) -> int:
        """How many follow now."""
        return len(self._browsers)

    @property
    def is_full(self) -> bool:
        return len(self._browsers) >= MOST_BROWSERS

    def add(self, request: Request, first: list[tuple[str, Any]]) -> Deferred[bytes]:
        """A new one; `first` is what it hears before anything else. Fires when we end it."""
        browser = _Browser(request, self._browsers.remove)
        self._browsers.append(browser)
        browser.send(b"retry: 2000\n\n" + b"".join(frame(kind, data) for kind, data in first))
        return browser.done

    def say(self, kind: str, data: Any) -> None:
        """To all, soon."""
        if not self._browsers:
            return
        self._pending.append(frame(kind, data))
        self.wake()

    def wake(self) -> None:
        """Something changed that `before` will tell."""
        if self._browsers and self._due is None:
            self._due = self._clock.callLater(GATHER_S, self._flush)

    def _flush(self) -> None:
        self._due = None
        pending, self._pending = self._pending, []
        data = b"".join([*pending, *(frame(kind, one) for kind, one in self.before())])
        if not data:
            return
        for browser in list(self._browsers):
            if not browser.send(data):
                self.dropped += 1

    def _say_beat(self) -> None:
        if self._browsers:
            self.say("beat", self._beat_of())


def frame(kind: str, data: Any) -> bytes:
    """One event. JSON has no line end in it."""
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n".encode()
