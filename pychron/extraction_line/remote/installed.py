"""An installed Pychron valve server as the peer: one plain request a connection, words and checksums (spec 1, 2.4, 3).

It has no list of valves, no claims and no locks by wire, and says `ok` to what a lock stopped: so every actuation
ends with a read-back, and nothing that it does not clearly say is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twisted.internet.interfaces import IReactorTime

from pychron.extraction_line.errors import LineError, Locked, Mismatch, NoResponse
from pychron.extraction_line.remote.faults import PeerFault, fault_in
from pychron.extraction_line.remote.file import RemoteSettings
from pychron.extraction_line.remote.link import Link, LinkCut
from pychron.extraction_line.remote.own import Shots
from pychron.extraction_line.remote.states import RemoteStates
from pychron.extraction_line.remote.views import BadReply, RemotePicture, RemoteSwitch
from pychron.extraction_line.states import Action, Lock, State
from pychron.extraction_line.words import (
    BadWord,
    checksum_request,
    read_owners_word,
    read_state_word,
    state_checksum,
)
from pychron.hardware.interfaces import Evidence
from pychron.runtime.deadlines import sleep

READ_BACKS_NEEDED = 2
PAUSE_S = 0.05
"""Between an actuation and its read-back, as installed clients wait."""
TRUE = ("ok", "open", "true", "t", "yes", "y", "1")
FALSE = ("false", "closed", "f", "no", "n", "0")
DONE = ("OK", "ok")


class InstalledPeer:
    """Speaks to an installed server. `states` lends the names: the server tells only those that it knows."""

    def __init__(
        self, link: Link, settings: RemoteSettings, states: RemoteStates, wire: IReactorTime
    ) -> None:
        self._link = link
        self._settings = settings
        self._states = states
        self._wire = wire

    # ---- looking

    async def look_states(self) -> RemotePicture:
        """The state word. A switch that the word lacks is unknown. Raises LinkDown, LinkCut, BadReply."""
        told = await self._word("GetValveStates")
        known = self._known(told)
        switches = {name: _with_state(s, told.get(name)) for name, s in known.items()}
        return self._picture(switches)

    async def look_locks(self) -> RemotePicture:
        """The lock word; the server does not say who locked, nor why."""
        told = await self._word("GetValveLockStates")
        return self._picture(
            {n: _with_lock(s, told.get(n), self._settings.name) for n, s in self._known().items()}
        )

    async def look_owners(self) -> RemotePicture:
        """The owners word."""
        reply = await self._plain("GetValveOwners")
        try:
            told = read_owners_word(reply)
        except BadWord as bad:
            raise BadReply(f"GetValveOwners: {bad}") from bad
        return self._picture(
            {
                n: RemoteSwitch(replace(s.view, owner=told[n]), s.ties) if n in told else s
                for n, s in self._known().items()
            }
        )

    async def checksums(self) -> tuple[str, str] | None:
        """Ours and theirs over the same names; None while a state here is unknown: nothing can be compared."""
        now = self._wire.seconds()
        views = {n: self._states.view(n, now) for n in self._states.names() if self._states.knows(n)}
        if not views or any(v.state not in (State.OPEN, State.CLOSED) for v in views.values()):
            return None
        names = checksum_request(views)
        ours = state_checksum(
            (views[n].kind, n, views[n].state is State.OPEN, views[n].lock is not None) for n in names
        )
        theirs = await self._plain(f"GetStateChecksum {','.join(names)}")
        return str(ours), theirs

    async def read_back(self, name: str) -> RemotePicture:
        """Ask its hardware for one switch. Raises LinkDown, LinkCut, BadReply, UnknownSwitch."""
        reply = await self._plain(f"GetIndicatorState {name}")
        fault = fault_in(reply)
        if fault is not None:
            raise fault.error(name)
        known = self._known()
        if name not in known:
            raise BadReply(f"{name} is not in its state word")
        return self._picture({name: _with_state(known[name], _bool(reply), Evidence.RELAY)})

    def whole(self, one: RemotePicture) -> RemotePicture:
        """A picture of one switch put into all that is known."""
        return self._picture({**self._known(), **one.switches})

    # ---- turning

    async def turn(self, name: str, action: Action, deadline_s: float) -> tuple[bool, RemotePicture]:
        """Open or close, and the read-back that proves it. True where it says that something was driven.

        Raises Locked, Mismatch, NoResponse and what a numbered fault stands for; LinkDown, LinkCut.
        """
        verb = "Open" if action is Action.OPEN else "Close"
        reply = await self._link.ask_plain(f"{verb} {name}", timeout_s=deadline_s)
        if not reply:
            raise LinkCut(f"{verb} {name} was answered by a closed connection", closed=True)
        fault = fault_in(reply)
        if fault is None and reply not in DONE:
            raise LinkCut(f"{verb} {name} was answered by {reply!r}, which says nothing")
        await sleep(self._wire, PAUSE_S)
        try:
            seen = await self.read_back(name)
        except BadReply as bad:
            raise NoResponse(name, f"{verb} was answered by {reply}, the read-back was not: {bad}") from bad
        except LineError as problem:
            if fault is not None:
                raise self._refused(name, fault) from problem
            why = f"{verb} was answered by {reply}, the read-back by an error: {problem}"
            raise NoResponse(name, why) from problem
        if fault is not None:
            raise self._refused(name, fault)
        wanted = State.OPEN if action is Action.OPEN else State.CLOSED
        is_now = seen.switches[name].view.state
        if is_now is State.UNKNOWN:
            raise NoResponse(name, f"{verb} was answered by {reply}, the read-back says nothing")
        if is_now is not wanted:
            raise await self._not_done(name, action, is_now)
        return reply == "OK", seen

    def _refused(self, name: str, fault: PeerFault) -> LineError:
        if fault.code == 4:
            why = f"{fault.text}: it does not know {name}, holds it disabled, or its driver got no answer"
            return NoResponse(name, why)  # it may still act
        return fault.error(name)

    async def _not_done(self, name: str, action: Action, is_now: State) -> LineError:
        try:
            locked = _bool(await self._plain(f"GetValveLockState {name}"))
        except (LinkCut, BadReply):
            locked = None
        if locked:
            return Locked(
                name, f"locked on {self._settings.name}, which is a silent `ok` there; unlock it there first"
            )
        return Mismatch(name, f"{action} was accepted and it reads {is_now}")

    async def pipette(self, name: str) -> Shots:
        """Shots of one pipette; when the last was, the server does not say. Raises LinkDown, LinkCut, BadReply."""
        reply = await self._plain(f"GetPipetteCount {name}")
        if not reply.isdecimal():
            raise BadReply(f"GetPipetteCount {name} was answered by {reply!r}")
        return Shots(name, int(reply))

    # ---- inside

    async def _plain(self, text: str) -> str:
        reply = await self._link.ask_plain(text, timeout_s=self._settings.timeout_s)
        if not reply or reply == "No Response":
            raise BadReply(f"{text.partition(' ')[0]} was answered by {reply or 'a closed connection'!r}")
        return reply

    async def _word(self, verb: str) -> dict[str, bool]:
        reply = await self._plain(verb)
        try:
            return read_state_word(reply, self._states.own or self._states.names())
        except BadWord as bad:
            raise BadReply(f"{verb}: {bad}") from bad

    def _known(self, told: Mapping[str, bool] | None = None) -> dict[str, RemoteSwitch]:
        """All that is known already and, without a file of our own, what the word names."""
        known = self._states.raw(self._wire.seconds())
        for name in told or ():
            if name not in known and (not self._states.own or name in self._states.own):
                known[name] = RemoteSwitch(self._states.first_view(name))
        return known

    def _picture(self, switches: Mapping[str, RemoteSwitch]) -> RemotePicture:
        return RemotePicture(self._settings.name, "", None, False, switches)


def _with_state(
    switch: RemoteSwitch, opened: bool | None, evidence: Evidence = Evidence.COMMANDED
) -> RemoteSwitch:
    """Words come from the server's memory; weaker evidence for the same state does not replace stronger."""
    view = switch.view
    if opened is None:
        return RemoteSwitch(replace(view, state=State.UNKNOWN), switch.ties)
    state = State.OPEN if opened else State.CLOSED
    if state is view.state and view.evidence is Evidence.RELAY and evidence is not Evidence.RELAY:
        return switch  # as old as that reading
    return RemoteSwitch(replace(view, state=state, evidence=evidence, age_s=0.0), switch.ties)


def _with_lock(switch: RemoteSwitch, locked: bool | None, who: str) -> RemoteSwitch:
    if locked is None:
        return switch
    lock = (switch.view.lock or Lock(who, "it does not say why", 0.0)) if locked else None
    return RemoteSwitch(replace(switch.view, lock=lock), switch.ties)


def _bool(reply: str) -> bool | None:
    """Yes, no, or (None) neither: an error's text is no `closed` here."""
    word = reply.strip().lower()
    return True if word in TRUE else False if word in FALSE else None
