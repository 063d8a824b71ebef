"""Gauge controllers with a protocol of their own: MKS 937B (`@003PR1?;FF`) and Pfeiffer MaxiGauge (`PR1`, ACK, ENQ).

Spec hardware 3.1 and 3.2. The unit is a setting of the instrument: it is asked for on each connection, and an instrument
that is set to another one than the file says gives no number, rather than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from zope.interface import implementer

from pychron.config.device_file import GENERAL, DeviceFile
from pychron.config.problems import Report
from pychron.hardware.channel import Channel, Turn
from pychron.hardware.driver import Setting
from pychron.hardware.readable import IReadable, NoValue, ReadableDriver, number
from pychron.hardware.text_gauges import gauges_of

MKS_CHANNELS = ("1", "2", "3", "4", "5", "6")
MAXI_CHANNELS = ("1", "2", "3", "4", "5", "6")
_ACK = re.compile(r"@?(\d{3})?(ACK|NAK)(.*)", re.DOTALL)
_MAXI_UNITS = {"0": "mbar", "1": "torr", "2": "pa"}
_MAXI_STATUS = {
    "1": "is below its range",
    "2": "is above its range",
    "3": "has a sensor error",
    "4": "is off",
    "5": "has no sensor",
    "6": "has an identification error",
}
ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
_SAME = {"pascal": "pa", "micron": "micron"}


def _general(device: DeviceFile, key: str, default: str) -> str:
    return device.fields(GENERAL, Report()).text(key, default)


class _Controller:
    """What both have in common: names, units, one exchange at a time."""

    def __init__(
        self, name: str, channel: Channel, gauges: Mapping[str, str], units: str, shown: str
    ) -> None:
        self.name = name
        self._channel = channel
        self._gauges = gauges
        self._units = units.casefold()
        self._shown = shown
        self._epoch = 0
        """Connection on which the unit was found to be the file's."""

    def names(self) -> Mapping[str, str]:
        """The gauges of the file, or all channels."""
        return dict.fromkeys(self._gauges, self._shown)

    async def close(self) -> None:
        """Give the channel up."""
        await self._channel.close()

    def _agree(self, turn: Turn, said: str) -> None:
        word = said.strip().casefold()
        if _SAME.get(word, word) != _SAME.get(self._units, self._units):
            raise NoValue(
                f"{self.name} is set to {said.strip()} and its file says {self._shown}; write units: {said.strip().lower()} "
                "into [General], or set the instrument"
            )
        self._epoch = turn.epoch


@implementer(IReadable)
class MksController(_Controller):
    """MKS 937B. Status words (off, low, no gauge) are no numbers."""

    def __init__(
        self, name: str, channel: Channel, gauges: Mapping[str, str], units: str, address: str
    ) -> None:
        super().__init__(name, channel, gauges, units, units)
        self._address = address.zfill(3)

    async def read(self, name: str) -> float:
        """Raises Unavailable, NoAnswer, NoValue."""
        channel = self._gauges.get(name, name)

        async def work(turn: Turn) -> str:
            await turn.quiet()
            if turn.epoch != self._epoch:
                self._agree(turn, await self._ask(turn, "U"))
            return await self._ask(turn, f"PR{channel}")

        answer = await self._channel.turn(work)
        return number(answer, f"{self.name} ({name})")

    async def _ask(self, turn: Turn, what: str) -> str:
        line = await turn.ask(f"@{self._address}{what}?;FF".encode())
        found = _ACK.search(line.decode("ascii", "replace"))
        if found is None or found[1] not in (None, self._address):
            raise turn.garbled(line)
        if found[2] == "NAK":
            raise NoValue(f"{self.name} refused {what} (NAK{found[3]}): it has no such channel or gauge")
        return found[3].strip()


@implementer(IReadable)
class MaxiGauge(_Controller):
    """Pfeiffer TPG 256 A and its kin: a command is acknowledged, and its answer fetched. Only status 0 is a pressure."""

    async def read(self, name: str) -> float:
        """Raises Unavailable, NoAnswer, NoValue."""
        channel = self._gauges.get(name, name)

        async def work(turn: Turn) -> str:
            await turn.quiet()
            if turn.epoch != self._epoch:
                unit = await self._ask(turn, "UNI")
                self._agree(turn, _MAXI_UNITS.get(unit, f"unit {unit}"))
            return await self._ask(turn, f"PR{channel}")

        answer = await self._channel.turn(work)
        status, comma, pressure = answer.partition(",")
        who = f"{self.name} ({name})"
        if not comma or status not in ("0", *_MAXI_STATUS):
            raise NoValue(f"{who} answered {answer[:60]!r}, which makes no sense")
        if status != "0":
            raise NoValue(f"{who} {_MAXI_STATUS[status]}")
        return number(pressure, who)

    async def _ask(self, turn: Turn, what: str) -> str:
        line = await turn.ask(f"{what}\r".encode())
        if line == NAK:
            errors = (await turn.ask(ENQ)).decode("ascii", "replace")
            raise NoValue(f"{self.name} refused {what} (error word {errors.strip()})")
        if line != ACK:
            raise turn.garbled(line)
        return (await turn.ask(ENQ)).decode("ascii", "replace").strip()


def _gauges(device: DeviceFile, channels: tuple[str, ...]) -> dict[str, str]:
    return {g.name: g.channel for g in gauges_of(device)} or {c: c for c in channels}


def _mks(setting: Setting) -> MksController:
    device = setting.device
    return MksController(
        setting.name,
        setting.channel(rb";FF[\r\n]*"),
        _gauges(device, MKS_CHANNELS),
        _general(device, "units", "torr"),
        _general(device, "address", "253"),
    )


def _maxi_gauge(setting: Setting) -> MaxiGauge:
    device = setting.device
    units = _general(device, "units", "mbar")
    return MaxiGauge(setting.name, setting.channel(), _gauges(device, MAXI_CHANNELS), units, units)


DRIVERS = (
    ReadableDriver(
        "MKSController",
        _mks,
        lambda device: dict.fromkeys(_gauges(device, MKS_CHANNELS), _general(device, "units", "torr")),
    ),
    ReadableDriver(
        "MaxiGaugeController",
        _maxi_gauge,
        lambda device: dict.fromkeys(_gauges(device, MAXI_CHANNELS), _general(device, "units", "mbar")),
    ),
)
