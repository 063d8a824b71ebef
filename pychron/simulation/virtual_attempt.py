"""How a connection comes to be in the virtual network: asked for again and again, taken, refused or given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError, DNSLookupError, TimeoutError
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from pychron.simulation.virtual_connection import End
from pychron.simulation.virtual_flow import Flow, Packet
from pychron.simulation.virtual_network import LOOPBACK, Listener, Process, VirtualHost, make_address

SYN_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between two tries to open a connection (Linux)."""


class NoProtocol(Exception):
    """The factory did not want the connection."""


class Attempt:
    """One wish to connect. `done` fires with the protocol, or fails as a Twisted endpoint does."""

    def __init__(
        self, process: Process, host: str, port: int | str, factory: IProtocolFactory, timeout_s: float
    ) -> None:
        self._process = process
        self._network = process.network
        self._host = host
        self._port = port
        self._factory = factory
        self._over = False
        self._tries = 0
        self._target: VirtualHost | None = self._network.find(host, process.host)
        self.done: Deferred[IProtocol] = Deferred(lambda _: self._cancelled())
        self._timer = process.clock.callLater(timeout_s, self._fail, TimeoutError())
        process.attempts.append(self)
        factory.doStart()
        process.clock.callLater(0, self._ask)

    def _cancelled(self) -> None:
        if not self._over:
            self._end()
            self._factory.doStop()

    def abandon(self) -> None:
        """Its process died."""
        if not self._over:
            self._end()

    def _end(self) -> None:
        self._over = True
        self._process.attempts.remove(self)
        if self._timer.active():
            self._timer.cancel()

    def _fail(self, reason: Exception) -> None:
        if self._over:
            return
        self._end()
        self._factory.doStop()
        self._network.trace.note(
            "not connected", self._process.name, self._host, str(self._port), type(reason).__name__
        )
        self.done.errback(Failure(reason))

    def _ask(self) -> None:
        """One SYN; there is another one when nothing comes back."""
        if self._over:
            return
        if self._target is None:
            self._fail(DNSLookupError(f"no host {self._host}"))
            return
        again = SYN_AGAIN_S[min(self._tries, len(SYN_AGAIN_S) - 1)]
        self._tries += 1
        self._process.clock.callLater(again, self._ask)
        here, there = self._process.host, self._target
        self._travel(here, there, lambda: self._asked(there))

    def _travel(self, sender: VirtualHost, receiver: VirtualHost, then: Callable[[], object]) -> None:
        def arrive() -> None:
            if sender.up and self._network.passes(sender, receiver):
                then()

        self._network.clock.callLater(self._network.latency(sender, receiver), arrive)

    def _asked(self, there: VirtualHost) -> None:
        """The SYN arrived: the kernel there answers, whatever its processes do."""
        if self._over:
            return
        address = "127.0.0.1" if self._host == "localhost" else self._host
        if self._host not in (*LOOPBACK, "unix", *there.addresses):
            address = there.addresses[0]
        listener = there.listener(address, self._port)
        here = self._process.host
        if listener is None:
            self._travel(
                there, here, lambda: self._process.clock.run(lambda: self._fail(ConnectionRefusedError()))
            )
        else:
            self._travel(there, here, lambda: self._process.clock.run(lambda: self._answered(there, address)))

    def _answered(self, there: VirtualHost, address: str) -> None:
        """The SYN-ACK arrived: connected, as far as this side can tell."""
        if self._over:
            return
        self._end()
        here = self._process.host
        network = self._network
        local = address if here is there else here.addresses[0]
        own = make_address(local, here.free_port() if isinstance(self._port, int) else "")
        peer = make_address(address, self._port)
        name = network.name_connection()
        client = End(self._process, f"{name} {self._process.name}", own, peer)
        far = _FarEnd(network, there, address, self._port, f"{name} {there.name}:{self._port}", peer, own)
        client.flow = Flow(network, here, there, f"{name} >", far.arrived, client.given_up)
        far.flow = Flow(network, there, here, f"{name} <", client.arrived, far.given_up)
        network.trace.note("connected", client.name, f"{there.name}:{self._port}")
        client.flow.send(("open",))
        protocol: Any = self._factory.buildProtocol(peer)
        if protocol is None:
            client.abortConnection()
            self.done.errback(Failure(NoProtocol()))
            return
        client.protocol = protocol
        protocol.makeConnection(client)
        self.done.callback(protocol)


class _FarEnd:
    """The listening side of a connection: a queue entry of the kernel until its process accepts it."""

    def __init__(
        self, network: Any, host: VirtualHost, address: str, port: int | str, name: str, local: Any, peer: Any
    ) -> None:
        self.flow: Flow
        self._network = network
        self._host = host
        self._address = address
        self._port = port
        self._name = name
        self._local = local
        self._peer = peer
        self._end: End | None = None

    def arrived(self, packet: Packet) -> None:
        if not self._host.up:
            return
        if packet[0] == "open" and self._end is None:
            listener = self._host.listener(self._address, self._port)
            if listener is not None:
                self._accept(listener)
                return
        if self._end is not None:
            self._end.arrived(packet)
        elif packet[0] != "reset":
            self.flow.discard()
            self.flow.send(("reset",))

    def _accept(self, listener: Listener) -> None:
        process = listener.process
        end = self._end = End(process, self._name, self._local, self._peer)
        end.flow = self.flow
        end.pauseProducing()
        process.clock.run(lambda: self._accepted(end, listener))

    def _accepted(self, end: End, listener: Listener) -> None:
        if not end.alive:
            return
        protocol: Any = listener.factory.buildProtocol(self._peer)
        if protocol is None:
            end.refuse()
            return
        end.protocol = protocol
        self._network.trace.note("accepted", end.name)
        end.resumeProducing()
        protocol.makeConnection(end)

    def given_up(self) -> None:
        if self._end is not None:
            self._end.given_up()
