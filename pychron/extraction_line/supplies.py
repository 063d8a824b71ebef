"""Supplies: a valve without compressed air does not do what its relay says (safety rule 5).

A switch may name its `supply`: another switch, which must be confirmed open, or a gauge with a minimum. While it fails,
every switch that rests on it is unknown whatever is read, and one alarm stands for each minimum that it is below.
"""

from __future__ import annotations

from collections.abc import Callable

from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.parking.park import Parking
from pychron.extraction_line.parking.park_file import Do
from pychron.extraction_line.permits import IReadings
from pychron.extraction_line.states import State

LOST = "on_air_lost"
"""Of park.yaml."""


class Supplies:
    """Looks at the supplies of one line; `look` is called at each tick of the reader."""

    def __init__(
        self, manager: ExtractionLineManager, readings: Callable[[], IReadings], parking: Parking
    ) -> None:
        self._manager = manager
        self._readings = readings
        self._parking = parking
        self._resting: dict[tuple[str, str], list[str]] = {}
        self._seen: dict[str, bool] = {}
        """By alarm: whether it was there at the last look. What was not seen since the start cannot be lost."""
        for switch in manager.line:
            if switch.spec.supply:
                key = (switch.spec.supply, switch.spec.supply_minimum)
                self._resting.setdefault(key, []).append(switch.name)

    def look(self) -> None:
        """Mark who rests on a supply that fails; take the mark away where it is back."""
        for (supply, minimum), names in self._resting.items():
            why = self._failing(supply, minimum)
            key = f"supply:{supply}:{minimum}" if minimum else f"supply:{supply}"
            observer = self._manager.machine.observer
            for name in names:
                self._manager.line.switches[name].starved = why
            if why:
                text = f"{why}: {', '.join(names)} cannot be known; restore it, nothing of them is opened until then"
                self._manager.publish(observer.alarm(key, text, tuple(names)))
                self._manager.carry(self._manager.machine.unreadable(names, self._manager.now))
                if self._seen.get(key):
                    self._seen[key] = False
                    self._lost(key, why)
            else:
                self._manager.publish(observer.clear(key, f"the supply {supply} is back"))
                if not self._seen.get(key):
                    self._seen[key] = True
                    self._parking.look_again(LOST)

    def _lost(self, key: str, why: str) -> None:
        """The alarm stands already: only a sequence is more than that."""
        if self._parking.spec.triggers[LOST].do is Do.SEQUENCE:
            self._parking.trigger(LOST, lambda: not self._seen[key], why, key)

    def _failing(self, supply: str, minimum: str) -> str:
        switch = self._manager.line.switches.get(supply)
        if switch is not None:
            if switch.is_surely(State.OPEN):
                return ""
            return f"the supply {supply} is {switch.state}, not confirmed open"
        value = self._readings().fresh().get(supply)
        if value is None:
            return f"the supply {supply} has no fresh value"
        least = float(minimum.split()[0]) if minimum else 0.0
        return "" if value >= least else f"the supply {supply} is {value:g}, below {minimum}"
