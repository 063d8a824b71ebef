"""Claims: who may turn a switch, for how long, and what becomes of it when nobody renews (safety rule 17). Pure.

A claim names switches and a lease; its token is larger than every one before it, kept over a restart. A lost lease
does not free: its switches are orphaned - anyone may close them, nobody may open them - until the same session
returns, an operator releases them with a reason, or the park sequence has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pychron.extraction_line.errors import NotOwner
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.states import Action, State
from pychron.trust.rights import Peer, Right

DEFAULT_S, LEAST_S, MOST_S = 30.0, 5.0, 300.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A granted claim. `renewed_at` in wire seconds; a restart starts it anew."""

    session: str
    """Boot id of one of our clients, or the address of an installed one."""
    address: str
    switches: tuple[str, ...]
    token: int
    lease_s: float
    renewed_at: float
    require: tuple[tuple[str, str], ...] = ()
    """Switches that must stay `closed` or `open` while it stands: the other half of a tie across nodes."""
    orphaned: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim that waits for its turn, first come first served."""

    request: int
    session: str
    address: str
    switches: tuple[str, ...]
    lease_s: float
    require: tuple[tuple[str, str], ...]
    until: float
    still_there: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Granted:
    """What became of a claim that was asked for or waited."""

    request: int
    claim: Claim | None
    why: str = ""
    """Why not; beside a claim, why what it requires is not so any more."""
    before: Claim | None = None
    """What the session had until then: it has that again where the new claim cannot be written."""


@dataclass(slots=True)
class Leases:
    """All claims of a node, by session. `token` is the last that was given."""

    line: Line
    token: int = 0
    claims: dict[str, Claim] = field(default_factory=dict)
    queue: list[Waiting] = field(default_factory=list)

    # ---- asking

    def ask(self, waiting: Waiting, now: float) -> Granted | None:
        """Grant, refuse, or (None) let it wait in the fair queue until `waiting.until`."""
        unknown = [n for n in (*waiting.switches, *dict(waiting.require)) if n not in self.line.switches]
        if unknown:
            return Granted(waiting.request, None, f"{', '.join(unknown)}: no such switch")
        mine = self.claims.get(waiting.session)
        if (
            mine is not None
            and set(waiting.switches) <= set(mine.switches)
            and waiting.require == mine.require
        ):
            claim = self._keep(replace(mine, renewed_at=now, lease_s=waiting.lease_s))
            # It stands, and whoever renews it to act on it reads that what it requires is not so any more.
            return Granted(waiting.request, claim, self._not_so(waiting), before=mine)
        blocked = self._blocked(waiting, now)
        ahead = any(set(w.switches) & set(waiting.switches) for w in self.queue)
        if not blocked and not ahead:
            return self._grant(waiting, now)
        if waiting.until <= now:
            return Granted(waiting.request, None, blocked or "others wait for the same switches")
        self.queue.append(waiting)
        return None

    def _blocked(self, waiting: Waiting, now: float) -> str:
        for name in waiting.switches:
            holder = self.holder(name)
            if holder is not None and holder.session != waiting.session:
                return f"{name} is claimed by {holder.address}" + (" (orphaned)" if holder.orphaned else "")
        why = self._not_so(waiting)
        if why:
            return why
        for name, _ in waiting.require:
            other = self.holder(name)
            if other is not None and waiting.address != other.address and waiting.session != other.session:
                return f"{name} is claimed by {other.address}"
        return ""

    def _not_so(self, waiting: Waiting) -> str:
        for name, state in waiting.require:
            if not self.line.switches[name].is_surely(State(state)):
                return f"{name} must be confirmed {state} and is {self.line.switches[name].state}"
        return ""

    def _grant(self, waiting: Waiting, now: float) -> Granted:
        self.token += 1
        before = self.claims.get(waiting.session)
        switches = waiting.switches if before is None else _joined(before.switches, waiting.switches)
        require = waiting.require if before is None else _merged(before.require, waiting.require)
        claim = Claim(
            waiting.session,
            waiting.address,
            switches,
            self.token,
            waiting.lease_s,
            now,
            require,
            orphaned=False,
        )
        return Granted(waiting.request, self._keep(claim), before=before)

    def _keep(self, claim: Claim) -> Claim:
        claim = replace(claim, orphaned=False)
        self.claims[claim.session] = claim
        self._hold()
        return claim

    def _hold(self) -> None:
        self.line.holds.clear()
        for claim in self.claims.values():
            for name, state in claim.require:
                self.line.holds[name] = (State(state), claim.address)

    # ---- standing

    def holder(self, name: str) -> Claim | None:
        """The claim that names the switch."""
        return next((c for c in self.claims.values() if name in c.switches), None)

    def owner(self, name: str) -> str:
        """The owner's address, empty when free."""
        claim = self.holder(name)
        return claim.address if claim is not None else ""

    def is_owner(self, address: str) -> bool:
        """Whether any claim belongs to that address."""
        return any(c.address == address for c in self.claims.values())

    def heard(self, address: str, now: float) -> None:
        """An installed client's address has asked something: that renews its lease."""
        claim = self.claims.get(address)
        if claim is not None and not claim.orphaned:
            self.claims[address] = replace(claim, renewed_at=now)

    def access(
        self, name: str, action: Action, peer: Peer, session: str, token: int | None, now: float
    ) -> NotOwner | None:
        """May this peer turn the switch."""
        claim = self.holder(name)
        if claim is None:
            return None
        if claim.orphaned or now - claim.renewed_at > claim.lease_s:
            if action is Action.CLOSE:
                return None
            why = f"its owner {claim.address} was lost; {remedy(claim)}, or let the owner come back"
            return NotOwner(name, why)
        if claim.session == session or (token is None and claim.session == peer.address):
            if token is not None and token < claim.token:
                return NotOwner(name, f"token {token} is older than the claim's {claim.token}; claim again")
            return None
        if action is Action.CLOSE and peer.right >= Right.ADMINISTER:
            return None
        who = f"another session at {claim.address}" if claim.address == peer.address else claim.address
        return NotOwner(name, f"claimed by {who}; wait for its release")

    # ---- time and ends

    def tick(self, now: float) -> tuple[list[Claim], list[Granted]]:
        """Leases that have just been lost, and waiting claims that were granted or gave up."""
        lost: list[Claim] = []
        for session, claim in list(self.claims.items()):
            if not claim.orphaned and now - claim.renewed_at > claim.lease_s:
                self.claims[session] = replace(claim, orphaned=True)
                lost.append(self.claims[session])
        return lost, self.next_in_line(now)

    def next_in_line(self, now: float) -> list[Granted]:
        """Serve the queue in order; a later one never overtakes an earlier one that wants the same switch."""
        answers: list[Granted] = []
        kept: list[Waiting] = []
        wanted: list[str] = []
        for waiting in self.queue:
            if not waiting.still_there():
                answers.append(Granted(waiting.request, None, "who asked for it is gone"))
                continue
            blocked = self._blocked(waiting, now)
            if not blocked and not any(n in wanted for n in waiting.switches):
                answers.append(self._grant(waiting, now))
            elif waiting.until <= now:
                answers.append(Granted(waiting.request, None, blocked or "others wait for the same switches"))
            else:
                kept.append(waiting)
                wanted += waiting.switches
        self.queue = kept
        return answers

    def put_back(self, claim: Claim, before: Claim | None) -> None:
        """`claim` could not be written: what stood before it stands again, an orphan as an orphan."""
        now = self.claims.get(claim.session)
        if now is None or now.token != claim.token:
            return
        if before is None:
            del self.claims[claim.session]
        else:
            self.claims[claim.session] = before
        self._hold()

    def release(self, session: str) -> Claim | None:
        """Take a claim away; the queue is served at the next tick."""
        claim = self.claims.pop(session, None)
        self._hold()
        return claim

    def restore(self, claims: list[Claim], token: int, now: float) -> None:
        """After a restart every lease starts anew; none is freed by it."""
        self.token = max([token, *(c.token for c in claims)])
        self.claims = {c.session: replace(c, renewed_at=now) for c in claims}
        self._hold()

    def next_wake(self) -> float | None:
        """Wire seconds of the next end of a lease or of a wait."""
        ends = [c.renewed_at + c.lease_s for c in self.claims.values() if not c.orphaned]
        return min([*ends, *(w.until for w in self.queue)], default=None)


def remedy(claim: Claim) -> str:
    """How an operator frees what was orphaned."""
    return f"release it with a reason (its token: `Release {claim.token},WHY`)"


def _joined(before: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*before, *(n for n in more if n not in before))


def _merged(
    before: tuple[tuple[str, str], ...], more: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    merged = {**dict(before), **dict(more)}
    return tuple(sorted(merged.items()))
