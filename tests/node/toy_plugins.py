"""Toy plugins that tell a list what was done to them."""

from pathlib import Path

from twisted.internet.defer import Deferred
from zope.interface import Interface, directlyProvides, implementer

from pychron.config.problems import Report
from pychron.node.assembly import Enabled, assemble
from pychron.runtime.plugin import IDrains, IPlugin, Options
from pychron.simulation.virtual_clock import NodeClock, VirtualClock


class IWater(Interface):
    """Something to need."""


class IPower(Interface):
    """Something else."""


class ILight(Interface):
    """A third."""


class Thing:
    """Provides what it is told to."""

    def __init__(self, *interfaces):
        directlyProvides(self, *interfaces)


@implementer(IPlugin)
class Toy:
    """`waits` are Deferreds by phase that the phase awaits, `fails` exceptions by phase."""

    wants = ()

    def __init__(self, name, told, needs=(), offers=(), drains=False, waits=None, fails=None, gives=None):
        self.name = name
        self.told = told
        self.needs = needs
        self.offers = offers
        self.waits = waits or {}
        self.fails = fails or {}
        self.gives = offers if gives is None else gives
        if drains:
            directlyProvides(self, IPlugin, IDrains)

    async def phase(self, phase):
        self.told.append(f"{phase} {self.name}")
        if phase in self.waits:
            await self.waits[phase]
        if phase in self.fails:
            raise self.fails[phase]

    def check(self, context):
        self.told.append(f"check {self.name}")
        context.counters[self.name] = lambda: 1

    async def setup(self, context):
        await self.phase("setup")
        for interface in self.needs:
            context.find(interface)
        for interface in self.gives:
            thing = self if interface.providedBy(self) else Thing(interface)
            context.offer(interface, thing)

    def bind(self, context):
        self.told.append(f"bind {self.name}")
        if "bind" in self.fails:
            raise self.fails["bind"]

    async def drain(self):
        await self.phase("drain")

    async def teardown(self):
        await self.phase("teardown")


class World:
    """As much of a world as a node service itself touches."""

    simulated = False

    def __init__(self, clock):
        self.wire = clock


def build(plugins, folder=Path(), **how):
    """A service of toy plugins, and its clock."""
    clock = VirtualClock()
    service = assemble(
        Options(folder, "valve"),
        World(NodeClock(clock)),
        [Enabled(plugin) for plugin in plugins],
        Report(),
        state_folder=folder / "state",
        **how,
    )
    return service, clock


def waiting():
    """A Deferred for `waits`."""
    return Deferred()
