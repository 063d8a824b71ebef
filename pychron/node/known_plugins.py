"""Every plugin name that an initialization.xml may hold: ours, the seed's, and those of installed Pychron.

Decisions "Configuration" 2: a node hosts the plugins of its role; an enabled one of another role is named in a
warning and not imported; one without meaning on a headless node is listed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pychron.config.initialization import Initialization, PluginElement
from pychron.config.problems import Report, nearest
from pychron.node.plugins import BUILT_IN

VALVE, FURPI, EXPERIMENT, CRUNCH = "valve", "furpi", "experiment", "crunch"
NODES = {VALVE: "pyvalve", FURPI: "furpi", EXPERIMENT: "pyexperiment", CRUNCH: "pycrunch"}
"""By role, the node's name, as twistd knows it."""
ALL = (VALVE, FURPI, EXPERIMENT, CRUNCH)
_LINE = (VALVE, FURPI, EXPERIMENT)
_DATA = (EXPERIMENT, CRUNCH)
_EXPERIMENT = (EXPERIMENT,)
_FURNACE = (FURPI, EXPERIMENT)


@dataclass(frozen=True, slots=True)
class KnownPlugin:
    """A name, the roles that host it (none: without meaning on a headless node) and the plugin that does its work."""

    name: str
    roles: tuple[str, ...]
    family: str
    """The plugin of ours that serves it: `Spectrometer` for `ArgusSpectrometer`."""

    @property
    def desktop(self) -> bool:
        return not self.roles


def _plugins(roles: tuple[str, ...], family: str, *names: str) -> Iterable[KnownPlugin]:
    for name in names:
        yield KnownPlugin(name, roles, family or name)


CONTROLLERS = (VALVE, FURPI)
IMPLIED = {
    "RemoteCommandServer": ALL,
    "Broadcast": ALL,
    "Scripts": _EXPERIMENT,
    "Metrics": ALL,
    "History": ALL,
    "Alerts": ALL,
    "Web": ALL,
}
"""Plugins that a role has though no file lists them, unless one says enabled="false"."""
IMPLIED_NEEDS = {
    "Scripts": ("ExtractionLine",),
    "Alerts": ("RemoteCommandServer", "Broadcast"),
    "History": ("Broadcast",),
    "Web": ("Broadcast",),
}
"""What must run before one of them is implied: who turns the broadcasts off has no page, and no error."""
COMMANDED = ("RemoteCommandServer", "Broadcast")
"""Without these a valve controller is no node: they are told as missing where they are not built."""

KNOWN: tuple[KnownPlugin, ...] = (
    *_plugins(_LINE, "", "ExtractionLine", "RemoteCommandServer", "DashboardServer"),
    *_plugins(ALL, "", "DashboardClient", "Web"),
    *_plugins(ALL, "Broadcast", "Broadcast", "Notifier"),
    *_plugins(ALL, "Metrics", "Metrics", "Prometheus"),
    *_plugins(ALL, "", "History", "Alerts", "Email"),
    *_plugins(_EXPERIMENT, "ExtractionLine", "ClientExtractionLine"),
    *_plugins(_EXPERIMENT, "", "Scripts"),
    *_plugins(_EXPERIMENT, "Experiment", "Experiment"),
    *_plugins(_EXPERIMENT, "Spectrometer", "Spectrometer", "ArgusSpectrometer", "HelixSpectrometer"),
    *_plugins(_EXPERIMENT, "Spectrometer", "HelixSFTSpectrometer", "MapSpectrometer", "NGXSpectrometer"),
    *_plugins(_EXPERIMENT, "Spectrometer", "OPCSpectrometer"),
    *_plugins(
        _EXPERIMENT, "Laser", "Laser", "TAPDiode", "UC2000CO2", "OsTechDiode", "AblationCO2", "ChromiumCO2"
    ),
    *_plugins(_EXPERIMENT, "Laser", "ChromiumDiode", "ChromiumUV", "FusionsDiode", "FusionsCO2", "FusionsUV"),
    *_plugins(_EXPERIMENT, "Laser", "CoreLaser", "CoreClientLaser"),
    *_plugins(_FURNACE, "Furnace", "Furnace", "NMGRLFurnace", "NMGRLFurnaceControl", "LDEOFurnace"),
    *_plugins(_FURNACE, "Furnace", "LDEOFurnaceControl", "ThermoFurnace", "RestonFurnace"),
    *_plugins(_EXPERIMENT, "", "ExternalPipette", "MassSpec", "Bakeout"),
    *_plugins(_LINE, "", "LabspyClient"),
    *_plugins(_DATA, "", "DVC", "Database", "GitHub", "GitLab", "LocalGit"),
    *_plugins((CRUNCH,), "Pipeline", "Pipeline", "Processing"),
    *_plugins(
        (), "", "PyScript", "Update", "Usage", "ArArConstants", "Entry", "Loading", "LabBook", "MediaStorage"
    ),
    *_plugins(
        (), "", "Image", "Video", "Bridge", "Sparrow", "GIS", "Classifier", "MDD", "Auto", "MachineLearning"
    ),
    *_plugins((), "", "Caffeine", "USGSVSCData", "WiscArData", "WatchDog", "IGSN", "Geochron", "AusGeochem"),
    *_plugins((), "", "GoogleCalendar", "Twitter", "IPC", "Hardware", "RemoteHardwareServer"),
)
_BY_FOLD = {plugin.name.casefold(): plugin for plugin in KNOWN}
NAMES = tuple(plugin.name for plugin in KNOWN)


@dataclass(frozen=True, slots=True)
class ChosenPlugin:
    """A plugin that the node hosts. `element` is None where the role implies it."""

    name: str
    """The name of the plugin of ours (the family)."""
    element: PluginElement | None
    built: bool = True

    @property
    def written(self) -> str:
        """As initialization.xml writes it."""
        return self.element.name if self.element is not None else self.name


def resolve(name: str) -> KnownPlugin | None:
    """The plugin that a name means: whatever its case, underscores camel-cased (`fusions_co2` is FusionsCO2)."""
    folded = name.replace("_", "").replace(" ", "").casefold()
    return _BY_FOLD.get(folded) or _BY_FOLD.get(folded.removesuffix("plugin"))


def guess_role(initialization: Initialization) -> str:
    """The role that the enabled plugins speak for; a valve controller where they speak for nothing."""
    found = [k for p in initialization.plugins if p.enabled and (k := resolve(p.name)) is not None]
    names = {k.name for k in found}
    families = {k.family for k in found}
    if "ClientExtractionLine" in names or families & {"Experiment", "Spectrometer", "Laser"}:
        return EXPERIMENT
    if "Pipeline" in families:
        return CRUNCH
    if "Furnace" in families:
        return FURPI
    if not families & {"ExtractionLine", "RemoteCommandServer"} and families & {"DVC", "Database"}:
        return CRUNCH
    return VALVE


def choose_plugins(
    initialization: Initialization,
    role: str,
    report: Report,
    *,
    built: Collection[str] = tuple(BUILT_IN),
    own: Collection[str] = (),
    guessed: bool = False,
) -> tuple[ChosenPlugin, ...]:
    """The plugins that a node of `role` hosts, in file order; what it leaves out is in the report.

    `built` are names (or families) whose plugin exists, `own` those of the lab's entry points. Where the role was
    `guessed`, a plugin that only other nodes on the same root would host is named too.
    """
    chosen: dict[str, ChosenPlugin] = {}
    ignored: list[PluginElement] = []
    refused: set[str] = set()
    for element in initialization.plugins:
        known = resolve(element.name)
        if element.name in own and known is None:
            known = KnownPlugin(element.name, (role,), element.name)
            built = (*built, element.name)
        if known is None:
            text = f"plugin {element.name} is not known{nearest(element.name, (*NAMES, *own))}"
            if element.enabled:
                report.error(element.place, text, code="plugin", value=element.name)
            else:
                report.warning(element.place, f"{text} (it is disabled)", code="plugin", value=element.name)
        elif not element.enabled:
            refused.add(known.family)
        elif known.desktop:
            ignored.append(element)
        elif role not in known.roles:
            report.warning(
                element.place,
                f"{element.name} is a plugin of {_nodes(known.roles)}; {NODES[role]} leaves it out",
                code="role",
                value=element.name,
            )
        else:
            if guessed and VALVE not in known.roles and role != VALVE and _has_line(initialization):
                report.warning(
                    element.place,
                    f"{element.name} is a plugin of {_nodes(known.roles)}; a pyvalve on this root leaves it out",
                    code="role",
                    value=element.name,
                )
            _choose(element, known, chosen, report, built, role)
    if ignored:
        names = ", ".join(f"{e.name} (line {e.place.line})" for e in ignored)
        verb = "has" if len(ignored) == 1 else "have"
        report.warning(
            ignored[0].place, f"{names} {verb} no meaning on a headless node, ignored", code="desktop"
        )
    _imply(initialization, chosen, refused, role, report, built)
    return tuple(chosen.values())


def _choose(
    element: PluginElement,
    known: KnownPlugin,
    chosen: dict[str, ChosenPlugin],
    report: Report,
    built: Collection[str],
    role: str,
) -> None:
    key = known.name if known.family == "Laser" else known.family
    first = chosen.get(key)
    if first is not None and first.element is not None:
        report.error(
            element.place,
            f"{element.name} and {first.written} (line {first.element.place.line}) are the same plugin here; "
            "enable one of them",
            code="double_plugin",
        )
        return
    exists = known.name in built or known.family in built
    if not exists:
        report.warning(
            element.place,
            f"{element.name} is not built yet: {NODES[role]} starts without it",
            code="not_built",
        )
    chosen[key] = ChosenPlugin(known.family, element, exists)


def _imply(
    initialization: Initialization,
    chosen: dict[str, ChosenPlugin],
    refused: set[str],
    role: str,
    report: Report,
    built: Collection[str],
) -> None:
    """A valve controller without its command server would be deaf: files of installed Pychron predate it.

    Every node has its Unix socket (the command server without a port, where nobody commands it over the network)
    and broadcasts, unless its file says `<plugin enabled="false">Notifier</plugin>`.
    """
    for name, roles in IMPLIED.items():
        if any(need not in chosen for need in IMPLIED_NEEDS.get(name, ())):
            continue
        if (
            role in roles
            and name not in chosen
            and name not in refused
            and (name in built or (role in CONTROLLERS and name in COMMANDED))
        ):
            chosen[name] = ChosenPlugin(name, None, name in built)
    if role == VALVE and "ExtractionLine" not in chosen:
        report.warning(
            initialization.place,
            'pyvalve has no extraction line here; write <plugin enabled="true">ExtractionLine</plugin>',
            code="plugin",
        )


def _has_line(initialization: Initialization) -> bool:
    return any(p.enabled and resolve(p.name) is _BY_FOLD["extractionline"] for p in initialization.plugins)


def _nodes(roles: tuple[str, ...]) -> str:
    *most, last = (NODES[role] for role in roles)
    return f"{', '.join(most)} and {last}" if most else last
