"""Reservations across controllers: while a switch is not confirmed closed, what it is tied to is held elsewhere.

Each tied switch has a session of its own on every other node, named by this node and the switch: it is released
alone, and after a restart of this node the same session returns (safety rules 17 and 23).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from pychron.events.bus import EventBus
from pychron.extraction_line.claims.owners import Wanted
from pychron.extraction_line.errors import Interlocked, LineError, NoResponse, NotOwner, PeerLost
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.remote.manager import RemoteExtractionLineManager
from pychron.extraction_line.remote.ties import Tie
from pychron.extraction_line.states import State, SwitchView
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World
from pychron.trust.rights import Peer, Right

LEASE_S = 30.0
LONGEST_SESSION = 64
_NOT_IN_ID = re.compile(r"[^0-9A-Za-z_.-]")
TICK_S = 1.0
ACT_UNTIL = 2 / 3
"""Of the lease, counted from the request: then it no longer counts as held."""


class Holder(Protocol):
    """A node on which switches can be held."""

    async def hold(self, session: str, require: Mapping[str, str]) -> tuple[int, float]:
        """Claim or renew; the token and the lease in seconds. Raises LineError."""

    async def free(self, session: str, token: int | None) -> None:
        """Give it up, or (None) whatever it may hold. Raises LineError."""

    async def fresh(self, switch: str) -> None:
        """Raises PeerLost where its states are older than one read period and it does not tell them now."""


class RemoteHolder:
    """Another node."""

    def __init__(self, line: RemoteExtractionLineManager, wall: float) -> None:
        self._line = line
        self._started = round(wall * 1000)
        self._number = 0

    def _id(self, session: str) -> str:
        self._number += 1
        return f"{session}:{self._started + self._number}"

    async def hold(self, session: str, require: Mapping[str, str]) -> tuple[int, float]:
        """Claims nothing, requires states."""
        grant = await self._line.claim((), require, LEASE_S, self._id(session))
        return grant.token, grant.lease_s

    async def free(self, session: str, token: int | None) -> None:
        """By its token, where that is known."""
        await self._line.release(token, self._id(session), "the switch that it was held for is closed")

    async def fresh(self, switch: str) -> None:
        """Looks once where it must."""
        if not self._line.fresh():
            await self._line.look_again()
        if not self._line.fresh():
            raise PeerLost(
                switch, self._line.states.why_lost or f"{self._line.name} has said nothing for a read period"
            )


class LocalHolder:
    """This node itself."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._who = Peer("local", right=Right.OPERATE, name="a tie across controllers")

    async def hold(self, session: str, require: Mapping[str, str]) -> tuple[int, float]:
        """As any peer's claim."""
        wanted = Wanted(session, self._who, (), LEASE_S, tuple(sorted(require.items())))
        claim = await self._manager.owners.claim(wanted)
        return claim.token, claim.lease_s

    async def free(self, session: str, token: int | None) -> None:
        """As any peer's release."""
        await self._manager.owners.release(session, self._who, "the switch that it was held for is closed")

    async def fresh(self, switch: str) -> None:
        """Its states are its own."""


def session_of(node: str, switch: str) -> str:
    """The name of a tie's session, in the letters that an id may have and at most 64 of them."""
    text = f"{node}.tie.{switch}"
    plain = _NOT_IN_ID.sub("_", text)
    return (
        plain
        if plain == text and len(plain) <= LONGEST_SESSION
        else f"{plain[:50]}.{crc32(text.encode()):08x}"
    )


@dataclass(slots=True)
class _Held:
    token: int | None
    """None: it may be held, by an earlier start of this node or a claim whose answer was lost."""
    until: float
    renew_at: float


class Reservations:
    """Takes, renews and releases the holds of all tied switches."""

    log = Logger()

    def __init__(
        self,
        node: str,
        ties: Iterable[Tie],
        holder_of: Callable[[str], Holder],
        view: Callable[[str], SwitchView],
        world: World,
        bus: EventBus,
    ) -> None:
        self._node = node
        self._ties: dict[str, list[Tie]] = {}
        for tie in ties:
            self._ties.setdefault(tie.switch, []).append(tie)
        self._holder_of = holder_of
        self._view = view
        self._world = world
        self._bus = bus
        self._held: dict[tuple[str, int], _Held] = {}
        self._holders: list[Holder] = []
        self._opening: dict[str, int] = {}
        self._alarmed: dict[str, str] = {}
        self._periodic = Periodic(world.wire, TICK_S, self.tend, "reservations across controllers")

    def start(self) -> None:
        """Look at every tied switch once a second."""
        for switch in self._ties:
            for holder in self._groups(switch):
                self._held.setdefault((switch, holder), _Held(None, self._now, self._now))
        if self._ties:
            self._periodic.start()

    def stop(self) -> None:
        """What is held stays held on the other nodes: their leases end, their holds do not."""
        self._periodic.stop()

    def ties(self, switch: str) -> tuple[Tie, ...]:
        """What `switch` demands elsewhere while it is not closed."""
        return tuple(self._ties.get(switch, ()))

    def is_held(self, switch: str) -> bool:
        """Every hold that it needs stands, as far as this node may count on it."""
        return all(self._counts(switch, holder) for holder in self._groups(switch))

    async def take(self, switch: str) -> None:
        """Hold what `switch` needs to be opened. Raises Interlocked or PeerLost, and holds nothing then."""
        self._opening[switch] = self._opening.get(switch, 0) + 1
        try:
            for holder, require in self._groups(switch).items():
                await self._holders[holder].fresh(switch)
                for name in require:
                    self._must_be_there(switch, name)
                await self._hold(switch, holder, require)
        except NotOwner as refused:
            self.opened(switch)
            raise Interlocked(switch, f"{refused.why or refused} (a tie across controllers)") from refused
        except LineError as problem:
            self.opened(switch)
            if isinstance(problem, NoResponse | PeerLost):
                why = f"the node of what it is tied to does not answer: {problem}"
                raise PeerLost(switch, why) from problem
            raise

    def opened(self, switch: str) -> None:
        """Its opening has ended, well or not; `tend` releases what is not needed."""
        left = self._opening.get(switch, 1) - 1
        if left > 0:
            self._opening[switch] = left
        else:
            self._opening.pop(switch, None)

    async def tend(self) -> None:
        """Release the holds of switches that are confirmed closed, renew (or take again) those of all others.

        All at once: a node that is silent delays no lease that another node gave.
        """
        await gatherResults(
            [Deferred.fromCoroutine(self._tend(switch)) for switch in self._ties], consumeErrors=True
        )

    # ---- inside

    async def _tend(self, switch: str) -> None:
        view = self._view(switch)
        closed = view.state is State.CLOSED and not view.stale and not view.under_way
        if closed and switch not in self._opening:
            await self._free(switch)
        else:
            await self._renew(switch, view)

    @property
    def _now(self) -> float:
        return float(self._world.wire.seconds())

    def _session(self, switch: str) -> str:
        return session_of(self._node, switch)

    def _groups(self, switch: str) -> dict[int, dict[str, str]]:
        """By holder (its number): the states required there."""
        groups: dict[int, dict[str, str]] = {}
        for tie in self._ties.get(switch, ()):
            holder = self._holder_of(tie.other)
            if holder not in self._holders:
                self._holders.append(holder)
            groups.setdefault(self._holders.index(holder), {})[tie.other] = str(tie.state)
        return groups

    def _must_be_there(self, switch: str, name: str) -> None:
        if self._view(name).stale:
            raise PeerLost(switch, f"{name}, to which it is tied, is on a node that is lost")

    def _counts(self, switch: str, holder: int) -> bool:
        held = self._held.get((switch, holder))
        return held is not None and self._now < held.until

    async def _hold(self, switch: str, holder: int, require: Mapping[str, str]) -> None:
        sent = self._now
        try:
            token, lease_s = await self._holders[holder].hold(self._session(switch), require)
        except (NoResponse, PeerLost):
            self._held.setdefault((switch, holder), _Held(None, sent, sent))
            raise
        self._held[(switch, holder)] = _Held(token, sent + lease_s * ACT_UNTIL, sent + lease_s / 3)

    async def _free(self, switch: str) -> None:
        for holder in self._groups(switch):
            held = self._held.get((switch, holder))
            if held is None:
                continue
            if switch in self._opening:
                return  # somebody opens it again, and takes its holds
            try:
                await self._holders[holder].free(self._session(switch), held.token)
            except LineError as problem:
                if not isinstance(problem, NoResponse | PeerLost):
                    self._forget(switch, holder, held)  # it knows of no such claim
                if held.token is not None:
                    self.log.warn(
                        "{valve}: a hold could not be released: {why}", valve=switch, why=str(problem)
                    )
            else:
                self._forget(switch, holder, held)
        self._clear(switch)

    def _forget(self, switch: str, holder: int, held: _Held) -> None:
        """Unless it was taken anew meanwhile."""
        if self._held.get((switch, holder)) is held:
            del self._held[(switch, holder)]

    async def _renew(self, switch: str, view: SwitchView) -> None:
        refused = False
        for holder, require in self._groups(switch).items():
            held = self._held.get((switch, holder))
            if held is not None and self._now < held.renew_at:
                continue
            try:
                await self._hold(switch, holder, require)
            except LineError as problem:
                refused = True
                if view.state is State.OPEN and not self._counts(switch, holder):
                    wanted = ", ".join(f"{n} {s}" for n, s in require.items())
                    self._alarm(
                        switch,
                        f"{switch} is open and {wanted} cannot be held on its node: {problem}; close {switch}",
                    )
        if not refused:
            self._clear(switch)

    def _alarm(self, switch: str, text: str) -> None:
        if switch not in self._alarmed:
            self._alarmed[switch] = text
            self._bus.publish(AlarmRaised(f"tie:{switch}", text, (switch,)))

    def _clear(self, switch: str) -> None:
        if self._alarmed.pop(switch, None) is not None:
            self._bus.publish(
                AlarmCleared(f"tie:{switch}", f"{switch}: what it is tied to is held, or it is closed")
            )
