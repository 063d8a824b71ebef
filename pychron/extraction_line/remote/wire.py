"""PeerLink: a valve controller over TCP, two lasting connections to one of ours, one a request to an installed one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError

from pychron.extraction_line.remote.faults import fault_of
from pychron.extraction_line.remote.file import RemoteSettings
from pychron.extraction_line.remote.link import LinkCut, LinkDown, PeerVersion
from pychron.rpc.client import ABORTED, Cut, NotConnected, PeerClient, PeerRefused, ask_once
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

DIALECT = "pychron-twisted"
"""With this the dialect in our GetVersion begins."""


class PeerLink:
    """Provides remote_link.Link."""

    def __init__(self, world: World, settings: RemoteSettings) -> None:
        self._world = world
        self._settings = settings
        self._number = 0
        self._spawner = Spawner()
        self._up: Callable[[], None] = lambda: None
        self._down: Callable[[str], None] = lambda why: None
        self._clients: tuple[PeerClient, PeerClient] | None = None
        """Queries and actuations: a slow valve must not make a status poll time out."""

    def start(self, up: Callable[[], None], down: Callable[[str], None]) -> None:
        """Nothing is connected before the dialect is known."""
        self._up, self._down = up, down

    async def stop(self) -> None:
        """What waits for a reply ends with LinkCut."""
        clients, self._clients = self._clients, None
        for client in clients or ():
            await client.stop()
        self._spawner.cancel()

    async def version(self, timeout_s: float) -> PeerVersion:
        """Ask on a connection of its own: an installed server closes it without a byte.

        So does one of ours that is full: a peer is an installed one only if it answers something like one.
        """
        text = await self.ask_plain("GetVersion", timeout_s=timeout_s)
        told = _version_in(text)
        if told is not None:
            self._connect()
            return told
        if not text:
            if not await self.ask_plain("GetValveStates", timeout_s=timeout_s):
                raise LinkCut("it closes each connection without an answer", closed=True)
            told = _version_in(text := await self.ask_plain("GetVersion", timeout_s=timeout_s))
            if told is not None:  # one of ours, that was full a moment ago
                self._connect()
                return told
        clients, self._clients = self._clients, None
        for client in clients or ():
            await client.stop()
        return PeerVersion(ours=False, text=text)

    def _connect(self) -> None:
        if self._clients is None:
            queries, actuations = self._clients = (self._client(), self._client())
            queries.start(lambda: self._came(queries, self._up), self._went)
            actuations.start(lambda: self._came(actuations, _nothing), lambda why: None)

    def _went(self, why: str) -> None:
        """One poll without an answer is no lost peer: whoever asked is told, and the next connection is made."""
        if why != ABORTED:
            self._down(why)

    def _client(self) -> PeerClient:
        s = self._settings
        return PeerClient(self._world, s.host, s.port, s.timeout_s, self._next_id)

    def _next_id(self) -> str:
        self._number += 1
        return f"{self._world.boot}:{self._number}"

    def _came(self, client: PeerClient, told: Callable[[], None]) -> None:
        """Something is said at once: a controller closes a connection that says nothing for ten seconds."""
        self._spawner.spawn(self._greet(client), f"greeting {self._settings.name}")
        told()

    async def _greet(self, client: PeerClient) -> None:
        try:
            await client.ask("GetVersion", "", self._settings.timeout_s, {})
        except (NotConnected, Cut, PeerRefused):
            return  # whoever waits for this connection is told by its own request

    async def ask(
        self, verb: str, value: str = "", *, timeout_s: float, actuates: bool = False, **members: Any
    ) -> Any:
        """As Link says. The time that passes until there is a connection counts."""
        if self._clients is None:
            raise LinkDown("not connected")
        client = self._clients[1 if actuates else 0]
        asked_at = self._world.wire.seconds()
        try:
            if not client.connected:
                await client.ready(timeout_s)
            waited = self._world.wire.seconds() - asked_at
            if "within" in members:
                members["within"] = round(members["within"] - waited, 3)
                if members["within"] <= 0:
                    raise LinkDown(f"no connection for {waited:.1f} s")
            return await client.ask(verb, value, max(0.0, timeout_s - waited), members)
        except NotConnected as down:
            raise LinkDown(str(down)) from down
        except Cut as cut:
            raise LinkCut(str(cut), cut.closed) from cut
        except PeerRefused as refused:
            raise fault_of(refused.error) from refused
        except CancelledError as cancelled:
            raise LinkCut("given up", closed=True) from cancelled

    async def ask_plain(self, text: str, *, timeout_s: float) -> str:
        """One connection, one request, one reply."""
        s = self._settings
        try:
            reply = await ask_once(self._world, s.host, s.port, text.encode() + b"\r", timeout_s)
        except NotConnected as down:
            raise LinkDown(str(down)) from down
        except Cut as cut:
            raise LinkCut(str(cut), cut.closed) from cut
        return reply.decode("utf-8", "replace").strip()


def _nothing() -> None:
    """Nobody is told of the connection for actuations."""


def _version_in(text: str) -> PeerVersion | None:
    try:
        told = json.loads(text) if text.startswith("{") else None
    except ValueError:
        return None
    if not isinstance(told, dict) or not str(told.get("dialect", "")).startswith(DIALECT):
        return None
    return PeerVersion(True, f"{told.get('name')} {told.get('version')}", told.get("simulated") is True)
