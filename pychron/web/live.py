"""What the page shows: the node's snapshot, its changes as they are told on the air, and the colours of the gas."""

from __future__ import annotations

from collections import deque
from typing import Any

from pychron.broadcast.frames import Message
from pychron.broadcast.interfaces import INotifier
from pychron.extraction_line.network.canvas import Canvas
from pychron.extraction_line.network.graph import Network, network_of
from pychron.extraction_line.states import State
from pychron.runtime.world import World
from pychron.web.colours import region_colours
from pychron.web.drawing import draw, draw_grid
from pychron.web.streams import Streams

KEPT = 300
"""Events that a page which opens later still gets."""
LINE = "extraction_line"


class Live:
    """Follows the notifier: what a page shows is what every other node hears."""

    def __init__(
        self, world: World, node: str, notifier: INotifier, canvas: Canvas | None, may_act: bool
    ) -> None:
        self._world = world
        self._node = node
        self._notifier = notifier
        self._canvas = canvas
        self._network: Network | None = network_of(canvas) if canvas is not None else None
        self._may_act = may_act
        self._states: dict[str, State] = {}
        self._moved = False
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.streams = Streams(world.wire, self._beat)
        self.streams.before = self._colours_again
        self._end = notifier.follow(self._heard)

    def start(self) -> None:
        """Begin to beat."""
        self.streams.start()

    def stop(self) -> None:
        """Follow no more, close every stream."""
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
        self.streams.say("change", told)

    def _colours(self) -> dict[str, Any]:
        if self._canvas is None or self._network is None:
            return {}
        return region_colours(self._canvas, self._network, self._states)

    def _colours_again(self) -> list[tuple[str, Any]]:
        moved, self._moved = self._moved, False
        return [("colours", self._colours())] if moved else []

    def _beat(self) -> dict[str, Any]:
        return {"time": self._world.wall(), "seq": self._notifier.number()}
