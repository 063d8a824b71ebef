"""MAKE SAFE and parking: the steps of park.yaml through the same plans and interlocks (safety rules 18 and 19).

The sequence stops at the first refusal, with an alarm that names the step and the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from pychron.expressions.language import ExpressionError, Missing, parse
from pychron.extraction_line.errors import LineError, NotPermitted
from pychron.extraction_line.events import MadeSafe
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.parking.park_file import (
    NODE_STOP,
    CloseStep,
    Do,
    MessageStep,
    OpenStep,
    ParkSpec,
    RaiseFunnelStep,
    Step,
    WaitStep,
)
from pychron.extraction_line.permits import IReadings
from pychron.extraction_line.states import Action
from pychron.runtime.deadlines import sleep
from pychron.trust.rights import Peer, Right

WITHIN_S = 30.0
"""A step of the sequence may wait this long for its turn behind other commands."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of the sequence and how it ended. `ok` False ends the sequence."""

    step: str
    ok: bool
    text: str


class Stopped(Exception):
    """The sequence ended at a step that was refused or failed."""


class Parking:
    """Runs the sequence of a line, one at a time."""

    def __init__(
        self, manager: ExtractionLineManager, spec: ParkSpec, readings: Callable[[], IReadings]
    ) -> None:
        self._manager = manager
        self.spec = spec
        self._readings = readings
        self._timers: dict[tuple[str, str], tuple[IDelayedCall, Callable[[], bool]]] = {}
        self.running = False
        self._stopped = False
        self._waiting: list[Deferred[None]] = []
        """Triggers that came while a sequence was running: each has its own after that."""
        self._number = 0

    async def make_safe(self, call: Peer, by: Peer) -> list[Taken]:
        """MAKE SAFE: scripts of this node stop, then every step (safety rule 19)."""
        self._manager.publish([MadeSafe(str(call))])
        return await self.run(f"MAKE SAFE by {call}", by)

    async def run(self, why: str, peer: Peer | None = None) -> list[Taken]:
        """Every step in order; what was done, the refused one last. Claims orphaned before it are free after its last step."""
        if self.running:
            return [Taken("safe", False, "a park sequence is under way already; wait for its end")]
        self.running = True
        try:
            return await self._run(why, peer)
        finally:
            self.running = False
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.callback(None)

    async def _run(self, why: str, peer: Peer | None) -> list[Taken]:
        by = Peer("local", right=Right.ADMINISTER, name=f"park ({why})") if peer is None else peer
        orphans = self._manager.owners.orphans()
        taken: list[Taken] = []
        try:
            if not self.spec.sound:
                taken.append(
                    Taken("park.yaml", False, "its sequence has an error; run pychron check and mend it")
                )
            for step in self.spec.steps if self.spec.sound else ():
                await self._step(step, by, taken)
        except Stopped:
            pass
        refused = [t for t in taken if not t.ok]
        observer = self._manager.machine.observer
        if refused:
            text = f"park sequence ({why}) stopped at {refused[0].step}: {refused[0].text}"
            self._manager.publish(observer.alarm("park", text, ()))
        else:
            self._manager.publish(observer.clear("park", f"park sequence ({why}) ended well"))
            if taken:  # without a step nothing was parked
                await self._manager.owners.parked(orphans, by, f"the park sequence ({why}) has ended")
        return taken

    async def _step(self, step: Step, by: Peer, taken: list[Taken]) -> None:
        match step:
            case CloseStep(names):
                for name in names:
                    await self._turn(name, Action.CLOSE, by, taken)
            case OpenStep(name, when):
                await self._turn(name, Action.OPEN, by, taken, when)
            case WaitStep(seconds):
                await sleep(self._manager.world.lab, seconds)
                taken.append(Taken(f"wait {seconds:g} s", True, "done"))
            case MessageStep(text):
                self._manager.log.info("park sequence: {text}", text=text)
                taken.append(Taken("message", True, text))
            case RaiseFunnelStep():
                taken.append(
                    Taken("raise funnel", False, "this node has no funnel; take the step out of park.yaml")
                )
                raise Stopped

    def _against(self, when: str) -> str:
        """Why the condition of an opening does not hold now; empty where it does."""
        try:
            return "" if not when or parse(when).holds(self._readings().fresh()) else f"{when} does not hold"
        except ExpressionError as problem:
            return str(problem)
        except Missing as missing:
            return f"{when} needs {missing.name}, which has no fresh value"

    async def _turn(self, name: str, action: Action, by: Peer, taken: list[Taken], when: str = "") -> None:
        """`when` must hold until just before the first byte: an opening may have to wait for its turn."""
        self._number += 1  # an id of its own: what somebody asked before is no answer to a step
        step = f"park-{self._manager.world.boot}:{self._number}"
        against = self._against(when)

        def holds() -> bool:
            nonlocal against
            against = self._against(when)
            return not against

        command = Command(name, action, by, self._manager.now, within=WITHIN_S, id=step, still_there=holds)
        try:
            if against:
                raise NotPermitted(name, against)
            done = await self._manager.actuate(command)
        except LineError as problem:
            taken.append(Taken(f"{action} {name}", False, against or str(problem)))
            raise Stopped from problem
        taken.append(
            Taken(f"{action} {name}", True, "driven and read back" if done.changed else "was so already")
        )

    # ---- triggers

    def trigger(self, key: str, holds: Callable[[], bool], why: str, subject: str = "") -> None:
        """An event of park.yaml has come: carried out after its delay, if `holds` is still true then.

        Events of two subjects (the switches of two lost owners) wait beside each other.
        """
        trigger = self.spec.triggers[key]
        if trigger.do is Do.HOLD or (key, subject) in self._timers:
            return

        def due() -> None:
            self._timers.pop((key, subject), None)
            if not holds():
                return
            text = f"{why} ({key})"
            if trigger.do is Do.ALARM:
                self._manager.publish(self._manager.machine.observer.alarm(key, text, ()))
            else:
                self._manager.spawner.spawn(self._by_itself(text, holds), "parking the line")

        self._timers[key, subject] = (self._manager.world.wire.callLater(trigger.after_s, due), holds)

    async def _by_itself(self, why: str, holds: Callable[[], bool]) -> None:
        """A sequence that runs began before this event and does not answer it: the next one does, if it is still so."""
        while self.running:
            await self._end_of_the_present_one()
            if self._stopped or not holds():
                return
        await self.run(why)

    async def _end_of_the_present_one(self) -> None:
        ended: Deferred[None] = Deferred()
        self._waiting.append(ended)
        await ended

    async def node_stops(self) -> None:
        """`on_node_stop`: after its delay, and after the end of a sequence that runs. Nothing else is let in."""
        trigger = self.spec.triggers[NODE_STOP]
        if trigger.do is Do.HOLD:
            return
        while self.running:
            await self._end_of_the_present_one()
        if trigger.after_s:
            await sleep(self._manager.world.wire, trigger.after_s)
        if trigger.do is Do.ALARM:
            text = f"this node stops ({NODE_STOP}); look after its line"
            self._manager.publish(self._manager.machine.observer.alarm(NODE_STOP, text, ()))
            return
        self._manager.stopping = False
        try:
            await self.run("node stop")
        finally:
            self._manager.stopping = True

    def look_again(self, key: str) -> None:
        """Something has ended: delays whose event no longer holds are stopped."""
        for one, (timer, holds) in list(self._timers.items()):
            if one[0] == key and not holds():
                del self._timers[one]
                timer.cancel()

    def clear(self, key: str, why: str) -> None:
        """Nothing of this kind stands any more: its alarm is cleared."""
        self._manager.publish(self._manager.machine.observer.clear(key, why))

    def stop(self) -> None:
        """No trigger fires any more."""
        self._stopped = True
        for timer, _ in self._timers.values():
            timer.cancel()
        self._timers.clear()
