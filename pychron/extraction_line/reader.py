"""Reads the line back by itself: everything each period, what is unknown sooner and with backoff."""

from __future__ import annotations

from dataclasses import dataclass

from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.states import State
from pychron.extraction_line.supplies import Supplies
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

TICK_S = 0.25
SLOWEST_S = 5.0


@dataclass(slots=True)
class _Group:
    """Switches that one device reads."""

    names: tuple[str, ...]
    next_full: float = 0.0
    next_unknown: float = 0.0
    backoff_s: float = TICK_S
    reading: bool = False


class Reader:
    """One for a line. Devices are read independently: a silent one holds up no other."""

    def __init__(
        self, world: World, manager: ExtractionLineManager, period_s: float, supplies: Supplies
    ) -> None:
        self._world = world
        self._supplies = supplies
        self._manager = manager
        self._period_s = period_s
        groups: dict[str, list[str]] = {}
        for switch in manager.line:
            if switch.hardware.readable:
                spec = switch.spec
                groups.setdefault(spec.state_device or spec.actuator, []).append(switch.name)
        self._groups = [_Group(tuple(names)) for names in groups.values()]
        self._periodic = Periodic(world.wire, TICK_S, self._tick, "reading the line back")

    def start(self) -> None:
        """The first reading is at once."""
        self._periodic.start(now=True)

    def stop(self) -> None:
        """No further reading."""
        self._periodic.stop()

    def _tick(self) -> None:
        self._supplies.look()
        now = float(self._world.wire.seconds())
        for group in self._groups:
            if group.reading:
                continue
            due = now >= group.next_full and (self._period_s > 0 or group.next_full == 0.0)
            if due:
                names = group.names
            elif now >= group.next_unknown:
                names = tuple(n for n in group.names if self._manager.line.switches[n].state is State.UNKNOWN)
            else:
                continue
            if due:
                group.next_full = now + (self._period_s or 1.0)
            if names:
                group.reading = True
                self._manager.spawner.spawn(self._read(group, names), "reading the line back")

    async def _read(self, group: _Group, names: tuple[str, ...]) -> None:
        try:
            await self._manager.read(names)
        finally:
            group.reading = False
            unknown = any(self._manager.line.switches[n].state is State.UNKNOWN for n in group.names)
            group.backoff_s = min(SLOWEST_S, group.backoff_s * 2) if unknown else TICK_S
            group.next_unknown = float(self._world.wire.seconds()) + group.backoff_s
