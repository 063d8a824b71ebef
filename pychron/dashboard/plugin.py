"""DashboardServer: reads dashboard.yaml, polls its values, judges its conditions, tells everybody who asks."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from zope.interface import implementer

from pychron.config.problems import Problem, Report, nearest
from pychron.dashboard.air import DashboardAir
from pychron.dashboard.dashboard_file import read_dashboard
from pychron.dashboard.interfaces import IDashboard
from pychron.dashboard.monitor import Monitor
from pychron.dashboard.server import Dashboard, Readings
from pychron.dashboard.sources import Facts, Read, Sources, is_of_line, switch_of, why_unreadable
from pychron.dashboard.specs import DashboardSpec
from pychron.dashboard.verbs import server_verbs
from pychron.extraction_line.events import SwitchChanged
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.extraction_line.permits import IReadings, read_permits
from pychron.extraction_line.specs import LineSpec
from pychron.hardware.channel import channel_counters
from pychron.hardware.drivers import UnknownDriver
from pychron.rpc.interfaces import IVerbs
from pychron.runtime.plugin import Context, IPlugin

COSTS = "the dashboard"
SIMULATION = "dashboard_simulation"
SCRIPTS = Path("scripts", "extraction")


def script_fault(root: Path) -> Callable[[str], str]:
    """Empty for an extraction script that is there and is Python, else what is wrong with it."""

    def fault(script: str) -> str:
        name = script if script.endswith(".py") else f"{script}.py"
        if Path(name).is_absolute() or ".." in Path(name).parts:
            return "write the name of a script in scripts/extraction"
        path = root / SCRIPTS / name
        try:
            ast.parse(path.read_text("utf-8"), str(path))
        except OSError:
            return f"there is no {SCRIPTS / name}"
        except (SyntaxError, ValueError, RecursionError) as problem:
            line = getattr(problem, "lineno", None)
            return f"{SCRIPTS / name}{f':{line}' if line else ''} cannot be read: {problem}"
        return ""

    return fault


def _check_permits(line: LineSpec, spec: DashboardSpec | None, report: Report) -> None:
    """A permit or supply on a value that this dashboard never has lets its switch open never: that is said beforehand."""
    values = [one for one in spec.values if one.enabled and not is_of_line(one)] if spec is not None else []
    known = {name for one in values for name in (one.name, f"{one.source}.{one.attribute}")}
    permits = read_permits(line, Report(report.root))
    for switch, permit in permits.items():
        for name in permit.names:
            if name not in known:
                report.error(
                    line.by_name[switch].place,
                    f"{switch}: its permit {permit.source} needs {name}, which is no value of dashboard.yaml"
                    f"{nearest(name, known)}; without it {switch} is never opened",
                    touches=(switch,),
                    code="permit",
                    value=name,
                )


@implementer(IPlugin)
class DashboardServerPlugin:
    """Offers the dashboard, also where its file keeps it from running: then it has faults and no values."""

    name = "DashboardServer"
    needs = ()
    offers = (IDashboard, IReadings)
    wants = (IExtractionLine, IVerbs)
    log = Logger()

    def __init__(self) -> None:
        self._spec: DashboardSpec | None = None
        self._faults: tuple[str, ...] = ()
        self._dashboard: Dashboard | None = None
        self._sources: Sources | None = None
        self._air: DashboardAir | None = None
        self._begin: IDelayedCall | None = None

    def check(self, context: Context) -> None:
        """What is wrong with the file costs the dashboard, and never the node."""
        report = Report(context.report.root)
        root = context.options.root
        self._spec = read_dashboard(root / "setupfiles", report, script_fault(root))
        self._faults = tuple(str(problem).replace(": error: ", ": ", 1) for problem in report.errors)
        for problem in report.problems:
            context.report.add(_costs_the_dashboard(problem))
        if report.errors:
            place = replace(report.errors[0].place, line=0)
            count = len(report.errors)
            context.report.add(
                Problem(
                    place,
                    "error",
                    f"the dashboard is not started for {count} error{'' if count == 1 else 's'}; the rest of the node runs",
                    code="dashboard",
                    costs=COSTS,
                )
            )
        initialization = context.config.initialization
        if initialization.flag(SIMULATION):
            context.report.warning(
                initialization.global_places.get(SIMULATION, initialization.place),
                f"{SIMULATION} is not obeyed: conditions on made-up numbers would look like real ones; "
                "start the node with --simulated instead",
                code=SIMULATION,
            )
        if context.config.line is not None:
            _check_permits(context.config.line, self._spec, context.report)
        if self._spec is not None:
            facts = _facts(context)
            for value in self._spec.values:
                why = why_unreadable(value, facts) if value.enabled else ""
                if why:
                    text = f"{value.name} cannot be read and is in error: {why}"
                    context.report.warning(value.place, text, code="device", value=value.source)

    async def setup(self, context: Context) -> None:
        """Only offers: the first reading waits until the line is there."""
        self._dashboard = Dashboard(context.world.wire, self._spec, self._faults, context.world.simulated)
        context.offer(IDashboard, self._dashboard)
        context.offer(IReadings, Readings(self._dashboard))

    def bind(self, context: Context) -> None:
        """Begin to read and to tell."""
        spec, dashboard = self._spec, self._dashboard
        if dashboard is None:
            return
        with suppress(LookupError):
            context.find(IVerbs).register(*server_verbs(IDashboard(dashboard)))
        if spec is None:
            context.counters["dashboard_up"] = lambda: 0
            for fault in self._faults:
                self.log.error("the dashboard is not started: {fault}", fault=fault)
            return
        try:
            line = context.find(IExtractionLine)
        except LookupError:
            line = None
        self._sources = Sources(context.world, _facts(context), line, context.lines)
        monitor = dashboard.monitor = Monitor(
            context.world, context.bus, spec.values, _sources(spec, self._sources)
        )
        air = self._air = DashboardAir(
            context.world, context.node_name, context.bus, spec, IDashboard(dashboard)
        )
        self._follow_valves(context, spec, monitor)
        counters = context.counters
        counters["dashboard_readings"] = lambda: monitor.readings
        counters["dashboard_failures"] = lambda: monitor.failures
        counters["dashboard_frames_sent"] = lambda: air.sent
        counters["dashboard_requests_answered"] = lambda: air.answered
        counters["dashboard_up"] = lambda: int(air.port != 0)
        counters["dashboard_conditions_tripped"] = lambda: sum(c.tripped for c in dashboard.conditions())
        counters["dashboard_values_missing"] = monitor.missing
        for name in monitor.watched:
            counters[f"dashboard_value_{name}"] = partial(monitor.number, name)
        for device, channel in self._sources.channels.items():
            counters.update(channel_counters(device, channel))
        context.channels.extend(self._sources.channels.items())
        air.start()
        # In a later turn: whoever is bound after this must hear what trips at the start.
        self._begin = context.world.wire.callLater(0, monitor.start)

    def _follow_valves(self, context: Context, spec: DashboardSpec, monitor: Monitor) -> None:
        """A valve that moves is looked at now, not at the next second."""
        by_switch: dict[str, list[str]] = {}
        for value in spec.values:
            if value.enabled and is_of_line(value):
                by_switch.setdefault(switch_of(value), []).append(value.name)

        def changed(event: object) -> None:
            assert isinstance(event, SwitchChanged)
            for name in by_switch.get(event.view.name, ()):
                monitor.read_now(name)

        if by_switch:
            context.bus.subscribe(changed, SwitchChanged, what="valves of the dashboard")

    async def teardown(self) -> None:
        """Read no more, close the ports, give the instruments up."""
        if self._begin is not None and self._begin.active():
            self._begin.cancel()
        dashboard, self._dashboard = self._dashboard, None
        if dashboard is not None and dashboard.monitor is not None:
            dashboard.monitor.stop()
        air, self._air = self._air, None
        if air is not None:
            air.stop()
        sources, self._sources = self._sources, None
        if sources is not None:
            await sources.close()


def _costs_the_dashboard(problem: Problem) -> Problem:
    return replace(problem, costs=COSTS) if problem.severity == "error" else problem


def _facts(context: Context) -> Facts:
    config = context.config
    return Facts(config.devices, config.line, context.options.simulated)


def _sources(spec: DashboardSpec, sources: Sources) -> dict[str, Read | str]:
    found: dict[str, Read | str] = {}
    for value in spec.values:
        if value.enabled:
            try:
                found[value.name] = sources.of(value)
            except UnknownDriver as problem:
                found[value.name] = f"{value.place}: {problem}"
    return found
