"""Gauge controllers that are asked in lines of text: through Qtegra, through another Pychron, Micro-Ion, XGS-600.

Spec hardware 3.3 and 3.4. A gauge that is off gives no number, never a small one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zope.interface import implementer

from pychron.config.device_file import GENERAL, DeviceFile
from pychron.config.problems import Report
from pychron.hardware.channel import Channel, Turn
from pychron.hardware.driver import Setting
from pychron.hardware.readable import ANY, IReadable, NoValue, ReadableDriver, number

OFF_FROM = 9.0e9
"""A Micro-Ion gauge that is off, or was switched on just now, reads 9.90E+09 (358 manual)."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge of a controller: its name, and what the instrument calls it."""

    name: str
    channel: str


def gauges_of(device: DeviceFile) -> tuple[Gauge, ...]:
    """`[Gauges] names = a, b` and `channels = 1, 2`; a gauge without a channel is asked by its name."""
    fields = device.fields("gauges", Report())
    names = [w.strip() for w in fields.text("names").split(",") if w.strip()]
    channels = [w.strip() for w in fields.text("channels").split(",")]
    channels += [""] * (len(names) - len(channels))
    return tuple(Gauge(n, c or n) for n, c in zip(names, channels, strict=False))


@implementer(IReadable)
class TextGauges:
    """A controller that answers one line to one line."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        gauges: Mapping[str, str],
        units: str,
        ask: Callable[[str], bytes],
        understand: Callable[[str, str], float],
    ) -> None:
        self.name = name
        self._channel = channel
        self._gauges = gauges
        self._units = units
        self._ask = ask
        self._understand = understand

    def names(self) -> Mapping[str, str]:
        return dict.fromkeys(self._gauges, self._units) or {ANY: self._units}

    async def read(self, name: str) -> float:
        """Raises Unavailable, NoAnswer, NoValue."""

        async def work(turn: Turn) -> bytes:
            await turn.quiet()
            return await turn.ask(self._ask(self._gauges.get(name, name)))

        answer = await self._channel.turn(work)
        return self._understand(answer.decode("utf-8", "replace").strip(), f"{self.name} ({name})")

    async def close(self) -> None:
        await self._channel.close()


def _plain(text: str, who: str) -> float:
    if text.casefold().startswith("error"):
        raise NoValue(f"{who} answered {text[:80]!r}")
    return number(text, who)


def _micro_ion(text: str, who: str) -> float:
    value = _plain(text.removeprefix("*").strip(), who)
    if value >= OFF_FROM:
        raise NoValue(f"{who} is off, or warms up: it reads {text}")
    return value


def _xgs600(text: str, who: str) -> float:
    if text.startswith("?"):
        raise NoValue(f"{who} answered {text[:20]!r}: it has no gauge of that label, or the gauge is off")
    return _plain(text.removeprefix(">"), who)


def _general(device: DeviceFile, key: str, default: str) -> str:
    return device.fields(GENERAL, Report()).text(key, default)


def _names(default: tuple[str, ...], units: str) -> Callable[[DeviceFile], Mapping[str, str]]:
    def names(device: DeviceFile) -> Mapping[str, str]:
        found = [gauge.name for gauge in gauges_of(device)] or list(default)
        return dict.fromkeys(found, _general(device, "units", units))

    return names


def _made(
    setting: Setting,
    default: tuple[str, ...],
    units: str,
    ask: Callable[[str], bytes],
    understand: Callable[[str, str], float],
) -> TextGauges:
    gauges = {g.name: g.channel for g in gauges_of(setting.device)} or {n: n for n in default if n != ANY}
    units = _general(setting.device, "units", units)
    return TextGauges(setting.name, setting.channel(), gauges, units, ask, understand)


def _qtegra(setting: Setting) -> TextGauges:
    end = setting.write_terminator(b"\r")
    return _made(setting, (ANY,), "torr", lambda c: f"GetParameter {c}".encode() + end, _plain)


def _pychron(setting: Setting) -> TextGauges:
    end = setting.write_terminator(b"\r")
    controller = _general(setting.device, "name", setting.name)
    return _made(setting, (ANY,), "torr", lambda c: f"GetPressure {controller},{c}".encode() + end, _plain)


_MICRO_ION_GAUGES = ("IG", "CG1", "CG2")


def _micro_ion_controller(setting: Setting) -> TextGauges:
    end = setting.write_terminator(b"\r")
    rs485 = setting.device.communications.get("mode", "rs485").strip().casefold() != "rs232"
    prefix = f"#{_general(setting.device, 'address', '01')}" if rs485 else ""
    return _made(setting, _MICRO_ION_GAUGES, "torr", lambda c: f"{prefix}DS {c}".encode() + end, _micro_ion)


def _xgs600_controller(setting: Setting) -> TextGauges:
    end = setting.write_terminator(b"\r")
    address = _general(setting.device, "address", "00")
    return _made(setting, (ANY,), "torr", lambda c: f"#{address}02U{c}".encode() + end, _xgs600)


DRIVERS = (
    ReadableDriver("QtegraMicroIonController", _qtegra, _names((ANY,), "torr")),
    ReadableDriver("PychronMicroIonController", _pychron, _names((ANY,), "torr")),
    ReadableDriver("MicroIonController", _micro_ion_controller, _names(_MICRO_ION_GAUGES, "torr")),
    ReadableDriver("XGS600GaugeController", _xgs600_controller, _names((ANY,), "torr")),
)
