"""Alerts of a node: from events on the bus over disk to people, and back by their acknowledgement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from twisted.logger import Logger

from pychron.dashboard.alerts.acting import Actor
from pychron.dashboard.alerts.channels import NotSent, Sender, fetch
from pychron.dashboard.alerts.episodes import (
    Episode,
    Episodes,
    Forget,
    Keep,
    Kind,
    Outputs,
    Phase,
    Send,
)
from pychron.dashboard.alerts.memory import Memory, unsaved
from pychron.dashboard.alerts.outbox import Outbox
from pychron.dashboard.alerts.specs import Action, AlertsSpec, WatchedNode
from pychron.dashboard.alerts.watching import Watching
from pychron.dashboard.events import ConditionCleared, ConditionTripped, Level
from pychron.dashboard.interfaces import IDashboard
from pychron.events.bus import EventBus, Subscription
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.periodic import Periodic
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

TICK_S = 0.5
DEAD_MAN_S = 20.0
FILE = "alerts.sqlite"
Announce = Callable[[Episode, Kind], None]


class Alerts:
    """Owns episodes, memory, outbox, actions and the watch over other nodes."""

    log = Logger()

    def __init__(self, world: World, node: str, root: Path, folder: Path, spec: AlertsSpec) -> None:
        self._world = world
        self._spec = spec
        self.episodes = Episodes(spec.policy)
        self._memory = Memory(world, folder / FILE)
        self.outbox = Outbox(world, self._memory, spec.channels, Sender(world, node, root).send)
        self._spawner = Spawner()
        self._tick = Periodic(world.wire, TICK_S, self._look, "alerts")
        self._dead_man = Periodic(world.wire, spec.dead_man_s, self._ping, "the dead man's ping")
        self._watching = [Watching(world, one, self._silent, self._heard) for one in spec.watch]
        self._subscription: Subscription | None = None
        self._restored: dict[str, None] = {}
        """Conditions that tripped before this start: nobody will say that they are over, so it is looked."""
        self.actor: Actor | None = None
        self.dashboard: IDashboard | None = None
        self.announce: Announce = lambda episode, kind: None
        self.did: dict[str, list[str]] = {}
        """What actions did, by condition."""
        self.pings_failed = 0

    # ---- life

    async def open(self) -> None:
        """Read what a node that died has left."""
        episodes, letters = await self._memory.open()
        self.episodes.restored(episodes, self._world.wire.seconds())
        self._restored = dict.fromkeys(one.key for one in episodes if one.phase is not Phase.OVER)
        self.outbox.put(letters)

    def start(self, bus: EventBus) -> None:
        """Hear the bus, listen to other nodes."""
        self._subscription = bus.subscribe(self._event, ConditionTripped, ConditionCleared, what="alerts")
        self._tick.start()
        for watching in self._watching:
            watching.start()
        if self._spec.dead_man_url:
            self._dead_man.start(now=True)

    async def close(self) -> None:
        """Hear no more; what waits is on disk."""
        if self._subscription is not None:
            self._subscription.cancel()
        for timer in (self._tick, self._dead_man):
            if timer.running:
                timer.stop()
        for watching in self._watching:
            watching.stop()
        self.outbox.stop()
        self._spawner.cancel()
        await self._memory.close()

    # ---- in

    def _event(self, event: object) -> None:
        if isinstance(event, ConditionTripped):
            self._restored.pop(event.condition, None)
            told = Episode(
                event.condition,
                event.level,
                event.name,
                event.why,
                event.guidance,
                str(event.place),
                event.time,
            )
            self._carry(lambda: self.episodes.tripped(told, self._now))
            actions = self._actions(event.condition)
            if actions:
                self._spawner.spawn(self._act(actions, event.why), f"acting for {event.condition}")
        elif isinstance(event, ConditionCleared):
            self._over(event.condition, event.time)

    def _over(self, key: str, wall: float) -> None:
        self._restored.pop(key, None)
        self._carry(lambda: self.episodes.cleared(key, wall))
        for action in self._actions(key):
            if self.actor is not None:
                self._spawner.spawn(self.actor.release(action), f"releasing the queue for {key}")

    def acknowledge(self, key: str, by: str, note: str = "") -> bool:
        """Somebody has it. False where there is no such alert."""
        if self.episodes.get(key) is None:
            return False
        self._carry(lambda: self.episodes.acknowledged(key, by, note))
        return True

    def test(self, by: str) -> tuple[str, ...]:
        """A letter to every channel, so that a person sees that the chain works; the channels."""
        wall = self._world.wall()
        text = f"{by} asked for a test. Nothing is wrong."
        episode = Episode("test", Level.WARNING, "a test of the alerts", text, "", "", wall, Phase.OVER)
        channels = tuple(self._spec.channels)
        self._carry(lambda: [Send(episode, Kind.TEST, channels)])
        return channels

    def _silent(self, node: WatchedNode, why: str) -> None:
        told = Episode(
            f"node {node.name}", Level.CRITICAL, f"{node.name} is silent", why,
            "look at the machine, its power and its network; what it watches is watched by nobody",
            str(node.place), self._world.wall(),
        )  # fmt: skip
        self._carry(lambda: self.episodes.tripped(told, self._now))

    def _heard(self, node: WatchedNode) -> None:
        self._over(f"node {node.name}", self._world.wall())

    # ---- out

    @property
    def _now(self) -> float:
        return float(self._world.wire.seconds())

    def _carry(self, step: Callable[[], Outputs]) -> None:
        """What the machine says is on disk, in order, before anybody hears of it."""
        outputs = [self._addressed(output) for output in step()]
        if not outputs:
            return
        self._spawner.spawn(self._keep(outputs), "keeping an alert")

    def _addressed(self, output: Keep | Forget | Send) -> Keep | Forget | Send:
        """With those who hear of this condition alone."""
        more = self._spec.told.get(output.episode.key, ())
        if not more or not isinstance(output, Send) or output.kind is Kind.ESCALATED:
            return output
        return replace(output, channels=tuple(dict.fromkeys((*output.channels, *more))))

    async def _keep(self, outputs: Outputs) -> None:
        wall = self._world.wall()
        try:
            letters = await self._memory.take(outputs, wall)
        except (sqlite3.Error, OSError) as problem:
            self.log.error("an alert cannot be written down and is sent from memory only: {why}", why=problem)
            letters = unsaved(outputs, wall)
        for output in outputs:
            if isinstance(output, Send):
                self.announce(output.episode, output.kind)
        self.outbox.put(letters)

    def _look(self) -> None:
        self._carry(lambda: self.episodes.tick(self._now, self._world.wall()))
        if self._restored and self.dashboard is not None:
            standing = {one.condition: one.tripped for one in self.dashboard.conditions()}
            values = {one.name: one for one in self.dashboard.values()}
            for view in self.dashboard.conditions():
                value = values.get(view.name)
                read = value is not None and value.time is not None
                if view.condition in self._restored and read and not standing[view.condition]:
                    self._over(view.condition, self._world.wall())

    def _actions(self, condition: str) -> list[Action]:
        return [action for action in self._spec.actions if action.condition == condition]

    async def _act(self, actions: list[Action], why: str) -> None:
        """One after the other: two that move something at once would not know of each other."""
        if self.actor is None:
            return
        told = self.did[actions[0].condition] = []
        for action in actions:
            told += await self.actor.act(action, why)

    async def _ping(self) -> None:
        try:
            await within(
                self._world.wire,
                DEAD_MAN_S,
                fetch(self._world, "GET", self._spec.dead_man_url),
                "the dead man's ping",
            )
        except (NotSent, DeadlinePassed) as problem:
            self.pings_failed += 1
            if self.pings_failed == 1:
                self.log.error("the dead man's ping does not get through: {why}", why=problem)
