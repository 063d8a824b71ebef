"""initialization.xml: plugins, managers, devices, flags and globals as frozen values with their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pychron.config.problems import Place
from pychron.config.words import read_flag


@dataclass(frozen=True, slots=True)
class DeviceElement:
    """`<device enabled="true">name<klass>K</klass></device>`"""

    name: str
    place: Place
    enabled: bool
    klass: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class FlagElement:
    """`<flag>`, `<timed_flag>` or `<valve_flag>`; `kind` is its tag. `valves` of a valve_flag only."""

    name: str
    place: Place
    enabled: bool
    kind: str = "flag"
    valves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagerElement:
    """`<manager enabled="true">switch_manager ...</manager>`, nested managers included."""

    name: str
    place: Place
    enabled: bool
    devices: tuple[DeviceElement, ...] = ()
    managers: tuple[ManagerElement, ...] = ()
    flags: tuple[FlagElement, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    """As those of a plugin."""


@dataclass(frozen=True, slots=True)
class PluginElement:
    """One `<plugin>` of any group or of globals."""

    name: str
    """As the file writes it."""
    place: Place
    enabled: bool
    group: str
    """globals, general, data, hardware or social."""
    managers: tuple[ManagerElement, ...] = ()
    devices: tuple[DeviceElement, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    """Other leaf children (`mode`, `klass`, ...) and the leaves and attributes of nested ones by their path:
    `rpc.mode`, `communications.host`, `runner.communications.host`."""
    flags: tuple[FlagElement, ...] = ()
    places: dict[str, Place] = field(default_factory=dict)
    """Where each of `values` stands."""

    def all_managers(self) -> Iterator[ManagerElement]:
        """Its managers and theirs, outer ones first."""
        waiting = list(self.managers)
        while waiting:
            manager = waiting.pop(0)
            yield manager
            waiting[:0] = manager.managers

    def all_devices(self) -> Iterator[DeviceElement]:
        """Devices of enabled managers, then its own, in creation order; disabled devices too."""
        waiting = list(self.managers)
        while waiting:
            manager = waiting.pop(0)
            if manager.enabled:
                yield from manager.devices
                waiting[:0] = manager.managers
        yield from self.devices


@dataclass(frozen=True, slots=True)
class Initialization:
    """The whole file."""

    place: Place
    plugins: tuple[PluginElement, ...]
    globals: dict[str, str]
    global_places: dict[str, Place] = field(default_factory=dict)

    def flag(self, name: str, default: bool = False) -> bool:
        """A global as a boolean; one that is absent or makes no sense is `default`."""
        value = read_flag(self.globals.get(name, ""))
        return default if value is None else value
