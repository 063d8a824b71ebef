"""Emulated relays: their true positions and every movement, and a generic actuator over them for klasses without emulator.

Tests judge by this log, never by what a node believes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.hardware.interfaces import (
    Evidence,
    IActuator,
    Mark,
    NoAnswer,
    NotBegun,
    Reading,
    Rejected,
    Unavailable,
)
from pychron.hardware.turns import Turns
from pychron.runtime.deadlines import sleep
from pychron.simulation.relay_faults import Fault, Faults

EXCHANGE_S = 0.01
TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Movement:
    """One relay changed its position."""

    time: float
    """Seconds of the bank's clock."""
    address: str
    open: bool
    cause: str
    """What moved it: the text of a command, `power-up`, a person."""


class RelayBank:
    """Relays by address. `addresses` None: any address is one, closed at the start."""

    def __init__(
        self, clock: IReactorTime, addresses: Iterable[str] | None = None, open_at_start: bool = False
    ) -> None:
        self._clock = clock
        self._fixed = addresses is not None
        self._open = dict.fromkeys(addresses or (), open_at_start)
        self._default = open_at_start
        self.log: list[Movement] = []
        self.listeners: list[Callable[[Movement], None]] = []
        """Told of each movement at once."""

    def has(self, address: str) -> bool:
        """Whether there is such a relay."""
        return not self._fixed or address in self._open

    def addresses(self) -> tuple[str, ...]:
        """Those that it has, or that were used so far."""
        return tuple(self._open)

    def is_open(self, address: str) -> bool:
        """The true position."""
        return self._open.get(address, self._default)

    def positions(self) -> Mapping[str, bool]:
        """True where open."""
        return dict(self._open)

    def move(self, address: str, opens: bool, cause: str) -> None:
        """Open or close. What stands so already does not move, and nothing is logged."""
        was = self.is_open(address)
        self._open[address] = opens
        if was is opens:
            return
        movement = Movement(float(self._clock.seconds()), address, opens, cause)
        self.log.append(movement)
        for listener in self.listeners:
            listener(movement)

    def move_later(self, seconds: float, address: str, opens: bool, cause: str) -> None:
        """It happens even when the node that asked is gone by then."""
        self._clock.callLater(seconds, self.move, address, opens, cause)

    def power_up(self, opens: bool = True) -> None:
        """All relays fall into the position that they have without power."""
        for address in self._open:
            self.move(address, opens, "power-up")


@implementer(IActuator)
class RelayBankActuator:
    """A relay bank in process, as an actuator on a node's wire clock. It ends with the node; the bank stays."""

    def __init__(
        self,
        name: str,
        bank: RelayBank,
        wire: IReactorTime,
        faults: Faults | None = None,
        readable: bool = True,
        late_s: float = 2.0,
    ) -> None:
        self.name = name
        self.bank = bank
        self.faults = faults or Faults()
        self.late_s = late_s
        self.readable = readable
        self.evidence = Evidence.RELAY if readable else Evidence.COMMANDED
        self.connected = True
        self._wire = wire
        self._turns = Turns()
        self._epoch = 1

    def validate(self, address: str) -> str:
        """Anything goes, or what the bank has."""
        return "" if self.bank.has(address) else f"the emulated bank has no relay {address}"

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """One exchange; its fault is drawn when its turn comes."""
        await self._turns.take(urgent)
        try:
            self._must_be_there()
            if not begin():
                raise NotBegun("")
            mark = self._mark()
            fault = self.faults.next()
            if fault is Fault.REJECTS or not self.bank.has(address):
                await sleep(self._wire, EXCHANGE_S)
                raise Rejected(f"{self.name} refused {address}")
            cause = f"{'open' if on else 'close'} {address}"
            if fault is Fault.LATE:
                self.bank.move_later(min(self.faults.late_s, self.late_s), address, on, cause)
            elif fault is not Fault.SILENT and not (fault is Fault.DROPS and self.faults.coin()):
                self.bank.move(address, on, cause)
            await self._end(fault, mark)
            return mark
        finally:
            self._turns.give()

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        """All in one exchange."""
        if not self.readable:
            return {}
        await self._turns.take()
        try:
            self._must_be_there()
            mark = self._mark()
            fault = self.faults.next()
            found = {a: Reading(self.bank.is_open(a), mark) for a in addresses if self.bank.has(a)}
            await self._end(fault, mark)
            return {} if fault is Fault.REJECTS else found
        finally:
            self._turns.give()

    def _mark(self) -> Mark:
        return Mark(self._epoch, float(self._wire.seconds()))

    def _must_be_there(self) -> None:
        if not self.connected:
            raise Unavailable(f"{self.name} is closed")

    async def _end(self, fault: Fault | None, mark: Mark) -> None:
        if fault in (None, Fault.TWICE, Fault.REJECTS):
            await sleep(self._wire, EXCHANGE_S)
            return
        quick = fault in (Fault.GARBLED, Fault.DROPS)
        await sleep(self._wire, EXCHANGE_S if quick else TIMEOUT_S)
        self._epoch += 1
        raise NoAnswer(f"{self.name} gave no sensible answer ({fault})", mark)

    async def close(self) -> None:
        """Moves nothing."""
        self.connected = False
