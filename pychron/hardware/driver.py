"""What a driver's module declares of itself, and what it is handed to build an actuator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IStreamClientEndpoint

from pychron.config.device_file import GENERAL, DeviceFile
from pychron.config.fields import Fields
from pychron.config.problems import Report
from pychron.hardware.channel import Channel
from pychron.hardware.communications import write_terminator
from pychron.runtime.world import World


@dataclass(frozen=True, slots=True)
class Setting:
    """One device as its driver sees it. `channel()` is shared by devices at one address; a driver that speaks with a
    server, one connection a request, takes the bare `endpoint()` instead. Both raise where the file says no way."""

    world: World
    device: DeviceFile
    channel: Callable[..., Channel]
    """Its argument: what ends an answer (a regular expression), where that is no line end."""
    endpoint: Callable[[], IStreamClientEndpoint]

    @property
    def name(self) -> str:
        """The device's name."""
        return self.device.name

    def _fields(self) -> Fields:
        return self.device.fields(GENERAL, Report())

    def flag(self, key: str, default: bool) -> bool:
        """A yes or no of `[General]`."""
        return self._fields().flag(key, default)

    def seconds(self, key: str, default: float) -> float:
        """A time of `[General]`."""
        return self._fields().seconds(key, default)

    def write_terminator(self, default: bytes) -> bytes:
        """What ends a command: `[Communications] write_terminator`. Raises NoWay."""
        return write_terminator(self.device) or default


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver: `klass` as device files write it, `make` builds an IActuator and moves nothing."""

    klass: str
    make: Callable[[Setting], Any]
    validate: Callable[[str], str] = lambda address: ""
    """Empty where an address can be one of this driver's, else what to write."""
    flow_control: str = "none"
    """Of its serial line, where the device file says none: none, xonxoff or rtscts."""
    emulator: str = ""
    """The emulated instrument that its channel can lead to; empty for none."""
    power_up: str = ""
    """What its relays do at power-up and on loss of the computer: printed by `pychron check`."""
