"""DummyGPActuator: relays in memory, closed at the start. It says so nowhere else: for benches and trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.hardware.driver import Driver, Setting
from pychron.hardware.interfaces import Evidence, IActuator, Mark, NotBegun, Reading


@implementer(IActuator)
class DummyGPActuator:
    """Any address is a relay."""

    late_s = 0.0
    readable = True
    evidence = Evidence.RELAY
    connected = True

    def __init__(self, name: str, wire: IReactorTime) -> None:
        self.name = name
        self._wire = wire
        self._on: dict[str, bool] = {}

    def validate(self, address: str) -> str:
        """Anything goes."""
        return ""

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        """At once."""
        if not begin():
            raise NotBegun("")
        self._on[address] = on
        return Mark(1, float(self._wire.seconds()))

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        """At once."""
        mark = Mark(1, float(self._wire.seconds()))
        return {a: Reading(self._on.get(a, False), mark) for a in addresses}

    async def close(self) -> None:
        """Nothing to give up."""


def make(setting: Setting) -> DummyGPActuator:
    """Needs no communications."""
    return DummyGPActuator(setting.name, setting.world.wire)


DRIVER = Driver(klass="DummyGPActuator", make=make, power_up="it is no hardware")
