"""Actuation and pipette counts (spec of the remote protocol, 4.7). Pure; wall time is an argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pychron.extraction_line.specs import LineSpec, PipetteSpec
from pychron.extraction_line.states import Action
from pychron.runtime.values import frozen


@frozen
class Turned:
    """How often a switch was turned since `start` (ISO stamp)."""

    start: str
    count: int
    timestamp: str


@frozen
class Shots:
    """A pipette's shots. Opening the inner valve arms it; opening the outer one when armed is a shot."""

    counts: int = 0
    last_shot: str = ""
    armed: bool = False


def stamp(wall: float) -> str:
    """Local time to the second, as installed files write it."""
    return datetime.fromtimestamp(wall).strftime("%Y-%m-%d %H:%M:%S")


class Counts:
    """The counts of a line. `turned` returns only what changed, for the one transaction of the outcome."""

    def __init__(self, spec: LineSpec, turned: Mapping[str, Turned], shots: Mapping[str, Shots]) -> None:
        self._spec = spec
        self.switches: dict[str, Turned] = dict(turned)
        self.pipettes: dict[str, Shots] = {p.name: shots.get(p.name, Shots()) for p in spec.pipettes}

    def turned(
        self, moved: Sequence[tuple[str, Action]], wall: float
    ) -> tuple[dict[str, Turned], dict[str, Shots]]:
        """`moved` in order. Switches with `track: false` are not counted."""
        switches: dict[str, Turned] = {}
        pipettes: dict[str, Shots] = {}
        for name, action in moved:
            spec = self._spec.by_name[name]
            if spec.track:
                now = datetime.fromtimestamp(wall).isoformat()
                before = self.switches.get(name, Turned(now, 0, now))
                switches[name] = self.switches[name] = Turned(before.start, before.count + 1, now)
            if action is Action.OPEN:
                for pipette in self._spec.pipettes:
                    after = self._shot(pipette, name, wall)
                    if after is not None:
                        pipettes[pipette.name] = self.pipettes[pipette.name] = after
        return switches, pipettes

    def _shot(self, pipette: PipetteSpec, opened: str, wall: float) -> Shots | None:
        shots = self.pipettes[pipette.name]
        if opened == pipette.inner and not shots.armed:
            return replace(shots, armed=True)
        if opened == pipette.outer and shots.armed:
            return Shots(shots.counts + 1, stamp(wall), armed=False)
        return None

    def pipette(self, name: str) -> Shots | None:
        """By name, whatever its case."""
        return next((s for n, s in self.pipettes.items() if n.casefold() == name.strip().casefold()), None)
