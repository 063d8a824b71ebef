"""Connections to another node's command port: persistent for one of ours, one a request for an installed server.

On time-out the connection is aborted before anything else: what it still carried is no command any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone, DNSLookupError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from pychron.rpc.rendering import frame
from pychron.rpc.replies import Nonsense, read_reply
from pychron.runtime.deadlines import DeadlinePassed, sleep, within
from pychron.runtime.world import World

ABORTED = "the connection was aborted"
"""Why it is down after this side gave it up: that alone says nothing about the peer."""
LONGEST_REPLY = 16 * 1024 * 1024
SLOWEST_RETRY_S = 1.0
"""Well below any time-out: who asks just after a node has come back waits for its connection, and is not turned away."""


class NotConnected(Exception):
    """There is no connection: nothing was written."""


class Cut(Exception):
    """Something may have been written and no answer came; the connection is gone. `closed`: the peer ended it."""

    def __init__(self, text: str, closed: bool) -> None:
        super().__init__(text)
        self.closed = closed


class PeerRefused(Exception):
    """The peer answered with an error object."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("text", error)))
        self.error = error


class Replies(Protocol):
    """One connection: lines into the replies that wait for them by id."""

    def __init__(self, client: PeerClient) -> None:
        self._client = client
        self._pieces: list[bytes] = []
        self._held = 0
        self.waiting: dict[str, Deferred[Any]] = {}
        self.lost = False

    def connectionMade(self) -> None:
        no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if no_delay is not None:
            no_delay(True)
        keep_alive = getattr(self.transport, "setTcpKeepAlive", None)
        if keep_alive is not None:
            keep_alive(True)
        self._client.came(self)

    def dataReceived(self, data: bytes) -> None:
        # A long reply comes in many pieces: they are joined once.
        self._pieces.append(data)
        self._held += len(data)
        if b"\n" not in data:
            if self._held > LONGEST_REPLY:
                self.abort()
            return
        *lines, rest = b"".join(self._pieces).split(b"\n")
        self._pieces, self._held = [rest], len(rest)
        for line in lines:
            if not self.lost and line.strip():
                self._take(line.rstrip(b"\r"))

    def _take(self, line: bytes) -> None:
        try:
            reply = read_reply(line)
        except Nonsense:
            # One of ours answers an id with an object: whatever this is, no reply can be told from another here.
            self.abort()
            return
        waiting = self.waiting.pop(reply.id, None)
        if waiting is None:
            return
        if reply.error is not None:
            waiting.errback(Failure(PeerRefused(reply.error)))
        else:
            waiting.callback(reply.result)

    def abort(self) -> None:
        """End it at once; what waits is told so."""
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()
        self.end(ABORTED)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.end(reason.getErrorMessage())

    def end(self, why: str) -> None:
        """No reply comes any more."""
        if self.lost:
            return
        self.lost = True
        self._client.went(self, why)
        waiting, self.waiting = self.waiting, {}
        for reply in waiting.values():
            reply.errback(Failure(Cut(why, closed=True)))


class PeerClient:
    """One persistent connection to one of our nodes. `ids` gives a new identity for each request."""

    def __init__(self, world: World, host: str, port: int, connect_s: float, ids: Callable[[], str]) -> None:
        self._world = world
        self._name = f"{host}:{port}"
        self._ids = ids
        self._lines: Replies | None = None
        self._up: Callable[[], None] = lambda: None
        self._down: Callable[[str], None] = lambda why: None
        self._told_down = ""
        draw = world.random.random
        policy = backoffPolicy(initialDelay=0.2, maxDelay=SLOWEST_RETRY_S, jitter=lambda: 0.1 * draw())
        endpoint = world.streams.tcp_client(host, port, connect_s)
        self._service = ClientService(endpoint, _Maker(self), retryPolicy=policy, clock=world.wire)
        self.why_down = "not connected yet"

    def start(self, up: Callable[[], None], down: Callable[[str], None]) -> None:
        """Begin to connect. `up` at each connection; `down` with the reason at each loss and at the first failure."""
        self._up, self._down = up, down
        self._service.startService()
        self._watch()

    def _watch(self) -> None:
        def failed(failure: Failure) -> None:
            if not self._service.running or self._lines is not None:
                return
            self.why_down = failure.getErrorMessage()
            self._tell_down(self.why_down)
            # In a turn of its own: ClientService cannot be asked again from within its own answer.
            self._world.wire.callLater(0, self._watch_again)

        self._service.whenConnected(failAfterFailures=1).addCallbacks(lambda made: None, failed)

    def _tell_down(self, why: str) -> None:
        if why != self._told_down:
            self._told_down = why
            self._down(why)

    async def ready(self, timeout_s: float) -> None:
        """Await the connection. Raises NotConnected."""
        try:
            await within(
                self._world.wire, timeout_s, self._service.whenConnected(failAfterFailures=1), self._name
            )
        except DeadlinePassed as late:
            raise NotConnected(str(late)) from None
        except (ConnectError, DNSLookupError, OSError) as problem:
            await sleep(self._world.wire, 0)  # whoever asks again at once does so in another turn
            raise NotConnected(f"{self._name}: {problem}") from problem

    @property
    def connected(self) -> bool:
        """Whether the connection is up."""
        return self._lines is not None

    def came(self, lines: Replies) -> None:
        """A connection stands."""
        self._lines = lines
        self._told_down = ""
        self._up()

    def went(self, lines: Replies, why: str) -> None:
        """It has gone."""
        if self._lines is lines:
            self._lines = None
            self.why_down = why
            if self._service.running:
                self._tell_down(why)
                self._world.wire.callLater(0, self._watch_again)

    def _watch_again(self) -> None:
        if self._service.running and self._lines is None:
            self._watch()

    async def ask(self, verb: str, value: str, timeout_s: float, members: Mapping[str, Any]) -> Any:
        """One request; its result. Raises NotConnected, Cut, PeerRefused."""
        lines = self._lines
        if lines is None or lines.transport is None:
            raise NotConnected(f"{self._name}: {self.why_down}")
        request = {"command": verb, "value": value, "id": self._ids(), **members}
        request_id = str(request["id"])
        data = frame(json.dumps(request, allow_nan=False))

        def give_up(_: Deferred[Any]) -> None:
            # Late, or nobody waits any more: what is still in a buffer must never come to pass.
            lines.waiting.pop(request_id, None)
            lines.abort()

        waiting: Deferred[Any] = Deferred(give_up)
        lines.waiting[request_id] = waiting
        lines.transport.write(data)
        try:
            return await within(self._world.wire, timeout_s, waiting, f"{verb} at {self._name}")
        except DeadlinePassed:
            raise Cut(f"{self._name} did not answer {verb} within {timeout_s:g} s", closed=False) from None

    async def stop(self) -> None:
        """End the connection; what is under way ends with Cut."""
        lines = self._lines
        stopped: Any = self._service.stopService()
        if lines is not None:
            lines.abort()
        if stopped is not None:
            await stopped


class _Maker(Factory):
    noisy = False

    def __init__(self, client: PeerClient) -> None:
        self._client = client

    def buildProtocol(self, addr: IAddress | None) -> Replies:
        return Replies(self._client)


class _Once(Protocol):
    """One plain request: everything until the peer ends the connection, or a line where it keeps it open."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._got = b""
        self.reply: Deferred[bytes] = Deferred(lambda d: None)

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._request)

    def dataReceived(self, data: bytes) -> None:
        self._got += data
        if self._got.endswith(b"\n") or len(self._got) > LONGEST_REPLY:
            self._done()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ConnectionDone):
            self._done()
        elif not self.reply.called:
            self.reply.errback(Failure(Cut(reason.getErrorMessage(), closed=True)))

    def _done(self) -> None:
        if not self.reply.called:
            self.reply.callback(self._got)

    def abort(self) -> None:
        """End it at once."""
        abort = getattr(self.transport, "abortConnection", None)
        if abort is not None:
            abort()


class _OnceMaker(Factory):
    noisy = False

    def __init__(self, request: bytes) -> None:
        self._request = request

    def buildProtocol(self, addr: IAddress | None) -> _Once:
        return _Once(self._request)


async def ask_once(world: World, host: str, port: int, request: bytes, timeout_s: float) -> bytes:
    """One request on a connection of its own; the reply to its end, empty where the peer closed without a byte.

    Raises NotConnected (nothing was written), Cut.
    """
    endpoint = world.streams.tcp_client(host, port, timeout_s)
    began = world.wire.seconds()
    try:
        made: Any = await within(
            world.wire, timeout_s, endpoint.connect(_OnceMaker(request)), f"{host}:{port}"
        )
    except DeadlinePassed as late:
        raise NotConnected(str(late)) from None
    except (ConnectError, DNSLookupError, OSError) as problem:
        raise NotConnected(f"{host}:{port}: {problem}") from problem
    left = max(0.001, timeout_s - (world.wire.seconds() - began))
    try:
        return await within(world.wire, left, made.reply, f"{host}:{port}")
    except DeadlinePassed:
        raise Cut(f"{host}:{port} did not answer within {timeout_s:g} s", closed=False) from None
    finally:
        made.abort()
