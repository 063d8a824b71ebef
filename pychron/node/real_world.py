"""The world as it is: built from the reactor, once, before anything is scheduled."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from typing import Any

from zope.interface import implementer

from pychron.node.database_files import open_database
from pychron.node.machine import local_addresses, machine_boot
from pychron.node.monotonic import make_monotonic
from pychron.node.processes import RealProcesses
from pychron.node.streams import RealStreams
from pychron.node.thread_pool import RealPool
from pychron.runtime.world import World
from pychron.scripting.interfaces import IScriptChild, IScriptHost


@implementer(IScriptHost)
class ScriptsWhenAsked:
    """The real script host, imported by the first script: most nodes run none."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._host: Any = None

    def start(
        self,
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> IScriptChild:
        if self._host is None:
            from pychron.scripting.processes import ProcessScriptHost

            self._host = ProcessScriptHost(self._reactor)
        child: IScriptChild = self._host.start(line, ended, error)
        return child


def emulate(reactor: Any) -> Any:
    """The IEmulators of a simulated node. Real nodes never import them."""
    from pychron.simulation.emulators import Instruments

    return Instruments(reactor).for_node(reactor)


def build_world(reactor: Any) -> World:
    """Replaces the reactor's clock by a monotonic one. Starts no thread, opens no socket: twistd forks later."""
    from pychron.broadcast.txzmq_sockets import RealZmq

    make_monotonic(reactor)
    return World(
        lab=reactor,
        wire=reactor,
        wall=time.time,
        boot=uuid.uuid4().hex[:12],
        machine_boot=machine_boot(),
        streams=RealStreams(reactor),
        pool=RealPool(reactor),
        zmq=RealZmq(reactor),
        scripts=ScriptsWhenAsked(reactor),
        sqlite=open_database,
        local_addresses=local_addresses,
        random=random.Random(),
        processes=RealProcesses(reactor),
    )
