"""Where each plugin's code is: built-in ones by dotted name, a lab's own by entry point. Imported when enabled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, cast

from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from pychron.config.problems import nearest
from pychron.runtime.plugin import IPlugin

GROUP = "pychron.plugins"
DISTRIBUTION = "pychron-twisted"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One line of the table."""

    module: str
    factory: str
    extra: str = ""
    """The extra of our distribution that brings what its modules import; empty where the base does."""


BUILT_IN: Mapping[str, BuiltIn] = {
    "RemoteCommandServer": BuiltIn("pychron.rpc.plugin", "RemoteCommandServerPlugin"),
    "Broadcast": BuiltIn("pychron.broadcast.plugin", "BroadcastPlugin"),
    "ExtractionLine": BuiltIn("pychron.extraction_line.plugin", "ExtractionLinePlugin"),
    "DashboardServer": BuiltIn("pychron.dashboard.plugin", "DashboardServerPlugin"),
    "DashboardClient": BuiltIn("pychron.dashboard.client_plugin", "DashboardClientPlugin"),
    "Scripts": BuiltIn("pychron.scripting.plugin", "ScriptsPlugin"),
    "DVC": BuiltIn("pychron.dvc.plugin", "DVCPlugin"),
    "Pipeline": BuiltIn("pychron.pipeline.plugin", "PipelinePlugin", "crunch"),
    "Metrics": BuiltIn("pychron.observability.metrics.plugin", "MetricsPlugin"),
    "History": BuiltIn("pychron.observability.history.plugin", "HistoryPlugin"),
    "Alerts": BuiltIn("pychron.dashboard.alerts.plugin", "AlertsPlugin"),
    "Web": BuiltIn("pychron.web.plugin", "WebPlugin"),
}
"""By the name that initialization.xml and the roles use."""


class PluginError(Exception):
    """A plugin cannot be had. `text` is a sentence for the person who enabled it."""

    def __init__(self, plugin: str, text: str) -> None:
        super().__init__(text)
        self.plugin = plugin
        self.text = text


def own_names() -> tuple[str, ...]:
    """Names of the plugins that other distributions bring."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load(name: str, table: Mapping[str, BuiltIn] = BUILT_IN) -> Any:
    """Import the plugin called `name` and build it. Raises PluginError."""
    built_in = table.get(name)
    if built_in is not None:
        factory = _import_built_in(name, built_in)
    else:
        factory = _import_own(name, table)
    plugin = factory()
    try:
        verifyObject(IPlugin, plugin)
    except Invalid as problem:
        raise PluginError(
            name, f"{name}: its class is no plugin: {' '.join(str(problem).split())}"
        ) from problem
    return plugin


def _import_built_in(name: str, built_in: BuiltIn) -> Any:
    try:
        return getattr(import_module(built_in.module), built_in.factory)
    except ModuleNotFoundError as problem:
        missing = problem.name or ""
        if missing.partition(".")[0] == "pychron" or not built_in.extra:
            raise
        raise PluginError(
            name,
            f"{name} needs {missing}, which is not installed; "
            f"install the extra: pip install '{DISTRIBUTION}[{built_in.extra}]'",
        ) from problem


def _import_own(name: str, table: Mapping[str, BuiltIn]) -> Any:
    found = [point for point in entry_points(group=GROUP) if point.name == name]
    if not found:
        raise PluginError(name, f"there is no plugin {name}{nearest(name, (*table, *own_names()))}")
    if len(found) > 1:
        brought = " and ".join(sorted(point.dist.name if point.dist else point.value for point in found))
        raise PluginError(name, f"the plugin {name} is brought twice, by {brought}; uninstall one")
    try:
        return cast(Any, found[0].load())
    except (ImportError, AttributeError) as problem:
        raise PluginError(
            name,
            f"{name}: {found[0].value} cannot be imported: {problem}; reinstall the package that brings it",
        ) from problem
