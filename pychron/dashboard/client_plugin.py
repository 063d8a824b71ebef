"""The plugin DashboardClient, for every role."""

from __future__ import annotations

from contextlib import suppress

from zope.interface import implementer

from pychron.dashboard.client import DashboardClient
from pychron.dashboard.client_file import ClientSpec, read_client
from pychron.dashboard.interfaces import IDashboardClient, IHoldsQueue
from pychron.dashboard.verbs import client_verbs
from pychron.rpc.interfaces import IVerbs
from pychron.runtime.plugin import Context, IPlugin


@implementer(IPlugin)
class DashboardClientPlugin:
    """Offers the values of the servers that the node follows. No server need be there."""

    name = "DashboardClient"
    needs = ()
    offers = (IDashboardClient,)
    wants = (IHoldsQueue, IVerbs)

    def __init__(self) -> None:
        self._spec: ClientSpec | None = None
        self._client: DashboardClient | None = None

    def check(self, context: Context) -> None:
        """Read which servers are followed."""
        self._spec = read_client(context.options.root, context.report)

    async def setup(self, context: Context) -> None:
        """Begin to follow."""
        spec = self._spec or read_client(context.options.root, context.report)
        client = self._client = DashboardClient(context.world, context.bus, spec.servers, spec.hold_queue)
        context.offer(IDashboardClient, client)
        for server in client.servers:
            context.counters[f"followed_{server.address}_up"] = server.up
        client.start()

    def bind(self, context: Context) -> None:
        """A queue to hold, where there is one, and verbs."""
        if self._client is not None:
            with suppress(LookupError):
                context.find(IVerbs).register(*client_verbs(IDashboardClient(self._client)))
        try:
            queue = context.find(IHoldsQueue)
        except LookupError:
            return
        if self._client is not None:
            self._client.bind_queue(queue)

    async def teardown(self) -> None:
        """Follow no longer."""
        client, self._client = self._client, None
        if client is not None:
            client.stop()
