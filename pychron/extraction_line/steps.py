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
        self._taken: list[LineStep] = []

    def take(self, number: int, text: str) -> None:
        """A step is taken now."""
        if not self._taken:
            self._world.wire.callLater(TOLD_AFTER_S, self._tell)
        self._taken.append(LineStep(number, text, self._world.wall()))

    def _tell(self) -> None:
        steps, self._taken = tuple(self._taken), []
        self._bus.publish(LineSteps(steps))
