"""Valves of a Thermo instrument through the text server in Qtegra: `Open NAME`, `GetValveState NAME` over TCP.

The address is Qtegra's own parameter name and may hold spaces. `True` is open, `False` closed, anything else unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zope.interface import implementer

from pychron.hardware.channel import Channel, Turn
from pychron.hardware.driver import Driver, Setting
from pychron.hardware.interfaces import Evidence, IActuator, Mark, NotBegun, Reading, Rejected

LATE_S = 5.0
_STATES = {b"True": True, b"False": False}


def check_address(address: str) -> str:
    """One line of printable text."""
    if address.strip() and address.isprintable():
        return ""
    return "write the name of the valve's parameter in Qtegra"


@implementer(IActuator)
class QtegraGPActuator:
    """Switches by parameter name; one exchange a switch."""

    readable = True
    evidence = Evidence.RELAY

    def __init__(self, name: str, channel: Channel, late_s: float = LATE_S, end: bytes = b"\r") -> None:
        self.name = name
        self._end = end
        self.late_s = late_s
        self._channel = channel

    @property
    def connected(self) -> bool:
        """Whether its channel is up."""
        return self._channel.connected

    def validate(self, address: str) -> str:
        """A parameter name."""
        return check_address(address)

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """`OK` acknowledges; `Error...` is a refusal."""

        async def work(turn: Turn) -> Mark:
            if not begin():
                raise NotBegun("")
            mark = turn.mark()
            answer = (await turn.ask(f"{'Open' if on else 'Close'} {address}".encode() + self._end)).strip()
            if answer == b"OK":
                return mark
            if answer.lower().startswith(b"error"):
                raise Rejected(f"{self.name}: {answer.decode('utf-8', 'replace')}")
            raise turn.garbled(answer)

        return await self._channel.turn(work, urgent)

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        """One query a switch; each takes a turn, so that a close need not wait for them all."""
        found: dict[str, Reading] = {}
        for address in addresses:

            async def work(turn: Turn, address: str = address) -> Reading:
                mark = turn.mark()
                answer = (await turn.ask(f"GetValveState {address}".encode() + self._end)).strip()
                return Reading(_STATES.get(answer), mark)

            found[address] = await self._channel.turn(work)
        return found

    async def close(self) -> None:
        """Give the channel up. Sends nothing."""
        await self._channel.close()


def make(setting: Setting) -> QtegraGPActuator:
    """From a device file: `[General] late_s`, `[Communications] write_terminator`."""
    late_s, end = setting.seconds("late_s", LATE_S), setting.write_terminator(b"\r")
    return QtegraGPActuator(setting.name, setting.channel(), late_s, end)


DRIVER = Driver(
    klass="QtegraGPActuator",
    make=make,
    validate=check_address,
    power_up="what the instrument's own firmware does; on loss of the computer valves stay as they are",
)
