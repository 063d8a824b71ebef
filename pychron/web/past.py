"""The past on the page: the line as it was, values over time, what happened, and notes that people write about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from pychron.extraction_line.states import State
from pychron.observability.history.interfaces import Entry, HistoryFailed, IHistory, Then
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.web.access import Forbidden

ANSWER_S = 15.0
MOST_POINTS = 2000
MOST_EVENTS = 2000
DAY_S = 86400.0
LONGEST_NOTE = 2000
Query = Mapping[str, str]


class Past:
    """Answers what the page asks. Raises Forbidden with a status of its own where it cannot."""

    def __init__(
        self,
        history: IHistory,
        colours: Callable[[Mapping[str, State]], dict[str, Any]],
        wire: IReactorTime,
        wall: Callable[[], float],
    ) -> None:
        self._history = history
        self._colours = colours
        self._wire = wire
        self._wall = wall

    async def answer(self, what: str, query: Query) -> Any:
        """`then`, `events`, `values` or `tags`."""
        ask = {"then": self._then, "events": self._events, "values": self._values, "tags": self._tags}.get(
            what
        )
        if ask is None:
            raise Forbidden("there is no such page", 404)
        return await ask(query)

    async def note(self, text: str, who: str, time: float | None) -> dict[str, Any]:
        """On disk when it returns."""
        return entry_json(await self._asked(self._history.note(text[:LONGEST_NOTE], who, time)))

    async def _then(self, query: Query) -> dict[str, Any]:
        then: Then = await self._asked(self._history.state_at(_number(query, "time", self._wall())))
        return {
            "time": then.wall,
            "valves": [
                {
                    "name": valve.name,
                    "state": valve.state,
                    "evidence": valve.evidence,
                    "since": valve.since,
                    "locked": valve.locked,
                    "owner": valve.owner,
                }
                for valve in then.valves.values()
            ],
            "values": {tag: list(found) for tag, found in then.values.items()},
            "colours": self._colours({name: State(valve.state) for name, valve in then.valves.items()}),
        }

    async def _events(self, query: Query) -> dict[str, Any]:
        start, end = self._span(query)
        kinds = tuple(kind for kind in query.get("kinds", "").split(",") if kind)
        limit = int(min(max(_number(query, "limit", 500), 1), MOST_EVENTS))
        found: Sequence[Entry] = await self._asked(self._history.events(start, end, kinds, limit))
        return {"events": [entry_json(one) for one in found]}

    async def _values(self, query: Query) -> dict[str, Any]:
        start, end = self._span(query)
        points = int(min(max(_number(query, "points", 300), 1), MOST_POINTS))
        series = await self._asked(self._history.values(query.get("tag", ""), start, end, points))
        return {
            "tag": series.tag,
            "unit": series.unit,
            "bucket_s": series.bucket_s,
            "buckets": [[one.start, one.low, one.mean, one.high] for one in series.buckets],
        }

    async def _tags(self, query: Query) -> dict[str, Any]:
        return {"tags": list(await self._asked(self._history.tags()))}

    def _span(self, query: Query) -> tuple[float, float]:
        end = _number(query, "end", self._wall() + 1.0)
        return _number(query, "start", end - DAY_S), end

    async def _asked(self, asked: Deferred[Any]) -> Any:
        try:
            return await within(self._wire, ANSWER_S, asked, "the history")
        except HistoryFailed as failed:
            raise Forbidden(f"the history cannot be asked: {failed.why}", 503) from None
        except DeadlinePassed as passed:
            raise Forbidden(str(passed), 503) from None


def entry_json(entry: Entry) -> dict[str, Any]:
    """As the log of the page shows it."""
    return {
        "id": entry.id,
        "time": entry.wall,
        "kind": entry.kind,
        "subject": entry.subject,
        "text": entry.text,
    }


def _number(query: Query, name: str, otherwise: float) -> float:
    text = query.get(name, "")
    if not text:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Forbidden(f"{name} is no number", 400)
    return number
