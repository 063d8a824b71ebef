"""Alerts: tells people, takes their acknowledgement, acts. On every node: the one that lives tells of the one that died."""

from __future__ import annotations

import sqlite3
from typing import Any

from twisted.logger import Logger
from zope.interface import Interface, implementer

from pychron.broadcast.interfaces import INotifier
from pychron.config.problems import Report
from pychron.dashboard.alerts.acting import Actor
from pychron.dashboard.alerts.alerts_file import read_alerts
from pychron.dashboard.alerts.episodes import Episode, Kind
from pychron.dashboard.alerts.letters import as_object
from pychron.dashboard.alerts.own import with_own
from pychron.dashboard.alerts.service import Alerts
from pychron.dashboard.alerts.specs import AlertsSpec
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.interfaces import IDashboard, IHoldsQueue
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.rpc.faults import Fault
from pychron.rpc.interfaces import IVerbs
from pychron.rpc.verbs import Call, Verb
from pychron.runtime.plugin import Context, IPlugin
from pychron.trust.rights import Right


class IAlerts(Interface):
    """The alerts of this node."""

    def standing() -> list[dict[str, Any]]:
        """Every episode that is not over and acknowledged, as JSON."""

    def acknowledge(key: str, by: str, note: str) -> bool:
        """Somebody has it. False where there is no such alert."""


@implementer(IPlugin, IAlerts)
class AlertsPlugin:
    """Offers IAlerts, two verbs, and broadcasts of the kind `alert`."""

    name = "Alerts"
    needs = (IVerbs, INotifier)
    offers = (IAlerts,)
    wants = (IDashboard, IHoldsQueue, IExtractionLine)
    log = Logger()

    def __init__(self) -> None:
        self._spec = AlertsSpec()
        self._alerts: Alerts | None = None
        self._node = ""
        self._simulated = False

    def check(self, context: Context) -> None:
        """alerts.yaml, and what the conditions of the dashboard ask for by themselves."""
        root = context.options.root
        spec = read_alerts(root, context.report)
        served = any(p.name == "DashboardServer" for p in context.config.plugins)
        # Its problems are told by its own plugin.
        dashboard = read_dashboard(root / "setupfiles", Report(root)) if served else None
        self._spec = with_own(spec, dashboard, context.report)

    async def setup(self, context: Context) -> None:
        """Read what a node that died has left, register the verbs."""
        self._node, self._simulated = context.node_name, context.world.simulated
        alerts = Alerts(
            context.world, context.node_name, context.options.root, context.state_folder, self._spec
        )
        notifier = context.find(INotifier)
        alerts.announce = lambda episode, kind: self._announce(notifier, episode, kind)
        try:
            await alerts.open()
        except (sqlite3.Error, OSError) as problem:
            self.log.error("alerts of an earlier start cannot be read: {why}", why=problem)
        self._alerts = alerts
        context.find(IVerbs).register(
            Verb(
                "Alerts",
                Right.OBSERVE,
                lambda call: self.standing(),
                "",
                "Every alert that stands or waits to be acknowledged",
            ),
            Verb(
                "Acknowledge",
                Right.OPERATE,
                self._acknowledge,
                "ALERT",
                "Say that you have it; note and who as members",
            ),
            Verb("TestAlerts", Right.OPERATE, self._test, "", "Send a test to every channel"),
        )
        notifier.contribute("alerts", self.standing)
        context.offer(IAlerts, self)
        context.counters["alerts_standing"] = lambda: len(alerts.episodes.all())
        context.counters["alerts_sent"] = lambda: alerts.outbox.sent
        context.counters["alerts_failed"] = lambda: alerts.outbox.failed
        context.counters["alerts_waiting"] = lambda: alerts.outbox.waiting

    def bind(self, context: Context) -> None:
        """Hear the bus."""
        alerts = self._alerts
        if alerts is None:
            return
        alerts.dashboard = _found(context, IDashboard)
        alerts.actor = Actor(
            context.world,
            _found(context, IHoldsQueue),
            _found(context, IExtractionLine),
            context.find(IVerbs),
        )
        alerts.start(context.bus)

    def standing(self) -> list[dict[str, Any]]:
        if self._alerts is None:
            return []
        did = self._alerts.did
        return [
            {**as_object(one, Kind.RAISED, self._node, self._simulated), "did": did.get(one.key, [])}
            for one in self._alerts.episodes.all()
        ]

    def acknowledge(self, key: str, by: str, note: str) -> bool:
        return self._alerts is not None and self._alerts.acknowledge(key, by, note)

    def _acknowledge(self, call: Call) -> bool:
        key = call.argument.strip()
        who = str(call.members.get("who") or call.peer)
        if not self.acknowledge(key, who, str(call.members.get("note") or "")):
            raise Fault(4, "there is no such alert; Alerts lists them", command="Acknowledge", detail=key)
        return True

    def _test(self, call: Call) -> list[str]:
        return (
            list(self._alerts.test(str(call.members.get("who") or call.peer)))
            if self._alerts is not None
            else []
        )

    def _announce(self, notifier: Any, episode: Episode, kind: Kind) -> None:
        notifier.publish("alert", as_object(episode, kind, self._node, self._simulated))

    async def teardown(self) -> None:
        """What waits is on disk."""
        alerts, self._alerts = self._alerts, None
        if alerts is not None:
            await alerts.close()


def _found(context: Context, interface: Any) -> Any:
    try:
        return context.find(interface)
    except LookupError:
        return None
