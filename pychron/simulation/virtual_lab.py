"""A whole laboratory in one process on one virtual clock: hosts, links, instruments, and nodes that can be killed.

The same seed gives the same trace. What assembles a node is handed in: it is the code that twistd uses too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.runtime.plugin import Options
from pychron.runtime.world import World
from pychron.simulation.virtual_clock import NodeClock, VirtualClock
from pychron.simulation.virtual_network import Process, VirtualNetwork
from pychron.simulation.virtual_serial import SerialPorts
from pychron.simulation.virtual_trace import Trace
from pychron.simulation.virtual_world import VirtualProcess

EPOCH = 1_767_225_600.0
"""Wall time when a laboratory begins: 2026-01-01."""
STEP_S = 0.25

Emulators = Callable[[str, NodeClock], Any]
"""Makes the IEmulators of one process on a host. What they emulate outlives the process: keep it by host."""
Assemble = Callable[[Options, World, Callable[[], Any], Callable[[Failure], None]], Any]
"""Builds the service of a node (with `bus`, `startService`, `stopService`). The third makes its emulators should it
be a simulated one, the last is called when its set-up fails."""


def no_emulators(host: str, clock: NodeClock) -> Any:
    """Where no node is simulated: instruments are plugged into the laboratory."""
    raise LookupError(f"{host}: this laboratory was given no emulators")


_graves: list[Any] = []
# A collected coroutine runs its `finally` blocks, which a killed process never does: what a dead node held is kept.


class VirtualNode:
    """One run of one node."""

    def __init__(self, name: str, host: str, options: Options, process: VirtualProcess) -> None:
        self.name = name
        self.host = host
        self.options = options
        self.process = process
        self.world = process.world
        self.service: Any = None
        self.alive = True
        self.failure: Failure | None = None
        """Why its set-up failed."""


class VirtualLab:
    """`folder` holds one folder a host: the disks of the laboratory."""

    log = Logger()

    def __init__(
        self,
        seed: object,
        folder: Path,
        assemble: Assemble,
        emulators: Emulators = no_emulators,
        latency_s: tuple[float, float] = (0.0002, 0.002),
    ) -> None:
        self.seed = str(seed)
        self.folder = folder
        self.clock = VirtualClock()
        self.trace = Trace(self.clock, str(folder))
        self.random = random.Random(f"{self.seed}/lab")
        self.network = VirtualNetwork(
            self.clock, random.Random(f"{self.seed}/network"), self.trace, latency_s=latency_s
        )
        self.nodes: list[VirtualNode] = []
        self._assemble = assemble
        self._emulators = emulators
        self._serial: dict[str, SerialPorts] = {}
        self._boots: dict[str, tuple[str, float]] = {}
        self._wall_steps: dict[str, float] = {}
        self._runs = 0

    # The place.

    def add_host(self, name: str, *addresses: str) -> Path:
        """A computer, switched on. Returns its folder."""
        self.network.add_host(name, *addresses)
        self._serial[name] = SerialPorts(self.clock, self.trace, name)
        self._boot(name)
        self._wall_steps[name] = 0.0
        folder = self.directory(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def directory(self, host: str) -> Path:
        """The host's disk: it outlives its nodes."""
        return self.folder / host

    def _boot(self, host: str) -> None:
        # Monotonic clocks of two machines have nothing to do with each other.
        self._boots[host] = (f"{self.random.getrandbits(64):016x}", self.random.uniform(10.0, 1e6))

    def plug(self, host: str, port: str, instrument: Any) -> None:
        """An instrument (a protocol, on `self.clock`) at the far end of a serial port."""
        self._serial[host].plug(port, instrument)

    def unplug(self, host: str, port: str) -> None:
        """Pull the plug of a serial port; the instrument stays as it is."""
        self._serial[host].unplug(port)

    def serve(self, host: str, port: int, factory: Any) -> None:
        """An instrument with a network port of its own: it runs as long as its host."""
        name = self.network.host(host).name
        Process(self.network, self.network.host(host), NodeClock(self.clock), f"{name} instrument").listen(
            "0.0.0.0", port, factory
        )

    def cut(self, a: str, b: str) -> None:
        """Nothing passes between two hosts any more."""
        self.network.cut(a, b)

    def mend(self, a: str, b: str) -> None:
        """The link is back."""
        self.network.mend(a, b)

    def step_wall(self, host: str, seconds: float) -> None:
        """Somebody sets the host's clock."""
        self._wall_steps[host] += seconds
        self.trace.note("clock set", host, f"{seconds:+g}")

    # Nodes.

    def start_node(self, role: str, root: Path, host: str, **options: Any) -> VirtualNode:
        """Assemble and start a node as twistd would. `options` are those of the command line.

        What assembling it raises goes to the caller; what its set-up raises is in `failure`.
        """
        network_host = self.network.host(host)
        if not network_host.up:
            raise ValueError(f"{host} is switched off")
        self._runs += 1
        name = f"py{role}.{self._runs}"
        boot, offset = self._boots[network_host.name]
        clock = NodeClock(self.clock, offset)
        process = VirtualProcess(
            Process(self.network, network_host, clock, name),
            self._serial[network_host.name],
            f"{self.seed}/{name}",
            lambda: EPOCH + self.clock.seconds() + self._wall_steps[network_host.name],
            boot,
        )
        said = Options(root=root, role=role, **options)
        node = VirtualNode(name, network_host.name, said, process)

        def failed(failure: Failure) -> None:
            node.failure = failure
            self.trace.note("set-up failed", name, failure.type.__name__ if failure.type else "")
            self.stop(node)

        node.service = self._assemble(
            said, process.world, lambda: self._emulators(network_host.name, clock), failed
        )
        self.nodes.append(node)
        node.service.bus.subscribe(
            lambda event: self.trace.note("event", name, repr(event)), bound=1_000_000, what="trace"
        )
        self.trace.note("started", name, network_host.name)
        clock.callLater(0, node.service.startService)
        return node

    def stop(self, node: VirtualNode) -> Deferred[None]:
        """SIGTERM: fires when the node is down. Time must be advanced for it."""
        self.trace.note("stopping", node.name)
        done: Deferred[None] = Deferred()

        def ended(result: object) -> None:
            if isinstance(result, Failure):
                self.log.failure("{name}: its stop failed", failure=result, name=node.name)
            self._end(node, "stopped", silent=False)
            done.callback(None)

        def stop() -> None:
            stopping: Deferred[None] = node.service.stopService()
            stopping.addBoth(ended)

        node.process.clock.callLater(0, stop)
        return done

    def kill(self, node: VirtualNode) -> None:
        """`kill -9`: its timers, jobs and connections end at once; its files and the instruments stay as they are."""
        self._end(node, "killed", silent=False)

    def freeze(self, node: VirtualNode) -> None:
        """SIGSTOP: its kernel goes on taking bytes, nothing of it runs."""
        self.trace.note("frozen", node.name)
        node.process.clock.freeze()

    def thaw(self, node: VirtualNode) -> None:
        """SIGCONT."""
        self.trace.note("thawed", node.name)
        node.process.clock.thaw()

    def power_off(self, host: str) -> None:
        """Everything on the host dies in silence; nothing is sent, nothing is answered."""
        network_host = self.network.host(host)
        network_host.up = False
        for node in self.nodes:
            if node.alive and node.host == network_host.name:
                self._end(node, "lost power", silent=True)

    def power_on(self, host: str) -> None:
        """The host boots; its nodes are started by `start_node`."""
        network_host = self.network.host(host)
        self._boot(network_host.name)
        self.network.host_up(network_host)
        self.trace.note("power on", network_host.name)

    def _end(self, node: VirtualNode, how: str, silent: bool) -> None:
        if not node.alive:
            return
        node.alive = False
        self.trace.note(how, node.name)
        _graves.append((node, node.process.end(silent)))

    # Time.

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def until(self, condition: Callable[[], bool], limit_s: float, step_s: float = STEP_S) -> bool:
        """Let time pass in steps until `condition` holds, at most `limit_s`. Whether it holds."""
        left = limit_s
        while not condition():
            if left <= 0:
                return False
            self.advance(min(step_s, left))
            left -= step_s
        return True

    def result(self, awaitable: Any, limit_s: float = 60.0) -> Any:
        """Let time pass until a Deferred or coroutine ends, and return (or raise) how it did."""
        outcome: list[Any] = []
        running: Deferred[Any] = (
            awaitable if isinstance(awaitable, Deferred) else Deferred.fromCoroutine(awaitable)
        )
        running.addBoth(outcome.append)
        if not self.until(lambda: bool(outcome), limit_s, 0.01):
            raise TimeoutError(f"no end within {limit_s} s of virtual time")
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0]

    def close(self) -> None:
        """Switch everything off."""
        for node in self.nodes:
            self._end(node, "ended", silent=True)
