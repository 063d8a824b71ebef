"""MixedExtractionLine: some switches on this node, some on one or more valve controllers, one line to its users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from twisted.logger import Logger
from zope.interface import implementer

from pychron.config.problems import nearest
from pychron.events.bus import EventBus
from pychron.extraction_line.errors import (
    ChildFailed,
    Held,
    Interlocked,
    LineError,
    NoResponse,
    NotPermitted,
    OutOfService,
    PeerLost,
    UnknownSwitch,
)
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.machine.line_state import Line, target
from pychron.extraction_line.machine.plans import Step, expand
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.permits import NoReadings, Permits
from pychron.extraction_line.remote import model
from pychron.extraction_line.remote.manager import RemoteExtractionLineManager
from pychron.extraction_line.remote.once import Once
from pychron.extraction_line.remote.reservations import Holder, LocalHolder, RemoteHolder, Reservations
from pychron.extraction_line.remote.states import blank
from pychron.extraction_line.remote.ties import cross_ties, heads, where_is
from pychron.extraction_line.remote.views import find
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action, Kind, Lock, State, SwitchView
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.runtime.world import World
from pychron.trust.rights import Peer

CLOSE_ASKS_S = 0.5
"""Wire seconds that a close waits for what the nodes of its children say."""
Part = ExtractionLineManager | RemoteExtractionLineManager


@implementer(IExtractionLine)
class MixedExtractionLine:
    """`spec` is this node's own valves file; without one each controller's list is the line.

    A switch belongs to the controller that its `actuator` names, else to the local line.
    """

    log = Logger()

    def __init__(
        self,
        spec: LineSpec | None,
        local: ExtractionLineManager | None,
        remotes: Sequence[RemoteExtractionLineManager],
        world: World,
        bus: EventBus,
        node: str,
        permits: Permits | None = None,
        once: Once | None = None,
    ) -> None:
        """`permits` judges what the file demands of switches that other nodes drive; without it none of those opens.

        `once` knows the commands for them and their copies; without it each is a new one.
        """
        self._once = once
        self.local = local
        self._permits = (
            permits if permits is not None else Permits(Line.build(LineSpec(), {}), {}, NoReadings())
        )
        self.remotes = tuple(remotes)
        self._spec = spec
        self._world = world
        self._bus = bus
        by_name = {r.name: r for r in self.remotes}
        self.where: dict[str, str] = {}
        """Controller by switch of the valves file; "" for this node."""
        if spec is not None:
            self.where = where_is(spec, by_name)
        self.pipettes_of: dict[str, str] = {}
        """Controller by pipette of the valves file, as far as both its valves are with one."""
        for pipette in spec.pipettes if spec is not None else ():
            ends = {self.where.get(pipette.inner), self.where.get(pipette.outer)}
            if len(ends) == 1 and (end := ends.pop()) is not None:
                self.pipettes_of[pipette.name] = end
        self._doubled: list[str] = []
        self._left_behind: dict[str, str] = {}
        """By child that did not move: the key of the alarm that stands until it is turned."""
        self._undriven = self._without_a_driver(spec, by_name, local)
        """Switches of the file whose controller this node cannot use: shown, and nobody can turn them."""
        self._by_name = by_name
        holders: dict[str, Holder] = {r.name: RemoteHolder(r, world.wall()) for r in self.remotes}
        if local is not None:
            holders[""] = LocalHolder(local)
        self._holders = holders
        ties = cross_ties(spec, self.where) if spec is not None else ()
        self.reservations = Reservations(
            node, ties, lambda name: holders[self.where.get(name, "")], self.view, world, bus
        )
        self._on_step: Callable[[int, str], None] = lambda number, text: None

    @staticmethod
    def _without_a_driver(
        spec: LineSpec | None, remotes: Collection[str], local: ExtractionLineManager | None
    ) -> dict[str, SwitchView]:
        here = local.names() if local is not None else ()
        found: dict[str, SwitchView] = {}
        for s in spec.switches if spec is not None else ():
            if s.actuator not in remotes and s.name not in here:
                fault = f"{s.place}: its actuator {s.actuator} is no device that this node can use"
                found[s.name] = replace(blank(s), in_service=False, faults=(*s.faults, fault))
        return found

    # ---- life

    def start(self) -> None:
        """Begin to tend the reservations. The controllers are started by their owner."""
        self.reservations.start()

    def stop(self) -> None:
        """Moves and releases nothing."""
        self.reservations.stop()

    @property
    def on_step(self) -> Callable[[int, str], None]:
        """Told of steps 3, 4 and 5 of the way from a script to a relay."""
        return self._on_step

    @on_step.setter
    def on_step(self, told: Callable[[int, str], None]) -> None:
        self._on_step = told
        for remote in self.remotes:
            remote.on_step = told

    # ---- IExtractionLine, from memory

    def names(self) -> tuple[str, ...]:
        if self._spec is not None:
            return tuple(self.where)
        parts = [self.local, *self.remotes] if self.local is not None else list(self.remotes)
        known = [n for part in parts for n in part.names()]
        doubled = sorted(n for n, times in Counter(known).items() if times > 1)
        if doubled and doubled != self._doubled:
            self.log.error(
                "{names}: more than one controller has a switch of that name and nobody can turn it here; "
                "write a valves file that says which is whose",
                names=", ".join(doubled),
            )
        self._doubled = doubled
        return tuple(n for n in known if n not in doubled)

    def resolve(self, name: str = "", description: str = "") -> str:
        if name and not description:
            self.part(name)
            return name
        return find(name, description, {n: self.view(n) for n in self.names()}, "this line")

    def view(self, name: str) -> SwitchView:
        if name in self._undriven:
            return self._undriven[name]
        return self.part(name).view(name)

    def settling_s(self, name: str) -> float:
        return sum(self.part(n).settling_s(n) for n, _ in self._heads(name, Action.OPEN))

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        found: list[str] = []
        for switch, turn in self._heads(name, action):
            found += self.part(switch).why(switch, turn, peer)
        found += [str(b) for b in self._blocked(name, action)]
        return tuple(found)

    def part(self, name: str) -> Part:
        """The line that drives a switch. Raises UnknownSwitch, also where two controllers name it and no file decides."""
        if name in self.where:
            part = self._by_name.get(self.where[name], self.local)
            if part is not None and name not in self._undriven:
                return part
            raise OutOfService(name, self._undriven[name].faults[-1])
        found: list[Part] = [r for r in self.remotes if name in r.names()] if self._spec is None else []
        if self._spec is None and self.local is not None and name in self.local.names():
            found.append(self.local)
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownSwitch(
                name, "more than one controller has a switch of that name; write a valves file"
            )
        raise UnknownSwitch(name, f"no switch of that name{nearest(name, self.names())}")

    # ---- IExtractionLine, asking

    async def refresh(self, name: str) -> SwitchView:
        return await self.part(name).refresh(name)

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        return await self.part(name).lock(name, who, why)

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        await self.part(name).unlock(name, who, why)

    async def actuate(self, command: Command) -> Done:
        name, action = self.resolve(command.switch), command.action
        self._on_step(3, f"ExtractionLineManager.{action}_valve({name!r}) looks up {name}")
        command = replace(command, switch=name)
        steps = self._heads(name, action)
        plan = self._plan(name, action)
        tied = [n for n, turn in plan if turn is Action.OPEN and self.reservations.ties(n)]
        alone = len(steps) == 1 and not tied
        if self._once is None or (
            alone and self.part(name) is self.local and not self._blocked(name, action, but_ties=True)
        ):
            return await self._actuate(command, steps, tied)  # our own manager knows its commands
        return await self._once.turn(
            command,
            plan,
            lambda sent: self._actuate(sent, steps, tied),
            lambda: self._is_so(name, action),
        )

    def _is_so(self, name: str, action: Action) -> bool:
        view = self.view(name)
        return view.state is target(action) and not view.stale and not view.under_way

    async def _actuate(self, command: Command, steps: tuple[Step, ...], tied: list[str]) -> Done:
        name, action = command.switch, command.action
        blocked = self._blocked(name, action, but_ties=True)
        if blocked:
            raise blocked[0]
        if len(steps) == 1 and not tied:
            return await self.part(name).actuate(command)
        return await self._across(command, steps, tied)

    # ---- across controllers

    async def _across(self, command: Command, steps: tuple[Step, ...], tied: list[str]) -> Done:
        """All of it or nothing: every refusal that can be known is asked for before anything moves."""
        name = command.switch
        if len(steps) > 1:
            await self._all_allowed(steps, command)
        closings = [s for s in steps if s[1] is Action.CLOSE]
        openings = [s for s in steps if s[1] is Action.OPEN]
        closed_first = [n for n, turn in self._plan(name, command.action) if turn is Action.CLOSE]
        later = [n for n in tied if any(t.other in closed_first for t in self.reservations.ties(n))]
        taken: list[str] = []
        moved: list[str] = []
        try:
            await self._take([n for n in tied if n not in later], taken)
            done = await self._turn(command, closings, moved)
            await self._take(later, taken)
            done = await self._turn(command, openings, moved) or done
        finally:
            for switch in taken:
                self.reservations.opened(switch)
        assert done is not None
        return done

    async def _take(self, switches: Sequence[str], taken: list[str]) -> None:
        for switch in switches:
            holder = self._holders.get(self.where.get(switch, ""))
            if holder is not None:
                await holder.fresh(switch)
            await self.reservations.take(switch)
            taken.append(switch)

    async def _all_allowed(self, steps: Sequence[Step], command: Command) -> None:
        closes = command.action is Action.CLOSE
        for switch, turn in steps:
            if closes and switch in self._undriven:
                continue
            part = self.part(switch)
            if not isinstance(part, RemoteExtractionLineManager):
                found = part.why(switch, turn, command.peer)
            elif closes:
                found = await self._against_a_close(part, switch, turn)
            else:
                found = await part.ask_why(switch, turn)
            if found:
                raise Interlocked(switch, found[0])

    async def _against_a_close(
        self, part: RemoteExtractionLineManager, switch: str, turn: Action
    ) -> tuple[str, ...]:
        """A node that is lost or silent holds no close back: the child that it drives fails, and that is told."""
        if not part.connected:
            return ()
        asking = part.ask_why(switch, turn)
        try:
            return await within(self._world.wire, CLOSE_ASKS_S, asking, f"asking {part.name} about a close")
        except (PeerLost, NoResponse, DeadlinePassed):
            return ()

    async def _turn(self, command: Command, steps: Sequence[Step], moved: list[str]) -> Done | None:
        main: Done | None = None
        for switch, turn in steps:
            is_main = switch == command.switch
            own_id = f"{command.id}.{switch}" if command.id else None
            if is_main:
                step = replace(command, id=own_id)
            else:
                asked_at = self._world.wire.seconds()
                step = replace(command, switch=switch, action=turn, token=None, id=own_id, asked_at=asked_at)
            try:
                done = await self.part(switch).actuate(step)
            except LineError as problem:
                if not moved:
                    raise
                text = f"{', '.join(moved)} moved and {switch} did not: {problem}"
                key = self._left_behind[switch] = f"cross:{command.switch}:{switch}"
                self._bus.publish(AlarmRaised(key, text, (*moved, switch)))
                if is_main:
                    raise
                raise ChildFailed(command.switch, text) from problem
            moved.append(switch)
            key = self._left_behind.pop(switch, "")
            if key:
                self._bus.publish(AlarmCleared(key, f"{switch} was turned"))
            main = done if is_main else main
        return main

    def _blocked(self, name: str, action: Action, but_ties: bool = False) -> list[LineError]:
        """What permits and ties across controllers say from memory. A tie's opening is decided by the claims themselves."""
        found: list[LineError] = []
        plan = dict(self._plan(name, action))
        for switch, turn in plan.items():
            if turn is Action.CLOSE:
                found += self._dependants(switch, plan)
                continue
            found += self._not_permitted(switch)
            if not but_ties:
                for tie in self.reservations.ties(switch):
                    view = self.view(tie.other)
                    if view.state is not tie.state and tie.other not in plan:
                        at = self.where.get(tie.other) or "this node"
                        text = f"{tie.other} on {at} must be confirmed {tie.state} and is {view.state}"
                        found.append(Interlocked(switch, text))
        return found

    def _not_permitted(self, switch: str) -> list[LineError]:
        """This node's own switches are asked by their manager, just before they are driven."""
        if self._spec is None or not self.where.get(switch):
            return []
        spec = self._spec.by_name[switch]
        if spec.kind is Kind.SWITCH and spec.safe == "on":
            return []
        supply = self.view(spec.supply) if spec.supply in self.where else None
        surely = (
            supply is not None and supply.state is State.OPEN and not supply.stale and not supply.under_way
        )
        why = self._permits.judged(spec, supply.state if supply is not None else None, surely)
        return [NotPermitted(switch, why)] if why else []

    def _dependants(self, switch: str, plan: dict[str, Action]) -> list[LineError]:
        found: list[LineError] = []
        for other in self.where:
            needs = any(t.other == switch and t.state is State.OPEN for t in self.reservations.ties(other))
            if needs and plan.get(other) is not Action.CLOSE:
                view = self.view(other)
                if view.state is not State.CLOSED or view.stale:
                    text = f"{other} depends on it and is {view.state}; close {other} first"
                    found.append(Held(switch, text))
        return found

    def _heads(self, name: str, action: Action) -> tuple[Step, ...]:
        if name not in self.where:
            self.part(name)
            return ((name, action),)
        return heads(self._model(), self.where, name, action)

    def _plan(self, name: str, action: Action) -> tuple[Step, ...]:
        if name not in self.where:
            return ((name, action),)
        return expand(self._model(), name, action)

    def _model(self) -> Line:
        assert self._spec is not None
        return model.model(self._spec.switches, {})
