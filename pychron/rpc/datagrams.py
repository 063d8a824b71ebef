"""Commands in datagrams, as older clients send by default: queries only, unless the file says otherwise."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import DatagramProtocol

from pychron.rpc.conversation import Conversation
from pychron.rpc.dispatch import Dispatcher
from pychron.trust.addresses import read_address
from pychron.trust.rights import Peer

MOST_OPEN = 256
"""Datagrams whose answer is awaited; more are dropped, as a network may."""


class CommandDatagrams(DatagramProtocol):
    """Each datagram is one or more whole requests; each reply goes back as one."""

    noisy = False
    transport: Any = None

    def __init__(self, dispatcher: Dispatcher, actuate: bool) -> None:
        self._dispatcher = dispatcher
        self._actuate = actuate
        self._open: dict[_Exchange, None] = {}

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        if len(self._open) >= MOST_OPEN:
            return
        exchange = _Exchange(self, addr)
        host = read_address(str(addr[0]))
        peer = Peer(str(host or addr[0]), int(addr[1]), self._dispatcher.rights.of(str(host or addr[0])))
        conversation = Conversation(self._dispatcher, peer, exchange)
        conversation.may_move = self._actuate
        self._open[exchange] = None
        # A datagram comes whole or not at all: its end is a line end.
        conversation.received(datagram + b"\n", self._dispatcher.wire.seconds())
        exchange.conversation = conversation
        exchange.forget_if_idle()

    def answer(self, data: bytes, addr: Any) -> None:
        """Send it back, if the port is still open."""
        if self.transport is not None:
            self.transport.write(data, addr)

    def forget(self, exchange: _Exchange) -> None:
        """It is answered."""
        self._open.pop(exchange, None)


class _Exchange:
    """The link of one datagram's conversation."""

    def __init__(self, protocol: CommandDatagrams, addr: Any) -> None:
        self._protocol = protocol
        self._addr = addr
        self.conversation: Conversation | None = None

    def write(self, data: bytes) -> None:
        """One datagram back."""
        self._protocol.answer(data, self._addr)
        self.forget_if_idle()

    def forget_if_idle(self) -> None:
        """Nothing more is awaited for it."""
        if self.conversation is not None and self.conversation.idle:
            self._protocol.forget(self)

    def stop_reading(self) -> None:
        """There is nothing to read."""

    def go_on_reading(self) -> None:
        """There is nothing to read."""

    def close(self) -> None:
        """It was garbage, or answered."""
        self._protocol.forget(self)

    def abort(self) -> None:
        """It looked like HTTP or TLS."""
        self._protocol.forget(self)

    def is_there(self) -> bool:
        """Nobody knows; `within` bounds what may still be begun."""
        return True
