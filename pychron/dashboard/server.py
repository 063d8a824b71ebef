"""The node's own dashboard: its values, how its conditions stand, or why it does not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.dashboard.events import ConditionView, ValueView
from pychron.dashboard.interfaces import IDashboard
from pychron.dashboard.monitor import Monitor
from pychron.dashboard.specs import ConditionSpec, DashboardSpec
from pychron.dashboard.watched import Watched


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

    def read_now(self, name: str) -> None:
        if self.monitor is None or name not in self.monitor.watched:
            raise KeyError(name)
        self.monitor.read_now(name)
