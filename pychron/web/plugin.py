"""Web: the live page of a node. A port that is taken costs the page, never the node."""

from __future__ import annotations

import secrets
import socket
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.web.server import Request
from zope.interface import implementer
from zope.interface.interface import InterfaceClass

from pychron.broadcast.interfaces import INotifier
from pychron.dashboard.alerts.plugin import IAlerts
from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.extraction_line.states import Kind
from pychron.observability.history.interfaces import IHistory
from pychron.observability.metrics.exposition import IMetrics
from pychron.pipeline.interfaces import IRunningSample
from pychron.rpc.interfaces import IVerbs
from pychron.rpc.verbs import Call
from pychron.runtime.plugin import Context, IPlugin
from pychron.trust.rights import Peer, Right
from pychron.web.access import Forbidden, Sessions, own_names
from pychron.web.devices import Device
from pychron.web.live import Live
from pychron.web.past import Past
from pychron.web.site import PageSite
from pychron.web.web_file import OPTION, WebSpec, read_web

MOVES = ("Open", "Close", "Safe")


@implementer(IPlugin)
class WebPlugin:
    """Serves the page from what the notifier says; moves something only where the root turned it on."""

    name = "Web"
    needs = (INotifier,)
    offers = ()
    wants = (IMetrics, IVerbs, IDashboard, IDashboardClient, IAlerts, IHistory, IRunningSample)
    log = Logger()

    def __init__(self) -> None:
        self._spec: WebSpec | None = None
        self._live: Live | None = None
        self._listening: Any = None
        self.port = 0
        """The port in use; 0 while there is no page."""

    def check(self, context: Context) -> None:
        """web.yaml. Its port is not tried with the others: a taken one must not stop the node."""
        options = context.options
        self._spec = read_web(options.root, options.role, options.web_port, context.report)

    async def setup(self, context: Context) -> None:
        """Nothing yet: what it shows and what it moves is there when all plugins are."""

    def bind(self, context: Context) -> None:
        """Listen, and follow the notifier."""
        spec = self._spec
        assert spec is not None, "a plugin is checked before it is bound"
        world = context.world
        canvas = getattr(context.config, "canvas", None)
        live = self._live = Live(
            world,
            context.node_name,
            context.find(INotifier),
            canvas,
            spec.actuate,
            context.counters,
            _devices(context),
        )
        dashboards = [one for wanted in (IDashboard, IDashboardClient) if (one := _wanted(context, wanted))]
        alerts = _wanted(context, IAlerts)
        live.show_values(dashboards, context.bus, alerts)
        metrics = _wanted(context, IMetrics)
        sessions = Sessions(spec.token_sha256, lambda: secrets.token_urlsafe(32))
        page = PageSite(
            live,
            own_names(spec.host, socket.gethostname(), spec.names, world.local_addresses()),
            world.wire.seconds,
            metrics.text if metrics is not None else None,
            sessions,
            _Mover(context).act if spec.actuate else None,
            alerts.acknowledge if alerts is not None else None,
        )
        history = _wanted(context, IHistory)
        if history is not None:
            page.past = Past(history, live.colours_of, world.wire, world.wall)
        page.reduction = _wanted(context, IRunningSample)
        context.counters["web_browsers"] = lambda: live.streams.browsers
        context.counters["web_dropped"] = lambda: live.streams.dropped
        context.counters["web_refused"] = lambda: page.refused
        live.start()
        listening = world.streams.tcp_server(spec.host, spec.port).listen(page.site(world.wire))
        listening.addCallbacks(self._listens, self._cannot, callbackArgs=(spec,), errbackArgs=(spec,))

    def _listens(self, port: Any, spec: WebSpec) -> None:
        self._listening = port
        self.port = port.getHost().port
        what = "moves valves" if spec.actuate else "is read-only"
        self.log.info(
            "the live page is http://{host}:{port}/ and {what}", host=spec.host, port=self.port, what=what
        )

    def _cannot(self, failure: Any, spec: WebSpec) -> None:
        failure.trap(CannotListenError, OSError)
        self.log.error(
            "{place}: there is no live page: {host}:{port} cannot be had ({why}); write another port, or {option} 0",
            place=spec.place,
            host=spec.host,
            port=spec.port,
            why=getattr(failure.value, "socketError", failure.value),
            option=OPTION,
        )

    async def teardown(self) -> None:
        """Close every stream and the port."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.stopListening()


class _Mover:
    """Moves through the verbs that every peer uses, with the right to operate."""

    def __init__(self, context: Context) -> None:
        self._verbs = context.find(IVerbs)
        self._wire = context.world.wire

    async def act(self, verb: str, switch: str, request: Request) -> dict[str, Any]:
        """Raises Forbidden for another verb, Fault where the line refuses."""
        found = self._verbs.get(verb) if verb in MOVES else None
        if found is None:
            raise Forbidden("the page opens, closes and makes safe, nothing else", 400)
        client = request.getClientAddress()
        peer = Peer(str(getattr(client, "host", "")), int(getattr(client, "port", 0)), Right.OPERATE, "page")
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        result = found.handler(Call(verb, switch, peer, self._wire.seconds(), still_there=lambda: not gone))
        if hasattr(result, "__await__"):
            result = await result
        return {"ok": True, "result": result}


def _wanted(context: Context, wanted: InterfaceClass) -> Any:
    """What another plugin offers; None where there is none."""
    try:
        return context.find(wanted)
    except LookupError:
        return None


def _devices(context: Context) -> dict[str, Device]:
    """Devices of the root with the switches that each drives."""
    config = context.config
    line = getattr(config, "line", None)
    switches = [one for one in line.switches if one.kind is not Kind.MANUAL_VALVE] if line is not None else []
    files = getattr(config, "devices", {})
    return {
        name: Device(name, file.klass, tuple(one.name for one in switches if one.actuator == name))
        for name, file in files.items()
    }
