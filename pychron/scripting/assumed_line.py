"""The line that a dry run assumes where it is given none: every switch that the script names, closed and obedient."""

from __future__ import annotations

from zope.interface import implementer

from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.states import Action, Kind, Lock, State, SwitchView
from pychron.hardware.interfaces import Evidence
from pychron.trust.rights import Peer


@implementer(IExtractionLine)
class AssumedLine:
    """It has no interlocks: a dry run over it proves the script's own logic and nothing about the line."""

    def __init__(self) -> None:
        self._open: dict[str, bool] = {}
        self._locks: dict[str, Lock] = {}

    def names(self) -> tuple[str, ...]:
        return tuple(self._open)

    def resolve(self, name: str = "", description: str = "") -> str:
        found = name or description
        self._open.setdefault(found, False)
        return found

    def view(self, name: str) -> SwitchView:
        state = State.OPEN if self._open[name] else State.CLOSED
        return SwitchView(
            name=name,
            kind=Kind.VALVE,
            description="",
            state=state,
            evidence=Evidence.COMMANDED,
            read_at=0.0,
            age_s=0.0,
            lock=self._locks.get(name),
            owner="",
            orphaned=False,
            in_service=True,
            enabled=True,
            under_way="",
        )

    async def actuate(self, command: Command) -> Done:
        wanted = command.action is Action.OPEN
        changed = self._open[command.switch] is not wanted
        self._open[command.switch] = wanted
        return Done(command.switch, command.action, changed)

    async def refresh(self, name: str) -> SwitchView:
        return self.view(name)

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        self._locks[name] = Lock(str(who), why, 0.0)
        return self._locks[name]

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        self._locks.pop(name, None)

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        return ()

    def settling_s(self, name: str) -> float:
        return 0.0
