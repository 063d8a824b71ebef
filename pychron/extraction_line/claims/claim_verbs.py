"""Claim and Release: who owns a switch, for how long (safety rule 17)."""

from __future__ import annotations

from typing import Any

from pychron.extraction_line.claims.leases import DEFAULT_S
from pychron.extraction_line.claims.owners import Wanted
from pychron.extraction_line.errors import LineError
from pychron.extraction_line.fault_table import fault
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, Verb
from pychron.trust.rights import Right

LONGEST_WAIT_S = 60.0
LONGEST_TOKEN = 18
"""Digits."""


class ClaimVerbs:
    """Claims over the wire. A session is the boot id of one of our clients, or an installed client's address."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager

    def verbs(self) -> tuple[Verb, ...]:
        """What this area registers."""
        return (
            Verb(
                "Claim",
                Right.OPERATE,
                self._claim,
                "A,B,...",
                "Claim switches for a lease; renew by claiming again",
            ),
            Verb(
                "Release",
                Right.OPERATE,
                self._release,
                "[TOKEN][,WHY]",
                "Give a claim up, or free an orphaned one",
            ),
        )

    async def _claim(self, call: Call) -> Any:
        members = call.members
        token = members.get("token")
        valves = members.get("valves", [n for n in call.argument.split(",") if n])
        require = members.get("require", {})
        lease, wait = members.get("lease", DEFAULT_S), members.get("wait", 0.0)
        good = (
            isinstance(valves, list)
            and all(isinstance(n, str) for n in valves)
            and isinstance(require, dict)
            and all(isinstance(k, str) and v in ("open", "closed") for k, v in require.items())
            and _is_number(lease)
            and _is_number(wait)
        )
        if not good:
            raise Fault(
                4,
                "valves: names, require: {NAME: closed}, lease and wait: seconds",
                command="Claim",
                detail="",
            )
        session = self._session(call)
        switches = tuple(dict.fromkeys(valves))
        required = tuple(sorted(require.items()))
        if not switches and not required:
            mine = self._manager.leases.claims.get(session)
            if mine is None or (token is not None and mine.token != token):
                raise Fault(4, "no claim to renew; name the valves", command="Claim", detail=str(token or ""))
            switches, required = mine.switches, mine.require
        wanted = Wanted(
            *(session, call.peer, switches, float(lease), required, min(LONGEST_WAIT_S, float(wait))),
            call.still_there,
        )
        try:
            for name in (*switches, *require):
                self._manager.resolve(name)
            claim = await self._manager.owners.claim(wanted)
        except LineError as problem:
            raise fault(problem, None, call.peer.address, self._owner(problem)) from problem
        return {"token": claim.token, "lease_s": claim.lease_s, "valves": list(claim.switches)}

    async def _release(self, call: Call) -> Any:
        first, _, why = call.argument.partition(",")
        token, why = call.members.get("token", first.strip()), str(call.members.get("why", why)).strip()
        claim = None
        if str(token).isdecimal() and str(token).isascii() and len(str(token)) <= LONGEST_TOKEN:
            claim = self._manager.owners.claim_of_token(int(token))
        elif not token:
            claim = self._manager.leases.claims.get(self._session(call))
        if claim is None:
            raise Fault(4, "no such claim; ListValves names owners", command="Release", detail=str(token))
        if claim.session != self._session(call) and not (claim.orphaned and why):
            raise Fault(12, "another's claim is released only when it is orphaned, with a reason",
                        name=",".join(claim.switches), locker=claim.address, sender=call.peer.address)  # fmt: skip
        try:
            names = await self._manager.owners.release(claim.session, call.peer, why)
        except LineError as problem:
            raise fault(problem, None, call.peer.address) from problem
        return {"released": list(names)}

    @staticmethod
    def _session(call: Call) -> str:
        if call.id is not None and ":" in call.id:
            return call.id.rpartition(":")[0]
        return call.peer.address

    def _owner(self, problem: LineError) -> str:
        owners = (self._manager.owners.of(name)[0] for name in problem.switch.split(", "))
        return next((owner for owner in owners if owner), "")


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 1e9
    )
