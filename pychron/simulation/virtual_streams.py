"""Streams of one process in the virtual world: endpoints over the virtual network, and its host's serial ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from pychron.runtime.world import IStreams, SerialSettings
from pychron.simulation.virtual_attempt import Attempt
from pychron.simulation.virtual_network import Process
from pychron.simulation.virtual_serial import SerialPorts


@implementer(IStreamServerEndpoint)
class ServerEndpoint:
    """Listens on a port of the process's host."""

    def __init__(self, process: Process, host: str, port: int | str) -> None:
        self._process = process
        self._host = host
        self._port = port

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        try:
            port: Any = self._process.listen(self._host, self._port, protocolFactory)
        except CannotListenError as problem:
            return fail(problem)
        return succeed(port)


@implementer(IStreamClientEndpoint)
class ClientEndpoint:
    """Connects from the process's host."""

    def __init__(self, process: Process, host: str, port: int | str, timeout_s: float) -> None:
        self._process = process
        self._host = host
        self._port = port
        self._timeout_s = timeout_s

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return Attempt(self._process, self._host, self._port, protocolFactory, self._timeout_s).done


@implementer(IStreamClientEndpoint)
class SerialEndpoint:
    """Opens a serial port of the process's host."""

    def __init__(self, process: Process, ports: SerialPorts, port: str, settings: SerialSettings) -> None:
        self._process = process
        self._ports = ports
        self._port = port
        self._settings = settings

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._ports.open(self._process, self._port, self._settings, protocolFactory)


@implementer(IStreams)
class VirtualStreams:
    """What a node is handed as `World.streams`."""

    def __init__(self, process: Process, ports: SerialPorts) -> None:
        self._process = process
        self._ports = ports

    def tcp_server(self, host: str, port: int, backlog: int = 128) -> IStreamServerEndpoint:
        return ServerEndpoint(self._process, host, port)

    def tcp_client(self, host: str, port: int, timeout_s: float) -> IStreamClientEndpoint:
        return ClientEndpoint(self._process, host, port, timeout_s)

    def unix_server(self, path: Path) -> IStreamServerEndpoint:
        return ServerEndpoint(self._process, "unix", str(path))

    def unix_client(self, path: Path, timeout_s: float) -> IStreamClientEndpoint:
        return ClientEndpoint(self._process, "unix", str(path), timeout_s)

    def serial(self, port: str, settings: SerialSettings) -> IStreamClientEndpoint:
        return SerialEndpoint(self._process, self._ports, port, settings)
