"""DashboardServer's sockets: each event as installed clients know it and as our own nodes do, a heartbeat, replies.

They rest on the same notifier as the node's broadcasts: numbered frames and a snapshot come from there. A port that is
taken costs the sockets, not the dashboard: conditions are judged all the same, and the port is tried again.
"""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from pychron.broadcast.notifier import Notifier, PortTaken
from pychron.dashboard import wire
from pychron.dashboard.events import ConditionCleared, ConditionTripped, ValueFailed, ValueRead
from pychron.dashboard.interfaces import IDashboard
from pychron.dashboard.specs import DashboardSpec
from pychron.events.bus import EventBus, Subscription
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

HEARTBEAT_S = 2.0
AGAIN_S = 10.0
BOUND = 10_000


class DashboardAir:
    """PUB on the dashboard's port, REP on the next one."""

    log = Logger()

    def __init__(
        self, world: World, node: str, bus: EventBus, spec: DashboardSpec, dashboard: IDashboard
    ) -> None:
        self._world = world
        self._bus = bus
        self._spec = spec
        self._dashboard = dashboard
        self._notifier = Notifier(world, node)
        self._notifier.contribute(wire.AREA, self._whole)
        self._notifier.handle(wire.CONFIG_JSON, lambda: wire.config_snapshot(spec, world.wall(), self.port))
        # Nothing is ever pickled, and an installed client takes an empty reply for none.
        self._notifier.handle(wire.CONFIG_PICKLE, lambda: b"")
        self._beat = Periodic(world.wire, HEARTBEAT_S, self._say_beat, "heartbeat of the dashboard")
        self._retry = Periodic(world.wire, AGAIN_S, self._bind, "ports of the dashboard")
        self._subscription: Subscription | None = None
        self._seen_dropped = 0
        self._polling = any(value.enabled for value in spec.values)
        self.port = 0
        """The publish port in use; 0 while there is none."""
        self.why_not = ""
        """Why there is none."""

    @property
    def sent(self) -> int:
        return self._notifier.sent

    @property
    def answered(self) -> int:
        return self._notifier.answered

    @property
    def dropped(self) -> int:
        """Events that did not fit into the queue."""
        return 0 if self._subscription is None else self._subscription.dropped

    def start(self) -> None:
        """Bind, or try again later; then beat."""
        self._subscription = self._bus.subscribe(
            self._deliver,
            ValueRead,
            ValueFailed,
            ConditionTripped,
            ConditionCleared,
            bound=BOUND,
            what="DashboardServer",
        )
        self._bind()
        if not self.port:
            self._retry.start()
        self._beat.start(now=True)

    def stop(self) -> None:
        """Close both ports."""
        for timer in (self._beat, self._retry):
            timer.stop()
        if self._subscription is not None:
            self._subscription.cancel()
            self._subscription = None
        self._notifier.stop()

    def _bind(self) -> None:
        spec = self._spec
        try:
            self.port = self._notifier.start(spec.host, spec.port)
        except PortTaken as taken:
            if not self.why_not:
                self.log.error(
                    "{place}: the dashboard is not heard: {why}; values are read and judged all the same, the port "
                    "is tried again each {again:g} s",
                    place=str(spec.port_place),
                    why=taken.why,
                    again=AGAIN_S,
                )
            self.why_not = taken.why
            return
        self.why_not = ""
        self._retry.stop()
        self.log.info(
            "dashboard on {host}:{port}, requests on {host}:{reply}",
            host=spec.host,
            port=self.port,
            reply=self.port + 1,
        )

    def _say_beat(self) -> None:
        state = "polling" if self._polling else "configured"
        source, wall = self._spec.place.file, self._world.wall()
        self._notifier.send_text(*wire.heartbeat(source, state, wall, self._world.simulated))

    def _deliver(self, event: object) -> None:
        if self.dropped != self._seen_dropped:
            self._tell_again()
        frames: list[wire.Frame] = []
        simulated = self._world.simulated
        if isinstance(event, ValueRead):
            frames = wire.value_frames(event, simulated)
        elif isinstance(event, ValueFailed):
            frames = wire.failure_frames(event, simulated)
        elif isinstance(event, ConditionTripped):
            frames = wire.condition_frames(event, simulated)
        for frame in frames:
            self._notifier.send_text(*frame)
        if isinstance(event, ConditionTripped | ConditionCleared):
            view = next(c for c in self._dashboard.conditions() if c.condition == event.condition)
            self._notifier.publish(wire.CONDITION, wire.condition_json(view), event.time)
        if isinstance(event, ValueRead | ValueFailed | ConditionTripped | ConditionCleared):
            value = self._dashboard.value(event.name)
            self._notifier.publish(wire.VALUE, wire.view_json(value), event.time)

    def _tell_again(self) -> None:
        """Events did not fit into the queue and never got a number: everything is told as it is now."""
        self._seen_dropped = self.dropped
        for condition in self._dashboard.conditions():
            self._notifier.publish(wire.CONDITION, wire.condition_json(condition))
        for value in self._dashboard.values():
            self._notifier.publish(wire.VALUE, wire.view_json(value))

    def _whole(self) -> dict[str, Any]:
        return {
            "values": [wire.view_json(view) for view in self._dashboard.values()],
            "conditions": [wire.condition_json(view) for view in self._dashboard.conditions()],
        }
