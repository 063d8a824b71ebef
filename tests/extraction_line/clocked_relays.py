"""An actuator on a Clock, and a manager over it: for the manager's and the verbs' tests."""

from __future__ import annotations

import random
from collections import deque

from twisted.internet.defer import Deferred
from zope.interface import implementer

from pychron.events.bus import EventBus
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.keeping.restore import restore, restored_counts
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.relays import Relays
from pychron.extraction_line.states import Action
from pychron.hardware.interfaces import (
    Evidence,
    IActuator,
    Mark,
    NoAnswer,
    NotBegun,
    Reading,
    Rejected,
    Unavailable,
)
from pychron.runtime.world import World
from pychron.store.node_file import NodeStore
from pychron.trust.rights import Peer, Right
from tests.store.worlds import HeldPool, open_file


@implementer(IActuator)
class ClockedRelays:
    """One channel: exchanges of `takes_s` each, urgent ones first. `fates` are used up one a drive."""

    late_s = 2.0
    readable = True
    evidence = Evidence.RELAY

    def __init__(self, clock, name="switch_controller", takes_s=0.05):
        self.clock, self.name, self.takes_s = clock, name, takes_s
        self.on = {}
        self.moves = []
        self.exchanges = []
        self.fates = deque()
        self.read_fate = "ok"
        self.connected = True
        self._queue = deque()
        self._busy = False
        self._epoch = 1

    def validate(self, address):
        return ""

    async def close(self):
        self.connected = False

    async def drive(self, address, on, begin, urgent=False):
        await self._turn(urgent)
        try:
            if not self.connected:
                raise Unavailable(f"{self.name} is not connected")
            if not begin():
                raise NotBegun("")
            mark = Mark(self._epoch, self.clock.seconds())
            fate = self.fates.popleft() if self.fates else "ok"
            self.exchanges.append((self.clock.seconds(), address, on))
            if fate == "rejected":
                raise Rejected('-222,"Data out of range"')
            if fate in ("ok", "silent_done"):
                self._move(address, on)
            if fate == "silent_late":
                self.clock.callLater(self.late_s * 0.9, self._move, address, on)
            await self._pass(self.takes_s)
            if fate.startswith("silent"):
                self._epoch += 1
                raise NoAnswer("no answer within 0.05 s", mark)
            return mark
        finally:
            self._next()

    async def read(self, addresses):
        await self._turn(False)
        try:
            mark = Mark(self._epoch, self.clock.seconds())
            await self._pass(self.takes_s)
            if self.read_fate != "ok" or not self.connected:
                self._epoch += 1
                raise NoAnswer("no answer", mark)
            return {a: Reading(self.on.get(a, False), mark) for a in addresses}
        finally:
            self._next()

    def _move(self, address, on):
        if self.on.get(address, False) != on:
            self.moves.append((self.clock.seconds(), address, on))
        self.on[address] = on

    async def _pass(self, seconds):
        done = Deferred()
        self.clock.callLater(seconds, done.callback, None)
        await done

    async def _turn(self, urgent):
        if not self._busy:
            self._busy = True
            return
        turn = Deferred()
        (self._queue.appendleft if urgent else self._queue.append)(turn)
        await turn

    def _next(self):
        if self._queue:
            self._queue.popleft().callback(None)
        else:
            self._busy = False


class Bench:
    """A manager with its actuators, store and events, on one Clock."""

    def __init__(self, clock, path, spec, actuators=None, boot="boot1"):
        self.clock = clock
        self.world = World(
            lab=clock,
            wire=clock,
            wall=lambda: clock.seconds() + 1_700_000_000.0,
            boot=boot,
            machine_boot="machine",
            streams=None,
            pool=HeldPool(),
            zmq=None,
            scripts=None,
            sqlite=open_file,
            local_addresses=lambda: (),
            random=random.Random(1),
        )
        self.actuators = actuators or {"switch_controller": ClockedRelays(clock)}
        self.relays = self.actuators["switch_controller"]
        self.store = NodeStore(self.world, path)
        self.events = []
        opened = Deferred.fromCoroutine(self.store.open())
        clock.advance(0.01)
        restored = opened.result
        self.bus = EventBus(clock)
        self.bus.subscribe(self.events.append)
        relays = Relays(spec, self.actuators)
        line = Line.build(spec, {s.name: relays.hardware(s.name) for s in spec.switches})
        self.manager = ExtractionLineManager(
            self.world, line, relays, self.store, self.bus, restored_counts(spec, restored)
        )
        restore(self.manager, restored)

    def read_all(self):
        Deferred.fromCoroutine(self.manager.read(self.manager.names()))
        self.advance(1)

    def advance(self, seconds, step=0.01):
        for _ in range(round(seconds / step)):
            self.clock.advance(step)

    def ask(self, name, action, peer="10.0.0.5", right=Right.OPERATE, **more):
        action = Action(action)
        command = Command(name, action, Peer(peer, right=right), self.clock.seconds(), **more)
        return Deferred.fromCoroutine(self.manager.actuate(command))

    def states(self):
        return {n: str(self.manager.view(n).state) for n in self.manager.names()}
