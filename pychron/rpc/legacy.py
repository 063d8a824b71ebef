"""The deprecated listener of RemoteHardwareServer: `GET /GetValveState/A` to the same verbs.

It moves something only with `actuate: true`, from listed addresses, and never for a browser.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.rpc.conversation import Conversation
from pychron.rpc.dispatch import Dispatcher
from pychron.rpc.presence import is_there
from pychron.rpc.server_file import LegacySpec
from pychron.trust.addresses import read_address
from pychron.trust.rights import Peer

LONGEST_HEAD = 8192
WHOLE_S = 10.0
MOST = 64
"""Connections at a time."""

_REQUEST = re.compile(rb"GET /([^ ?#]*)(?: HTTP/1\.[01])?")
_BROWSER = re.compile(rb"(?:origin|referer|sec-fetch-[a-z]+)[ \t]*:", re.IGNORECASE)
_VERB = re.compile(r"[A-Za-z0-9_]{1,64}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class LegacyConnection(Protocol):
    """One request a connection, bare text back, then it is closed."""

    transport: Any = None

    def __init__(self, factory: LegacyFactory, peer: Peer) -> None:
        self._factory = factory
        self._peer = peer
        self._head = b""
        self._http = False
        self._conversation: Conversation | None = None
        self._timer: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._timer = self._factory.wire.callLater(WHOLE_S, self.abort)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_timer()
        self._factory.open -= 1
        if self._conversation is not None:
            self._conversation.lost()

    def dataReceived(self, data: bytes) -> None:
        if self._conversation is not None:
            return
        self._head += data
        if len(self._head) > LONGEST_HEAD:
            self.abort()
            return
        head = self._head.replace(b"\r\n", b"\n")
        line, ended, rest = head.partition(b"\n")
        if not ended:
            return
        self._http = b" HTTP/" in line
        if self._http and b"\n\n" not in head:
            return
        self._stop_timer()
        self._ask(line, rest.partition(b"\n\n")[0].split(b"\n"))

    def _ask(self, line: bytes, headers: list[bytes]) -> None:
        match = _REQUEST.fullmatch(line)
        words = [unquote(word.decode("ascii", "replace")) for word in match[1].split(b"/")] if match else []
        request = f"{words[0]} {','.join(words[1:])}".strip() if words else ""
        if not words or not _VERB.fullmatch(words[0]) or _UNFIT.search(request):
            self.write(b"ERROR 004 : invalid arguments: write GET /VERB/ARGUMENT\r\n", "400 Bad Request")
            self.close()
            return
        conversation = self._conversation = Conversation(self._factory.dispatcher, self._peer, self, True)
        spec = self._factory.spec
        address = read_address(self._peer.address)
        listed = address is not None and any(address in network for network in spec.sources)
        browser = any(_BROWSER.match(header) for header in headers)
        conversation.may_move = spec.actuate and listed and not browser
        self._factory.deprecated(self._peer)
        conversation.received(request.encode() + b"\n", self._factory.wire.seconds())

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    # ---- what the conversation asks (Link)

    def write(self, data: bytes, status: str = "200 OK") -> None:
        """The text, with a head for who spoke HTTP."""
        if self._http:
            head = f"HTTP/1.0 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(data)}\r\n"
            data = head.encode() + b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n" + data
        self.transport.write(data)

    def stop_reading(self) -> None:
        """One request is all there is."""

    def go_on_reading(self) -> None:
        """One request is all there is."""

    def close(self) -> None:
        """After what was written."""
        self.transport.loseConnection()

    def abort(self) -> None:
        """At once."""
        self.transport.abortConnection()

    def is_there(self) -> bool:
        """Looks at the socket."""
        return is_there(self.transport)


class LegacyFactory(Factory):
    """Says once an address that its way is going away."""

    noisy = False
    log = Logger()

    def logPrefix(self) -> str:
        """As Twisted's own line about the listener calls it."""
        return "the listener for GET requests"

    def __init__(self, dispatcher: Dispatcher, wire: IReactorTime, spec: LegacySpec) -> None:
        self.dispatcher = dispatcher
        self.wire = wire
        self.spec = spec
        self.open = 0
        self._told: dict[str, None] = {}

    def buildProtocol(self, addr: Any) -> LegacyConnection | None:
        """None where too many are connected."""
        if self.open >= MOST:
            return None
        self.open += 1
        host = str(read_address(str(getattr(addr, "host", ""))) or "")
        return LegacyConnection(
            self, Peer(host, int(getattr(addr, "port", 0)), self.dispatcher.rights.of(host))
        )

    def deprecated(self, peer: Peer) -> None:
        """Log it, once an address."""
        if peer.address not in self._told and len(self._told) < 1000:
            self._told[peer.address] = None
            self.log.warn(
                "{address} still asks by GET, which is deprecated; point it at the command port",
                address=peer.address,
            )
