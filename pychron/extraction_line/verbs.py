"""The verbs of a valve controller: those of installed servers (spec 1.5) and the new ones (decisions, Commands 4).

Queries are answered from memory, synchronously; only what awaits hardware or disk is a coroutine.
"""

from __future__ import annotations

from typing import Any

from pychron.extraction_line.errors import LineError, UnknownSwitch
from pychron.extraction_line.fault_table import fault
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.picture import Picture, view_json
from pychron.extraction_line.states import Action, State
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, Verb
from pychron.trust.rights import Right

CLIENT_S = 2.0
"""Seconds after which an installed client has given up."""


class ValveVerbs:
    """Turns calls into commands for the manager."""

    def __init__(self, picture: Picture, manager: ExtractionLineManager | None) -> None:
        """`manager` is the node's own, for declarations by hand; None where all switches are others'."""
        self._line = picture.line
        self._picture = picture
        self._manager = manager

    def verbs(self) -> tuple[Verb, ...]:
        """What this area registers."""
        see, turn = Right.OBSERVE, Right.OPERATE
        return (
            Verb("Open", turn, self._open, "NAME", "Open a switch, with its children", moves=True),
            Verb(
                "Close",
                turn,
                self._close,
                "NAME",
                "Close a switch, with its children",
                moves=True,
                jumps=True,
            ),
            Verb("GetValveState", see, self.state, "NAME", "OK open (or unknown), False closed; from memory"),
            Verb("GetIndicatorState", see, self._indicator, "NAME", "The same, asking the hardware"),
            Verb("GetValveStates", see, self._states, "", "State word of the line with its CRC"),
            Verb("GetValveLockStates", see, self._locks, "", "Lock word of the line with its CRC"),
            Verb("GetStateWord", see, self._states, "", "The same word as GetValveStates"),
            Verb("GetLockWord", see, self._locks, "", "The same word as GetValveLockStates"),
            Verb("GetValveLockState", see, self._lock_state, "NAME", "OK locked, False not"),
            Verb("GetValveOwners", see, self._owners, "", "Owners word with its CRC"),
            Verb("GetStateChecksum", see, self._checksum, "A,B,...", "CRC-32 over states and locks"),
            Verb("GetPipetteCount", see, self._pipette, "PIPETTE", "Shots; 0 where unknown"),
            Verb("GetPipetteCounts", see, self._pipettes, "", "Shots of every pipette"),
            Verb("ListValves", see, self._list, "", "Every switch with state, evidence, age, lock, owner"),
            Verb("Why", see, self._why, "NAME[,open|close]", "What blocks an actuation now, and the remedy"),
            Verb("Lock", turn, self._lock, "NAME[,WHY]", "Soft lock a switch"),
            Verb("Unlock", turn, self._unlock, "NAME[,WHY]", "Take a soft lock away"),
            Verb("Confirm", turn, self._confirm, "NAME,open|closed,WHY", "A person declares a state"),
        )

    # ---- actuations

    async def _open(self, call: Call) -> str:
        return await self._turn(call, Action.OPEN)

    async def _close(self, call: Call) -> str:
        return await self._turn(call, Action.CLOSE)

    async def _turn(self, call: Call, action: Action) -> str:
        name = call.argument
        self._known(name, call, action)
        if self._manager is not None:
            self._manager.steps.take(6, "RemoteCommandServer has {} {} from {}", call.verb, name, call.peer)
        token = call.members.get("token")
        command = Command(
            switch=name,
            action=action,
            peer=call.peer,
            asked_at=call.received_at,
            within=CLIENT_S if call.within is None else call.within,
            id=call.id if call.id and ":" in call.id else None,
            token=token if isinstance(token, int) else None,
            still_there=call.still_there,
            stood_still=call.stood_still,
        )
        try:
            done = await self._line.actuate(command)
        except LineError as problem:
            raise self._fault(problem, call, action) from problem
        return "OK" if done.changed else "ok"

    # ---- queries from memory

    def state(self, call: Call) -> bool:
        """From memory; to plain clients what is not known closed is open."""
        try:
            return self._picture.is_open(call.argument)
        except (KeyError, UnknownSwitch):
            raise self._unknown(call) from None

    def _states(self, call: Call) -> str:
        return self._picture.state_word()

    def _locks(self, call: Call) -> str:
        return self._picture.lock_word()

    def _owners(self, call: Call) -> str:
        return self._picture.owners_word()

    def _lock_state(self, call: Call) -> bool | None:
        if call.argument not in self._line.names():
            return None
        return self._line.view(call.argument).lock is not None

    def _checksum(self, call: Call) -> str:
        return self._picture.checksum([n for n in call.argument.split(",") if n])

    def _pipette(self, call: Call) -> Any:
        wanted = call.argument.strip().casefold()
        return next((p["counts"] for p in self._picture.pipettes() if p["name"].casefold() == wanted), 0)

    def _pipettes(self, call: Call) -> Any:
        if call.id is not None:
            return self._picture.pipettes()
        rows = [
            {"counts": p["counts"], "last_shot_time": p["last_shot_time"]} for p in self._picture.pipettes()
        ]
        return repr(rows)

    def _list(self, call: Call) -> dict[str, Any]:
        return self._picture.whole()

    def _why(self, call: Call) -> list[str]:
        name, _, word = call.argument.partition(",")
        word = str(call.members.get("action", word)).strip() or "open"
        if word not in (Action.OPEN, Action.CLOSE):
            raise Fault(4, "write Why NAME,open or Why NAME,close", command="Why", detail=call.argument)
        self._known(name, call, None)
        try:
            return list(self._line.why(name, Action(word), call.peer))
        except LineError as problem:
            return [str(problem)]

    # ---- what awaits hardware or disk

    async def _indicator(self, call: Call) -> Any:
        self._known(call.argument, call, None)
        try:
            view = await self._line.refresh(call.argument)
        except LineError as problem:
            if call.id is None:
                return True  # a plain client would read an error as closed
            raise self._fault(problem, call, None) from problem
        if call.id is not None:
            return view_json(view)
        return view.state is not State.CLOSED

    async def _lock(self, call: Call) -> Any:
        name, why = self._name_and_why(call)
        try:
            lock = await self._line.lock(name, call.peer, why)
        except LineError as problem:
            raise self._fault(problem, call, None) from problem
        return {"who": lock.who, "why": lock.why, "when": lock.when} if call.id is not None else True

    async def _unlock(self, call: Call) -> bool:
        name, why = self._name_and_why(call)
        try:
            await self._line.unlock(name, call.peer, why)
        except LineError as problem:
            raise self._fault(problem, call, None) from problem
        return True

    async def _confirm(self, call: Call) -> Any:
        name, _, rest = call.argument.partition(",")
        if rest and "state" in call.members:
            # The members say state and reason: the rest belongs to a name that is none, and not to another valve's.
            name, rest = call.argument, ""
        word, _, why = rest.partition(",")
        word, why = str(call.members.get("state", word)).strip(), str(call.members.get("why", why)).strip()
        if word not in (State.OPEN, State.CLOSED) or not why:
            raise Fault(4, "write Confirm NAME,open|closed,WHY", command="Confirm", detail=call.argument)
        self._known(name, call, None)
        if self._manager is None or name not in self._manager.names():
            raise Fault(4, f"ask the node that owns {name}", command="Confirm", detail="")
        try:
            view = await self._manager.by_hand.confirm(name, word == State.OPEN, call.peer, why)
        except LineError as problem:
            raise self._fault(problem, call, None) from problem
        return view_json(view) if call.id is not None else True

    # ---- arguments and faults

    def _name_and_why(self, call: Call) -> tuple[str, str]:
        name, _, why = call.argument.partition(",")
        why = str(call.members.get("why", why)).strip()
        self._known(name, call, None)
        return name, why

    def _known(self, name: str, call: Call, action: Action | None) -> None:
        if not name or name not in self._line.names():
            if not name:
                raise Fault(4, f"write {call.verb} NAME", command=call.verb, detail="")
            raise self._unknown(call, name, action)

    def _unknown(self, call: Call, name: str | None = None, action: Action | None = None) -> Fault:
        name = call.argument if name is None else name
        if not name:
            return Fault(4, f"write {call.verb} NAME", command=call.verb, detail="")
        try:
            self._line.resolve(name)
        except UnknownSwitch as problem:
            return self._fault(problem, call, action)
        return Fault(5, name=name)

    def _fault(self, problem: LineError, call: Call, action: Action | None) -> Fault:
        known = problem.switch in self._line.names()
        owner = self._line.view(problem.switch).owner if known else ""
        return fault(problem, action, str(call.peer.address), owner)
