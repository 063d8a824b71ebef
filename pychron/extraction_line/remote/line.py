"""The line of an acquisition node put together: its own switches, those of valve controllers, their monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twisted.logger import Logger

from pychron.broadcast.interfaces import INotifier
from pychron.config.device_file import DeviceFile
from pychron.extraction_line.announcing import announce
from pychron.extraction_line.local_line import LocalLine
from pychron.extraction_line.picture import Picture
from pychron.extraction_line.remote.file import read_remote
from pychron.extraction_line.remote.manager import RemoteExtractionLineManager
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.once import Once
from pychron.extraction_line.remote.standing import Standing
from pychron.extraction_line.remote.status_monitor import StatusMonitor
from pychron.extraction_line.remote.ties import part_of
from pychron.extraction_line.remote.verbs import MixedVerbs
from pychron.extraction_line.remote.wire import PeerLink
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.steps import Steps
from pychron.rpc.interfaces import IVerbs
from pychron.runtime.plugin import Context
from pychron.runtime.spawn import Spawner


class RemoteLine:
    """`line` is what scripts use. Building it moves nothing; controllers that do not answer are reported at once."""

    log = Logger()

    def __init__(
        self, context: Context, spec: LineSpec, devices: Mapping[str, DeviceFile], local: LocalLine
    ) -> None:
        self._context = context
        self._spawner = Spawner()
        self.standing = Standing(context.bus)
        world, bus = context.world, context.bus
        own_file = spec if spec.switches else None
        self.remotes: list[RemoteExtractionLineManager] = []
        for name, device in devices.items():
            settings = read_remote(device, context.report)
            if settings is None:
                continue
            # Switches name the device by its file; what the file calls itself is for people.
            settings = replace(settings, name=name)
            theirs = [s.name for s in spec.switches if s.actuator == name]
            part = part_of(spec, theirs) if own_file is not None else None
            link = PeerLink(world, settings)
            self.remotes.append(RemoteExtractionLineManager(settings, link, world, bus, part))
        self.monitors = [StatusMonitor(remote.contact, world.wire) for remote in self.remotes]
        manager = local.manager if local.manager.names() else None
        self.line = MixedExtractionLine(
            own_file,
            manager,
            self.remotes,
            world,
            bus,
            context.node_name,
            local.permits,
            Once(local.manager),
        )
        self.line.on_step = Steps(world, bus).take
        self._manager = manager

    def open(self, verbs: IVerbs, notifier: INotifier) -> None:
        """Register verbs, say on the air what changes, begin to look."""
        picture = Picture(self.line)
        world = self._context.world
        picture.heading = lambda: {
            "node": self._context.node_name,
            "seq": notifier.number(),
            "boot": world.boot,
            "simulated": world.simulated,
            "alarms": self.standing.keys(),
        }
        verbs.register(*MixedVerbs(picture, self._manager, self.line).verbs())
        announce(notifier, picture.valve)
        notifier.contribute("extraction_line", picture.whole)
        self.line.start()
        for remote, monitor in zip(self.remotes, self.monitors, strict=True):
            self._spawner.spawn(self._begin(remote, monitor), f"first contact with {remote.name}")
            self._count(remote)

    async def _begin(self, remote: RemoteExtractionLineManager, monitor: StatusMonitor) -> None:
        await remote.start()
        if not remote.contact.stopped:
            monitor.start()

    def _count(self, remote: RemoteExtractionLineManager) -> None:
        counters: dict[str, Any] = {
            "commands": lambda: remote.commands,
            "unanswered": lambda: remote.unanswered,
            "polls": lambda: remote.contact.polls,
            "polls_failed": lambda: remote.contact.polls_failed,
            "connected": lambda: int(remote.connected),
            "frames_dropped": lambda: remote.contact.frames_dropped,
        }
        for name, read in counters.items():
            self._context.counters[f"remote_{remote.name}_{name}"] = read

    async def close(self) -> None:
        """Give every connection up. Moves nothing."""
        self.line.stop()
        for monitor in self.monitors:
            monitor.stop()
        for remote in self.remotes:
            await remote.stop()
        self._spawner.cancel()
