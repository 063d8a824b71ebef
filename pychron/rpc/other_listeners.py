"""The listeners that a file may ask for besides the command port: datagrams, and the deprecated GET."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from pychron.rpc.datagrams import CommandDatagrams
from pychron.rpc.dispatch import Dispatcher
from pychron.rpc.legacy import LegacyFactory
from pychron.rpc.server import CannotListen
from pychron.rpc.server_file import ServerSpec
from pychron.runtime.world import IDatagrams, World


class OtherListeners:
    """None of them is open unless the file says so."""

    log = Logger()

    def __init__(self, dispatcher: Dispatcher, world: World, spec: ServerSpec) -> None:
        self._dispatcher = dispatcher
        self._world = world
        self._spec = spec
        self._ports: list[IListeningPort] = []

    def open(self) -> Deferred[None]:
        """Begin to listen. Fails with CannotListen."""
        return Deferred.fromCoroutine(self._open())

    async def _open(self) -> None:
        udp, legacy = self._spec.udp, self._spec.legacy
        if udp is not None:
            self._open_udp(udp.port, udp.actuate, f"udp: port in {udp.place}")
        if legacy is not None:
            factory = LegacyFactory(self._dispatcher, self._world.wire, legacy)
            endpoint = self._world.streams.tcp_server(legacy.host, legacy.port)
            try:
                self._ports.append(await endpoint.listen(factory))
            except CannotListenError as problem:
                where = f"{legacy.host}:{legacy.port}"
                raise CannotListen(where, f"legacy: port in {legacy.place}", problem) from None
            self.log.warn(
                "GET requests are taken at {host}:{port}: this listener is deprecated",
                host=legacy.host,
                port=legacy.port,
            )

    def _open_udp(self, port: int, actuate: bool, key: str) -> None:
        if not IDatagrams.providedBy(self._world.streams):
            self.log.warn("{key}: there are no datagrams in this world", key=key)
            return
        streams: Any = self._world.streams
        try:
            self._ports.append(
                streams.udp_server(self._spec.host, port, CommandDatagrams(self._dispatcher, actuate))
            )
        except CannotListenError as problem:
            raise CannotListen(f"{self._spec.host}:{port} (UDP)", key, problem) from None
        self.log.info("datagrams are taken at {host}:{port}", host=self._spec.host, port=port)

    async def close(self) -> None:
        """Listen no more."""
        ports, self._ports = self._ports, []
        for port in ports:
            await maybeDeferred(port.stopListening)
