"""One TCP or Unix connection of the command port, as Twisted sees it.

A LineReceiver in name and place only: its loop calls a method a line and knows one line end, ours splits a
segment once and answers it in one write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.rpc.conversation import Conversation
from pychron.rpc.presence import is_there
from pychron.trust.addresses import UNIX, read_address
from pychron.trust.rights import Peer

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IDelayedCall

    from pychron.rpc.server import RemoteCommandServer

UNREAD_S = 30.0
"""A peer that has not read its replies for so long is disconnected."""
READ_AT_ONCE = 8192
"""Bytes of one connection in one turn of the reactor: what is thrown at the node by many costs each turn little."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class CommandConnection(LineReceiver):
    """Carries bytes between a transport and a Conversation; keeps the times that the server's sweep looks at."""

    transport: Any = None
    conversation: Conversation | None = None

    def __init__(self, server: RemoteCommandServer, address: str, port: int) -> None:
        self.server = server
        self.address = address
        self.remote_port = port
        self.since = self.last_at = server.wire.seconds()
        """Wire seconds of the last byte in either direction that shows life."""
        self.spoken = False
        self.answered = False
        """True once it has asked something and was answered."""
        self.stalled_at: float | None = None
        self._quiet: IDelayedCall | None = None
        self._send: Callable[[bytes], int | BaseException] | None = None
        self._seconds = server.wire.seconds

    # ---- Twisted's side

    def connectionMade(self) -> None:
        peer = Peer(self.address, self.remote_port, self.server.rights.of(self.address))
        self.conversation = Conversation(self.server.dispatcher, peer, self, self.server.close_after_reply)
        no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if no_delay is not None and self.address != UNIX:
            no_delay(True)
            # An owner is never disconnected for its silence: the kernel finds out whether its machine is gone.
            self.transport.setTcpKeepAlive(True)
        self._send = getattr(self.transport, "writeSomeData", None)
        self.transport.bufferSize = READ_AT_ONCE
        self.transport.registerProducer(self, True)
        self.server.entered(self)

    def dataReceived(self, data: bytes) -> None:
        now = self.last_at = self._seconds()
        self.spoken = True
        conversation = self.conversation
        assert conversation is not None
        conversation.received(data, now)
        if self.server.quiet_s:
            self._expect_more()

    def readConnectionLost(self) -> None:
        assert self.conversation is not None
        self.conversation.input_ended()

    def writeConnectionLost(self) -> None:
        self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._quiet is not None and self._quiet.active():
            self._quiet.cancel()
        if self.conversation is not None:
            self.conversation.lost()
            self.server.left(self)

    def lineReceived(self, line: bytes) -> None:
        """Never called: dataReceived does not pass lines on."""

    # ---- the transport asks: the peer does not read, or reads again

    def pauseProducing(self) -> None:
        self.stalled_at = self._seconds()
        assert self.conversation is not None
        self.conversation.hold()

    def resumeProducing(self) -> None:
        self.stalled_at = None
        assert self.conversation is not None
        if not self.conversation.ended:
            self.conversation.release()

    def stopProducing(self) -> None:
        """The connection is going; connectionLost follows."""

    # ---- what the conversation asks (Link)

    def write(self, data: bytes) -> None:
        """Replies, in order. At once where the socket takes them: a turn of the reactor and two changes of its poll set
        less. What it does not take goes the common way, and so does all that follows on this connection."""
        self.answered = True
        if self._send is not None:
            sent = self._send(data)
            if sent == len(data):
                return
            self._send = None
            if isinstance(sent, int):
                data = data[sent:]
        self.transport.write(data)

    def stop_reading(self) -> None:
        """The socket is left unread: the peer's own buffers fill up."""
        self.transport.pauseProducing()

    def go_on_reading(self) -> None:
        """Read again."""
        self.transport.resumeProducing()

    def close(self) -> None:
        """After what was written; a producer that is still registered would hold it open."""
        self._send = None
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        self.stalled_at = self._seconds()

    def abort(self) -> None:
        """At once."""
        self._send = None
        self.transport.abortConnection()

    def is_there(self) -> bool:
        """Looks at the socket."""
        return bool(self.transport.connected) and is_there(self.transport)

    # ---- times

    def _expect_more(self) -> None:
        """An unended request is taken as ended after the quiet time (off by default: half of `Open A10` is `Open A1`)."""
        if self._quiet is not None and self._quiet.active():
            self._quiet.cancel()
        if self.conversation is not None and self.conversation.begun and not self.conversation.ended:
            self._quiet = self.server.wire.callLater(self.server.quiet_s, self.conversation.quiet)


class CommandFactory(Factory):
    """Admits connections of one listener."""

    noisy = False

    def __init__(self, server: RemoteCommandServer, unix: bool) -> None:
        self._server = server
        self._unix = unix

    def logPrefix(self) -> str:
        """Twisted says `X starting on 1061` of each listener; the name of a class would tell nobody anything."""
        return "the command port"

    def buildProtocol(self, addr: IAddress | None) -> CommandConnection | None:
        """None where there is no room: Twisted closes the connection then."""
        address = UNIX if self._unix else _address(addr)
        if not self._server.admit(address):
            return None
        return CommandConnection(self._server, address, 0 if self._unix else int(getattr(addr, "port", 0)))


def _address(addr: Any) -> str:
    """As people and `allow:` write it: IPv4 in IPv6 as IPv4."""
    host = str(getattr(addr, "host", ""))
    found = read_address(host)
    return str(found) if found is not None else host
