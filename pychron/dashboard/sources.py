"""Where each value comes from: an instrument's driver, the line's valves, or nowhere, and then it is said why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pychron.config.device_file import DeviceFile
from pychron.config.problems import nearest
from pychron.dashboard.specs import ValueSpec
from pychron.extraction_line.errors import UnknownSwitch
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import State
from pychron.hardware.channel import Channel
from pychron.hardware.drivers import Lines, UnknownDriver
from pychron.hardware.readable import NoValue, find_name
from pychron.hardware.readables import ReadableBuilder, readable_driver
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import World

Read = Callable[[], Awaitable[object]]
LINE = ("extraction_line", "extractionline", "extractionlinemanager", "valves")
"""What `device:` says for the valves of the line."""
GRACE_S = 2.5
"""After the start, for the first read-back of the line."""
LOOK_S = 0.1
"""How often a valve that moves is looked at."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the files of the node say that a value may rest on."""

    devices: Mapping[str, DeviceFile]
    line: LineSpec | None
    simulated: bool
    """Instruments are emulated: every device can be read."""

    def device(self, name: str) -> DeviceFile | None:
        """By the name of its file, or the name inside it."""
        if name in self.devices:
            return self.devices[name]
        return next((device for device in self.devices.values() if device.name == name), None)


def is_of_line(spec: ValueSpec) -> bool:
    """Whether the value is the state of a valve."""
    return spec.source.replace(" ", "_").casefold() in LINE


def switch_of(spec: ValueSpec) -> str:
    """The switch that such a value is the state of: its `func_name`, else its name."""
    return spec.value_name if spec.attribute in ("", "get") else spec.attribute


def why_unreadable(spec: ValueSpec, facts: Facts) -> str:
    """Empty where the files say that the value can be read, else what to write; its place goes before it."""
    if is_of_line(spec):
        if facts.line is None:
            return "this node has no extraction line; name a device, or enable ExtractionLine"
        switch = switch_of(spec)
        known = facts.line.by_name
        return "" if switch in known else f"the line has no switch {switch}{nearest(switch, known)}"
    device = facts.device(spec.source)
    if facts.simulated:
        return ""
    if device is None:
        return (
            f"there is no device file devices/{spec.source}.yaml (.yml, .cfg)"
            f"{nearest(spec.source, (*facts.devices, LINE[0]))}"
        )
    try:
        names = readable_driver(device.klass).names(device)
    except UnknownDriver as problem:
        return f"{device.place}: {problem}"
    if find_name(spec.attribute, names) is None:
        return (
            f"{spec.source} ({device.klass}) has no {spec.attribute}; write func_name: "
            f"{' or '.join(names)}{nearest(spec.attribute, names)}"
        )
    return ""


class Sources:
    """Builds what reads each value. Building sends nothing."""

    def __init__(
        self, world: World, facts: Facts, line: IExtractionLine | None, lines: Lines | None = None
    ) -> None:
        """`lines`: channels of the node that others have opened."""
        self._world = world
        self._facts = facts
        self._line = line
        self._builder = ReadableBuilder(world, lines)

    def of(self, spec: ValueSpec) -> Read:
        """Raises UnknownDriver with what is wrong."""
        why = why_unreadable(spec, self._facts)
        if why:
            raise UnknownDriver(why)
        if is_of_line(spec):
            return self._valve(spec)
        device = self._facts.device(spec.source)
        if self._facts.simulated:
            readable = self._world.emulators.numbers(spec.source)
        else:
            assert device is not None
            readable = self._builder.build(device)
        name = find_name(spec.attribute, readable.names())
        if name is None:
            raise UnknownDriver(f"{spec.source} has no {spec.attribute}")
        return lambda: readable.read(name)

    def _valve(self, spec: ValueSpec) -> Read:
        line, switch = self._line, switch_of(spec)

        clock = self._world.wire
        begun = clock.seconds()

        async def read() -> float:
            if line is None:
                raise NoValue("the extraction line is not there")
            while True:
                try:
                    view = line.view(switch)
                except (KeyError, UnknownSwitch):
                    raise NoValue(f"the line has no switch {switch}") from None
                never_read = view.state is State.UNKNOWN and view.read_at is None
                if not (view.state is State.MOVING or (never_read and clock.seconds() - begun < GRACE_S)):
                    break
                await sleep(clock, LOOK_S)
            if view.stale:
                raise NoValue(f"{switch}: the node that owns it is lost")
            if view.state not in (State.OPEN, State.CLOSED):
                raise NoValue(f"{switch} is {view.state}")
            return 1.0 if view.state is State.OPEN else 0.0

        return read

    @property
    def channels(self) -> Mapping[str, Channel]:
        """By device, those that were built."""
        return self._builder.channels

    async def close(self) -> None:
        """Give the instruments up."""
        await self._builder.close()
