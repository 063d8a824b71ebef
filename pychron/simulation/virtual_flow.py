"""One direction of a connection in the virtual network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pychron.simulation.virtual_clock import VirtualCall

if TYPE_CHECKING:
    from pychron.simulation.virtual_network import VirtualHost, VirtualNetwork

GIVE_UP_S = 924.6
"""How long Linux sends a segment again before the connection is lost (tcp_retries2 = 15, tcp(7))."""

Packet = tuple[str] | tuple[str, bytes] | tuple[str, int]
"""`open`, `data` with its bytes, `ack` with a count, `fin`, `reset`."""


class Flow:
    """Packets arrive in order, each once; what a cut link swallowed is sent again when it is mended."""

    def __init__(
        self,
        network: VirtualNetwork,
        sender: VirtualHost,
        receiver: VirtualHost,
        what: str,
        arrived: Callable[[Packet], None],
        given_up: Callable[[], None],
    ) -> None:
        self.network = network
        self.sender = sender
        self.receiver = receiver
        self.what = what
        self._arrived = arrived
        self._given_up = given_up
        self._timer: VirtualCall | None = None
        self._number = 0
        self._held: list[tuple[int, Packet]] = []
        self._not_before = 0.0

    def send(self, packet: Packet) -> None:
        """On its way, behind all that was sent before."""
        self._number += 1
        self._transmit(self._number, packet)

    def _transmit(self, number: int, packet: Packet) -> None:
        if self._held or not self.sender.up:
            self._hold(number, packet)
            return
        now = self.network.clock.seconds()
        at = max(now + self.network.latency(self.sender, self.receiver), self._not_before)
        self._not_before = at
        self.network.trace.note("sent", self.what, *packet)
        self.network.clock.callLater(at - now, self._arrive, number, packet)

    def _arrive(self, number: int, packet: Packet) -> None:
        if self._held or not self.network.passes(self.sender, self.receiver):
            self._hold(number, packet)
            return
        self.network.trace.note("arrived", self.what, *packet)
        self._arrived(packet)

    def _hold(self, number: int, packet: Packet) -> None:
        # A reset is never sent twice: a peer that missed it learns of it when it sends something.
        if packet[0] == "reset" or not self.sender.up:
            return
        self.network.trace.note("held", self.what, packet[0])
        self._held.append((number, packet))
        self.network.hold(self)
        if self._timer is None:
            self._timer = self.network.clock.callLater(GIVE_UP_S, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        if self._held:
            self._held = []
            self._given_up()

    def discard(self) -> None:
        """Forget what waits: the connection was reset."""
        self._held = []

    def resend(self) -> None:
        """The link is mended, or the host is up again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # What was on its way when the link was cut came to be held after younger packets.
        held, self._held = sorted(self._held, key=lambda entry: entry[0]), []
        for number, packet in held:
            self._transmit(number, packet)
