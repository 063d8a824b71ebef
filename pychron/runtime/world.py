"""All that is not ours, in one value: clocks, streams, processes, threads, files, random numbers.

`node/` builds the real world, `simulation/` a virtual one; the same assembly runs in both. Nothing below
`node/` imports the reactor, asks the time or opens a file handle to hardware on its own.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import Interface

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """How a serial port is opened. Defaults are those of pyserial and of installed device files."""

    baudrate: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    hold_dtr: bool = False
    """Keep DTR low at open: for boards that reset when it rises (an Arduino)."""
    xonxoff: bool = False
    """Flow control by characters in the stream."""
    rtscts: bool = False
    """Flow control by lines of the cable."""


class IStreams(Interface):
    """Ordered byte streams: endpoints in the sense of Twisted, nothing connected yet."""

    def tcp_server(host: str, port: int, backlog: int = 128) -> IStreamServerEndpoint:
        """An endpoint that listens. `port` 0 takes any free port."""

    def tcp_client(host: str, port: int, timeout_s: float) -> IStreamClientEndpoint:
        """An endpoint that connects within `timeout_s` wire seconds."""

    def unix_server(path: Path) -> IStreamServerEndpoint:
        """A Unix socket of mode 0600; a stale file of a dead process is replaced, a live one is an error."""

    def unix_client(path: Path, timeout_s: float) -> IStreamClientEndpoint:
        """Connects to a node's own Unix socket."""

    def serial(port: str, settings: SerialSettings) -> IStreamClientEndpoint:
        """A serial port (or pty) as a stream that connects, and disconnects when it is unplugged."""


class IDatagrams(Interface):
    """What streams may provide too, for the optional UDP listener of the command port."""

    def udp_server(host: str, port: int, protocol: Any) -> IListeningPort:
        """Listen at once. Raises CannotListenError."""


class IPool(Interface):
    """One owned thread pool: values in, values out. The virtual one runs on its clock."""

    def run(function: Callable[..., T], *args: Any) -> Deferred[T]:
        """Call `function` outside the reactor's thread; calls handed in one after the other by one
        caller may overlap (a writer that needs order hands in one at a time)."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    status: int | None
    """Its exit status; None where a signal ended it."""
    output: bytes
    error: bytes
    cut: bool = False
    """More came than is kept."""


class IProcesses(Interface):
    """Programs of the system, such as git: arguments in, output out, never a shell."""

    def run(
        arguments: Sequence[str], folder: Path, environment: Mapping[str, str], deadline_s: float
    ) -> Deferred[Finished]:
        """Run to its end, without a terminal and with an empty stdin. `environment` is added to ours.

        Fails with DeadlinePassed, the program killed, after `deadline_s` wire seconds; with OSError where it cannot be started.
        """


@dataclass(frozen=True, slots=True)
class World:
    """What a node is given. `lab` and `wire` are monotonic; `wall` is only ever a stamp for records."""

    lab: IReactorTime
    """Laboratory time: sleep, settling, integration. May be scaled or virtual."""
    wire: IReactorTime
    """Deadlines, retries, leases, heartbeats, idle limits. Never scaled."""
    wall: Callable[[], float]
    """Seconds since the epoch, for records."""
    boot: str
    """Names this boot of this node: new at each start."""
    machine_boot: str
    """Names this boot of the machine: within it the `wire` clock of two starts can be compared."""
    streams: IStreams
    pool: IPool
    zmq: Any
    """Provides pychron.broadcast.interfaces.IZmq."""
    scripts: Any
    """Provides pychron.scripting.interfaces.IScriptHost."""
    sqlite: Callable[[Path], sqlite3.Connection]
    """Opens (and creates) a database file; called and used inside the pool only."""
    local_addresses: Callable[[], tuple[str, ...]]
    """This machine's own interfaces as networks in CIDR form, loopback included ("192.168.1.5/24")."""
    random: random.Random
    simulated: bool = False
    """True where any hardware is emulated: said in GetVersion, each broadcast and each record."""
    emulators: Any = None
    """Provides pychron.hardware.interfaces.IEmulators in a simulated world; None in a real one."""
    processes: Any = None
    """Provides IProcesses; None in a virtual world, which runs no program."""
