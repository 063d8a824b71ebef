"""A node's own line put together: file, drivers, manager, reader, parking; its verbs and what it says on the air."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twisted.logger import Logger

from pychron.config.device_file import DeviceFile
from pychron.config.initialization import PluginElement
from pychron.events.bus import EventBus
from pychron.expressions.language import Expression
from pychron.extraction_line.actuators import Actuators
from pychron.extraction_line.events import AlarmRaised, OwnerChanged
from pychron.extraction_line.flags import Flag, Flags, TimedFlag
from pychron.extraction_line.keeping.restore import restore, restored_counts
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.manager import ExtractionLineManager, LineOptions
from pychron.extraction_line.parking.park import Parking
from pychron.extraction_line.parking.park_file import ParkSpec
from pychron.extraction_line.permits import IReadings, NoReadings, Permits
from pychron.extraction_line.picture import LocalPicture
from pychron.extraction_line.reader import Reader
from pychron.extraction_line.relays import Relays
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.supplies import Supplies
from pychron.runtime.deadlines import DeadlinePassed, sleep, within
from pychron.runtime.world import World
from pychron.store.node_file import NodeStore

FILE = "node.sqlite"
DRAIN_S = 20.0
"""Wire seconds that a stopping node gives actuations under way."""


class LocalLine:
    """Everything of one node's own switches. Building and starting it moves no relay."""

    log = Logger()

    def __init__(self, world: World, bus: EventBus, state_folder: Path) -> None:
        self._world = world
        self._bus = bus
        self.store = NodeStore(world, state_folder / FILE)
        self.actuators = Actuators()
        self.readings = IReadings(NoReadings())

    async def open(
        self,
        spec: LineSpec,
        devices: Mapping[str, DeviceFile],
        permits: Mapping[str, Expression],
        park: ParkSpec,
        options: LineOptions,
    ) -> None:
        """Read the node's file, build drivers and the manager, put back what was."""
        restored = await self.store.open()
        self.actuators.build(self._world, spec, devices)
        relays = Relays(spec, self.actuators.built)
        line = Line.build(spec, {s.name: relays.hardware(s.name) for s in spec.switches})
        self.permits = Permits(line, permits, self.readings)
        self.manager = ExtractionLineManager(
            self._world,
            line,
            relays,
            self.store,
            self._bus,
            restored_counts(spec, restored),
            self.permits,
            options,
        )
        restore(self.manager, restored)
        self.picture = LocalPicture(self.manager)
        self.parking = Parking(self.manager, park, lambda: self.readings)
        supplies = Supplies(self.manager, lambda: self.readings, self.parking)
        self.reader = Reader(self._world, self.manager, options.refresh_s, supplies)
        self._following = [
            self._bus.subscribe(self._owner_changed, OwnerChanged, what="parking of orphaned switches"),
            self._bus.subscribe(self._alarm, AlarmRaised, what="alarms in the log"),
        ]

    def start(self) -> None:
        """Begin to read the line back; what was orphaned before the start is so now."""
        self.reader.start()
        for claim in self.manager.leases.claims.values():
            if claim.orphaned:
                self._owner_changed(
                    OwnerChanged(claim.switches, claim.address, True, "orphaned before the start")
                )

    def bind_readings(self, readings: IReadings) -> None:
        """Gauges have come."""
        self.readings = self.permits.readings = readings

    def _owner_changed(self, event: object) -> None:
        assert isinstance(event, OwnerChanged)
        names = ", ".join(event.switches)
        if event.orphaned:
            self.parking.trigger(
                "on_owner_lost", lambda: self._is_orphaned(event), f"the owner of {names} was lost", names
            )
            self.parking.trigger(
                "on_orphaned_for", lambda: self._is_orphaned(event), f"{names} stay orphaned", names
            )
        else:
            others = any(claim.orphaned for claim in self.manager.leases.claims.values())
            for key in ("on_owner_lost", "on_orphaned_for"):
                self.parking.look_again(key)
                if not others:
                    self.parking.clear(key, f"{names}: {event.why}")

    def _is_orphaned(self, event: OwnerChanged) -> bool:
        return any(self.manager.owners.of(name)[1] for name in event.switches)

    def _alarm(self, event: object) -> None:
        assert isinstance(event, AlarmRaised)
        self.log.critical("ALARM: {text}", text=event.text)

    async def drain(self) -> None:
        """Open nothing any more and await what is begun."""
        self.manager.drain()
        try:
            await within(self._world.wire, DRAIN_S, self._quiet(), "actuations under way")
        except DeadlinePassed:
            self.log.error("stopping with {n} actuations under way", n=self.manager.machine.busy)

    async def _quiet(self) -> None:
        while self.manager.machine.busy:
            await sleep(self._world.wire, 0.02)

    async def close(self) -> None:
        """Give up devices and file. Moves nothing."""
        for subscription in getattr(self, "_following", []):
            subscription.cancel()
        if hasattr(self, "manager"):
            self.parking.stop()
            self.reader.stop()
            self.manager.stop()
        await self.actuators.close()
        await self.store.close()


def flags_of(element: PluginElement | None, parameters: Mapping[str, str]) -> Flags:
    """The enabled flags of the plugin's element."""
    found: dict[str, Flag | TimedFlag] = {}
    for flag in element.flags if element is not None else ():
        if flag.enabled and flag.kind == "flag":
            found[flag.name] = Flag(flag.name)
        elif flag.enabled and flag.kind == "timed_flag":
            found[flag.name] = TimedFlag(flag.name)
    return Flags(found, parameters)


def system_host(element: PluginElement | None) -> str:
    """The one host that may command, where the file names one."""
    return element.values.get("system.master_host", "") if element is not None else ""
