"""A line of dummy relays in this process: the manager, its file, its bus and its notifier, as a node puts them together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pychron.broadcast.notifier import Notifier
from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.events.bus import EventBus
from pychron.extraction_line.announcing import announce
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.local_line import LocalLine
from pychron.extraction_line.manager import LineOptions
from pychron.extraction_line.parking.park_file import ParkSpec
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, Kind
from pychron.node import collector
from pychron.runtime.world import World
from pychron.store.records import Record
from pychron.trust.rights import Peer, Right

PLACE = Place("bench", 1)
DEVICE = "switch_controller"
SWITCH = "A"
PEER = Peer("127.0.0.1", 50000, Right.OPERATE)


@dataclass
class BenchLine:
    """One switch on a dummy actuator; `committed` is what was handed to the store, transaction by transaction."""

    line: LocalLine
    bus: EventBus
    notifier: Notifier
    port: int
    committed: list[tuple[Record, ...]]

    async def turn(self, world: World, n: int) -> None:
        """Actuation number `n`: it opens, then closes, and so on. Each is confirmed and on disk at its end."""
        action = Action.CLOSE if n % 2 else Action.OPEN
        done = await self.line.manager.actuate(Command(SWITCH, action, PEER, float(world.wire.seconds())))
        if not done.changed:
            raise RuntimeError(f"{action} number {n} moved nothing")

    async def close(self) -> None:
        await self.line.drain()
        self.notifier.stop()
        await self.line.close()


async def open_line(world: World, folder: Path) -> BenchLine:
    """Built, started, read once; with a notifier that is bound and heard by whoever subscribes to `port`."""
    bus = EventBus(world.wire)
    line = LocalLine(world, bus, folder)
    spec = LineSpec((SwitchSpec(SWITCH, Kind.VALVE, PLACE, address="1"),))
    device = DeviceFile(DEVICE, "DummyGPActuator", PLACE)
    await line.open(spec, {DEVICE: device}, {}, ParkSpec(), LineOptions())
    notifier = Notifier(world, "bench")
    announce(notifier, line.picture.valve)
    notifier.contribute("extraction_line", line.picture.whole)
    port = notifier.start("127.0.0.1", 0, bus)
    line.start()
    committed: list[tuple[Record, ...]] = []
    commit = line.store.commit

    def noting(*records: Record) -> object:
        committed.append(records)
        return commit(*records)

    line.store.commit = noting  # type: ignore[method-assign, assignment]
    await line.manager.read((SWITCH,))
    collector.settle()
    return BenchLine(line, bus, notifier, port, committed)
