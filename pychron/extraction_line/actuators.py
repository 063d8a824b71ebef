"""The actuators of a node's own switches: the drivers of its device files, or emulators in a simulated world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted.logger import Logger

from pychron.config.device_file import DeviceFile
from pychron.config.klasses import REMOTE_LINES
from pychron.extraction_line.remote.ties import part_of
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.hardware.channel import Channel
from pychron.hardware.drivers import ActuatorBuilder, Lines, UnknownDriver
from pychron.runtime.world import World


@dataclass(slots=True)
class Actuators:
    """What was built, and what was said about it."""

    built: dict[str, Any] = field(default_factory=dict)
    """By device name; each provides IActuator."""
    notes: list[str] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    """By device, one for those that share a line."""
    lines: Lines = field(default_factory=dict)
    """Channels of the node by address; those of gauges that others build are the same."""
    log = Logger()

    def build(self, world: World, line: LineSpec, devices: Mapping[str, DeviceFile]) -> None:
        """Connecting moves nothing. A device without a driver is left out: its switches are out of service."""
        builder = ActuatorBuilder(world, self.lines)
        driven = [s for s in line.switches if s.kind is not Kind.MANUAL_VALVE]
        names = [n for s in driven for n in (s.actuator, s.state_device) if n]
        for name in dict.fromkeys(names):
            device = devices.get(name)
            if world.emulators is not None:
                self.built[name] = self._emulated(world, builder, name, device)
            elif device is not None:
                try:
                    self.built[name] = builder.build(device)
                except UnknownDriver as problem:
                    self.notes.append(f"{device.place}: {name}: {problem}; its switches cannot be driven")
        self.channels = builder.channels
        for note in self.notes:
            self.log.warn("{note}", note=note)

    def _emulated(self, world: World, builder: ActuatorBuilder, name: str, device: DeviceFile | None) -> Any:
        endpoint = world.emulators.endpoint(device) if device is not None else None
        if device is not None and endpoint is not None:
            self.notes.append(f"{name} ({device.klass}): simulated, its driver speaks with an emulator")
            return builder.build(device, endpoint)
        klass = device.klass if device is not None else "no device file"
        self.notes.append(f"{name} ({klass}): simulated by a generic relay bank")
        return world.emulators.relays(name)

    async def close(self) -> None:
        """Give every device up. Moves nothing."""
        for actuator in self.built.values():
            await actuator.close()
        self.built.clear()


def own_part(
    line: LineSpec, devices: Mapping[str, DeviceFile], role: str
) -> tuple[LineSpec, dict[str, DeviceFile]]:
    """The switches that this node drives itself, and the devices that stand for other nodes.

    On a valve controller an installed peer's `PychronGPActuator` is a driver like any other.
    """
    klasses = REMOTE_LINES if role == "experiment" else ("RemoteExtractionLineManager",)
    remotes = {name: device for name, device in devices.items() if device.klass in klasses}
    return part_of(line, [s.name for s in line.switches if s.actuator not in remotes]), remotes
