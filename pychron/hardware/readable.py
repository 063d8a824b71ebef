"""What a driver of gauges, thermometers and meters offers: numbers by name. Reading one changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zope.interface import Attribute, Interface

from pychron.config.device_file import DeviceFile
from pychron.hardware.driver import Setting
from pychron.hardware.interfaces import HardwareError

ANY = "*"
"""A name that stands for all: the instrument alone knows which it has."""


class NoValue(HardwareError):
    """The instrument answered, and its answer is no number: a gauge that is off, a word, an error."""


class IReadable(Interface):
    """Numbers of one instrument."""

    name = Attribute("the device's name")

    def names() -> Mapping[str, str]:
        """Each name that can be read and its unit; `*` where the instrument alone knows the names."""

    async def read(name: str) -> float:
        """The number now, by a name of `names`. Raises Unavailable, NoAnswer, NoValue."""

    async def close() -> None:
        """Give the device up. Changes nothing."""


@dataclass(frozen=True, slots=True)
class ReadableDriver:
    """A driver of numbers: `klass` as device files write it."""

    klass: str
    make: Callable[[Setting], Any]
    """Builds an IReadable, sends nothing."""
    names: Callable[[DeviceFile], Mapping[str, str]]
    """As `IReadable.names`, from the file alone: what a check can know."""


def find_name(wanted: str, names: Iterable[str]) -> str | None:
    """The name that a dashboard file means: `IG`, `get_IG`, `get_ig_pressure`; `get` where there is only one.

    None where it is none of them, or could be several.
    """
    known = tuple(names)
    if ANY in known:
        return wanted or None
    if wanted in known:
        return wanted
    bare = wanted.casefold().removeprefix("get").strip("_")
    if bare in ("", "pressure", "value") and len(known) == 1:
        return known[0]
    for form in (bare, bare.removesuffix("pressure").strip("_")):
        found = [name for name in known if name.casefold() == form]
        if len(found) == 1:
            return found[0]
    return None


def number(text: str, who: str) -> float:
    """A finite number. Raises NoValue that names the instrument."""
    try:
        value = float(text.strip())
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NoValue(f"{who} answered {text.strip()[:60]!r}, which is no number")
    return value
