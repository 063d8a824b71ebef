"""How a node's parts come up and go down. Neither moves a relay, unless `park.yaml` names a fail-safe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface.interface import InterfaceClass

from pychron.node.part import Part
from pychron.runtime.deadlines import within
from pychron.runtime.plugin import IDrains, INodeStop
from pychron.runtime.spawn import Spawner

SET_UP_S = 60.0
"""Longest set-up of one plugin. None waits for a device or a peer there."""
DRAIN_S = 60.0
"""Longest drain of all: an actuation that has begun is completed, with its settling."""
STOP_S = 300.0
"""Longest `on_node_stop` sequence."""
TEAR_DOWN_S = 10.0
"""Longest tear-down of one plugin."""

_log = Logger(namespace="pychron.node")


class NotOffered(Exception):
    """A plugin's set-up ended without the offer that the plugin lists."""

    def __init__(self, plugin: str, interface: str) -> None:
        super().__init__(f"{plugin} lists {interface} among its offers, and its set-up did not offer it")
        self.plugin = plugin
        self.interface = interface


async def set_up(parts: Sequence[Part], clock: IReactorTime, rolling_back: Callable[[], None]) -> None:
    """Set up in order, then bind all. On failure (or when cancelled) `rolling_back` is called, then what was begun
    is torn down in reverse, the failed one too: that must not be cancelled."""
    begun: list[Part] = []
    complete = False
    try:
        for part in parts:
            begun.append(part)
            await within(clock, SET_UP_S, part.plugin.setup(part.context), f"set-up of {part.name}")
            _verify_offers(part)
        for part in parts:
            part.plugin.bind(part.context)
        complete = True
    finally:
        if not complete:
            rolling_back()
            await tear_down(begun, clock)


def _verify_offers(part: Part) -> None:
    for interface in part.plugin.offers:
        try:
            part.context.find(interface)
        except LookupError:
            raise NotOffered(part.name, interface.__name__) from None


async def stop(parts: Sequence[Part], clock: IReactorTime, find: Callable[[InterfaceClass], Any]) -> None:
    """Drain all, hold (or do what `on_node_stop` says), tear down in reverse. A step that fails is logged and the
    next one is taken: what is left up is worse than what went down in disorder."""
    drains = [part for part in parts if IDrains.providedBy(part.plugin)]
    for ended in [_guarded(clock, DRAIN_S, part.plugin.drain, f"drain of {part.name}") for part in drains]:
        await ended
    try:
        on_stop = find(INodeStop)
    except LookupError:
        _log.info("on_node_stop: hold, nothing is moved")
    else:
        await _guarded(clock, STOP_S, on_stop.run_on_node_stop, "on_node_stop")
    await tear_down(parts, clock)


async def tear_down(parts: Sequence[Part], clock: IReactorTime) -> None:
    """In reverse, each within its time, whatever the others do."""
    for part in reversed(parts):
        await _guarded(clock, TEAR_DOWN_S, part.plugin.teardown, f"tear-down of {part.name}")


def _guarded(
    clock: IReactorTime, seconds: float, work: Callable[[], Awaitable[None]], what: str
) -> Deferred[None]:
    """Fires when `work` ended, failed (logged) or had its time."""

    async def bounded() -> None:
        await within(clock, seconds, work(), what)  # type: ignore[arg-type]

    return Spawner().spawn(bounded(), what)
