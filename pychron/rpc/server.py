"""RemoteCommandServer: the listeners of the command port, who is let in, and how long a silent one may stay."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IReactorTime, IStreamServerEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.rpc.connection import UNREAD_S, CommandConnection, CommandFactory
from pychron.rpc.counters import Counters
from pychron.rpc.dispatch import Dispatcher
from pychron.rpc.doorkeeper import Doorkeeper
from pychron.rpc.loop_watch import LoopWatch
from pychron.rpc.verbs import VerbTable
from pychron.runtime.periodic import Periodic
from pychron.trust.addresses import UNIX, Rights

FIRST_BYTE_S = 10.0
MUTE_S = 1.0
"""Where all places are taken, one that has asked nothing for so long may have to go for another."""
IDLE_S = 15 * 60.0
SWEEP_S = 1.0


class CannotListen(Exception):
    """The port cannot be had. `text` names it, the key that says so, and what to do."""

    def __init__(self, where: str, key: str, problem: CannotListenError) -> None:
        reason = (
            problem.socketError.strerror if isinstance(problem.socketError, OSError) else problem.socketError
        )
        self.text = f"{where}: cannot listen ({reason}); stop what holds it, or change {key}"
        super().__init__(self.text)
        self.where = where
        self.key = key


@dataclass(slots=True)
class _Listener:
    endpoint: IStreamServerEndpoint
    unix: bool
    where: str
    key: str


class RemoteCommandServer(Service):
    """Serves one table of verbs on any number of listeners. Times are wire seconds."""

    name = "RemoteCommandServer"
    log = Logger()

    def __init__(
        self,
        wire: IReactorTime,
        verbs: VerbTable,
        rights: Rights,
        *,
        file: str = "setupfiles/servers/remote_command_server.yaml",
        close_after_reply: bool = False,
        quiet_s: float = 0.0,
        most: int = 2000,
    ) -> None:
        self.wire = wire
        self.rights = rights
        self.close_after_reply = close_after_reply
        self.quiet_s = quiet_s
        self.counters = Counters()
        self.watch = LoopWatch(wire)
        self.dispatcher = Dispatcher(verbs, wire, self.counters, self.watch, rights, file)
        self.is_owner: Callable[[str], bool] = lambda address: False
        self.ports: list[IListeningPort] = []
        self._doorkeeper = Doorkeeper(most)
        self._connections: dict[CommandConnection, None] = {}
        self._listeners: list[_Listener] = []
        self._sweep = Periodic(wire, SWEEP_S, self._look_round, "the sweep of the command port")

    # ---- listeners

    def add_tcp(self, endpoint: IStreamServerEndpoint, where: str, key: str) -> None:
        """Serve there too. `where` and `key` name it for the person who finds it taken."""
        self._listeners.append(_Listener(endpoint, False, where, key))

    def add_unix(self, endpoint: IStreamServerEndpoint, path: Path) -> None:
        """The node's own socket: who may open it may administer."""
        self._listeners.append(_Listener(endpoint, True, str(path), "the root's place"))

    def open(self) -> Deferred[None]:
        """Begin to accept. Fails with CannotListen."""
        self.watch.start()
        self._sweep.start()
        return Deferred.fromCoroutine(self._open())

    async def _open(self) -> None:
        for listener in self._listeners:
            try:
                port = await listener.endpoint.listen(CommandFactory(self, listener.unix))
            except CannotListenError as problem:
                raise CannotListen(listener.where, listener.key, problem) from None
            self.ports.append(port)
            self.log.info("commands are taken at {where}", where=_where(port.getHost()))

    async def drain(self) -> None:
        """Accept nobody new, begin nothing that moves, await what is begun."""
        await self._close_ports()
        await self.dispatcher.drain()

    async def close(self) -> None:
        """Let everybody go. Replies that are written go out where the peer reads."""
        await self._close_ports()
        self._sweep.stop()
        self.watch.stop()
        for connection in list(self._connections):
            connection.close()

    async def _close_ports(self) -> None:
        ports, self.ports = self.ports, []
        for port in ports:
            await maybeDeferred(port.stopListening)

    def startService(self) -> None:
        Service.startService(self)
        self.open().addErrback(self._not_open)

    def stopService(self) -> Deferred[None]:
        """Fires when the ports are closed and all have been let go."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self.close())

    def _not_open(self, failure: Failure) -> None:
        self.log.failure("the command port", failure=failure)

    # ---- connections

    def admit(self, address: str) -> bool:
        """Is there room for one more from `address`?"""
        privileged = self._is_privileged(address)
        if self._doorkeeper.could_come(address, privileged):
            self._part_with_a_mute_one()
        if self._doorkeeper.admit(address, privileged):
            return True
        self.counters.refused += 1
        return False

    def _is_privileged(self, address: str) -> bool:
        return address == UNIX or self.is_owner(address)

    def _part_with_a_mute_one(self) -> None:
        """The oldest connection that has asked nothing yet makes room: half-open ones keep nobody out."""
        before = self.wire.seconds() - MUTE_S
        for connection in self._connections:
            if connection.since > before:
                return
            if connection.answered or self._is_privileged(connection.address):
                continue
            if connection.conversation is not None and connection.conversation.idle:
                self.counters.silent += 1
                self.left(connection)
                connection.abort()
                return

    def entered(self, connection: CommandConnection) -> None:
        """It was admitted and is connected."""
        self._connections[connection] = None
        self.counters.connections += 1
        self.counters.connected += 1

    def left(self, connection: CommandConnection) -> None:
        """It is gone."""
        if connection in self._connections:
            del self._connections[connection]
            self.counters.connected -= 1
            self._doorkeeper.left(connection.address)

    def _look_round(self) -> None:
        """Part with those that never spoke, have been silent for long, or do not read."""
        now = self.wire.seconds()
        self.counters.standstills = self.watch.standstills
        for connection in list(self._connections):
            if connection.stalled_at is not None and now - connection.stalled_at > UNREAD_S:
                self.counters.unread += 1
                connection.abort()
                continue
            silent_s = now - connection.last_at
            if silent_s <= FIRST_BYTE_S or (connection.spoken and silent_s <= IDLE_S):
                continue
            conversation = connection.conversation
            if conversation is not None and not conversation.idle:
                continue
            if connection.spoken and self._is_privileged(connection.address):
                continue
            self.counters.silent += 1
            connection.abort()


def _where(host: Any) -> str:
    """`127.0.0.1:1061`, or the path of a Unix socket: what a person types."""
    path = getattr(host, "name", None)
    if path is not None:
        return f"unix:{os.fsdecode(path)}"
    name = f"[{host.host}]" if ":" in host.host else host.host
    return f"{name}:{host.port}"
