"""What the page shows: the node's snapshot, its changes as they are told on the air, and the colours of the gas."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from pychron.broadcast.frames import Message
from pychron.broadcast.interfaces import INotifier
from pychron.dashboard.alerts.plugin import IAlerts
from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.events.bus import EventBus
from pychron.extraction_line.network.canvas import Canvas
from pychron.extraction_line.network.graph import Network, network_of
from pychron.extraction_line.states import State
from pychron.runtime.world import World
from pychron.web.colours import region_colours
from pychron.web.devices import Counters, Device, device_panels, peer_panels, troubles
from pychron.web.drawing import draw, draw_grid
from pychron.web.streams import Streams
from pychron.web.values import Values

KEPT = 300
"""Events that a page which opens later still gets."""
LINE = "extraction_line"


class Live:
    """Follows the notifier: what a page shows is what every other node hears."""

    def __init__(
        self,
        world: World,
        node: str,
        notifier: INotifier,
        canvas: Canvas | None,
        may_act: bool,
        counters: Counters,
        devices: Mapping[str, Device],
    ) -> None:
        self._world = world
        self._node = node
        self._notifier = notifier
        self._canvas = canvas
        self._network: Network | None = network_of(canvas) if canvas is not None else None
        self._may_act = may_act
        self._states: dict[str, State] = {}
        self._moved = False
        self._counters = counters
        self._devices = devices
        self._began = world.wire.seconds()
        self.values: Values | None = None
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._beaten = False
        """A beat goes out: values that grew old since are told with it."""
        self.streams = Streams(world.wire, self._beat)
        self.streams.before = self._gathered
        self._end = notifier.follow(self._heard)

    def start(self) -> None:
        """Begin to beat."""
        self.streams.start()

    def show_values(
        self,
        dashboards: Iterable[IDashboard | IDashboardClient],
        bus: EventBus,
        alerts: IAlerts | None = None,
    ) -> None:
        """Of this node's own dashboard, and of those that it follows; and the node's alerts."""
        self.values = Values(dashboards, bus, self.streams.wake, alerts)

    def look(self) -> None:
        """Something was said on a page that the others should see."""
        if self.values is not None:
            self.values.heard()

    def stop(self) -> None:
        """Follow no more, close every stream."""
        if self.values is not None:
            self.values.stop()
        self._end()
        self.streams.stop()

    def svg(self) -> str:
        """The canvas, or a grid where the lab has none."""
        if self._canvas is not None and self._canvas.items:
            return draw(self._canvas)
        return draw_grid([valve["name"] for valve in self._valves()])

    def state(self) -> dict[str, Any]:
        """Everything, for a page that opens."""
        snapshot = self._notifier.snapshot()
        line = snapshot.state.get(LINE) or {}
        self._take(line.get("valves", ()))
        return {
            "node": self._node,
            "boot": self._world.boot,
            "simulated": self._world.simulated,
            "time": self._world.wall(),
            "seq": snapshot.seq,
            "valves": line.get("valves", []),
            "pipettes": line.get("pipettes", []),
            "alarms": line.get("alarms", []),
            "areas": {area: part for area, part in snapshot.state.items() if area != LINE},
            "colours": self._colours(),
            "values": self.values.all() if self.values is not None else [],
            "conditions": self.values.tripped() if self.values is not None else [],
            "health": self._health(),
            "events": list(self.events),
            "may_act": self._may_act,
        }

    def _valves(self) -> list[dict[str, Any]]:
        line = self._notifier.snapshot().state.get(LINE) or {}
        valves: list[dict[str, Any]] = line.get("valves", [])
        return valves

    def _take(self, valves: Any) -> None:
        self._states = {valve["name"]: State(valve["state"]) for valve in valves}

    def _heard(self, message: Message) -> None:
        told = {
            "seq": message.seq,
            "time": message.time,
            "kind": message.kind,
            "payload": dict(message.payload),
        }
        if message.kind != "steps":
            self.events.append(told)
        if message.kind == "valve":
            name = message.payload["name"]
            self._moved = self._moved or self._states.get(name) != message.payload["state"]
            self._states[name] = State(message.payload["state"])
        if message.kind == "alert" and self.values is not None:
            self.values.heard()
        self.streams.say("change", told)

    def colours_of(self, states: Mapping[str, State]) -> dict[str, Any]:
        """Of the gas with valves in these states; empty without a canvas."""
        if self._canvas is None or self._network is None:
            return {}
        return region_colours(self._canvas, self._network, states)

    def _colours(self) -> dict[str, Any]:
        return self.colours_of(self._states)

    def _health(self) -> dict[str, Any]:
        return {
            "up_s": self._world.wire.seconds() - self._began,
            "devices": device_panels(self._devices, self._counters),
            "peers": peer_panels(self._counters),
            "troubles": troubles(self._counters),
        }

    def _gathered(self) -> list[tuple[str, Any]]:
        moved, self._moved = self._moved, False
        found: list[tuple[str, Any]] = [("colours", self._colours())] if moved else []
        news = self.values.news(self._beaten) if self.values is not None else {}
        self._beaten = False
        return [*found, ("values", news)] if news else found

    def _beat(self) -> dict[str, Any]:
        self._beaten = True
        return {"time": self._world.wall(), "seq": self._notifier.number(), "health": self._health()}
