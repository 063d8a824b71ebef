"""The two connections to a valve controller, and the single ones that an installed server wants.

Ours: framed JSON with ids, replies matched by id, on two connections that come back with backoff. Installed: a
plain request on a connection of its own, ended by a bare CR, its reply read to the end of the connection.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from pychron.extraction_line.remote_faults import fault_of
from pychron.extraction_line.remote_file import RemoteSettings
from pychron.extraction_line.remote_link import LinkCut, LinkDown, PeerVersion
from pychron.extraction_line.remote_replies import OneReply, Replies
from pychron.rpc.rendering import frame
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import World

DIALECT = "pychron-twisted"
"""With this the dialect in our GetVersion begins."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.1, 5.0


class PeerLink:
    """Provides remote_link.Link over the world's streams."""

    log = Logger()

    def __init__(self, world: World, settings: RemoteSettings) -> None:
        self._world = world
        self._settings = settings
        self._number = 0
        self._queries = Channel(world, settings, "queries")
        self._actuations = Channel(world, settings, "actuations")

    def start(self, up: Callable[[], None], down: Callable[[str], None]) -> None:
        """Nothing is connected before the dialect is known."""
        self._queries.up, self._queries.down = up, down

    async def stop(self) -> None:
        """What waits for a reply ends with LinkCut."""
        await self._queries.stop()
        await self._actuations.stop()

    async def version(self, timeout_s: float) -> PeerVersion:
        """Ask on a connection of its own: an installed server closes it without a byte.

        So may one of ours that is full: a peer counts as installed only if it answers something as such a one.
        """
        text = await self.ask_plain("GetVersion", timeout_s=timeout_s)
        told = _version_in(text)
        if told is not None:
            for channel in (self._queries, self._actuations):
                channel.start()
            return told
        if not text and not await self.ask_plain("GetValveStates", timeout_s=timeout_s):
            raise LinkCut("it closes each connection without an answer", closed=True)
        await self._queries.stop()
        await self._actuations.stop()
        return PeerVersion(ours=False, text=text)

    async def ask(
        self, verb: str, value: str = "", *, timeout_s: float, actuates: bool = False, **members: Any
    ) -> Any:
        """As Link says. What waits for a connection has that much less time to be begun."""
        channel = self._actuations if actuates else self._queries
        asked_at = self._world.wire.seconds()
        replies = await channel.connected(timeout_s)
        waited = self._world.wire.seconds() - asked_at
        if "within" in members:
            members["within"] = round(members["within"] - waited, 3)
            if members["within"] <= 0:
                raise LinkDown(f"no connection within {waited:.1f} s")
        self._number += 1
        key = members.pop("id", None) or f"{self._world.boot}:{self._number}"
        request = {"command": verb, "value": value, **members, "id": key}
        line = frame(json.dumps(request, separators=(",", ":"), allow_nan=False))
        left = max(0.0, timeout_s - waited)
        try:
            reply = await within(self._world.wire, left, replies.ask(key, line), verb)
        except DeadlinePassed as passed:
            replies.abort()
            raise LinkCut(f"no answer to {verb} within {timeout_s:g} s") from passed
        except CancelledError:
            replies.abort()
            raise
        if "error" in reply:
            raise fault_of(reply["error"])
        return reply.get("result")

    async def ask_plain(self, text: str, *, timeout_s: float) -> str:
        """One connection, one request, one reply."""
        return await ask_once(self._world, self._settings, text, timeout_s)


class Channel:
    """One connection to one of ours, made again whenever it is lost."""

    log = Logger()

    def __init__(self, world: World, settings: RemoteSettings, what: str) -> None:
        self._world = world
        self._settings = settings
        self._what = what
        self._service: ClientService | None = None
        self.up: Callable[[], None] = lambda: None
        self.down: Callable[[str], None] = lambda why: None

    def start(self) -> None:
        """Connect, and keep connected. Called again it changes nothing."""
        if self._service is not None:
            return
        jitter = self._world.random.random
        self._service = ClientService(
            _endpoint(self._world, self._settings, self._settings.timeout_s),
            Factory.forProtocol(lambda: Replies(self._made, self._lost)),
            retryPolicy=backoffPolicy(FIRST_RETRY_S, LONGEST_RETRY_S, 1.5, lambda: jitter() * FIRST_RETRY_S),
            clock=self._world.wire,
        )
        self._service.startService()

    async def stop(self) -> None:
        """Close it, also one that is being made."""
        service, self._service = self._service, None
        if service is not None:
            await service.stopService()

    async def connected(self, timeout_s: float) -> Replies:
        """The connection, as soon as there is one. Raises LinkDown."""
        if self._service is None:
            raise LinkDown("not connected")
        waiting: Deferred[IProtocol] = self._service.whenConnected(failAfterFailures=1)
        try:
            protocol = await within(
                self._world.wire, timeout_s, waiting, f"connecting to {self._settings.address}"
            )
        except DeadlinePassed as passed:
            raise LinkDown(f"no connection within {timeout_s:g} s") from passed
        except CancelledError as cancelled:
            raise LinkDown("stopped") from cancelled
        except (ConnectError, OSError) as problem:
            raise LinkDown(_why(problem)) from problem
        assert isinstance(protocol, Replies)
        return protocol

    def _made(self, replies: Replies) -> None:
        """Something is said at once: a controller closes what says nothing. The answer is of no interest."""
        self._say(replies)
        self.up()

    def _say(self, replies: Replies) -> None:
        key = f"hello-{self._what}:0"
        line = frame(json.dumps({"command": "GetVersion", "value": "", "id": key}, separators=(",", ":")))
        replies.ask(key, line).addErrback(lambda failure: failure.trap(LinkCut, CancelledError) and None)

    def _lost(self, why: str) -> None:
        if self._service is not None:
            self.down(why)


async def ask_once(world: World, settings: RemoteSettings, text: str, timeout_s: float) -> str:
    """A plain request on a connection of its own. Raises LinkDown, LinkCut."""
    wire: IReactorTime = world.wire
    started = wire.seconds()
    once: Deferred[Any] = _endpoint(world, settings, timeout_s).connect(Factory.forProtocol(OneReply))
    try:
        protocol = await within(wire, timeout_s, once, f"connecting to {settings.address}")
    except DeadlinePassed as passed:
        raise LinkDown(f"no connection within {timeout_s:g} s") from passed
    except (ConnectError, OSError) as problem:
        raise LinkDown(_why(problem)) from problem
    assert isinstance(protocol, OneReply)
    left = max(0.0, timeout_s - (wire.seconds() - started))
    try:
        return await within(wire, left, protocol.ask(text.encode() + b"\r"), text)
    except DeadlinePassed as passed:
        raise LinkCut(f"no answer to {text} within {timeout_s:g} s") from passed
    finally:
        protocol.abort()


def _endpoint(world: World, settings: RemoteSettings, timeout_s: float) -> Any:
    return world.streams.tcp_client(settings.host, settings.port, timeout_s)


def _version_in(text: str) -> PeerVersion | None:
    try:
        told = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return None
    if not isinstance(told, dict) or not str(told.get("dialect", "")).startswith(DIALECT):
        return None
    return PeerVersion(True, f"{told.get('name')} {told.get('version')}", told.get("simulated") is True)


def _why(problem: BaseException) -> str:
    """The error of a connection as a person reads it."""
    text = " ".join(str(problem).split()).rstrip(".")
    return text[:1].lower() + text[1:] if text else type(problem).__name__


def _nothing() -> None:
    """The queries' connection tells for both."""


def _nothing_said(why: str) -> None:
    """As above."""
