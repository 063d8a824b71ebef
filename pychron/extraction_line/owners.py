"""Claims over a line in the world: asked for, renewed, lost, released; kept on disk, said on the bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from pychron.extraction_line.errors import LineError, NotOwner, NotStored
from pychron.extraction_line.events import OwnerChanged
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.leases import DEFAULT_S, LEAST_S, MOST_S, Claim, Granted, Leases, Waiting
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


class Owners:
    """The claims of one manager."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._waiting: dict[int, Deferred[Claim]] = {}
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

    def heard(self, command: Command) -> None:
        """Any request of an installed client's address renews its lease."""
        session = command.id.rpartition(":")[0] if command.id else None
        self._leases.heard(command.peer.address, session, self._manager.now)

    async def claim(self, wanted: Wanted) -> Claim:
        """Granted at once, or after waiting in the fair queue. Raises NotOwner with who holds what."""
        lease_s = min(MOST_S, max(LEAST_S, wanted.lease_s))
        self._number += 1
        now = self._manager.now
        before = self._leases.claims.get(wanted.session)
        waiting = Waiting(
            self._number, wanted.session, wanted.peer.address, wanted.switches, lease_s, wanted.require,
            now + wanted.wait_s,
        )  # fmt: skip
        answer = self._leases.ask(waiting, now)
        if answer is None:
            self._waiting[waiting.request] = Deferred()
            self._rewake()
            return await self._waiting[waiting.request]
        claim = self._answered(answer, wanted.switches)
        renewed = before is not None and before.token == claim.token and not before.orphaned
        if not renewed:
            await self._keep(claim, answer.before)
        self._rewake()
        return claim

    def _answered(self, answer: Granted, switches: tuple[str, ...]) -> Claim:
        if answer.claim is None:
            raise NotOwner(", ".join(switches), answer.why)
        return answer.claim

    async def _keep(self, claim: Claim, before: Claim | None) -> None:
        row = ClaimRow(
            claim.session,
            claim.address,
            claim.switches,
            claim.token,
            claim.lease_s,
            claim.require,
            claim.orphaned,
        )
        audit = self._manager.audit(Peer(claim.address), "claim", ",".join(claim.switches), "")
        try:
            await self._manager.store.commit(row, Token(claim.token), audit)
        except StoreFailed as problem:
            self._leases.put_back(claim, before)
            raise NotStored(
                ", ".join(claim.switches), f"the claim could not be written: {problem.why}"
            ) from problem
        self._say(claim.switches, claim.address, claim.orphaned, "claimed")

    async def release(self, session: str, who: Peer, why: str) -> tuple[str, ...]:
        """Give a claim up, or (an operator, with a reason) take an orphaned one away; answers its switches."""
        claim = self._leases.claims.get(session)
        if claim is None:
            return ()
        audit = self._manager.audit(who, "release", ",".join(claim.switches), why)
        try:
            await self._manager.store.commit(ClaimGone(session), audit)
        except StoreFailed as problem:
            raise NotStored(
                ", ".join(claim.switches), f"the release could not be written: {problem.why}"
            ) from problem
        now = self._leases.claims.get(session)
        if claim.orphaned and now is not None and not now.orphaned:
            return ()  # its session came back meanwhile, and its claim is written after this
        self._leases.release(session)
        self._say(claim.switches, "", False, why or "released")
        self._serve(self._leases.next_in_line(self._manager.now))
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
        row = ClaimRow(
            claim.session, claim.address, claim.switches, claim.token, claim.lease_s, claim.require, True
        )
        try:
            await self._manager.store.commit(row)
        except StoreFailed as problem:
            self._manager.log.error(
                "the lost lease of {switches} is not on disk: {why}",
                switches=", ".join(claim.switches),
                why=problem.why,
            )

    def raise_alarm(self, claim: Claim) -> None:
        """An orphaned claim stands: somebody must look after its switches."""
        names = ", ".join(claim.switches)
        text = f"{claim.address} was lost and owns {names}: they may be closed, not opened; release them with a reason"
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
