"""The emulated instruments of one machine, and what a node on it is handed of them.

The instruments outlive the nodes: a node that dies and starts again finds its relays where they were.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.config.device_file import GENERAL, DeviceFile
from pychron.config.problems import Report
from pychron.hardware.drivers import UnknownDriver, driver_for
from pychron.hardware.interfaces import IActuator, IEmulators
from pychron.hardware.readable import IReadable
from pychron.simulation.agilent_34970a import Agilent34970A, AgilentLine
from pychron.simulation.emulated_meter import EmulatedMeter
from pychron.simulation.relay_bank import RelayBank, RelayBankActuator
from pychron.simulation.relay_faults import Faults

LATENCY_S = 0.001
"""Of a line in memory, each way."""

MakeFaults = Callable[[str], Faults]
"""The faults of an instrument, by its device's name."""


def no_faults(name: str) -> Faults:
    """Nothing goes wrong but what a test forces."""
    return Faults()


class Instruments:
    """All emulated instruments of one machine, by device name, on the machine's own clock.

    At the start every valve is closed: a real 34970A powers up with all relays open (Instrument Preset State), which is an
    open line where `invert` is false; `power_cycle` of an instrument does that.
    """

    def __init__(self, clock: IReactorTime, faults: MakeFaults = no_faults) -> None:
        self.clock = clock
        self.agilents: dict[str, Agilent34970A] = {}
        self.banks: dict[str, RelayBank] = {}
        self.faults: dict[str, Faults] = {}
        self._make_faults = faults
        self._lines: dict[str, MemoryLine] = {}

    def for_node(self, wire: IReactorTime) -> Emulators:
        """What one run of a node is handed as `World.emulators`."""
        return Emulators(self, wire)

    def faults_of(self, name: str) -> Faults:
        """The same for each run of a node."""
        if name not in self.faults:
            self.faults[name] = self._make_faults(name)
        return self.faults[name]

    def agilent_line(self, name: str, invert: bool) -> MemoryLine:
        """The line to the 34970A of this device."""
        if name not in self._lines:
            # Valves closed: the relay that ROUTe:OPEN lifts is an open valve, unless inverted.
            instrument = Agilent34970A(self.clock, open_at_start=invert, faults=self.faults_of(name))
            self.agilents[name] = instrument
            self._lines[name] = MemoryLine(self.clock, AgilentLine(instrument))
        return self._lines[name]

    def bank(self, name: str) -> RelayBank:
        """The generic relays of this device; off at the start."""
        if name not in self.banks:
            self.banks[name] = RelayBank(self.clock)
        return self.banks[name]


@implementer(IEmulators)
class Emulators:
    """The instruments as one run of a node sees them, on its wire clock."""

    def __init__(self, instruments: Instruments, wire: IReactorTime) -> None:
        self._instruments = instruments
        self._wire = wire

    def endpoint(self, device: DeviceFile) -> IStreamClientEndpoint | None:
        """A stream to the emulator that the device's driver names; None where it names none."""
        try:
            emulator = driver_for(device.klass).emulator
        except UnknownDriver:
            return None
        if emulator != "agilent_34970a":
            return None
        invert = device.fields(GENERAL, Report()).flag("invert", False)
        return MemoryEndpoint(self._instruments.agilent_line(device.name, invert), self._wire)

    def relays(self, device_name: str, readable: bool = True) -> IActuator:
        """A generic bank, in process."""
        bank, faults = self._instruments.bank(device_name), self._instruments.faults_of(device_name)
        actuator: IActuator = RelayBankActuator(device_name, bank, self._wire, faults, readable)
        return actuator

    def numbers(self, device_name: str) -> IReadable:
        """A generic meter on the laboratory's clock."""
        return EmulatedMeter(device_name, self._instruments.clock)


@implementer(IAddress)
class MemoryAddress:
    """There is none."""


@implementer(ITransport)
class MemoryLine:
    """A line in memory, and the instrument's transport on it: the instrument never learns who comes and goes."""

    disconnecting = False

    def __init__(self, clock: IReactorTime, instrument: Any) -> None:
        self.clock = clock
        self.instrument = instrument
        self.near: MemorySide | None = None
        instrument.makeConnection(self)

    def write(self, data: bytes) -> None:
        """To whoever is at the near end when it arrives."""
        if self.near is not None:
            self.near.wire.callLater(LATENCY_S, self.near.arrived, data)

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """As if the plug were pulled."""
        if self.near is not None:
            self.near.wire.callLater(0, self.near.lost, ConnectionLost("the emulated line dropped"))

    def getPeer(self) -> IAddress:
        return MemoryAddress()

    def getHost(self) -> IAddress:
        return MemoryAddress()


@implementer(ITransport)
class MemorySide:
    """The node's transport."""

    disconnecting = False

    def __init__(self, line: MemoryLine, wire: IReactorTime, protocol: Any) -> None:
        self.wire = wire
        self._line = line
        self._protocol = protocol
        self._connected = True

    def write(self, data: bytes) -> None:
        if self._connected and not self.disconnecting:
            self._line.clock.callLater(LATENCY_S, self._line.instrument.dataReceived, bytes(data))

    def writeSequence(self, data: Any) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        if self._connected and not self.disconnecting:
            self.disconnecting = True
            self.wire.callLater(0, self.lost, ConnectionDone())

    abortConnection = loseConnection

    def getPeer(self) -> IAddress:
        return MemoryAddress()

    def getHost(self) -> IAddress:
        return MemoryAddress()

    def arrived(self, data: bytes) -> None:
        """Bytes of the instrument."""
        if self._connected:
            self._protocol.dataReceived(data)

    def lost(self, reason: Exception) -> None:
        """The connection has ended."""
        if not self._connected:
            return
        self._connected = False
        if self._line.near is self:
            self._line.near = None
        self._protocol.connectionLost(Failure(reason))


@implementer(IStreamClientEndpoint)
class MemoryEndpoint:
    """Connects a node to a line; what was connected before is dead and gone."""

    def __init__(self, line: MemoryLine, wire: IReactorTime) -> None:
        self._line = line
        self._wire = wire

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """In a later turn, as every endpoint."""
        done: Deferred[IProtocol] = Deferred(lambda _: timer.cancel() if timer.active() else None)
        timer = self._wire.callLater(LATENCY_S, self._open, protocolFactory, done)
        return done

    def _open(self, factory: IProtocolFactory, done: Deferred[IProtocol]) -> None:
        protocol: Any = factory.buildProtocol(MemoryAddress())
        self._line.near = MemorySide(self._line, self._wire, protocol)
        protocol.makeConnection(self._line.near)
        done.callback(protocol)
