"""From a root and the command line to a node that is ready to start: read, check, assemble. Real and virtual alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.config.problems import Report
from pychron.hardware.interfaces import IEmulators
from pychron.node.assembly import AssemblyError, Enabled, assemble
from pychron.node.known_drivers import known_drivers
from pychron.node.node_service import NodeService
from pychron.node.plugins import BUILT_IN, BuiltIn, PluginError, load
from pychron.node.root import RootConfig, blocking, check_root, state_folder
from pychron.runtime.plugin import Options
from pychron.runtime.world import World


class RootRefused(Exception):
    """The files do not allow a start. `report` says why."""

    def __init__(self, report: Report, lenient_helps: bool = False) -> None:
        super().__init__(f"{len(report.errors)} errors in {report.root}")
        self.report = report
        self.lenient_helps = lenient_helps
        """Whether the node would start with --lenient."""


@implementer(IEmulators)
class NoEmulators:
    """Stands in a simulated node that is only checked: never None, which would let its drivers at the hardware."""

    def endpoint(self, device: Any) -> NoReturn:
        raise LookupError(f"{device}: this node was prepared for a check, without emulators")

    def relays(self, device_name: str, readable: bool = True) -> NoReturn:
        raise LookupError(f"{device_name}: this node was prepared for a check, without emulators")

    def numbers(self, device_name: str) -> NoReturn:
        raise LookupError(f"{device_name}: this node was prepared for a check, without emulators")


def prepare(
    options: Options,
    world: World,
    *,
    emulate: Callable[[], Any] | None = None,
    set_up_failed: Callable[[Failure], None] | None = None,
    afterwards: Callable[[], Awaitable[None]] | None = None,
    table: Mapping[str, BuiltIn] = BUILT_IN,
    home: Path | None = None,
) -> NodeService:
    """Read and check everything, build the node's service. Nothing is started and no device is touched.

    `emulate` makes the IEmulators of a simulated node: the command line or the root's own files say so, and then
    no driver gets near an instrument; without it such a node can be checked and not be set up. Raises RootRefused.
    """
    config, report = check_root(
        options.root,
        options.role,
        waive=options.waive,
        simulated=options.simulated,
        drivers=known_drivers(),
        built=tuple(table),
    )
    if config is None:
        raise RootRefused(report)
    if config.simulated and not options.simulated:
        options = replace(options, simulated=True)
    world = replace(
        world,
        simulated=options.simulated,
        emulators=(emulate or NoEmulators)() if options.simulated else None,
    )
    enabled = _load(config, report, table)
    try:
        service = assemble(
            options,
            world,
            enabled,
            report,
            node_name=config.node_name,
            config=config,
            state_folder=state_folder(options.root, options.role, simulated=options.simulated, home=home),
            set_up_failed=set_up_failed,
            afterwards=afterwards,
        )
    except AssemblyError as problem:
        report.error(config.initialization.place, str(problem), code="plugin")
        raise RootRefused(report) from problem
    if blocking(report, lenient=options.lenient):
        raise RootRefused(report, lenient_helps=not blocking(report, lenient=True))
    return service


def _load(config: RootConfig, report: Report, table: Mapping[str, BuiltIn]) -> list[Enabled]:
    """The plugins that this node hosts. One that cannot be had is an error of the line that enables it."""
    enabled: list[Enabled] = []
    for chosen in config.plugins:
        if not chosen.built:
            continue
        try:
            enabled.append(Enabled(load(chosen.name, table), chosen.element))
        except PluginError as problem:
            place = chosen.element.place if chosen.element is not None else config.initialization.place
            report.error(place, problem.text, code="plugin")
    return enabled
