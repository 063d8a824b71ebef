"""Values of the dashboards as the page shows them: all of them when it opens, then those that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pychron.dashboard.alerts.plugin import IAlerts
from pychron.dashboard.events import (
    ConditionCleared,
    ConditionTripped,
    ConditionView,
    Level,
    ServerChanged,
    ValueFailed,
    ValueRead,
    ValueView,
)
from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.events.bus import EventBus

KINDS = (ValueRead, ValueFailed, ConditionTripped, ConditionCleared, ServerChanged)


class Values:
    """Follows the bus; what changed is asked of the dashboards when the page is written."""

    def __init__(
        self,
        dashboards: Iterable[IDashboard | IDashboardClient],
        bus: EventBus,
        changed: Callable[[], None],
        alerts: IAlerts | None = None,
    ) -> None:
        self._dashboards = tuple(dashboards)
        self._alerts = alerts
        self._changed = changed
        self._told: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._due = False
        self._tripped: list[dict[str, Any]] = []
        self._subscription = bus.subscribe(self.heard, *KINDS, what="live page") if self._dashboards else None

    def stop(self) -> None:
        """Follow no more."""
        if self._subscription is not None:
            self._subscription.cancel()
            self._subscription = None

    def all(self) -> list[dict[str, Any]]:
        """Every value now, each name once: this node's own before what it hears of others."""
        return [value_json(view) for view in self._views()]

    def tripped(self) -> list[dict[str, Any]]:
        """Every alert that stands or waits for somebody, and every condition that holds without one; the critical ones first."""
        found = [alert_json(one) for one in self._alerts.standing()] if self._alerts is not None else []
        known = {one["condition"] for one in found}
        found += [
            condition_json(view)
            for dashboard in self._dashboards
            if IDashboard.providedBy(dashboard)
            for view in dashboard.conditions()
            if view.tripped and view.condition not in known
        ]
        return sorted(found, key=lambda one: one["level"] != Level.CRITICAL)

    def news(self, look: bool = False) -> dict[str, Any]:
        """What differs from what was last given here: `values` those that do, `conditions` all that hold, where one tripped or cleared.

        `look`: also without an event, because values grow old.
        """
        if not (self._due or look):
            return {}
        self._due = False
        told: dict[str, Any] = {}
        if values := self._changed_values():
            told["values"] = values
        tripped = self.tripped()
        if tripped != self._tripped:
            self._tripped = told["conditions"] = tripped
        return told

    def _changed_values(self) -> list[dict[str, Any]]:
        found = []
        for view in self._views():
            key = (view.server, view.name)
            shown = (view.value, view.time, view.state, view.why, view.level)
            if self._told.get(key) != shown:
                self._told[key] = shown
                found.append(value_json(view))
        return found

    def _views(self) -> Iterable[ValueView]:
        seen: set[tuple[str, str]] = set()
        for dashboard in self._dashboards:
            for view in dashboard.values():
                if (view.server, view.name) not in seen:
                    seen.add((view.server, view.name))
                    yield view

    def heard(self, _: object = None) -> None:
        """Something changed: it is looked at when the page is written."""
        self._due = True
        self._changed()


def condition_json(view: ConditionView) -> dict[str, Any]:
    """As the page shows it among the alarms."""
    return {
        "condition": view.condition,
        "name": view.name,
        "level": str(view.level),
        "since": view.since,
        "why": view.why,
        "guidance": view.guidance,
        "phase": "",
        "by": "",
    }


def alert_json(told: Mapping[str, Any]) -> dict[str, Any]:
    """An alert in the same form. Its phase: waiting, raised, acknowledged, or over and not acknowledged."""
    return {
        "condition": told["key"],
        "name": told["title"],
        "level": told["level"],
        "since": told["began"],
        "why": told["why"],
        "guidance": told["guidance"],
        "phase": told["phase"],
        "by": told["by"],
    }


def value_json(view: ValueView) -> dict[str, Any]:
    """As the page and its readers get it. Times in seconds since the epoch."""
    return {
        "name": view.name,
        "device": view.device,
        "value_name": view.value_name,
        "units": view.units,
        "value": view.value,
        "time": view.time,
        "state": str(view.state),
        "why": view.why,
        "level": str(view.level) if view.level is not None else None,
        "server": view.server,
    }
