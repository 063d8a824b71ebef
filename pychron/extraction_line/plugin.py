"""ExtractionLine: a node's own switches, other nodes' switches, or both, as one line."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger
from zope.interface import implementer

from pychron.broadcast.interfaces import INotifier
from pychron.config.ini_file import read_ini
from pychron.config.problems import Report
from pychron.expressions.language import Expression
from pychron.extraction_line.actuators import own_part
from pychron.extraction_line.announcing import announce
from pychron.extraction_line.claims.claim_verbs import ClaimVerbs
from pychron.extraction_line.flag_verbs import FlagVerbs
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.extraction_line.local_line import LocalLine, flags_of, system_host
from pychron.extraction_line.manager import LineOptions
from pychron.extraction_line.parking.park_file import RaiseFunnelStep, driven_elsewhere
from pychron.extraction_line.parking.safe_verb import SafeVerb
from pychron.extraction_line.permits import IReadings, read_permits
from pychron.extraction_line.remote.file import read_remote
from pychron.extraction_line.remote.ties import listed, out_of_reach, where_is
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import State
from pychron.extraction_line.verbs import ValveVerbs
from pychron.hardware.channel import channel_counters
from pychron.rpc.interfaces import IAudit, IOwners, IVerbs
from pychron.rpc.verbs import Call
from pychron.runtime.plugin import Context, IDrains, INodeStop, IPlugin

READS = "DashboardServer"
PARAMETERS = "mass_spec_params.cfg"


@implementer(IPlugin, IDrains, INodeStop, IOwners, IAudit)
class ExtractionLinePlugin:
    """Offers the line of the node, whoever drives its switches."""

    name = "ExtractionLine"
    needs = (IVerbs, INotifier)
    offers = (IExtractionLine, INodeStop, IOwners, IAudit)
    wants = (IReadings,)
    log = Logger()

    def __init__(self) -> None:
        self._local: LocalLine | None = None
        self._remote: Any = None
        self._permits: dict[str, Expression] = {}

    def check(self, context: Context) -> None:
        """Permits are read here; the valves file and park.yaml are read with the root."""
        config = context.config
        self._permits = read_permits(config.line, context.report) if config.line is not None else {}
        if self._permits and not any(
            one.name == READS and one.enabled for one in config.initialization.plugins
        ):
            for switch in self._permits:
                context.report.error(
                    config.line.by_name[switch].place,
                    f"{switch}: its permit needs gauges, which {READS} reads; without that plugin {switch} is never "
                    "opened: write it into initialization.xml",
                    touches=(switch,),
                    code="permit",
                )
        if config.line is not None:
            _, remotes = own_part(config.line, config.devices, context.options.role)
            for device in remotes.values():
                read_remote(device, context.report)
            where = where_is(config.line, remotes)
            for place, text in listed(config.line, where):
                context.report.warning(place, f"crosses controllers: {text}", code="crosses")
            for place, text in driven_elsewhere(config.park, where):
                context.report.error(place, text, code="park")
            for step in config.park.steps:
                if isinstance(step, RaiseFunnelStep):
                    text = "raise_funnel: no node of this version has a funnel; the sequence ends there, so write it last"
                    context.report.warning(step.place, text, code="park")
            for one, text in out_of_reach(config.line, where):
                context.report.error(
                    one.place, f"{one.kind} {one.name}: {text}", touches=(one.name,), code="out_of_reach"
                )

    async def setup(self, context: Context) -> None:
        """Build the line, register its verbs, say what changes."""
        config, world = context.config, context.world
        line: LineSpec = config.line if config.line is not None else LineSpec()
        own, remotes = own_part(line, config.devices, context.options.role)
        verbs, notifier = context.find(IVerbs), context.find(INotifier)
        local = self._local = LocalLine(world, context.bus, context.state_folder)
        local.actuators.lines = context.lines
        options = LineOptions(system_host=system_host(context.element))
        await local.open(own, config.devices, self._permits, config.park, options)
        if remotes:
            self._open_remote(context, line, remotes, verbs, notifier)
        else:
            picture = local.picture
            picture.heading = lambda: {"node": context.node_name, "seq": notifier.number()}
            verbs.register(*ValveVerbs(picture, local.manager).verbs())
            announce(notifier, picture.valve)
            notifier.contribute("extraction_line", picture.whole)
            context.offer(IExtractionLine, local.manager)
        verbs.register(*ClaimVerbs(local.manager).verbs(), *SafeVerb(local.parking).verbs())
        flags = flags_of(context.element, _parameters(context))
        self._flags = FlagVerbs(world, flags, local.readings)
        verbs.register(*self._flags.verbs())
        context.offer(INodeStop, self)
        context.offer(IOwners, self)
        context.offer(IAudit, self)
        self._count(context, local)
        local.start()

    def _open_remote(self, context: Context, line: LineSpec, remotes: Any, verbs: Any, notifier: Any) -> None:
        from pychron.extraction_line.remote.line import RemoteLine

        assert self._local is not None
        self._remote = RemoteLine(context, line, remotes, self._local)
        self._remote.open(verbs, notifier)
        context.offer(IExtractionLine, self._remote.line)

    def _count(self, context: Context, local: LocalLine) -> None:
        manager = local.manager
        context.counters["extraction_line_actuations"] = lambda: manager.actuations
        context.counters["extraction_line_refusals"] = lambda: manager.refusals
        context.counters["extraction_line_under_way"] = lambda: manager.machine.busy
        context.counters["extraction_line_unknown"] = lambda: sum(
            switch.state is State.UNKNOWN for switch in manager.line
        )
        remote, own = self._remote, manager.machine.observer
        context.counters["extraction_line_alarms"] = lambda: len(
            own.standing() if remote is None else remote.standing.keys()
        )
        stored = local.store.counters
        context.counters["store_transactions"] = lambda: stored.transactions
        context.counters["store_sync_s"] = lambda: stored.sync_s
        context.counters["store_failed"] = lambda: stored.failed
        for device, channel in local.actuators.channels.items():
            context.counters.update(channel_counters(device, channel))
        context.channels.extend(local.actuators.channels.items())

    def is_owner(self, address: str) -> bool:
        """Whether a claim belongs to the address."""
        return self._local is not None and self._local.manager.leases.is_owner(address)

    def heard(self, address: str) -> None:
        """A request without a session came from the address."""
        if self._local is not None:
            self._local.manager.owners.heard(address)

    def refused(self, call: Call, why: str) -> None:
        """A request that would have moved something was turned away before it reached the line."""
        if self._local is not None:
            self._local.manager.audit_refused(call.peer, call.verb, call.argument, why)

    def bind(self, context: Context) -> None:
        """Gauges, where a plugin offers them."""
        try:
            readings = context.find(IReadings)
        except LookupError:
            return
        if self._local is not None:
            self._local.bind_readings(readings)
            self._flags.readings = readings

    async def drain(self) -> None:
        """Await actuations under way, begin none."""
        if self._local is not None:
            await self._local.drain()

    async def run_on_node_stop(self) -> None:
        """What park.yaml says for a stop; the default holds: nothing moves."""
        # The command server begins nothing that moves by now: what is let in here is the sequence alone.
        if self._local is not None:
            await self._local.parking.node_stops()

    async def teardown(self) -> None:
        """Close connections, devices and the file. Moves nothing."""
        remote, self._remote = self._remote, None
        local, self._local = self._local, None
        if remote is not None:
            await remote.close()
        if local is not None:
            await local.close()


def _parameters(context: Context) -> dict[str, str]:
    """Constants of mass_spec_params.cfg, where there is one."""
    path = context.options.root / "setupfiles" / PARAMETERS
    if not path.exists():
        return {}
    table = read_ini(path, Report(context.options.root))
    section = table.sections.get("general") if table is not None else None
    return {k: v.text for k, v in section.items()} if section is not None else {}
