"""Claims over a line in the world: asked for, renewed, lost, released; kept on disk, said on the bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from pychron.extraction_line.claims.leases import (
    DEFAULT_S,
    LEAST_S,
    MOST_S,
    Claim,
    Granted,
    Leases,
    Waiting,
    remedy,
)
from pychron.extraction_line.errors import LineError, NotOwner, NotStored
from pychron.extraction_line.events import OwnerChanged
from pychron.extraction_line.states import Action
from pychron.store.errors import StoreFailed
from pychron.store.records import ClaimGone, ClaimRow, Token
from pychron.trust.rights import Peer, Right

if TYPE_CHECKING:
    from pychron.extraction_line.manager import ExtractionLineManager

ORPHANED = "orphaned:"
"""Begins the key of the alarm for a lost lease; its session follows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim as a peer asks for it."""

    session: str
    peer: Peer
    switches: tuple[str, ...]
    lease_s: float = DEFAULT_S
    require: tuple[tuple[str, str], ...] = ()
    wait_s: float = 0.0
    still_there: Callable[[], bool] = lambda: True
    """A claim that waits is not granted to somebody who has left."""


class Owners:
    """The claims of one manager."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._waiting: dict[int, Deferred[Claim]] = {}
        self._writing: dict[str, list[Deferred[None]]] = {}
        """By session, those who wait for what is being written of it."""
        self._number = 0
        self._timer: IDelayedCall | None = None

    @property
    def _leases(self) -> Leases:
        return self._manager.leases

    def of(self, name: str) -> tuple[str, bool]:
        """Owner's address (empty when free) and whether it is orphaned."""
        claim = self._leases.holder(name)
        return (claim.address, claim.orphaned) if claim is not None else ("", False)

    def access(
        self, name: str, action: Action, peer: Peer, session: str, token: int | None, now: float
    ) -> NotOwner | None:
        """May the peer turn it: the system lock, then its claim."""
        host = self._manager.options.system_host
        if host and action is Action.OPEN and peer.address != host and peer.right < Right.ADMINISTER:
            return NotOwner(name, f"this line is reserved to {host} by its file (system master_host)")
        return self._leases.access(name, action, peer, session.removeprefix("id:"), token, now)

    def heard(self, address: str) -> None:
        """Any request of an installed client's address renews its lease."""
        self._leases.heard(address, self._manager.now)

    async def claim(self, wanted: Wanted) -> Claim:
        """Granted at once, or after waiting in the fair queue. Raises NotOwner with who holds what, or what is not as
        the claim requires; one that was renewed stands all the same."""
        lease_s = min(MOST_S, max(LEAST_S, wanted.lease_s))
        await self._written(wanted.session)
        self._number += 1
        now = self._manager.now
        before = self._leases.claims.get(wanted.session)
        waiting = Waiting(
            self._number, wanted.session, wanted.peer.address, wanted.switches, lease_s, wanted.require,
            now + wanted.wait_s, wanted.still_there,
        )  # fmt: skip
        answer = self._leases.ask(waiting, now)
        if answer is None:
            self._waiting[waiting.request] = Deferred()
            self._rewake()
            return await self._waiting[waiting.request]
        claim = answer.claim
        if claim is None:
            raise NotOwner(", ".join(wanted.switches), answer.why)
        renewed = before is not None and replace(before, renewed_at=claim.renewed_at) == claim
        if not renewed:
            await self._keep(claim, answer.before)
        self._rewake()
        if answer.why:
            raise NotOwner(", ".join(wanted.switches), answer.why)
        return claim

    # ---- one write of a session at a time

    async def _written(self, session: str) -> None:
        """Whatever is being written of the session has ended: what it asks next is judged by what came of that."""
        while session in self._writing:
            turn: Deferred[None] = Deferred()
            self._writing[session].append(turn)
            await turn

    @contextmanager
    def _writes(self, session: str) -> Iterator[None]:
        """From the record's way to disk to what follows from it in memory."""
        self._writing[session] = []
        try:
            yield
        finally:
            for turn in self._writing.pop(session):
                turn.callback(None)

    async def _keep(self, claim: Claim, before: Claim | None) -> None:
        names = ", ".join(claim.switches)
        audit = self._manager.audit(Peer(claim.address), "claim", ",".join(claim.switches), "")
        await self._written(claim.session)
        with self._writes(claim.session):
            try:
                await self._manager.store.commit(_row(claim), Token(claim.token), audit)
            except StoreFailed as problem:
                self._leases.put_back(claim, before)
                # It was given up, and may be on disk all the same.
                row = _row(before) if before is not None else ClaimGone(claim.session)
                self._manager.in_its_own_time(row)
                raise NotStored(names, f"the claim could not be written: {problem.why}") from problem
            self._say(claim.switches, claim.address, claim.orphaned, "claimed")

    async def release(self, session: str, who: Peer, why: str) -> tuple[str, ...]:
        """Give a claim up, or (an operator, with a reason) take an orphaned one away; answers its switches."""
        await self._written(session)
        claim = self._leases.claims.get(session)
        if claim is None:
            return ()
        names = ", ".join(claim.switches)
        audit = self._manager.audit(who, "release", ",".join(claim.switches), why)
        with self._writes(session):
            try:
                await self._manager.store.commit(ClaimGone(session), audit)
            except StoreFailed as problem:
                self._manager.in_its_own_time(_row(self._leases.claims.get(session, claim)))
                raise NotStored(names, f"the release could not be written: {problem.why}") from problem
            self._leases.release(session)
            self._say(claim.switches, "", False, why or "released")
            self._serve(self._leases.next_in_line(self._manager.now))
        self._rewake()
        return claim.switches

    def orphans(self) -> tuple[int, ...]:
        """Tokens of the claims whose leases were lost."""
        return tuple(claim.token for claim in self._leases.claims.values() if claim.orphaned)

    async def parked(self, tokens: tuple[int, ...], who: Peer, why: str) -> None:
        """Free those of `tokens` that are orphaned still: the line was parked meanwhile (safety rule 17)."""
        for token in tokens:
            claim = self.claim_of_token(token)
            if claim is None or not claim.orphaned:
                continue
            try:
                await self.release(claim.session, who, why)
            except NotStored as problem:
                self._manager.log.error("an orphaned claim stays: {problem}", problem=problem)

    def claim_of_token(self, token: int) -> Claim | None:
        """The claim that a token stands for."""
        return next((c for c in self._leases.claims.values() if c.token == token), None)

    def tick(self) -> None:
        """Look for leases that have been lost and for waiting claims whose turn has come."""
        lost, answers = self._leases.tick(self._manager.now)
        for claim in lost:
            self._manager.spawner.spawn(self._orphaned(claim), "keeping a lost lease")
        self._serve(answers)
        self._rewake()

    async def _orphaned(self, claim: Claim) -> None:
        self._say(claim.switches, claim.address, True, f"{claim.address} did not renew its lease")
        self.raise_alarm(claim)
        await self._written(claim.session)
        if self._leases.claims.get(claim.session) is not claim:
            return  # released, or its session came back: that is on disk
        with self._writes(claim.session):
            try:
                await self._manager.store.commit(_row(claim))
            except StoreFailed as problem:
                self._manager.log.error(
                    "the lost lease of {switches} is not on disk: {why}",
                    switches=", ".join(claim.switches),
                    why=problem.why,
                )

    def raise_alarm(self, claim: Claim) -> None:
        """An orphaned claim stands: somebody must look after its switches."""
        names = ", ".join(claim.switches)
        text = f"{claim.address} was lost and owns {names}: they may be closed, not opened; {remedy(claim)}"
        key = f"{ORPHANED}{claim.session}"
        self._manager.publish(self._manager.machine.observer.alarm(key, text, claim.switches))

    def _serve(self, answers: list[Granted]) -> None:
        for answer in answers:
            waiting = self._waiting.pop(answer.request, None)
            if waiting is None:
                continue
            if answer.claim is None:
                waiting.errback(Failure(NotOwner("", answer.why)))
            else:
                self._manager.spawner.spawn(
                    self._grant(waiting, answer.claim, answer.before), "granting a claim"
                )

    async def _grant(self, waiting: Deferred[Claim], claim: Claim, before: Claim | None) -> None:
        try:
            await self._keep(claim, before)
        except LineError as problem:
            waiting.errback(Failure(problem))
        else:
            waiting.callback(claim)

    def _say(self, switches: tuple[str, ...], owner: str, orphaned: bool, why: str) -> None:
        for name in switches:
            self._manager.machine.observer.owners[name] = (owner, orphaned)
        if not orphaned:
            for key in self._manager.machine.observer.standing():
                claim = self._leases.claims.get(key.removeprefix(ORPHANED))
                if key.startswith(ORPHANED) and (claim is None or not claim.orphaned):
                    self._manager.publish(self._manager.machine.observer.clear(key, why))
        self._manager.dropped()
        self._manager.bus.publish(OwnerChanged(switches, owner, orphaned, why))

    def _rewake(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        at = self._leases.next_wake()
        if at is not None:
            wire = self._manager.world.wire
            self._timer = wire.callLater(max(0.0, at - self._manager.now) + 0.001, self.tick)

    def stop(self) -> None:
        """No further tick; claims stay as they are on disk."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        for waiting in self._waiting.values():
            waiting.errback(Failure(NotOwner("", "this node is stopping")))
        self._waiting.clear()


def _row(claim: Claim) -> ClaimRow:
    return ClaimRow(
        claim.session,
        claim.address,
        claim.switches,
        claim.token,
        claim.lease_s,
        claim.require,
        claim.orphaned,
    )
