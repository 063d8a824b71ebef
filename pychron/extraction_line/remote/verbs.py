"""Verbs of a line that is partly, or as a whole, with other nodes: what they count is asked for, never told from memory."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from pychron.extraction_line.errors import LineError
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.picture import Picture
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.own import Shots
from pychron.extraction_line.verbs import ValveVerbs
from pychron.rpc.verbs import Call


class MixedVerbs(ValveVerbs):
    """Those of a valve controller, over a mixed line."""

    def __init__(
        self, picture: Picture, manager: ExtractionLineManager | None, line: MixedExtractionLine
    ) -> None:
        super().__init__(picture, manager)
        self._mixed = line

    async def _pipette(self, call: Call) -> int:
        wanted = call.argument.strip().casefold()
        owner = next((n for n in self._mixed.pipettes_of if n.casefold() == wanted), None)
        rows = await self._shots(call, None if owner is None else self._mixed.pipettes_of[owner])
        return next((one.counts for one in rows if one.name.casefold() == wanted), 0)

    async def _pipettes(self, call: Call) -> Any:
        rows = await self._shots(call, None)
        if call.id is not None:
            return [asdict(one) for one in rows]
        return repr([{"counts": one.counts, "last_shot_time": one.last_shot_time} for one in rows])

    async def _shots(self, call: Call, controller: str | None) -> list[Shots]:
        """Of one controller ("" is this node), or of all of them together. One that cannot be asked is a fault that names it."""
        found: list[Shots] = []
        if self._manager is not None and controller in (None, ""):
            found += self._own_shots(self._manager)
        asked = [one for one in self._mixed.remotes if controller in (None, one.name)]
        waiting = [Deferred.fromCoroutine(one.pipettes()) for one in asked]
        for _, rows in await DeferredList(waiting, consumeErrors=True):
            if isinstance(rows, Failure):
                problem = rows.trap(LineError) and rows.value
                raise self._fault(problem, call, None) from problem
            found += rows
        return found

    def _own_shots(self, manager: ExtractionLineManager) -> list[Shots]:
        shots, own = manager.counts.pipettes, manager.line.spec.pipettes
        return [Shots(p.name, shots[p.name].counts, shots[p.name].last_shot, p.inner, p.outer) for p in own]
