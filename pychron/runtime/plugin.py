"""What a plugin is, and what it is handed while it checks its files and sets itself up.

A plugin lists what it *needs* (orders the start; absence is an error), *offers*, and *wants* (bound when all
are built, may be absent, never orders the start).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceCollection
from zope.interface import Attribute, Interface
from zope.interface.interface import InterfaceClass

from pychron.config.initialization import PluginElement
from pychron.config.problems import Place, Report
from pychron.runtime.distribution import Distribution
from pychron.runtime.world import World


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line of a node said."""

    root: Path
    role: str
    """valve, experiment, furpi or crunch."""
    port: int | None = None
    """Overrides the command port; 0 = any free port."""
    publish_port: int | None = None
    """Overrides the publish port (reply = +1); 0 = any free pair."""
    web_port: int | None = None
    """Overrides the port of the live page; 0 = any free port."""
    simulated: bool = False
    lenient: bool = False
    waive: tuple[str, ...] = ()
    """Faults waived by name, as in `F:interlock=X`."""


@dataclass(frozen=True, slots=True)
class Listening:
    """An address that a plugin is going to listen on, tried before the node detaches from its terminal."""

    host: str
    port: int
    place: Place
    """The file and line that say so; the file as a whole where the port is a default."""
    key: str
    """The key or option that changes it, as in `port` or `--publish-port`."""


@dataclass(slots=True)
class Context:
    """What a plugin may touch. Built by node/assembly."""

    options: Options
    world: World
    report: Report
    element: PluginElement | None
    """Its element in initialization.xml; None where the role implies the plugin."""
    bus: Any
    """pychron.events.bus.EventBus"""
    services: IServiceCollection
    find: Callable[[InterfaceClass], Any]
    """The object that another plugin offers, or LookupError."""
    offer: Callable[[InterfaceClass, Any], None]
    node_name: str = ""
    counters: dict[str, Callable[[], int | float]] = field(default_factory=dict)
    """Plain counters by metric name, read when somebody asks."""
    distributions: dict[str, Distribution] = field(default_factory=dict)
    """Durations by metric name."""
    channels: list[tuple[str, Any]] = field(default_factory=list)
    """Devices, each with its pychron.hardware.channel.Channel; whoever opens one in `setup` puts it here."""
    lines: dict[object, Any] = field(default_factory=dict)
    """pychron.hardware.drivers.Lines: channels by address, so that all areas of a node speak on one line in turn."""
    config: Any = None
    """pychron.node.root.RootConfig: all that the files say, read once; a plugin takes its part of it."""
    state_folder: Path = Path()
    """Where the node keeps its own files (SQLite, socket); it exists when `setup` is called."""
    listens: list[Listening] = field(default_factory=list)
    """`check` adds what the plugin is going to listen on."""


class IPlugin(Interface):
    """An area's one meeting point with the node."""

    name = Attribute("as initialization.xml writes it")
    needs = Attribute("tuple of interfaces that must be offered before set-up")
    offers = Attribute("tuple of interfaces")
    wants = Attribute("tuple of interfaces bound when all are built")

    def check(context: Context) -> None:
        """Read and check every file of this area; problems go to context.report. Touches no device."""

    async def setup(context: Context) -> None:
        """Build and start; the node awaits it. Called only when the whole report allows it."""

    def bind(context: Context) -> None:
        """Called once after every plugin is set up: take what it wants, if it is there."""

    async def teardown() -> None:
        """Undo set-up, also a set-up that failed half way. Moves no relay."""


class IDrains(Interface):
    """A plugin that has work under way when the node stops provides this too."""

    async def drain() -> None:
        """Take no new work and await what is begun. All plugins drain before the first is torn down."""


class INodeStop(Interface):
    """Offered by the plugin that carries out what `park.yaml` says for a node that stops."""

    async def run_on_node_stop() -> None:
        """Awaited after the drain and before the first teardown. The default is to hold: nothing moves."""
