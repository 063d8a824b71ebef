"""initialization.xml: plugins, managers, devices, flags and globals as frozen values with their lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.config.problems import Place


@dataclass(frozen=True, slots=True)
class DeviceElement:
    """`<device enabled="true">name<klass>K</klass></device>`"""

    name: str
    place: Place
    enabled: bool
    klass: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class ManagerElement:
    """`<manager enabled="true">switch_manager ...</manager>`, nested managers included."""

    name: str
    place: Place
    enabled: bool
    devices: tuple[DeviceElement, ...] = ()
    managers: tuple[ManagerElement, ...] = ()


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
    """Other leaf children (`mode`, `klass`, ...) and the leaves of `rpc`, `communications`, `runner` as
    `communications.host`."""


@dataclass(frozen=True, slots=True)
class Initialization:
    """The whole file."""

    place: Place
    plugins: tuple[PluginElement, ...]
    globals: dict[str, str]
