"""Safe: MAKE SAFE over the wire (safety rule 19). Allowed to everybody who may operate; answers each step."""

from __future__ import annotations

from typing import Any

from pychron.extraction_line.parking.park import Parking
from pychron.rpc.verbs import Call, Verb
from pychron.trust.rights import Peer, Right


class SafeVerb:
    """Runs park.yaml's sequence with the safety service's rights."""

    def __init__(self, parking: Parking) -> None:
        self._parking = parking

    def verbs(self) -> tuple[Verb, ...]:
        """What this area registers."""
        doc = "Run the sequence of park.yaml now; answers each step, the refused one last"
        return (Verb("Safe", Right.OPERATE, self._safe, "", doc, moves=True, jumps=True),)

    async def _safe(self, call: Call) -> Any:
        peer = Peer(call.peer.address, call.peer.port, Right.ADMINISTER, call.peer.name or "MAKE SAFE")
        taken = await self._parking.make_safe(call.peer, peer)
        steps = [{"step": t.step, "ok": t.ok, "text": t.text} for t in taken]
        return {"ok": all(t.ok for t in taken), "steps": steps}
