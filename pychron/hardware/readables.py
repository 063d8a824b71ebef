"""The drivers of numbers there are, by `klass`; a lab's own by the entry point group `pychron.readables`."""

from __future__ import annotations

from importlib.metadata import entry_points

from pychron.config.device_file import DeviceFile
from pychron.config.problems import nearest
from pychron.hardware.communications import NoWay
from pychron.hardware.drivers import ActuatorBuilder, Lines, UnknownDriver
from pychron.hardware.readable import IReadable, ReadableDriver
from pychron.hardware.text_gauges import DRIVERS as TEXT_GAUGES
from pychron.hardware.vacuum_controllers import DRIVERS as VACUUM_CONTROLLERS
from pychron.runtime.world import World

GROUP = "pychron.readables"
DRIVERS = (*TEXT_GAUGES, *VACUUM_CONTROLLERS)


def readable_klasses() -> tuple[str, ...]:
    """Every klass whose numbers can be read."""
    return tuple(dict.fromkeys([*(d.klass for d in DRIVERS), *(p.name for p in entry_points(group=GROUP))]))


def readable_driver(klass: str) -> ReadableDriver:
    """The one driver of a klass. Raises UnknownDriver with the nearest name."""
    own = [p for p in entry_points(group=GROUP) if p.name == klass]
    built_in = [d for d in DRIVERS if d.klass == klass]
    if len(own) + len(built_in) > 1:
        raise UnknownDriver(f"the driver {klass} is brought twice; uninstall one")
    driver = own[0].load() if own else built_in[0] if built_in else None
    if driver is None:
        known = readable_klasses()
        raise UnknownDriver(
            f"there is no driver that reads numbers of a {klass or 'device without a klass'}{nearest(klass, known)}"
        )
    if not isinstance(driver, ReadableDriver) or driver.klass != klass:
        raise UnknownDriver(f"the driver {klass} declares itself as {getattr(driver, 'klass', driver)!r}")
    return driver


class ReadableBuilder:
    """Builds the readable devices of one node, each once. Devices at one address share a channel."""

    def __init__(self, world: World, lines: Lines | None = None) -> None:
        self._settings = ActuatorBuilder(world, lines)
        self._built: dict[str, IReadable] = {}
        self.channels = self._settings.channels
        """By the device that made each."""

    def build(self, device: DeviceFile) -> IReadable:
        """Raises UnknownDriver, which says what the device file lacks."""
        if device.name not in self._built:
            driver = readable_driver(device.klass)
            try:
                made = driver.make(self._settings.setting(device))
            except NoWay as problem:
                raise UnknownDriver(str(problem)) from problem
            self._built[device.name] = made
        return self._built[device.name]

    async def close(self) -> None:
        """Give every device up."""
        built, self._built = self._built, {}
        for readable in built.values():
            await readable.close()
