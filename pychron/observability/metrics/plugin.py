"""Metrics: makes the text of /metrics from the counters of the node; the live page's site serves it."""

from __future__ import annotations

from zope.interface import implementer

from pychron.observability.metrics.exposition import Exposition, IMetrics
from pychron.runtime.plugin import Context, IPlugin


@implementer(IPlugin)
class MetricsPlugin:
    """Offers IMetrics."""

    name = "Metrics"
    needs = ()
    offers = (IMetrics,)
    wants = ()

    def check(self, context: Context) -> None:
        """It has no file."""

    async def setup(self, context: Context) -> None:
        """The counters are those of all plugins, also of those that are set up later."""
        context.counters["alive"] = lambda: 1
        about = {
            "node": context.node_name,
            "boot": context.world.boot,
            "simulated": str(context.world.simulated).lower(),
        }
        context.offer(
            IMetrics, Exposition(context.counters, about, context.distributions, context.bus.counters)
        )

    def bind(self, context: Context) -> None:
        """It wants nothing."""

    async def teardown(self) -> None:
        """Nothing is open."""
