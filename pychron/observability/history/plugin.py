"""History: follows what the node says, what its dashboard reads, and what its instruments are asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.logger import Logger
from zope.interface import implementer

from pychron.broadcast.frames import Message
from pychron.broadcast.interfaces import INotifier
from pychron.dashboard.events import ConditionCleared, ConditionTripped, ValueFailed, ValueRead
from pychron.events.bus import Subscription
from pychron.observability.exchanges import FOLDER, ExchangeLog
from pychron.observability.history.database import Connection, Postgresql, Sqlite
from pychron.observability.history.history_file import HistorySpec, read_history
from pychron.observability.history.interfaces import IHistory
from pychron.observability.history.recorder import Recorder
from pychron.runtime.plugin import Context, IPlugin
from pychron.runtime.world import World

NAME = "history.sqlite"
LEFT_OUT = ("steps",)
"""Kinds that are for people who watch, and no history."""


@implementer(IPlugin)
class HistoryPlugin:
    """Offers IHistory."""

    name = "History"
    needs = (INotifier,)
    offers = (IHistory,)
    wants = ()
    log = Logger()

    def __init__(self) -> None:
        self._spec = HistorySpec()
        self._recorder: Recorder | None = None
        self._exchanges: ExchangeLog | None = None
        self._end: Callable[[], None] | None = None
        self._subscription: Subscription | None = None

    def check(self, context: Context) -> None:
        """history.yaml."""
        self._spec = read_history(context.options.root, context.report)

    async def setup(self, context: Context) -> None:
        """Follow at once: what happens while the others are set up is history too."""
        recorder = self._recorder = Recorder(
            context.world, self._spec, connector(context.world, self._spec, context.state_folder)
        )
        self._end = context.find(INotifier).follow(self._said)
        kinds = (ValueRead, ValueFailed, ConditionTripped, ConditionCleared)
        self._subscription = context.bus.subscribe(self._happened, *kinds, what="history")
        context.counters["history_written"] = lambda: recorder.written
        context.counters["history_waiting"] = lambda: recorder.waiting
        context.counters["history_dropped"] = lambda: recorder.dropped
        context.offer(IHistory, recorder)
        recorder.start()

    def bind(self, context: Context) -> None:
        """Hear every channel to an instrument that the others have opened."""
        spec = self._spec
        if not spec.exchange_days or not context.channels:
            return
        folder = context.state_folder / FOLDER
        self._exchanges = ExchangeLog(context.world, folder, spec.exchange_days, spec.write_every_s)
        for device, channel in context.channels:
            self._exchanges.follow(device, channel)

    def _said(self, message: Message) -> None:
        if self._recorder is not None and message.kind not in LEFT_OUT:
            self._recorder.event(message.kind, dict(message.payload), message.time)

    def _happened(self, event: object) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        match event:
            case ValueRead():
                recorder.reading(event.name, event.units, event.time, event.value)
            case ValueFailed():
                recorder.event("value", {"name": event.name, "why": event.why}, event.time)
            case ConditionTripped() | ConditionCleared():
                tripped = isinstance(event, ConditionTripped)
                payload = {
                    "name": event.name,
                    "condition": event.condition,
                    "tripped": tripped,
                    "why": event.why,
                }
                recorder.event("condition", payload, event.time)

    async def teardown(self) -> None:
        """Write what is gathered."""
        if self._end is not None:
            self._end()
        if self._subscription is not None:
            self._subscription.cancel()
        if self._exchanges is not None:
            await self._exchanges.stop()
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            await recorder.stop()


def connector(world: World, spec: HistorySpec, folder: Path) -> Callable[[], Connection]:
    """What opens the database, in the pool."""
    if spec.database:
        return lambda: Postgresql(spec.database)
    return lambda: Sqlite(world.sqlite(folder / NAME))
