"""DVC: the node knows where its repositories are. They are read in the pool, by who needs them."""

from __future__ import annotations

from zope.interface import implementer

from pychron.dvc.interfaces import IRepositories
from pychron.dvc.locations import Locations, read_locations
from pychron.runtime.plugin import Context, IPlugin


@implementer(IPlugin, IRepositories)
class DVCPlugin:
    """Offers IRepositories."""

    name = "DVC"
    needs = ()
    offers = (IRepositories,)
    wants = ()

    def __init__(self) -> None:
        self.locations: Locations | None = None

    def check(self, context: Context) -> None:
        """Read dvc.yaml."""
        self.locations = read_locations(context.options.root, context.report)

    async def setup(self, context: Context) -> None:
        context.offer(IRepositories, self)

    def bind(self, context: Context) -> None:
        """It wants nothing."""

    async def teardown(self) -> None:
        """It holds nothing open."""
