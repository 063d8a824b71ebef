"""A network of hosts: names, addresses, ports, latency, links that are cut and mended, hosts that lose power.

TCP as a peer sees it: bytes in order; what a cut link swallows is sent again when it is mended; a connection to a
dead process is reset at the next byte, one to a dead host stays open in silence.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory
from twisted.logger import Logger
from zope.interface import implementer

from pychron.simulation.virtual_clock import NodeClock, VirtualClock
from pychron.simulation.virtual_flow import Flow
from pychron.simulation.virtual_trace import Trace

if TYPE_CHECKING:
    from pychron.simulation.virtual_attempt import Attempt
    from pychron.simulation.virtual_connection import End

FIRST_FREE_PORT = 40_000
RESEND_S = (0.2, 2.0)
"""When TCP tries again after a link was mended."""
LOOPBACK_S = 0.00005
ANYWHERE = ("", "0.0.0.0", "::")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def make_address(host: str, port: int | str) -> IAddress:
    """As Twisted's transports give it."""
    if isinstance(port, str):
        return cast(IAddress, UNIXAddress(port.encode()))
    if ":" in host:
        return cast(IAddress, IPv6Address("TCP", host, port))
    return cast(IAddress, IPv4Address("TCP", host, port))


class VirtualHost:
    """A computer: its addresses (the first is the one it is known by) and what listens on it."""

    def __init__(self, name: str, addresses: tuple[str, ...]) -> None:
        self.name = name
        self.addresses = tuple(address.partition("/")[0] for address in addresses)
        self.networks = tuple(address if "/" in address else f"{address}/24" for address in addresses)
        self.up = True
        self.listeners: list[Listener] = []
        self._next_port = FIRST_FREE_PORT

    def free_port(self) -> int:
        """One that nothing listens on; each is given once."""
        self._next_port += 1
        while any(listener.port == self._next_port for listener in self.listeners):
            self._next_port += 1
        return self._next_port

    def listener(self, address: str, port: int | str) -> Listener | None:
        """What takes a connection to `address`."""
        for listener in self.listeners:
            if listener.port == port and (listener.host in ANYWHERE or listener.host == address):
                return listener
        return None


class Process:
    """What the kernel of a host keeps for one process: its sockets. `end` is `kill -9`."""

    def __init__(self, network: VirtualNetwork, host: VirtualHost, clock: NodeClock, name: str) -> None:
        self.network = network
        self.host = host
        self.clock = clock
        self.name = name
        self.ends: list[End] = []
        self.listeners: list[Listener] = []
        self.attempts: list[Attempt] = []

    def listen(self, host: str, port: int | str, factory: IProtocolFactory) -> Listener:
        """Bind and listen. Raises CannotListenError."""
        known = (*ANYWHERE, *LOOPBACK, *self.host.addresses)
        if isinstance(port, int):
            if host not in known:
                raise CannotListenError(host, port, OSError(99, "Cannot assign requested address"))
            host = "127.0.0.1" if host == "localhost" else host
            if port == 0:
                port = self.host.free_port()
            for other in self.host.listeners:
                if other.port == port and (other.host == host or host in ANYWHERE or other.host in ANYWHERE):
                    raise CannotListenError(host, port, OSError(98, "Address already in use"))
        elif self.host.listener("unix", port) is not None:
            raise CannotListenError("", port, OSError(98, "Address already in use"))
        listener = Listener(self, host, port, factory)
        self.host.listeners.append(listener)
        self.listeners.append(listener)
        factory.doStart()
        self.network.trace.note("listens", self.name, host, str(port))
        return listener

    def end(self, silent: bool = False) -> list[Any]:
        """The process dies. Its kernel closes the sockets, or with `silent` (power) nobody does.

        Returns what must be kept from being collected.
        """
        kept: list[Any] = [self.ends, self.listeners, self.attempts]
        for listener in self.listeners:
            if listener in self.host.listeners:
                self.host.listeners.remove(listener)
        for attempt in list(self.attempts):
            attempt.abandon()
        for end in list(self.ends):
            end.die(silent)
        self.ends, self.listeners, self.attempts = [], [], []
        return kept


@implementer(IListeningPort)
class Listener:
    """A listening port."""

    def __init__(self, process: Process, host: str, port: int | str, factory: IProtocolFactory) -> None:
        self.process = process
        self.host = "unix" if isinstance(port, str) else host
        self.port = port
        self.factory = factory

    def startListening(self) -> None:
        """Twisted's ports have it; a Listener listens from the start."""

    def stopListening(self) -> Deferred[None]:
        if self in self.process.host.listeners:
            self.process.host.listeners.remove(self)
            self.process.listeners.remove(self)
            self.factory.doStop()
            self.process.network.trace.note("listens no more", self.process.name, self.host, str(self.port))
        return succeed(None)

    def getHost(self) -> IAddress:
        return make_address(self.host or "0.0.0.0", self.port)


class VirtualNetwork:
    """All hosts, and the links between each two of them."""

    log = Logger()

    def __init__(
        self,
        clock: VirtualClock,
        rng: random.Random,
        trace: Trace,
        latency_s: tuple[float, float] = (0.0002, 0.002),
        split: float = 0.1,
    ) -> None:
        self.clock = clock
        self.random = rng
        self.trace = trace
        self.latency_s = latency_s
        self.split = split
        """How often a segment arrives in two pieces."""
        self._hosts: dict[str, VirtualHost] = {}
        self._cut: dict[tuple[str, str], None] = {}
        self._held: dict[tuple[str, str], list[Flow]] = {}
        self._connections = 0

    def add_host(self, name: str, *addresses: str) -> VirtualHost:
        """A host known by its name and by each address ("10.0.0.5" or "10.0.0.5/16")."""
        host = VirtualHost(name, addresses or (f"10.9.0.{len(self._hosts) + 1}",))
        for key in (name, *host.addresses):
            if key in self._hosts:
                raise ValueError(f"the host {key} is there already")
            self._hosts[key] = host
        return host

    def host(self, name: str) -> VirtualHost:
        """By name or address. KeyError where there is none."""
        return self._hosts[name]

    def find(self, name: str, seen_from: VirtualHost) -> VirtualHost | None:
        """As `find` from a host: loopback is itself."""
        return seen_from if name in LOOPBACK or name == "unix" else self._hosts.get(name)

    def name_connection(self) -> str:
        self._connections += 1
        return f"c{self._connections}"

    def latency(self, a: VirtualHost, b: VirtualHost) -> float:
        """Seconds for one segment, drawn anew for each."""
        return LOOPBACK_S if a is b else self.random.uniform(*self.latency_s)

    def cut(self, a: str, b: str) -> None:
        """Nothing passes between two hosts, and nobody is told."""
        key = self._key(self.host(a), self.host(b))
        self._cut[key] = None
        self.trace.note("cut", *key)

    def mend(self, a: str, b: str) -> None:
        """TCP sends again what was not delivered."""
        key = self._key(self.host(a), self.host(b))
        self._cut.pop(key, None)
        self.trace.note("mended", *key)
        self._resend(key)

    def host_up(self, host: VirtualHost) -> None:
        """Power is back: what others still try to send arrives, at nobody."""
        host.up = True
        for key in list(self._held):
            if host.name in key:
                self._resend(key)

    def passes(self, a: VirtualHost, b: VirtualHost) -> bool:
        """Whether a segment sent by `a` gets to `b` now."""
        return a is b or (b.up and self._key(a, b) not in self._cut)

    def hold(self, flow: Flow) -> None:
        """Remember a flow that waits for its link."""
        held = self._held.setdefault(self._key(flow.sender, flow.receiver), [])
        if flow not in held:
            held.append(flow)

    def _resend(self, key: tuple[str, str]) -> None:
        for flow in self._held.pop(key, []):
            self.clock.callLater(self.random.uniform(*RESEND_S), flow.resend)

    @staticmethod
    def _key(a: VirtualHost, b: VirtualHost) -> tuple[str, str]:
        return (a.name, b.name) if a.name <= b.name else (b.name, a.name)
