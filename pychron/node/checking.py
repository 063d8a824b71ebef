"""What a node would say of a root before it starts: `pychron check` asks this. Touches no device, opens no port."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

from twisted.internet.task import Clock

from pychron.config.problems import Report
from pychron.node.known_drivers import known_drivers
from pychron.node.machine import local_addresses
from pychron.node.preparation import RootRefused, prepare
from pychron.node.root import RootConfig, check_root
from pychron.runtime.plugin import Options
from pychron.runtime.world import World


def check_node(
    root: Path, role: str | None, *, waive: Sequence[str] = (), simulated: bool = False
) -> tuple[RootConfig | None, Report]:
    """Everything that the files and the plugins of a node find, in one report. The role is guessed where none is said."""
    drivers = known_drivers()
    config, report = check_root(root, role, waive=waive, simulated=simulated, drivers=drivers)
    if config is None:
        return None, report
    # What the plugins find of their own files is added to what the files say by themselves.
    known = report
    if role is None:
        known = check_root(root, config.role, waive=waive, simulated=simulated, drivers=drivers)[1]
    options = Options(root=root, role=config.role, simulated=simulated, lenient=True, waive=tuple(waive))
    try:
        found = prepare(options, _world_for_checks(simulated)).report
    except RootRefused as refused:
        found = refused.report
    for problem in found.problems:
        if problem not in known.problems:
            report.add(problem)
    return config, report


def _world_for_checks(simulated: bool) -> World:
    def nothing(*_: Any) -> NoReturn:
        raise AssertionError("a check opens no file, port or process")

    return World(
        lab=Clock(),
        wire=Clock(),
        wall=time.time,
        boot="check",
        machine_boot="check",
        streams=cast(Any, None),
        pool=cast(Any, None),
        zmq=None,
        scripts=None,
        sqlite=nothing,
        local_addresses=local_addresses,
        random=random.Random(0),
        simulated=simulated,
    )
