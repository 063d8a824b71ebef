"""An extraction line in memory that records what it is asked, with failures told beforehand."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.config.problems import nearest
from pychron.extraction_line.errors import LineError, Locked, TooLate, UnknownSwitch
from pychron.extraction_line.interfaces import Command, Done, IExtractionLine
from pychron.extraction_line.states import Action, Kind, Lock, State, SwitchView
from pychron.hardware.interfaces import Evidence
from pychron.runtime.deadlines import sleep
from pychron.trust.rights import Peer


def switch(name: str, description: str = "") -> SwitchView:
    return SwitchView(
        name,
        Kind.VALVE,
        description,
        State.CLOSED,
        Evidence.RELAY,
        0.0,
        0.0,
        None,
        "",
        False,
        True,
        True,
        "",
    )


@implementer(IExtractionLine)
class RecordedLine:
    """`fail[name]` holds errors raised one an actuation; `settling` are lab seconds of each actuation."""

    def __init__(self, clock: IReactorTime, settling: float = 0.0) -> None:
        self.clock = clock
        self.settling = settling
        self.switches = {
            view.name: view
            for view in (switch("A", "Bone to Turbo"), switch("B", "Line to Turbo"), switch("C"), switch("R"))
        }
        self.fail: dict[str, deque[LineError]] = {}
        self.log: list[tuple[float, str]] = []
        self.commands: list[Command] = []

    def set(self, name: str, **values: object) -> None:
        self.switches[name] = replace(self.switches[name], **values)

    def names(self) -> tuple[str, ...]:
        return tuple(self.switches)

    def resolve(self, name: str = "", description: str = "") -> str:
        for view in self.switches.values():
            if name in ("", view.name) and description in ("", view.description):
                return view.name
        raise UnknownSwitch(name or description, f"no such switch{nearest(name, self.switches)}")

    def view(self, name: str) -> SwitchView:
        return self.switches[name]

    async def actuate(self, command: Command) -> Done:
        self.commands.append(command)
        name, wanted = command.switch, State.OPEN if command.action is Action.OPEN else State.CLOSED
        self.log.append((self.clock.seconds(), f"{command.action} {name}"))
        view = self.switches[name]
        if not command.still_there():
            raise TooLate(name, "the script was cancelled")
        if self.fail.get(name):
            raise self.fail[name].popleft()
        if view.state is wanted:
            return Done(name, command.action, False)
        if view.lock:
            raise Locked(name, f"locked by {view.lock.who}: {view.lock.why}")
        if self.settling:
            self.set(name, state=State.MOVING)
            await sleep(self.clock, self.settling)
        self.set(name, state=wanted)
        self.log.append((self.clock.seconds(), f"{name} is {wanted}"))
        return Done(name, command.action, True)

    async def refresh(self, name: str) -> SwitchView:
        return self.switches[name]

    async def lock(self, name: str, who: Peer, why: str) -> Lock:
        lock = Lock(who.name, why, 0.0)
        self.set(name, lock=lock)
        self.log.append((self.clock.seconds(), f"lock {name}"))
        return lock

    async def unlock(self, name: str, who: Peer, why: str) -> None:
        self.set(name, lock=None)
        self.log.append((self.clock.seconds(), f"unlock {name}"))

    def why(self, name: str, action: Action, peer: Peer) -> tuple[str, ...]:
        return ()

    def settling_s(self, name: str) -> float:
        return self.settling
