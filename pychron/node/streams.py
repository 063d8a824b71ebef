"""Real streams: TCP, the node's own Unix socket, serial ports."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any, cast

from twisted.internet import tcp
from twisted.internet.defer import Deferred, execute, fail
from twisted.internet.endpoints import (
    HostnameEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from pychron.runtime.world import IDatagrams, IStreams, SerialSettings

ACCEPTS_A_TURN = 4
LONGEST_UNIX_PATH = 107
"""Bytes in a Unix socket's name (unix(7): sun_path has 108 with its NUL)."""


class FairPort(tcp.Port):
    """A listening port that takes few connections a turn: those who storm it wait, and not those who are served."""

    @property
    def numberAccepts(self) -> int:
        return ACCEPTS_A_TURN

    @numberAccepts.setter
    def numberAccepts(self, value: int) -> None:
        """What Twisted learns of the last turn says nothing of the next."""


@implementer(IStreamServerEndpoint)
class FairEndpoint:
    """TCP on an address of this machine."""

    def __init__(self, reactor: Any, host: str, port: int, backlog: int) -> None:
        self._reactor = reactor
        self._where = port, backlog, host

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen. Fails with CannotListenError."""
        port, backlog, host = self._where

        def begin() -> IListeningPort:
            made = FairPort(port, protocolFactory, backlog, host, self._reactor)
            made.startListening()
            return cast(IListeningPort, made)

        return execute(begin)


@implementer(IStreamServerEndpoint)
class OwnSocketEndpoint:
    """The node's Unix socket. What a dead process left behind is replaced; a live one is an error."""

    def __init__(self, reactor: Any, path: Path) -> None:
        self._reactor = reactor
        self._path = path

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Listen with mode 0600 from the first moment. Fails with CannotListenError."""
        try:
            self._make_room()
        except OSError as problem:
            return fail(CannotListenError("", str(self._path), problem))
        # The mode is set after bind: until then the process's mask keeps others out.
        mask = os.umask(0o177)
        try:
            endpoint = UNIXServerEndpoint(self._reactor, str(self._path), mode=0o600)
            return cast("Deferred[IListeningPort]", endpoint.listen(protocolFactory))
        finally:
            os.umask(mask)

    def _make_room(self) -> None:
        name = os.fsencode(self._path)
        if len(name) > LONGEST_UNIX_PATH:
            raise OSError(
                errno.ENAMETOOLONG,
                f"a Unix socket's name has at most {LONGEST_UNIX_PATH} bytes and this one {len(name)}; "
                "use a root with a shorter path",
            )
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise OSError(errno.EEXIST, "there is a file of that name, and it is no socket; move it away")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(name)
            except ConnectionRefusedError:
                self._path.unlink()
                return
            except BlockingIOError:
                pass  # Its queue of connections is full: somebody listens.
        raise OSError(errno.EADDRINUSE, "another process listens there; stop it first")


@implementer(IStreams, IDatagrams)
class RealStreams:
    """Endpoints of the running reactor."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor

    def tcp_server(self, host: str, port: int, backlog: int = 128) -> IStreamServerEndpoint:
        return cast(IStreamServerEndpoint, FairEndpoint(self._reactor, host, port, backlog))

    def tcp_client(self, host: str, port: int, timeout_s: float) -> IStreamClientEndpoint:
        return cast(IStreamClientEndpoint, HostnameEndpoint(self._reactor, host, port, timeout_s))

    def unix_server(self, path: Path) -> IStreamServerEndpoint:
        return OwnSocketEndpoint(self._reactor, path)

    def unix_client(self, path: Path, timeout_s: float) -> IStreamClientEndpoint:
        return cast(IStreamClientEndpoint, UNIXClientEndpoint(self._reactor, str(path), timeout_s))

    def udp_server(self, host: str, port: int, protocol: Any) -> IListeningPort:
        return cast(IListeningPort, self._reactor.listenUDP(port, protocol, host))

    def serial(self, port: str, settings: SerialSettings) -> IStreamClientEndpoint:
        from pychron.hardware.serial_endpoint import SerialEndpoint

        return cast(IStreamClientEndpoint, SerialEndpoint(self._reactor, port, settings))
