"""One exchange at a time with one instrument, each with a deadline; a late answer is never taken for the next.

An exchange without a sensible answer ends the connection: the next one is on a new connection with a new epoch.
A serial line is the same line after that: its driver proves at the start of each epoch that answers are in step, or
(`quiet`) lets the time pass in which an old one may still come.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.hardware.interfaces import Mark, NoAnswer, Unavailable
from pychron.hardware.turns import Turns
from pychron.runtime.deadlines import DeadlinePassed, sleep, within
from pychron.runtime.world import World

T = TypeVar("T")
LONGEST_REPLY = 64 * 1024
LINE_END = rb"[\r\n\0]+"
"""What ends an answer, as a regular expression."""
SLOWEST_RETRY_S = 10.0
Heard = Callable[[bytes, bytes | None, str], None]
"""What was sent, what it answered (None: nothing was awaited or came), and why that is no sensible answer (empty: it is one)."""
CLOSE_S = 1.0
"""After which a connection that does not close by itself is given up."""


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


class ConnectionEnded(Exception):
    """The connection ended in the middle of an exchange."""


class _Lines(Protocol):
    """One connection: bytes into lines for whoever waits; what nobody waits for is counted and dropped."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.ready: deque[bytes] = deque()
        """Lines that came and that nobody has taken: only the turn that asked for several may have some."""
        self.rest = b""
        """The beginning of a line."""
        self.asked = False
        """Whether anything was asked on this connection."""
        self.ended = False
        self.waiting: Deferred[bytes] | None = None

    def connectionMade(self) -> None:
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)
        self._channel.came(self)

    def dataReceived(self, data: bytes) -> None:
        if self.ended:
            return
        *lines, self.rest = self._channel.line_end.split(self.rest + data)
        # All are kept before anybody goes on: what has come already answers nothing that is asked from now on.
        self.ready.extend(filter(None, lines))
        if len(self.rest) > LONGEST_REPLY:
            self._channel.counters.garbled += 1
            self.end()
        elif self.waiting is not None and self.ready:
            waiting, self.waiting = self.waiting, None
            waiting.callback(self.ready.popleft())
        elif not self._channel.held:
            self.clear()

    def clear(self) -> None:
        """Nobody waits for what is there: it is dropped. More answers than questions: out of step."""
        if not self.ready:
            return
        self._channel.counters.unsolicited += len(self.ready)
        self.ready.clear()
        if self.asked:
            self.end()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over()

    def end(self) -> None:
        """Give the connection up at once: nothing that comes on it counts any more."""
        if self.ended:
            return
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()
        elif self.transport is not None:
            self.transport.loseConnection()
        self._over()

    def _over(self) -> None:
        if self.ended:
            return
        self.ended, self.rest = True, b""
        self.ready.clear()
        waiting, self.waiting = self.waiting, None
        self._channel.went(self)
        if waiting is not None:
            waiting.errback(Failure(ConnectionEnded()))


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

    async def quiet(self) -> None:
        """For whoever cannot prove that answers are in step: on each further connection over one line nothing is asked until
        what was asked before has had its time. An answer that comes while this waits has `ask` end this connection too."""
        channel = self._channel
        left = channel.came_at + channel.timeout_s - channel.now
        if channel.one_line and self.epoch > 1 and left > 0:
            await sleep(channel.wire, left)

    def write(self, data: bytes) -> None:
        """Send what has no answer. Raises NoAnswer where the connection has just gone or is out of step."""
        self._send(data)
        self._channel.tell(data, None)

    def _send(self, data: bytes) -> None:
        if self._lines.ended:
            raise self._none(f"{self._channel.name}: the connection ended")
        if self._lines.ready or self._lines.rest:
            raise self.garbled(self._lines.ready[0] if self._lines.ready else self._lines.rest)
        assert self._lines.transport is not None
        self._lines.asked = True
        self._lines.transport.write(data)

    async def ask(self, data: bytes, timeout_s: float | None = None) -> bytes:
        """Send and await one line; without data, await one more. Raises NoAnswer, after which the connection is ended."""
        limit = self._channel.timeout_s if timeout_s is None else timeout_s
        counters = self._channel.counters
        if data:
            self._send(data)
            counters.exchanges += 1
        elif self._lines.ready:
            answer = self._lines.ready.popleft()
            self._channel.tell(b"", answer)
            return answer
        elif self._lines.ended:
            raise self._none(f"{self._channel.name}: the connection ended")
        waiting: Deferred[bytes] = Deferred(lambda _: None)
        self._lines.waiting = waiting
        try:
            answer = await within(self._channel.wire, limit, waiting, self._channel.name)
            self._channel.tell(data, answer)
            return answer
        except DeadlinePassed:
            counters.timeouts += 1
            text = f"{self._channel.name} did not answer within {limit:g} s"
        except ConnectionEnded:
            counters.lost += 1
            text = f"{self._channel.name}: the connection ended before the answer"
        except CancelledError:
            text = f"{self._channel.name}: given up before the answer"
        finally:
            if self._lines.waiting is waiting:
                # Its answer may still come, and must find nobody.
                self._lines.waiting = None
                self._lines.end()
        self._channel.tell(data, None, text)
        raise self._none(text) from None

    def garbled(self, answer: bytes) -> NoAnswer:
        """What came is no answer to what was asked: out of step, so the connection ends."""
        self._channel.counters.garbled += 1
        self._lines.end()
        text = f"{self._channel.name} answered {answer[:60]!r}, which makes no sense"
        self._channel.tell(b"", None, text)
        return self._none(text)

    def _none(self, text: str) -> NoAnswer:
        return NoAnswer(text, self._mark or self.mark())


class Channel:
    """A stream to one instrument that reconnects by itself, and the queue of those who want to use it."""

    def __init__(
        self,
        world: World,
        endpoint: IStreamClientEndpoint,
        name: str,
        timeout_s: float = 1.0,
        line_end: bytes = LINE_END,
        one_line: bool = False,
    ) -> None:
        """`one_line`: each connection is the same line again, as of a serial port."""
        self.one_line = one_line
        self.came_at = 0.0
        """Wire seconds at which the present connection came."""
        self.wire = world.wire
        self.name = name
        self.timeout_s = timeout_s
        self.line_end = re.compile(line_end)
        self.counters = Counters()
        self.heard: Heard | None = None
        """Is told each exchange when it has ended."""
        self.lines: _Lines | None = None
        self.epoch = 0
        self.why_down = "not connected yet"
        self._turns = Turns()
        self._trying: Deferred[None] | None = Deferred()
        """Fires at the end of the first attempt to connect since the last connection; None when that has failed."""
        draw = world.random.random
        self.draw: Callable[[int], int] = world.random.randrange
        """A random number below another."""
        policy = backoffPolicy(initialDelay=0.1, maxDelay=SLOWEST_RETRY_S, jitter=lambda: 0.05 * draw())
        self._service = ClientService(
            _Attempts(endpoint, self), _Maker(self), retryPolicy=policy, clock=self.wire
        )
        self._service.startService()

    @property
    def now(self) -> float:
        """Wire seconds."""
        return float(self.wire.seconds())

    @property
    def connected(self) -> bool:
        """Whether the stream is up."""
        return self.lines is not None

    @property
    def held(self) -> bool:
        """Whether somebody has the turn."""
        return self._turns.busy

    def tell(self, sent: bytes, answer: bytes | None, failed: str = "") -> None:
        """An exchange has ended."""
        if self.heard is not None:
            self.heard(sent, answer, failed)

    def came(self, lines: _Lines) -> None:
        """A new connection stands."""
        self.lines = lines
        self.epoch += 1
        self.came_at = self.now
        self.counters.connects += 1

    def tried(self, why_not: str = "") -> None:
        """An attempt to connect has ended."""
        if why_not:
            self.why_down = why_not
        trying, self._trying = self._trying, None
        if trying is not None:
            trying.callback(None)

    def went(self, lines: _Lines) -> None:
        """The connection has ended."""
        if self.lines is lines:
            self.lines = None
            if not self._service.running:
                return
            self.why_down = "the connection ended"
            if self._trying is None:
                self._trying = Deferred()

    async def turn(self, work: Callable[[Turn], Awaitable[T]], urgent: bool = False) -> T:
        """Hold the channel for `work`. An urgent one is the next, before all that wait. Raises Unavailable."""
        await self._turns.take(urgent)
        try:
            lines = await self._connection()
            try:
                return await work(Turn(self, lines, self.epoch))
            finally:
                lines.clear()
        finally:
            self._turns.give()

    async def _connection(self) -> _Lines:
        """The one that stands, or that is being made just now."""
        if self.lines is None and self._trying is not None:
            turn: Deferred[None] = Deferred(lambda _: None)
            self._trying.addCallback(lambda _: None if turn.called else turn.callback(None))
            with suppress(DeadlinePassed):
                await within(self.wire, self.timeout_s, turn, self.name)
        if self.lines is None:
            raise Unavailable(f"{self.name}: {self.why_down}; look at power, cable and address")
        if self.lines.asked and self.lines.rest:
            self.lines.end()
            raise Unavailable(f"{self.name}: half an answer came that nobody had asked for; nothing was sent")
        return self.lines

    async def close(self) -> None:
        """End the connection and try no more. Who waits for a turn gets Unavailable."""
        if not self._service.running:
            return
        stopping: Any = self._service.stopService()
        self.why_down = "it was closed"
        self.tried()
        lines = self.lines
        if lines is not None and self._turns.busy:
            lines.end()
        if stopping is None:
            return
        try:
            await within(self.wire, CLOSE_S, stopping, self.name)
        except DeadlinePassed:
            if lines is not None:
                lines.end()


class _Maker(Factory):
    """Makes the protocol of each connection."""

    noisy = False

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def buildProtocol(self, addr: IAddress | None) -> _Lines:
        return _Lines(self._channel)


@implementer(IStreamClientEndpoint)
class _Attempts:
    """Tells the channel how each attempt ended."""

    def __init__(self, endpoint: IStreamClientEndpoint, channel: Channel) -> None:
        self._endpoint = endpoint
        self._channel = channel

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        def connected(protocol: IProtocol) -> IProtocol:
            # In a later turn: ClientService must have taken the connection before anybody may end it.
            self._channel.wire.callLater(0, self._channel.tried)
            return protocol

        def failed(failure: Failure) -> Failure:
            self._channel.tried(failure.getErrorMessage())
            return failure

        return self._endpoint.connect(protocolFactory).addCallbacks(connected, failed)


def channel_counters(device: str, channel: Channel) -> dict[str, Callable[[], int | float]]:
    """For the node's table of counters, by device; each is read when it is called."""
    counted = channel.counters
    return {
        f"channel_{device}_exchanges": lambda: counted.exchanges,
        f"channel_{device}_timeouts": lambda: counted.timeouts,
        f"channel_{device}_garbled": lambda: counted.garbled,
        f"channel_{device}_lost": lambda: counted.lost,
        f"channel_{device}_connects": lambda: counted.connects,
        f"channel_{device}_up": lambda: int(channel.connected),
    }
