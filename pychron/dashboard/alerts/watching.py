"""Other nodes' heartbeats: the one that lives tells that another one is silent."""

from __future__ import annotations

from collections.abc import Callable

from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.broadcast.subscriber import Subscriber
from pychron.dashboard.alerts.specs import WatchedNode
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

LOOK_S = 1.0

Silent = Callable[[WatchedNode, str], None]
Heard = Callable[[WatchedNode], None]


class Watching:
    """Follows one node. Silence counts from the start, too: a node that was never heard is as silent as one that died."""

    def __init__(self, world: World, node: WatchedNode, silent: Silent, heard: Heard) -> None:
        self._world = world
        self._node = node
        self._silent = silent
        self._heard = heard
        self._last = world.wire.seconds()
        self._told = False
        self._subscriber = Subscriber(world, node.host, node.port, self._message)
        self._look = Periodic(world.wire, LOOK_S, self._tick, f"listening for {node.name}")
        self._received = 0

    def start(self) -> None:
        """Begin to listen."""
        self._last = self._world.wire.seconds()
        self._subscriber.start()
        self._look.start()

    def stop(self) -> None:
        """Listen no more."""
        if self._look.running:
            self._look.stop()
        self._subscriber.stop()

    def _message(self, told: Reset | Apply | Lost) -> None:
        """Frames are counted by the subscriber; heartbeats among them are told to nobody."""

    def _tick(self) -> None:
        now = self._world.wire.seconds()
        if self._subscriber.received != self._received:
            self._received, self._last = self._subscriber.received, now
            if self._told:
                self._told = False
                self._heard(self._node)
        elif not self._told and now - self._last >= self._node.silent_s:
            self._told = True
            where = f"{self._node.host}:{self._node.port}"
            self._silent(
                self._node, f"{self._node.name} ({where}) has not been heard for {self._node.silent_s:g} s"
            )
