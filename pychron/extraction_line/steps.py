"""Steps of the way from a script to a relay, for people who watch it happen. Told together, in their own time."""

from __future__ import annotations

from pychron.events.bus import EventBus
from pychron.extraction_line.events import LineStep, LineSteps
from pychron.runtime.world import World

TOLD_AFTER_S = 0.05
"""An actuation does not wait for what is told of it."""


class Steps:
    """Collects the steps that are taken close together and puts them on the bus at once."""

    def __init__(self, world: World, bus: EventBus) -> None:
        self._world = world
        self._bus = bus
        self._taken: list[tuple[int, str, tuple[object, ...], float]] = []

    def take(self, number: int, text: str, *values: object) -> None:
        """A step is taken now. `values` stand for the `{}` of `text`; they are put there when it is told."""
        if not self._taken:
            self._world.wire.callLater(TOLD_AFTER_S, self._tell)
        self._taken.append((number, text, values, self._world.wall()))

    def _tell(self) -> None:
        taken, self._taken = self._taken, []
        self._bus.publish(LineSteps(tuple(LineStep(n, text.format(*v), wall) for n, text, v, wall in taken)))
