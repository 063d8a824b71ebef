"""A node put together from its plugins, in the real world and in the virtual one alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.python.failure import Failure
from zope.interface.interface import InterfaceClass

from pychron.config.initialization import PluginElement
from pychron.config.problems import Report
from pychron.events.bus import EventBus
from pychron.node.node_service import NodeService
from pychron.node.part import Part
from pychron.runtime.plugin import Context, Options
from pychron.runtime.world import World


class AssemblyError(Exception):
    """The plugins do not fit together: a fault of the programs, or of what initialization.xml enables."""


class MissingOffer(AssemblyError):
    """A plugin needs what no enabled plugin offers."""

    def __init__(self, plugin: str, interface: str) -> None:
        super().__init__(
            f"{plugin} needs {interface}, which no enabled plugin offers; enable the one that does"
        )
        self.plugin = plugin
        self.interface = interface


class DoubleOffer(AssemblyError):
    """Two plugins offer the same."""

    def __init__(self, interface: str, plugins: tuple[str, str]) -> None:
        super().__init__(f"{plugins[0]} and {plugins[1]} both offer {interface}; enable only one of them")
        self.interface = interface
        self.plugins = plugins


class Cycle(AssemblyError):
    """Plugins need each other, so none can be first."""

    def __init__(self, plugins: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(plugins)} need each other; none of them can be set up first")
        self.plugins = plugins


class Offers:
    """What the plugins of one node offer each other."""

    def __init__(self) -> None:
        self._offered: dict[InterfaceClass, Any] = {}

    def offer(self, interface: InterfaceClass, thing: Any) -> None:
        """Hand `thing` in, which must provide `interface` (TypeError). ValueError where it was handed in before."""
        if interface in self._offered:
            raise ValueError(f"{interface.__name__} is offered twice")
        # A swapped argument fails here, at the start, and not at the first call.
        self._offered[interface] = interface(thing)

    def find(self, interface: InterfaceClass) -> Any:
        """What was offered, or LookupError."""
        try:
            return self._offered[interface]
        except KeyError:
            raise LookupError(f"nothing offers {interface.__name__}") from None


@dataclass(frozen=True, slots=True)
class Enabled:
    """A plugin that a root enables, and its element (None where the role implies it)."""

    plugin: Any
    element: PluginElement | None = None


def order(plugins: Iterable[Enabled]) -> list[Enabled]:
    """What is needed comes first; apart from that the order handed in is kept. Raises AssemblyError."""
    waiting = list(plugins)
    offers: dict[InterfaceClass, str] = {}
    for enabled in waiting:
        for interface in enabled.plugin.offers:
            if interface in offers:
                raise DoubleOffer(interface.__name__, (offers[interface], enabled.plugin.name))
            offers[interface] = enabled.plugin.name
    for enabled in waiting:
        for interface in enabled.plugin.needs:
            if interface not in offers:
                raise MissingOffer(enabled.plugin.name, interface.__name__)
    ordered: list[Enabled] = []
    there: dict[InterfaceClass, None] = {}
    while waiting:
        ready = next((e for e in waiting if all(need in there for need in e.plugin.needs)), None)
        if ready is None:
            raise Cycle(_cycle(waiting))
        waiting.remove(ready)
        ordered.append(ready)
        there.update(dict.fromkeys(ready.plugin.offers))
    return ordered


def _cycle(waiting: Sequence[Enabled]) -> tuple[str, ...]:
    """The names on one circle among `waiting`, each of which needs another of them."""
    walked: list[Enabled] = []
    here = waiting[0]
    while here not in walked:
        walked.append(here)
        here = next(e for e in waiting if any(need in e.plugin.offers for need in here.plugin.needs))
    return tuple(e.plugin.name for e in walked[walked.index(here) :])


def assemble(
    options: Options,
    world: World,
    plugins: Iterable[Enabled],
    report: Report,
    *,
    node_name: str = "",
    config: Any = None,
    state_folder: Path = Path(),
    set_up_failed: Callable[[Failure], None] | None = None,
    afterwards: Callable[[], Awaitable[None]] | None = None,
) -> NodeService:
    """Order the plugins, let each check its files, and build the service that will set them up.

    What the checks find is in `report`: the caller decides whether the service is started. `set_up_failed` is
    called with the Failure after a set-up was rolled back. `afterwards` is awaited when all is torn down.
    Raises AssemblyError.
    """
    offers = Offers()
    bus = EventBus(world.wire)
    service = NodeService(
        world, bus, report, state_folder, set_up_failed=set_up_failed, afterwards=afterwards
    )
    name = node_name or f"py{options.role}"
    lines: dict[object, Any] = {}
    for enabled in order(plugins):
        context = Context(
            options=options,
            world=world,
            report=report,
            element=enabled.element,
            bus=bus,
            services=service,
            find=offers.find,
            offer=offers.offer,
            node_name=name,
            counters=service.counters,
            distributions=service.distributions,
            channels=service.channels,
            lines=lines,
            config=config,
            state_folder=state_folder,
            listens=service.listens,
        )
        service.parts.append(Part(enabled.plugin, context))
    service.offers = offers.find
    for part in service.parts:
        part.plugin.check(part.context)
    return service
