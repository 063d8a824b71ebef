"""What `hardware/` knows of the drivers, for the checks of a root."""

from __future__ import annotations

from collections.abc import Callable

from pychron.config.device_file import DeviceFile
from pychron.hardware.communications import NoWay, way_to
from pychron.hardware.drivers import UnknownDriver, driver_for, klasses
from pychron.hardware.readables import readable_klasses
from pychron.node.root_devices import Drivers


def known_drivers() -> Drivers:
    """Every driver of this installation."""
    return Drivers(
        klasses=klasses(), numbers=readable_klasses(), validate=_validate, where=_where, power_up=_power_up
    )


def _validate(device: DeviceFile) -> Callable[[str], str]:
    try:
        return driver_for(device.klass).validate
    except UnknownDriver:
        return lambda address: ""


def _where(device: DeviceFile) -> tuple[str, ...]:
    try:
        return (device.klass, *way_to(device).where)
    except NoWay:
        return ()


def _power_up(device: DeviceFile) -> str:
    try:
        return driver_for(device.klass).power_up
    except UnknownDriver:
        return ""
