"""dashboard.yaml and dashboard.xml as frozen values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pychron.config.problems import Place
from pychron.dashboard.events import Level
from pychron.expressions.language import Expression

PORT = 8100
LOOPBACK = "127.0.0.1"
READING = "x"
"""The value's own number in a test, beside the other values by `DEVICE.VALUE`."""
LATE_PERIODS = 3
"""A value older than so many of its periods has no number any more."""


class Dialect(StrEnum):
    """Which of the two languages of dashboard files a device is written in."""

    INSTALLED = "installed"
    """As the code of existing installations reads it: `device`, `func_name`, `conditionals`."""
    DOCUMENTED = "documented"
    """As their documentation shows it: `name` is the device, `threshold: {warning, critical, comparator}`."""


class OnMissing(StrEnum):
    """What a missing value means to a condition."""

    TRIP = "trip"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """A warning or critical condition on one value."""

    name: str
    """`Env.temperature.x>30`, as installed messages begin."""
    level: Level
    test: Expression
    clear: Expression | None
    """It stays tripped until this holds; None: until `test` does not."""
    nfail: int
    """Failing readings in a row before it trips."""
    nclear: int
    """Good readings in a row before it is over."""
    on_missing: OnMissing
    guidance: str
    script: str
    emails: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """One value of a device."""

    name: str
    """`Env.temperature`"""
    device: str
    """The device's name as people see it."""
    value_name: str
    source: str
    """The device's name in the hardware; `extraction_line` for the line's valves."""
    attribute: str
    """What is read of it: `get_temperature`, `pressure`, a valve's name."""
    tag: str
    units: str
    period_s: float | None
    """None: told when it changes, read only where `timeout_s` passes without a word."""
    timeout_s: float
    """Longest wait for one reading; of an `on_change` value, silence after which it is read. 0: the default."""
    dead_band: float
    record: bool
    enabled: bool
    conditions: tuple[ConditionSpec, ...]
    place: Place

    @property
    def on_change(self) -> bool:
        return self.period_s is None


@dataclass(frozen=True, slots=True)
class DashboardSpec:
    """A whole dashboard file."""

    place: Place
    """Of the file."""
    host: str
    port: int
    port_place: Place
    values: tuple[ValueSpec, ...]
    """Every value of every enabled device, in file order."""
    dialects: tuple[Dialect, ...]

    @property
    def by_name(self) -> dict[str, ValueSpec]:
        return {value.name: value for value in self.values}
