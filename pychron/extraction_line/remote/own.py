"""A valve controller of ours as the peer: JSON with ids, one list of valves, claims, locks and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pychron.extraction_line.errors import LineError, NotPermitted
from pychron.extraction_line.remote.faults import PeerFault
from pychron.extraction_line.remote.file import RemoteSettings
from pychron.extraction_line.remote.link import Link, LinkCut
from pychron.extraction_line.remote.views import BadReply, RemotePicture, read_lock, read_picture
from pychron.extraction_line.states import Action, Lock

READ_BACKS_NEEDED = 1
"""It tells what is under way: one reading, asked for when nothing older can begin, settles a doubt."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A claim as the controller granted it. `sent_at` in wire seconds: a lease counts from there."""

    token: int
    lease_s: float
    sent_at: float


@dataclass(frozen=True, slots=True)
class Shots:
    """Of one pipette, asked for just now."""

    name: str
    counts: int
    last_shot_time: str = ""
    inner: str = ""
    outer: str = ""


def read_shots(one: object) -> Shots:
    """A row of a controller's answer. Raises LinkCut for what is none: no count is not a count of zero."""
    found = one if isinstance(one, Mapping) else {}
    name, counts = found.get("name"), found.get("counts")
    if not isinstance(name, str) or not isinstance(counts, int) or isinstance(counts, bool) or counts < 0:
        raise LinkCut(f"GetPipetteCounts has a row that says nothing: {one!r}")
    texts = (str(found.get(key) or "") for key in ("last_shot_time", "inner", "outer"))
    return Shots(name, counts, *texts)


class OwnPeer:
    """Speaks to one of our own."""

    def __init__(self, link: Link, settings: RemoteSettings) -> None:
        self._link = link
        self._settings = settings

    async def look(self) -> RemotePicture:
        """The whole line, from the controller's memory. Raises LinkDown, LinkCut, BadReply."""
        try:
            reply = await self._link.ask("ListValves", timeout_s=self._settings.timeout_s)
        except PeerFault as fault:
            raise BadReply(f"ListValves: {fault}") from fault
        return read_picture(reply, self._settings.name)

    async def turn(
        self, name: str, action: Action, within_s: float, deadline_s: float, token: int | None
    ) -> bool:
        """Open or close; True where something was driven, False where it was so already.

        Raises the typed error of the controller, LinkDown, LinkCut.
        """
        members: dict[str, Any] = {"within": round(within_s, 3)}
        if token is not None:
            members["token"] = token
        verb = "Open" if action is Action.OPEN else "Close"
        try:
            reply = await self._link.ask(verb, name, timeout_s=deadline_s, actuates=True, **members)
        except PeerFault as fault:
            raise fault.error(name) from fault
        if reply in ("OK", True):
            return True
        if reply == "ok":
            return False
        raise LinkCut(f"{verb} {name} was answered by {reply!r}, which says nothing")

    async def read_back(self, name: str) -> None:
        """Let it ask its hardware; the next look tells the result. Raises the typed error, LinkDown, LinkCut."""
        await self._asked(name, "GetIndicatorState", self._settings.timeout_s)

    async def lock(self, name: str, why: str) -> Lock:
        """The lock as it is on the controller's disk."""
        reply = await self._asked(name, "Lock", self._settings.timeout_s, why=why)
        try:
            return read_lock(reply)
        except BadReply as bad:
            raise NotPermitted(name, str(bad)) from bad

    async def unlock(self, name: str, why: str) -> None:
        """Take it away there."""
        await self._asked(name, "Unlock", self._settings.timeout_s, why=why)

    async def why(self, name: str, action: Action) -> tuple[str, ...]:
        """What blocks an actuation now, as the controller sees it."""
        reply = await self._asked(name, "Why", self._settings.timeout_s, action=str(action))
        return tuple(str(text) for text in reply) if isinstance(reply, list) else (str(reply),)

    async def pipettes(self) -> list[Shots]:
        """Shots of every pipette, as the controller counts them. Raises the typed error, LinkDown, LinkCut."""
        reply = await self._asked("", "GetPipetteCounts", self._settings.timeout_s, value="")
        if not isinstance(reply, list):
            raise LinkCut(f"GetPipetteCounts was answered by {reply!r}")
        return [read_shots(one) for one in reply]

    async def claim(
        self,
        session: str,
        valves: tuple[str, ...],
        require: Mapping[str, str],
        lease_s: float,
        sent_at: float,
    ) -> Grant:
        """Claim, or renew by claiming the same again. `session` names the request; empty: this boot's own."""
        members: dict[str, Any] = {"valves": list(valves), "require": dict(require), "lease": lease_s}
        if session:
            members["id"] = session
        first = next(iter((*valves, *require)), "")
        reply = await self._asked(first, "Claim", self._settings.timeout_s, value="", **members)
        token = reply.get("token") if isinstance(reply, Mapping) else None
        granted = reply.get("lease_s") if isinstance(reply, Mapping) else None
        if not isinstance(token, int) or not isinstance(granted, int | float):
            raise NotPermitted(first, f"Claim was answered by {reply!r}")
        return Grant(token, float(granted), sent_at)

    async def release(self, token: int | None, session: str, why: str) -> None:
        """Give a claim up, by its token or (None) whatever the session holds."""
        members: dict[str, Any] = {"why": why} if token is None else {"token": token, "why": why}
        if session:
            members["id"] = session
        await self._asked("", "Release", self._settings.timeout_s, value="", **members)

    async def _asked(
        self, switch: str, verb: str, timeout_s: float, value: str | None = None, **members: Any
    ) -> Any:
        try:
            return await self._link.ask(
                verb, switch if value is None else value, timeout_s=timeout_s, **members
            )
        except PeerFault as fault:
            error: LineError = fault.error(switch)
            raise error from fault
