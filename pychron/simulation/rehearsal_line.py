"""The line of a root, with its own rules and interlocks, over relays that exist in memory: for rehearsing scripts.

Everything starts closed and unlocked, obeys at once, and the hand that a manual valve waits for is always there.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from zope.interface import implementer

from pychron.events.bus import EventBus
from pychron.extraction_line.errors import NotConfirmed
from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.keeping.restore import restore, restored_counts
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.relays import Relays
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, Kind, Lock, SwitchView
from pychron.hardware.interfaces import Evidence, IActuator, Mark, NotBegun, Reading
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import IPool, IStreams, World
from pychron.store.node_file import NodeStore
from pychron.store.records import Restored
from pychron.trust.rights import Peer

T = TypeVar("T")

EXCHANGE_S = 0.05
"""Lab seconds of one exchange with a relay box: about an Agilent at 57600 baud."""
BEGINS_S = 1.0
"""Virtual seconds until the first read-back has come."""


@implementer(IActuator)
class MemoryRelays:
    """Relays that do as they are told, and say so."""

    late_s = 0.0
    readable = True
    evidence = Evidence.RELAY
    connected = True

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._on: dict[str, bool] = {}

    async def drive(self, address: str, on: bool, begin: Callable[[], bool], urgent: bool = False) -> Mark:
        if not begin():
            raise NotBegun(f"{self.name}: not begun")
        mark = Mark(1, self._clock.seconds())
        self._on[address] = on
        await sleep(self._clock, EXCHANGE_S)
        return mark

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Reading]:
        mark = Mark(1, self._clock.seconds())
        await sleep(self._clock, EXCHANGE_S)
        return {address: Reading(self._on.get(address, False), mark) for address in addresses}

    def validate(self, address: str) -> str:
        return ""

    async def close(self) -> None:
        return None


@implementer(IPool)
class AtOnce:
    """A pool whose work takes no time."""

    def run(self, function: Callable[..., T], *args: Any) -> Deferred[T]:
        return execute(function, *args)


@implementer(IExtractionLine)
class RehearsalLine:
    """Made by `rehearsal_line`; everything but a manual valve goes to a manager as nodes have it."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager

    def names(self) -> tuple[str, ...]:
        return self._manager.names()

    def resolve(self, name: str = "", description: str = "") -> str:
        return self._manager.resolve(name, description)

    def view(self, name: str) -> SwitchView:
        return self._manager.view(name)

    async def actuate(self, command: Command) -> Done:
        """As the manager does; a manual valve that no rule holds back is turned by the hand that is always there."""
        name = self._manager.resolve(command.switch)
        try:
            return await self._manager.actuate(command)
        except NotConfirmed as waits:
            if waits.switch != name:
                raise
        await self._manager.by_hand.confirm(name, command.action is Action.OPEN, command.peer, "a rehearsal")
        return await self._manager.actuate(command)

    async def refresh(self, name: str) -> SwitchView:
        return await self._manager.refresh(name)

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        return await self._manager.lock(name, who, why)

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        await self._manager.unlock(name, who, why)

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        return self._manager.why(name, action, peer)

    def settling_s(self, name: str) -> float:
        return self._manager.settling_s(name)


def rehearsal_line(spec: LineSpec, clock: Clock) -> RehearsalLine:
    """A line ready to be asked. `clock` is virtual and is advanced by a second here."""
    plain = LineSpec(tuple(_obedient(switch) for switch in spec.switches), spec.pipettes)
    world = _world(clock)
    store = NodeStore(world, Path("rehearsal"))
    opened = Deferred.fromCoroutine(store.open())
    clock.advance(EXCHANGE_S)
    restored = cast(Restored, opened.result)
    actuators = {name: MemoryRelays(name, clock) for name in sorted({s.actuator for s in plain.switches})}
    relays = Relays(plain, actuators)
    line = Line.build(plain, {s.name: relays.hardware(s.name) for s in plain.switches})
    manager = ExtractionLineManager(
        world, line, relays, store, EventBus(clock), restored_counts(plain, restored)
    )
    restore(manager, restored)
    for switch in plain.switches:
        if switch.kind is Kind.MANUAL_VALVE:
            manager.spawner.spawn(
                manager.by_hand.confirm(switch.name, False, Peer("local"), "a rehearsal"), "a manual valve"
            )
    manager.spawner.spawn(manager.read(manager.names()), "the first read-back")
    clock.advance(BEGINS_S)
    return RehearsalLine(manager)


def _obedient(switch: SwitchSpec) -> SwitchSpec:
    """The same rules, one relay that opens when it is on, and no position switch or gauge that is not there."""
    kind = Kind.VALVE if switch.kind is Kind.DOUBLE_ACTUATION_VALVE else switch.kind
    return replace(
        switch,
        kind=kind,
        address=switch.name,
        state_device="",
        state_address="",
        state_invert=False,
        inverted_logic=False,
        query_state=True,
        evidence_required=None,
    )


def _world(clock: Clock) -> World:
    return World(
        lab=clock,
        wire=clock,
        wall=clock.seconds,
        boot="rehearsal",
        machine_boot="rehearsal",
        streams=cast(IStreams, None),
        pool=AtOnce(),
        zmq=None,
        scripts=None,
        sqlite=lambda path: sqlite3.connect(":memory:"),
        local_addresses=lambda: (),
        random=random.Random(0),
        simulated=True,
    )
