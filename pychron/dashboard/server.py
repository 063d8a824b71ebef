"""The node's own dashboard: its values, how its conditions stand, or why it does not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.dashboard.events import ConditionView, ValueView
from pychron.dashboard.interfaces import IDashboard
from pychron.dashboard.monitor import Monitor
from pychron.dashboard.sources import is_of_line
from pychron.dashboard.specs import ConditionSpec, DashboardSpec
from pychron.dashboard.watched import Watched
from pychron.extraction_line.permits import IReadings


@implementer(IDashboard)
class Dashboard:
    """Without a monitor it has no values: `faults` say why, or it is not started yet."""

    def __init__(
        self,
        wire: IReactorTime,
        spec: DashboardSpec | None,
        faults: Sequence[str] = (),
        simulated: bool = False,
    ) -> None:
        self._wire = wire
        self._simulated = simulated
        self._spec = spec
        self._faults = tuple(faults)
        self.monitor: Monitor | None = None
        self._conditions = {c.name: c for v in spec.values for c in v.conditions} if spec else {}

    def faults(self) -> tuple[str, ...]:
        return self._faults

    def spec(self) -> DashboardSpec | None:
        return self._spec

    def values(self) -> tuple[ValueView, ...]:
        if self.monitor is None:
            return ()
        now = self._wire.seconds()
        return tuple(self._view(watched, now) for watched in self.monitor.watched.values())

    def value(self, name: str) -> ValueView:
        if self.monitor is None:
            raise KeyError(name)
        return self._view(self.monitor.watched[name], self._wire.seconds())

    def _view(self, watched: Watched, now: float) -> ValueView:
        view = watched.view(now)
        return replace(view, simulated=True) if self._simulated else view

    def conditions(self) -> tuple[ConditionView, ...]:
        if self.monitor is None:
            return ()
        return tuple(view for watched in self.monitor.watched.values() for view in watched.conditions())

    def condition(self, name: str) -> ConditionSpec:
        return self._conditions[name]

    def numbers(self) -> dict[str, float]:
        """Of instruments: not in error and not older than three periods."""
        if self.monitor is None:
            return {}
        now = self._wire.seconds()
        found: dict[str, float] = {}
        for name, watched in self.monitor.watched.items():
            number = None if is_of_line(watched.spec) else watched.number(now)
            if number is not None:
                found[name] = number
                found.setdefault(f"{watched.spec.source}.{watched.spec.attribute}", number)
        return found


@implementer(IReadings)
class Readings:
    """The numbers of instruments for permits, supplies and `GetPressure`: by `DEVICE.VALUE`, and by the names that the
    hardware has (`bone_gauges.IG`). States of valves are not among them: the line itself knows those."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard

    def fresh(self) -> Mapping[str, float]:
        return self._dashboard.numbers()
