"""A driver that a laboratory writes itself: a relay box that speaks lines of text over TCP or a serial port.

    SET 3 1   ->  OK, or  NO why      relay 3 on
    GET 3     ->  1 or 0              is it on?

docs/how-to/write-a-driver.md says what each part is for and how to install it.
"""

from collections.abc import Callable, Mapping, Sequence

from zope.interface import implementer

from pychron.hardware.channel import Channel, Turn
from pychron.hardware.driver import Driver, Setting
from pychron.hardware.interfaces import Evidence, IActuator, Mark, NotBegun, Reading, Rejected


def check_address(address: str) -> str:
    """Empty where `address` is a relay of this box, else what to write."""
    return "" if address.isdecimal() and 1 <= int(address) <= 16 else "write a relay, 1 to 16"


@implementer(IActuator)
class RelayBoxGPActuator:
    """Sixteen relays."""

    readable = True
    evidence = Evidence.RELAY  # GET tells what the relay was told, not where the valve is.

    def __init__(self, name: str, channel: Channel, invert: bool, late_s: float) -> None:
        self.name = name
        self.late_s = late_s
        self._channel = channel
        self._invert = invert

    @property
    def connected(self) -> bool:
        return self._channel.connected

    def validate(self, address: str) -> str:
        return check_address(address)

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        async def work(turn: Turn) -> Mark:
            if not begin():  # Too late, or no longer allowed: nothing may be written.
                raise NotBegun("")
            mark = turn.mark()  # Just before the first byte that may move something.
            answer = await turn.ask(f"SET {address} {int(on != self._invert)}\r\n".encode())
            if answer == b"OK":
                return mark
            if answer.startswith(b"NO"):  # The box says that it did not do it: certain.
                raise Rejected(f"{self.name}: {answer.decode('ascii', 'replace')}")
            raise turn.garbled(answer)  # Anything else: nobody knows.

        return await self._channel.turn(work, urgent)

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        found: dict[str, Reading] = {}
        for address in addresses:

            async def work(turn: Turn, address: str = address) -> Reading:
                mark = turn.mark()
                answer = await turn.ask(f"GET {address}\r\n".encode())
                if answer not in (b"0", b"1"):
                    raise turn.garbled(answer)
                return Reading((answer == b"1") != self._invert, mark)

            found[address] = await self._channel.turn(work)  # A turn each: a close need not wait for all.
        return found

    async def close(self) -> None:
        await self._channel.close()


def make(setting: Setting) -> RelayBoxGPActuator:
    return RelayBoxGPActuator(
        setting.name, setting.channel(), setting.flag("invert", False), setting.seconds("late_s", 2.0)
    )


DRIVER = Driver(
    klass="RelayBoxGPActuator",
    make=make,
    validate=check_address,
    power_up="all relays off; on loss of the computer they stay as they are",
)
