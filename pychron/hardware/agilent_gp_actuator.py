"""Agilent/Keysight 34970A and 34972A with 34903A relays, over RS-232 or TCP (34970A Command Reference).

The relay that ROUTe:OPEN lifts is an open valve, unless `invert` says otherwise. Never sent: *RST, SYSTem:PRESet,
SYSTem:CPON, ROUTe:CLOSe:EXCLusive - each moves relays that nobody named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from twisted.logger import Logger
from zope.interface import implementer

from pychron.hardware import agilent_codec as codec
from pychron.hardware.channel import Channel, Turn
from pychron.hardware.driver import Driver, Setting
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

LATE_S = 3.0
"""A command that got no answer has been executed or lost by then: the instrument keeps no queue of its own beyond
the serial input buffer (User's Guide, remote interface)."""

ASK_AGAIN_S = 30.0
"""After this an address that was refused is asked for again."""

MOST_STALE = 64
"""Lines of an earlier connection that are passed over before the line is called senseless."""


@implementer(IActuator)
class AgilentGPActuator:
    """One mainframe's relays by slot and channel."""

    log = Logger()
    readable = True
    evidence = Evidence.RELAY

    def __init__(self, name: str, channel: Channel, invert: bool = False, late_s: float = LATE_S) -> None:
        self.name = name
        self.late_s = late_s
        self._channel = channel
        self._invert = invert
        self._in_step = 0
        """Epoch in which the answers are known to belong to the questions and the error queue to be empty."""
        self._number = 2
        """What the instrument was last asked to say at a `step_in`."""
        self._refused: dict[str, float] = {}
        """Addresses that it said it does not have, and when to ask again."""

    @property
    def connected(self) -> bool:
        """Whether its channel is up."""
        return self._channel.connected

    def validate(self, address: str) -> str:
        """Slot and channel."""
        return codec.check_address(address)

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """Open (`on`) or close the valve at `address`; acknowledged by an empty error queue.

        An error there may be of something else (a framing error, another client): the relay itself is asked then.
        """
        problem = codec.check_address(address)
        if problem:
            raise Unavailable(f"{self.name}: {problem}")

        async def work(turn: Turn) -> Mark:
            await self._step_in(turn)
            if not begin():
                raise NotBegun("")
            mark = turn.mark()
            turn.write(codec.command(address, opens=on is not self._invert))
            errors = await self._drain(turn)
            if errors:
                reading = (await self._read(turn, (address,)) or {}).get(address)
                if reading is None or reading.on is not on:
                    raise Rejected(f"{self.name} refused {address}: {'; '.join(errors)}")
                self.log.warn(
                    "{device} turned {address} and reports {errors}",
                    device=self.name,
                    address=address,
                    errors="; ".join(errors),
                )
            return mark

        return await self._channel.turn(work, urgent)

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        """All addresses in one query. One that cannot be an address, or that the instrument does not have, is absent."""
        asked = tuple(dict.fromkeys(a for a in addresses if not codec.check_address(a)))
        if not asked:
            return {}

        found = await self._channel.turn(partial(self._bank, asked=asked))
        if found is not None:
            return found
        # One address that does not exist has the whole list refused: find out which. Each in a turn of its own, so
        # that a close need not wait for them all.
        singly: dict[str, Reading] = {}
        for address in asked:
            one = await self._channel.turn(partial(self._bank, asked=(address,)))
            if one is None:
                self._refused[address] = self._channel.now + ASK_AGAIN_S
            else:
                singly |= one
        return singly

    async def _bank(self, turn: Turn, asked: tuple[str, ...]) -> dict[str, Reading] | None:
        """Those of `asked` that are not known to be missing; None where the instrument refuses the list."""
        await self._step_in(turn)
        now = self._channel.now
        return await self._read(turn, tuple(a for a in asked if self._refused.get(a, now) <= now))

    async def _read(self, turn: Turn, asked: tuple[str, ...]) -> dict[str, Reading] | None:
        """None where the instrument refuses the list."""
        if not asked:
            return {}
        mark = turn.mark()
        line = await turn.ask(codec.question_and_error(asked, opens=not self._invert))
        try:
            values = codec.answer(line, len(asked))
        except codec.NotUnderstood:
            if self._error(turn, line)[0] == 0:
                raise turn.garbled(line) from None
            await self._drain(turn)
            return None
        if self._error(turn, await turn.ask(b""))[0] != 0:
            await self._drain(turn)
        return {a: Reading(on, mark) for a, on in zip(asked, values, strict=True)}

    async def _step_in(self, turn: Turn) -> None:
        """Once a connection: find the answers in step with the questions, and empty the error queue by reading."""
        if self._in_step == turn.epoch:
            return
        self._number = 2 + (self._number - 1 + self._channel.draw(253)) % 254
        try:
            line = await turn.ask(codec.step_in(self._number))
            stale = 0
            while not codec.is_step(line, self._number):
                # An answer to what was asked on an earlier connection.
                stale += 1
                if stale > MOST_STALE:
                    raise turn.garbled(line)
                line = await turn.ask(b"")
            await self._drain(turn)
        except NoAnswer as silence:
            raise Unavailable(f"{silence.text}; nothing was sent to a relay") from silence
        self._in_step = turn.epoch
        self._refused.clear()

    @staticmethod
    def _error(turn: Turn, line: bytes) -> tuple[int, str]:
        try:
            return codec.error(line)
        except codec.NotUnderstood:
            raise turn.garbled(line) from None

    async def _drain(self, turn: Turn) -> list[str]:
        found: list[str] = []
        for _ in range(codec.MOST_ERRORS):
            number, text = self._error(turn, await turn.ask(codec.ERROR))
            if number == 0:
                return found
            found.append(f'{number:+d},"{text}"')
        return found

    async def close(self) -> None:
        """Give the channel up. Sends nothing."""
        await self._channel.close()


def make(setting: Setting) -> AgilentGPActuator:
    """From a device file: `[General] invert`, `late_s`."""
    invert = setting.flag("invert", False)
    return AgilentGPActuator(setting.name, setting.channel(), invert, setting.seconds("late_s", LATE_S))


DRIVER = Driver(
    klass="AgilentGPActuator",
    make=make,
    validate=codec.check_address,
    flow_control="xonxoff",  # As it leaves the factory (User's Guide p. 192); without effect where it is set to none.
    emulator="agilent_34970a",
    power_up="all relays open (34970A Command Reference, Instrument Preset State): with invert: false every valve opens; "
    "on loss of the computer they stay as they are",
)
