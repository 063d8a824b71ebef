"""The process of `pychron simulate`: an emulated instrument on the real reactor, until it is ended."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.error import CannotListenError

from pychron.node.monotonic import make_monotonic
from pychron.simulation.agilent_34970a import Agilent34970A
from pychron.simulation.emulator_host import EmulatorHost
from pychron.simulation.relay_faults import Fault, Faults


def main(
    *,
    pty: bool,
    link: Path | None,
    tcp_port: int | None,
    log: Path | None,
    started: Callable[[str], None],
    faults: Mapping[Fault, float] | None = None,
    seed: int = 0,
    invert: bool = False,
) -> None:
    """Serve a 34970A whose valves are closed at the start, until SIGINT or SIGTERM. `started` is told where.

    Raises OSError where the link, the log or the port cannot be had.
    """
    from twisted.internet import reactor as running

    reactor: Any = running
    make_monotonic(reactor)
    instrument = Agilent34970A(reactor, open_at_start=invert, faults=Faults(random.Random(seed), faults))
    host = EmulatorHost(reactor, instrument, log)
    try:
        where = host.serve_pty(link) if pty else f"127.0.0.1:{host.serve_tcp(tcp_port or 0)}"
    except CannotListenError as problem:
        host.close()
        raise OSError(problem.socketError.errno, problem.socketError.strerror, str(tcp_port)) from problem
    reactor.addSystemEventTrigger("before", "shutdown", host.close)

    def tell() -> None:
        started(where)
        sys.stdout.flush()

    reactor.callWhenRunning(tell)
    reactor.run()
