"""The world of one node in a virtual laboratory: everything that it is handed ends with its process."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from pychron.runtime.world import World
from pychron.scripting.lockstep import LockstepScriptHost
from pychron.simulation.virtual_network import Process
from pychron.simulation.virtual_pool import DatabaseFiles, VirtualPool
from pychron.simulation.virtual_serial import SerialPorts
from pychron.simulation.virtual_streams import VirtualStreams
from pychron.simulation.virtual_zmq import VirtualZmq

SCRIPT_TURN_S = 0.001
"""How long a script computes between two commands: a script that polls must not stop the clock."""


class VirtualProcess:
    """A world and the means to end it."""

    def __init__(
        self,
        sockets: Process,
        ports: SerialPorts,
        seed: str,
        wall: Callable[[], float],
        machine_boot: str,
    ) -> None:
        rng = random.Random(seed)
        self.sockets = sockets
        self.clock = sockets.clock
        self._ports = ports
        self._files = DatabaseFiles()
        self._scripts = LockstepScriptHost(self.clock, SCRIPT_TURN_S)
        self.world = World(
            lab=self.clock,
            wire=self.clock,
            wall=wall,
            boot=f"{rng.getrandbits(48):012x}",
            machine_boot=machine_boot,
            streams=VirtualStreams(sockets, ports),
            pool=VirtualPool(self.clock, random.Random(f"{seed}/pool")),
            zmq=VirtualZmq(sockets),
            scripts=self._scripts,
            sqlite=self._files,
            local_addresses=lambda: ("127.0.0.1/8", *sockets.host.networks),
            random=random.Random(f"{seed}/node"),
        )

    def end(self, silent: bool = False) -> list[Any]:
        """`kill -9`, or with `silent` a loss of power: no code of it runs any more, its files stay.

        Returns what must be kept from being collected, see virtual_lab.
        """
        held = self.clock.drop()
        kept = [held, self.sockets.end(silent), self._ports.close_all(self.sockets), self.world]
        self._scripts.stop()
        self._files.drop()
        return kept
