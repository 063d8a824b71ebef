"""What the conditions of dashboard.yaml ask for by themselves: `script` of a critical one, `emails` of any. Pure.

Their mail goes by the first channel of kind email in alerts.yaml: its server and sender, their addresses.
"""

from __future__ import annotations

from dataclasses import replace

from pychron.config.problems import Report
from pychron.dashboard.alerts.specs import Action, AlertsSpec, Mail
from pychron.dashboard.events import Level
from pychron.dashboard.specs import ConditionSpec, DashboardSpec


def with_own(spec: AlertsSpec, dashboard: DashboardSpec | None, report: Report) -> AlertsSpec:
    """`spec` with their actions, channels and who is told of which condition. What cannot be done is a warning."""
    if dashboard is None:
        return spec
    conditions = [c for value in dashboard.values if value.enabled for c in value.conditions]
    template = next((channel for channel in spec.channels.values() if isinstance(channel, Mail)), None)
    channels, told = dict(spec.channels), dict(spec.told)
    for condition in conditions:
        if not condition.emails:
            continue
        if template is None:
            report.warning(
                condition.place,
                f"{condition.name}: nobody gets its emails: alerts.yaml has no channel of kind email to send them by; "
                "write one",
                code="emails",
            )
            continue
        name = f"e-mail to {', '.join(condition.emails)}"
        channels[name] = replace(template, name=name, to=condition.emails, place=condition.place)
        told[condition.name] = (name,)
    actions = [*spec.actions, *(_script(c) for c in conditions if _runs(c, spec))]
    return replace(spec, channels=channels, told=told, actions=tuple(actions))


def _runs(condition: ConditionSpec, spec: AlertsSpec) -> bool:
    """Whether it names a script that alerts.yaml does not name for it too."""
    known = any(a.condition == condition.name and a.script == condition.script for a in spec.actions)
    return bool(condition.script) and condition.level is Level.CRITICAL and not known


def _script(condition: ConditionSpec) -> Action:
    return Action(condition.name, True, (), (), condition.script, condition.place)
