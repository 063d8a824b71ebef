"""RemoteExtractionLineManager: the line of one valve controller, as this node sees and turns it.

It keeps no lock and no owner of its own: what it shows is the controller's last word, and no command is held back
for what it shows. A command without an answer is never sent again before the switch has been read back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from zope.interface import implementer

from pychron.config.problems import nearest
from pychron.events.bus import EventBus
from pychron.extraction_line.errors import (
    ChildFailed,
    LineError,
    Locked,
    Mismatch,
    NoResponse,
    NotPermitted,
    OutOfService,
    PeerLost,
    TooLate,
    UnknownSwitch,
)
from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.machine.plans import Step, expand
from pychron.extraction_line.remote import model
from pychron.extraction_line.remote.contact import Contact, Failed
from pychron.extraction_line.remote.file import RemoteSettings
from pychron.extraction_line.remote.installed import READ_BACKS_NEEDED as INSTALLED_READ_BACKS
from pychron.extraction_line.remote.installed import InstalledPeer
from pychron.extraction_line.remote.link import Link, LinkCut, LinkDown
from pychron.extraction_line.remote.own import READ_BACKS_NEEDED, Grant, OwnPeer, Shots
from pychron.extraction_line.remote.views import BadReply, find
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, Lock, SwitchView
from pychron.runtime.deadlines import sleep
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World
from pychron.trust.rights import Peer

T = TypeVar("T")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""Between read-backs of a switch in doubt."""


@implementer(IExtractionLine)
class RemoteExtractionLineManager:
    """One valve controller. `own` are its switches in this node's valves file; None: its own list is the line."""

    log = Logger()

    def __init__(
        self, settings: RemoteSettings, link: Link, world: World, bus: EventBus, own: LineSpec | None = None
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.contact = Contact(settings, link, world, bus, own)
        self.states = self.contact.states
        self.on_step: Callable[[int, str], None] = lambda number, text: None
        self.commands = 0
        self.unanswered = 0
        self._world = world
        self._own = own
        self._spawner = Spawner()
        self._under_way: dict[int, tuple[Step, ...]] = {}
        self._number = 0
        self._read_back_now: set[str] = set()
        """Switches in doubt that are read back until that settles them: once each, however often they are asked for."""

    # ---- life

    async def start(self) -> None:
        """Begin to connect; returns after the first answer, or after its absence has been reported."""
        await self.contact.start()

    async def stop(self) -> None:
        """Give the connections up. Moves nothing."""
        self._spawner.cancel()
        await self.contact.stop()

    @property
    def connected(self) -> bool:
        """False while every state is unknown because the controller is lost, or refused."""
        return not self.states.lost

    def fresh(self, within_s: float | None = None) -> bool:
        """Its states are younger than one read period (or `within_s`)."""
        period = self.settings.polls.read_period_s if within_s is None else within_s
        return self.states.fresh(self._now, period)

    # ---- IExtractionLine, from memory

    def names(self) -> tuple[str, ...]:
        return self.states.names()

    def resolve(self, name: str = "", description: str = "") -> str:
        return find(name, description, {n: self.view(n) for n in self.names()}, self.settings)

    def view(self, name: str) -> SwitchView:
        if name not in self.states.own and not self.states.knows(name):
            raise UnknownSwitch(name, f"no switch of {self.name}{nearest(name, self.names())}")
        return self.states.view(name, self._now)

    def settling_s(self, name: str) -> float:
        if isinstance(self.contact.peer, OwnPeer) and self.states.knows(name):
            return self.states.ties(name).settling_s
        return model.settling_s(self._model(), name) if name in self.states.own else 0.0

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        self.view(name)
        if self.contact.refused or self.states.lost:
            return (f"{name}: {self.contact.refused or self.states.why_lost}",)
        found = model.blockers(self._model(), name, action)
        return tuple(str(b) for b in found)

    # ---- IExtractionLine, asking the controller

    async def refresh(self, name: str) -> SwitchView:
        self.view(name)
        peer = await self._peer(name)
        try:
            await self._read_back(peer, name)
        except LinkDown as down:
            raise PeerLost(name, str(down)) from down
        except Failed as problem:
            self.contact.missed(problem)
            raise NoResponse(name, f"{self.name}: {problem}") from problem
        return self.view(name)

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        self.view(name)
        lock = await self._reached(name, (await self._ours(name, "locks")).lock(name, why))
        await self.look_again()
        return lock

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        self.view(name)
        await self._reached(name, (await self._ours(name, "locks")).unlock(name, why))
        await self.look_again()

    async def ask_why(self, name: str, action: Action) -> tuple[str, ...]:
        """What blocks an actuation now, as the controller itself says; an installed one is judged from here."""
        self.view(name)
        peer = await self._peer(name)
        if isinstance(peer, OwnPeer):
            found = await self._reached(name, peer.why(name, action))
            return (*self._out_of_service(name, action), *found)
        return self.why(name, action, Peer("local"))

    async def pipettes(self) -> list[Shots]:
        """Shots of its pipettes, asked for now; an installed one is asked for those of this node's valves file.

        Raises PeerLost, NoResponse, NotPermitted: what cannot be asked is not told from memory.
        """
        peer = await self._peer(self.name, opening=True)
        if isinstance(peer, OwnPeer):
            return await self._reached(self.name, peer.pipettes())
        named = self._own.pipettes if self._own is not None else ()
        try:
            return [await self._reached(self.name, peer.pipette(one.name)) for one in named]
        except BadReply as bad:
            raise NoResponse(self.name, f"{self.name}: {bad}") from bad

    async def claim(
        self, valves: tuple[str, ...], require: Mapping[str, str], lease_s: float, session: str = ""
    ) -> Grant:
        """Claim or renew. `session` is an `id` of its own; empty: the one that this boot's commands have."""
        first = next(iter((*valves, *require)), self.name)
        peer = await self._ours(first, "claims")
        return await self._reached(first, peer.claim(session, valves, require, lease_s, self._now))

    async def release(self, token: int | None, session: str = "", why: str = "") -> None:
        """Give a claim up."""
        await self._reached(self.name, (await self._ours(self.name, "claims")).release(token, session, why))

    async def actuate(self, command: Command) -> Done:
        name, action = self.resolve(command.switch), command.action
        self.on_step(4, f"{name} is remote: {self.name} drives it")
        peer = await self._peer(name, opening=action is Action.OPEN)
        refusals = self._out_of_service(name, action)
        if refusals:
            raise OutOfService(name, refusals[0])
        self._number += 1
        key = self._number
        self._under_way[key] = expand(self._model(), name, action)
        try:
            return await self._actuate(peer, name, command, key)
        finally:
            del self._under_way[key]

    async def _actuate(self, peer: OwnPeer | InstalledPeer, name: str, command: Command, key: int) -> Done:
        action = command.action
        if action is Action.OPEN:
            await self._settled(peer, name)
            if isinstance(peer, InstalledPeer):
                await self._check(peer, name, action, key)
        waited = self._now - command.asked_at
        left = min(self.settings.timeout_s, command.within - waited)
        if command.stood_still or left <= 0:
            raise TooLate(
                name, f"it had waited {waited:.1f} s before it could be sent to {self.name}; ask again"
            )
        if not command.still_there():
            raise TooLate(name, "who asked for it is gone")
        deadline = self.settings.timeout_s + self.settling_s(name)
        verb = "Open" if action is Action.OPEN else "Close"
        self.on_step(5, f'"{verb} {name}" over TCP to {self.settings.address}')
        self.commands += 1
        late_s = left if isinstance(peer, OwnPeer) else self.settings.late_s
        written = self._now
        try:
            if isinstance(peer, OwnPeer):
                changed = await peer.turn(name, action, left, deadline, command.token)
                await self._looked_or_unknown(peer, key)
            else:
                changed, seen = await peer.turn(name, action, deadline)
                self.contact.take(peer.whole(seen), written, settles=())
                self.states.turned(name, self._now)
        except LinkDown as down:
            self.contact.missed(down)
            raise PeerLost(name, f"{self.name}: {down}; nothing was sent") from down
        except LinkCut as cut:
            self._doubt(peer, key, written + late_s)
            kind = PeerLost if cut.closed else NoResponse
            why = f"{self.name} did not answer to {verb} ({cut}); the state is unknown until it is read back"
            raise kind(name, why) from cut
        except LineError as problem:
            if isinstance(problem, NoResponse) and isinstance(peer, InstalledPeer):
                self._doubt(peer, key, written + late_s)
            elif isinstance(problem, NoResponse | Mismatch | ChildFailed):
                await self._looked_or_unknown(peer, key)
            else:
                await self.look_again()
            raise
        except CancelledError:
            self._doubt(peer, key, written + late_s)
            raise
        return Done(name, action, changed)

    # ---- before

    async def _peer(self, name: str, opening: bool = False) -> OwnPeer | InstalledPeer:
        """The controller, if this node may work with it. What opens needs its states; a close is always tried."""
        if opening and self.states.lost and not self.contact.refused:
            await self.look_again()
        if self.contact.refused:
            raise NotPermitted(name, self.contact.refused)
        if opening and self.states.lost:
            raise PeerLost(name, self.states.why_lost)
        try:
            return await self.contact.known()
        except Failed as problem:
            self.contact.missed(problem)
            if not opening and self.contact.last is not None:
                return self.contact.last
            raise PeerLost(name, f"{self.name}: {problem}; nothing was sent") from problem

    async def _ours(self, name: str, what: str) -> OwnPeer:
        peer = await self._peer(name)
        if not isinstance(peer, OwnPeer):
            raise NotPermitted(
                name, f"{self.settings} is an installed Pychron server, which takes no {what} by wire"
            )
        return peer

    async def _reached(self, name: str, asking: Awaitable[T]) -> T:
        try:
            return await asking
        except LinkDown as down:
            raise PeerLost(name, f"{self.name}: {down}; nothing was sent") from down
        except LinkCut as cut:
            self.contact.missed(cut)
            raise NoResponse(name, f"{self.name}: {cut}; look before you ask again") from cut

    def _out_of_service(self, name: str, action: Action) -> tuple[str, ...]:
        """What it would open and must not: itself, or a child by this node's file or by the controller's."""
        turns = expand(self._model(), name, action)
        if self._own is not None:
            turns += expand(Line.build(self._own, {}), name, action)
        faulty = [n for n, turn in turns if turn is Action.OPEN and n in self.states.faults]
        return tuple(
            self.states.faults[n] if n == name else f"it opens its child {n}: {self.states.faults[n]}"
            for n in dict.fromkeys(faulty)
        )

    async def _settled(self, peer: OwnPeer | InstalledPeer, name: str) -> None:
        """An earlier command may still act: read back before anything is repeated."""
        doubtful = [n for n, _ in expand(self._model(), name, Action.OPEN) if self.states.in_doubt(n)]
        for switch in doubtful:
            try:
                await self._read_back(peer, switch)
            except (*Failed, LineError) as problem:
                raise NoResponse(
                    name, f"an earlier command got no answer and {switch} cannot be read: {problem}"
                ) from problem
            if self.states.in_doubt(switch):
                raise NoResponse(
                    name, f"an earlier command for {switch} got no answer and may still act; try again"
                )

    async def _check(self, peer: InstalledPeer, name: str, action: Action, key: int) -> None:
        """An installed server's own interlocks are not told: this node's file is judged by fresh read-backs."""
        for partner in model.concerned(self._model(), name, action):
            try:
                await self._read_back(peer, partner)
            except (*Failed, LineError) as problem:
                raise NoResponse(
                    name, f"{partner}, which decides about it, cannot be read: {problem}"
                ) from problem
        line = self._model()
        for other, steps in self._under_way.items():
            if other != key:
                model.reserve(line, steps, f"here.{other}")
        for blocker in model.blockers(line, name, action):
            if not isinstance(blocker, Locked):
                raise blocker

    # ---- after

    def _doubt(self, peer: OwnPeer | InstalledPeer, key: int, past: float) -> None:
        """Nobody knows what became of it: unknown, and read back until that settles it."""
        self.unanswered += 1
        needed = READ_BACKS_NEEDED if isinstance(peer, OwnPeer) else INSTALLED_READ_BACKS
        for switch, _ in self._under_way[key]:
            self.contact.publish(self.states.doubt(switch, past, needed, self._now))
            if switch not in self._read_back_now:
                self._read_back_now.add(switch)
                self._spawner.spawn(self._read_back_until_settled(switch), f"reading back {switch}")

    async def _read_back_until_settled(self, name: str) -> None:
        pause = FIRST_PAUSE_S
        try:
            while self.states.in_doubt(name) and not self.contact.stopped:
                await sleep(self._world.wire, pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                if self.states.in_doubt(name):
                    try:
                        await self._read_back(await self.contact.known(), name)
                    except LineError as problem:
                        self.log.warn("{valve} cannot be read back: {why}", valve=name, why=str(problem))
                    except Failed as problem:
                        self.contact.missed(problem)
        finally:
            self._read_back_now.discard(name)

    async def _read_back(self, peer: OwnPeer | InstalledPeer, name: str) -> None:
        asked_at = self._now
        if isinstance(peer, InstalledPeer):
            seen = await peer.read_back(name)
            self.contact.take(peer.whole(seen), asked_at, settles=(name,))
            return
        await peer.read_back(name)
        await self.contact.look()

    async def _looked_or_unknown(self, peer: OwnPeer | InstalledPeer, key: int) -> None:
        """What was turned is not shown as it was before: where no look tells how it is now, it is unknown."""
        if not await self.look_again():
            self._doubt(peer, key, self._now)

    async def look_again(self) -> bool:
        """Ask now: what just changed there is known here before the caller goes on. False: what is known stays old."""
        try:
            await self.contact.look()
        except Failed as problem:
            self.contact.missed(problem)
            return False
        return True

    # ---- inside

    @property
    def _now(self) -> float:
        return self.contact.now

    def _model(self) -> Line:
        return model.model(self._specs(), {n: self.states.view(n, self._now) for n in self.names()})

    def _specs(self) -> list[SwitchSpec]:
        """The controller's own ties where it tells them, else this node's file."""
        if self._own is not None and not isinstance(self.contact.peer, OwnPeer):
            return list(self._own.switches)
        place = self.settings.place
        return [
            model.spec_of(self.states.view(n, self._now), self.states.ties(n), place) for n in self.names()
        ]
