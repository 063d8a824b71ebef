"""The drivers there are, by `klass`: `AgilentGPActuator` is agilent_gp_actuator.py; a lab's own by entry point."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from twisted.internet.interfaces import IStreamClientEndpoint

from pychron.config.device_file import DeviceFile
from pychron.config.problems import nearest
from pychron.hardware.channel import LINE_END, Channel
from pychron.hardware.communications import NoWay, Serial, Way, way_to
from pychron.hardware.driver import Driver, Setting
from pychron.hardware.interfaces import IActuator
from pychron.runtime.world import SerialSettings, World

GROUP = "pychron.drivers"
_WORDS = re.compile(r"[A-Z]+\d+(?:[A-Z]\b)?|[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+|[A-Z]+|[a-z]+|\d+")


class UnknownDriver(Exception):
    """No driver, or two, for a klass; or a device file that does not say how to reach it."""


def module_name(klass: str) -> str:
    """`AgilentGPActuator` -> `agilent_gp_actuator`."""
    return "_".join(word.lower() for word in _WORDS.findall(klass))


def klasses() -> tuple[str, ...]:
    """Every klass that has a driver here or in an installed distribution."""
    here = [
        import_module(f"pychron.hardware.{path.stem}").DRIVER.klass
        for path in sorted(Path(__file__).parent.glob("*_actuator.py"))
    ]
    return tuple(dict.fromkeys([*here, *(p.name for p in entry_points(group=GROUP))]))


def driver_for(klass: str) -> Driver:
    """The one driver of a klass. Raises UnknownDriver with the nearest name."""
    own = [p for p in entry_points(group=GROUP) if p.name == klass]
    path = Path(__file__).parent / f"{module_name(klass)}.py"
    built_in = path.name.endswith("_actuator.py") and path.exists()
    if len(own) + built_in > 1:
        brought = ", ".join(p.value for p in own)
        raise UnknownDriver(f"the driver {klass} is brought twice ({brought}); uninstall one")
    if own:
        driver = own[0].load()
    elif built_in:
        driver = import_module(f"pychron.hardware.{path.stem}").DRIVER
    else:
        raise UnknownDriver(f"there is no driver {klass or 'without a klass'}{nearest(klass, klasses())}")
    if not isinstance(driver, Driver) or driver.klass != klass:
        raise UnknownDriver(f"the driver {klass} declares itself as {getattr(driver, 'klass', driver)!r}")
    return driver


Lines = dict[object, tuple[Channel, Way | None, DeviceFile, bytes]]
"""Channels by address, each with the way and the device that made it, and how its lines end."""


class ActuatorBuilder:
    """Builds the actuators of one node. Devices at one address share a channel."""

    def __init__(self, world: World, lines: Lines | None = None) -> None:
        """`lines`: those of the node, where several build: two conversations on one line would garble each other."""
        self._world = world
        self._channels: Lines = {} if lines is None else lines
        self.channels: dict[str, Channel] = {}
        """By the device that made it."""

    def build(self, device: DeviceFile, endpoint: IStreamClientEndpoint | None = None) -> IActuator:
        """`endpoint` leads to an emulator in place of what the file says. Raises UnknownDriver."""
        driver = driver_for(device.klass)
        try:
            actuator: IActuator = driver.make(self.setting(device, endpoint, driver.flow_control))
        except NoWay as problem:
            raise UnknownDriver(str(problem)) from problem
        return actuator

    def setting(
        self, device: DeviceFile, endpoint: IStreamClientEndpoint | None = None, flow_control: str = "none"
    ) -> Setting:
        """What a driver of this device is handed; `flow_control` is its default. Raises UnknownDriver."""
        try:
            way = None if endpoint is not None else way_to(device) if device.communications else None
        except NoWay as problem:
            raise UnknownDriver(str(problem)) from problem

        def stream() -> IStreamClientEndpoint:
            if endpoint is not None:
                return endpoint
            if way is None:
                raise UnknownDriver(
                    f"{device.place}: {device.name} says no way to reach it; write communications:"
                )
            streams = self._world.streams
            if isinstance(way, Serial):
                flow = way.flow_control or flow_control
                settings = SerialSettings(
                    way.baudrate,
                    way.bytesize,
                    way.parity,
                    way.stopbits,
                    way.hold_dtr,
                    xonxoff=flow == "xonxoff",
                    rtscts=flow == "rtscts",
                )
                return streams.serial(way.port, settings)
            return streams.tcp_client(way.host, way.port, way.timeout_s)

        def channel(line_end: bytes = LINE_END) -> Channel:
            key: object = way.where if way is not None else device.name
            if key not in self._channels:
                made = self.channels[device.name] = _open(self._world, device.name, way, stream(), line_end)
                self._channels[key] = made, way, device, line_end
                return made
            shared, first, owner, ends = self._channels[key]
            if ends != line_end:
                raise UnknownDriver(
                    f"{device.place}: {device.name} ends its lines in another way than {owner.name}, which is on the same "
                    f"line ({owner.place}); give it a line of its own"
                )
            if way is not None and first is not None:
                # One instrument has one line: what one device says of it holds for all.
                if replace(way, timeout_s=first.timeout_s) != first:
                    raise UnknownDriver(
                        f"{device.place} and {owner.place} reach {first.where[1]} with different settings; "
                        "write the same in both"
                    )
                shared.timeout_s = max(shared.timeout_s, way.timeout_s)
            return shared

        return Setting(self._world, device, channel, stream)


def _open(
    world: World, name: str, way: Way | None, endpoint: IStreamClientEndpoint, line_end: bytes
) -> Channel:
    if way is None:
        return Channel(world, endpoint, f"{name} (emulated)", line_end=line_end)
    where = f"on {way.port}" if isinstance(way, Serial) else f"at {way.host}:{way.port}"
    return Channel(world, endpoint, f"{name} {where}", way.timeout_s, line_end, isinstance(way, Serial))
