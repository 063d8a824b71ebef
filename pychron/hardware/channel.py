"""One exchange at a time with one instrument, each with a deadline; a late answer is never taken for the next.

An exchange without a sensible answer ends the connection: the next one is on a new connection with a new epoch.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.hardware.interfaces import Mark, NoAnswer, Unavailable
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import World

T = TypeVar("T")
LONGEST_REPLY = 64 * 1024
SLOWEST_RETRY_S = 10.0


@dataclass(slots=True)
class Counters:
    """Plain numbers of a channel."""

    exchanges: int = 0
    timeouts: int = 0
    garbled: int = 0
    lost: int = 0
    unsolicited: int = 0
    """Lines that nobody had asked for; dropped."""
    connects: int = 0


class _Lines(Protocol):
    """Bytes into lines for whoever waits; what nobody waits for is counted and dropped."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._buffer = b""
        self.waiting: Deferred[bytes] | None = None

    def connectionMade(self) -> None:
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)

    def dataReceived(self, data: bytes) -> None:
        *lines, self._buffer = self._channel.line_end.split(self._buffer + data)
        if len(self._buffer) > LONGEST_REPLY:
            self._buffer = b""
            self._channel.counters.garbled += 1
            self.end()
        for line in lines:
            if not line:
                continue
            waiting, self.waiting = self.waiting, None
            if waiting is None:
                self._channel.counters.unsolicited += 1
            else:
                waiting.callback(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        waiting, self.waiting = self.waiting, None
        self._channel.went(self)
        if waiting is not None:
            waiting.errback(Failure(ConnectionLost()))

    def end(self) -> None:
        """Give the connection up at once."""
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()
        elif self.transport is not None:
            self.transport.loseConnection()


class ConnectionLost(Exception):
    """The connection ended in the middle of an exchange."""


class Turn:
    """The channel, held by one piece of work. After any error it is of no further use."""

    def __init__(self, channel: Channel, lines: _Lines, epoch: int) -> None:
        self._channel = channel
        self._lines = lines
        self.epoch = epoch
        self._mark: Mark | None = None

    def mark(self) -> Mark:
        """Now, on this connection: taken just before the first byte of what may matter."""
        self._mark = Mark(self.epoch, self._channel.now)
        return self._mark

    def write(self, data: bytes) -> None:
        """Send what has no answer. Raises NoAnswer where the connection has just gone."""
        if self._channel.lines is not self._lines:
            raise self._none(f"{self._channel.name}: the connection ended")
        assert self._lines.transport is not None
        self._lines.transport.write(data)

    async def ask(self, data: bytes, timeout_s: float | None = None) -> bytes:
        """Send and await one line. Raises NoAnswer, after which the connection is ended."""
        limit = self._channel.timeout_s if timeout_s is None else timeout_s
        self._channel.counters.exchanges += 1
        waiting = self._lines.waiting = Deferred(lambda d: None)
        if data:
            self.write(data)
        try:
            return await within(self._channel.wire, limit, waiting, self._channel.name)
        except DeadlinePassed:
            self._lines.waiting = None
            self._channel.counters.timeouts += 1
            self._lines.end()
            raise self._none(f"{self._channel.name} did not answer within {limit:g} s") from None
        except ConnectionLost:
            self._channel.counters.lost += 1
            raise self._none(f"{self._channel.name}: the connection ended before the answer") from None

    def garbled(self, answer: bytes) -> NoAnswer:
        """What came is no answer to what was asked: out of step, so the connection ends."""
        self._channel.counters.garbled += 1
        self._lines.end()
        return self._none(f"{self._channel.name} answered {answer[:60]!r}, which makes no sense")

    def _none(self, text: str) -> NoAnswer:
        return NoAnswer(text, self._mark or self.mark())


@dataclass(slots=True, eq=False)
class _Waiting:
    turn: Deferred[None]
    urgent: bool


class Channel:
    """A stream to one instrument that reconnects by itself, and the queue of those who want to use it."""

    log = Logger()

    def __init__(
        self,
        world: World,
        endpoint: IStreamClientEndpoint,
        name: str,
        timeout_s: float = 1.0,
        line_end: bytes = rb"[\r\n\0]+",
    ) -> None:
        self.wire = world.wire
        self.name = name
        self.timeout_s = timeout_s
        self.line_end = re.compile(line_end)
        self.counters = Counters()
        self.lines: _Lines | None = None
        self.epoch = 0
        self.why_down = "not connected yet"
        self._queue: deque[_Waiting] = deque()
        self._busy = False
        draw = world.random.random
        policy = backoffPolicy(initialDelay=0.1, maxDelay=SLOWEST_RETRY_S, jitter=lambda: 0.05 * draw())
        self._service = ClientService(endpoint, _Maker(self), retryPolicy=policy, clock=self.wire)
        self._whenever()

    def _whenever(self) -> None:
        self._service.startService()
        self._ask_again()

    def _ask_again(self) -> None:
        def failed(failure: Failure) -> None:
            self.why_down = failure.getErrorMessage()
            if self._service.running and self.lines is None:
                self._ask_again()

        self._service.whenConnected(failAfterFailures=1).addCallbacks(lambda lines: None, failed)

    @property
    def now(self) -> float:
        """Wire seconds."""
        return float(self.wire.seconds())

    @property
    def connected(self) -> bool:
        """Whether the stream is up."""
        return self.lines is not None

    def came(self, lines: _Lines) -> None:
        """A new connection stands."""
        self.lines = lines
        self.epoch += 1
        self.counters.connects += 1

    def went(self, lines: _Lines) -> None:
        """The connection has ended."""
        if self.lines is lines:
            self.lines = None
            self.why_down = "the connection ended"
            if self._service.running:
                self.wire.callLater(0, self._ask_again)

    async def turn(self, work: Callable[[Turn], Awaitable[T]], urgent: bool = False) -> T:
        """Hold the channel for `work`. An urgent one is the next, before all that wait. Raises Unavailable."""
        await self._wait(urgent)
        try:
            if self.lines is None:
                raise Unavailable(f"{self.name}: {self.why_down}; look at power, cable and address")
            return await work(Turn(self, self.lines, self.epoch))
        finally:
            self._next()

    async def _wait(self, urgent: bool) -> None:
        if not self._busy:
            self._busy = True
            return
        waiting = _Waiting(Deferred(), urgent)
        place = next((i for i, w in enumerate(self._queue) if urgent and not w.urgent), len(self._queue))
        self._queue.insert(place, waiting)
        await waiting.turn

    def _next(self) -> None:
        if self._queue:
            self._queue.popleft().turn.callback(None)
        else:
            self._busy = False

    async def close(self) -> None:
        """End the connection and try no more."""
        stopped: Any = self._service.stopService()
        if stopped is not None:
            await stopped


class _Maker(Factory):
    """Makes the protocol of each connection."""

    noisy = False

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def buildProtocol(self, addr: IAddress | None) -> Any:
        lines = _Lines(self._channel)
        made = lines.connectionMade

        def connected() -> None:
            made()
            self._channel.came(lines)

        lines.connectionMade = connected  # type: ignore[method-assign]
        return lines
