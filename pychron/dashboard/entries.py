"""A dashboard file as tables of texts with places, whatever its format: what is read before anything is judged. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.config.fields import Value
from pychron.config.problems import Place

Table = dict[str, list[Value]]


@dataclass(frozen=True, slots=True)
class ConditionEntry:
    """One conditional as it stands there. `level` is what the file calls it: 10, warn, critical."""

    level: Value
    table: Table
    place: Place


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """One value. A mapping under `threshold` stands in `table` as `threshold.warning` and so on."""

    table: Table
    conditions: tuple[ConditionEntry, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One device and its values."""

    table: Table
    values: tuple[ValueEntry, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The whole file."""

    place: Place
    devices: tuple[DeviceEntry, ...]
    table: Table = field(default_factory=dict)
    """`host` and `port`, and what nobody knows."""
