"""The course of one actuation, from its intent to its outcome. Pure; owned by the switch machine.

start -> (Read: is it so already?) -> StoreIntent -> Drive -> begin -> driven | rejected | silent | not_begun ->
Settle -> Read -> next step ... -> StoreOutcome. Each method is an input; it returns the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pychron.extraction_line.errors import (
    Held,
    LineError,
    Locked,
    Mismatch,
    NoResponse,
    NotConfirmed,
    NotStored,
    Starting,
    Superseded,
    TooLate,
)
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine import plans, rules
from pychron.extraction_line.machine.actuations import (
    Actuation,
    Drive,
    Finished,
    Outputs,
    Phase,
    Present,
    Publish,
    Read,
    Result,
    Settle,
    StoreIntent,
    StoreOutcome,
)
from pychron.extraction_line.machine.doubts import BEING_WRITTEN, Doubt, remaining
from pychron.extraction_line.machine.line_state import Line, Switch, is_manual, target
from pychron.extraction_line.machine.observing import Observer
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.states import Action, State
from pychron.hardware.interfaces import Evidence, Mark, Reading

BY_HAND = "a manual valve: turn it by hand, declare it with `pychron valve confirm`, then ask again"


def refusal(
    line: Line, plan: tuple[plans.Step, ...], command: Command, grounds: Grounds, key: str = ""
) -> LineError | None:
    """The first reason against any step of a plan. Neither a lock nor a dependant stands against what is so already."""
    already = rules.is_already(line, plan)
    for name, action in plan:
        switch = line.switches[name]
        if action is Action.OPEN and switch.starting and not switch.starved:
            return Starting(name, "its first read-back has not come yet; try again in a moment")
        by_hand = is_manual(switch) and switch.state is not State.OPEN
        if action is Action.OPEN and by_hand:
            return NotConfirmed(name, BY_HAND)
        for found in rules.blockers(line, name, action, grounds, plans.earlier(plan, name), key):
            if not (already and isinstance(found, Locked | Held)):
                return found
    return None


def gives_way(holder: Actuation, command: Command, plan: Sequence[plans.Step]) -> bool:
    """A close waits behind no open: every switch that both name is opened there and closed here, or, where
    the very switch is closed that they open, turned the other way (inverted children)."""
    theirs = dict(holder.plan)
    shared = [(theirs[name], action) for name, action in plan if name in theirs]
    if command.action is Action.CLOSE and theirs.get(command.switch) is Action.OPEN:
        return all(their is not action for their, action in shared)
    return all(their is Action.OPEN and action is Action.CLOSE for their, action in shared)


class Course:
    """Drives one actuation through its plan."""

    def __init__(self, line: Line, observer: Observer, actuation: Actuation, grounds: Grounds) -> None:
        self._line = line
        self._observer = observer
        self._grounds = grounds
        self.actuation = actuation
        self._writes: Doubt | None = None
        """The doubt of the present step, from its guard to its end."""

    # ---- before anything moves

    def start(self) -> Outputs:
        """Reserved and allowed: prove that it is so already, or write the intent."""
        a = self.actuation
        if rules.is_already(self._line, a.plan):
            return [Read(tuple(n for n, _ in a.plan), a.key)]
        return self._store()

    def _store(self) -> Outputs:
        self.actuation.phase = Phase.STORING
        return [StoreIntent(self.actuation)]

    def intent_stored(self) -> Outputs:
        """It is on disk: the first step goes to its driver."""
        self.actuation.stored = True
        return self._superseded() or self._drive()

    def intent_failed(self, why: str) -> Outputs:
        """It could not be written: what makes safe goes on, what opens is refused."""
        a = self.actuation
        if a.superseded:
            return self._superseded()
        for name, action in a.plan:
            if action is Action.OPEN and not rules.privileged(self._line.switches[name], action):
                text = f"its intent could not be written ({why}); closing still works; mend the disk, then try again"
                return self._finish(NotStored(name, text))
        return self._drive()

    # ---- driving

    def _drive(self) -> Outputs:
        a = self.actuation
        a.phase = Phase.DRIVING
        name, action = a.step
        switch = self._line.switches[name]
        if is_manual(switch):
            so = switch.state is target(action)
            return self._next() if so else self._step_failed(NotConfirmed(name, BY_HAND))
        return [Drive(a.key, name, action is Action.OPEN, urgent=action is Action.CLOSE)]

    def begin(self, now: float, present: Present) -> tuple[bool, Outputs]:
        """The guard: its turn on the channel has come, nothing is written yet. Looks at everything once more."""
        a = self.actuation
        name, action = a.step
        switch = self._line.switches[name]
        waited = now - a.command.asked_at
        if a.superseded:
            a.refusal = Superseded(name, a.superseded)
        elif switch.reserved != a.key:
            a.refusal = Superseded(name, "another command has taken it")
        elif not a.begun and waited > a.command.within:
            a.refusal = TooLate(
                name, f"its turn came after {waited:.1f} s; look at the state, then ask again"
            )
        elif not a.begun and not present():
            a.refusal = TooLate(name, "the peer that asked is gone")
        else:
            found = rules.blockers(self._line, name, action, self._grounds, plan_key=a.key)
            a.refusal = found[0] if found else None
        if a.refusal is not None:
            return False, []
        a.begun += 1
        a.perhaps.append(name)
        switch.begun = True
        self._writes = Doubt(BEING_WRITTEN, now, action is Action.OPEN)
        switch.doubts = (*switch.doubts, self._writes)
        return True, [Publish(e) for e in self._observer.moving(switch, a.command, now)]

    def driven(self, mark: Mark, now: float, wall: float) -> Outputs:
        """The device acknowledged the command of the present step."""
        a = self.actuation
        switch, action = self._written(mark)
        if a.superseded:
            return self._superseded()
        if not switch.hardware.readable:
            switch.doubts = remaining(switch.doubts[:-1], mark, switch.hardware.late_s)
            if switch.doubts or switch.starved:
                return self._doubtful(switch, now)
            self._become(switch, target(action), Evidence.COMMANDED, now, wall)
            return self._step_done()
        if not switch.hardware.same_channel:
            switch.doubts = remaining(switch.doubts[:-1], mark, switch.hardware.late_s)
        spec = switch.spec
        wait = spec.settling_s + (spec.check_delay_s if spec.check_enabled else 0.0)
        if wait > 0:
            a.phase = Phase.SETTLING
            return [Settle(a.key, wait)]
        return self.settled()

    def settled(self) -> Outputs:
        """The valve has had its time: read it back."""
        a = self.actuation
        if a.superseded:
            return self._superseded()
        a.phase = Phase.READING
        return [Read((a.step[0],), a.key)]

    def rejected(self, text: str, now: float) -> Outputs:
        """The device answered that it did not do it: nothing moved by this step."""
        return self._undone(Mismatch(self.actuation.step[0], text), now)

    def not_begun(self, text: str, now: float) -> Outputs:
        """The guard said no, or the device could not be reached: nothing was written."""
        a = self.actuation
        return self._undone(a.refusal or NoResponse(a.step[0], text), now)

    def silent(self, mark: Mark, text: str, now: float) -> Outputs:
        """Something may have been written and nothing sensible came back: the state is unknown."""
        switch, _ = self._written(mark)
        out = self._unknown(switch, now)
        if self.actuation.superseded:
            return out + self._superseded()
        why = f"{text}; the state is unknown until it can be read"
        return out + self._step_failed(NoResponse(switch.name, why))

    def _undone(self, why: LineError, now: float) -> Outputs:
        switch = self._line.switches[self.actuation.step[0]]
        out: Outputs = []
        if self._writes is not None:
            switch.doubts = self._without(switch)
            self.actuation.perhaps.remove(switch.name)
            out += self._unknown(switch, now)
            out.append(Read((switch.name,)))
        if self.actuation.superseded:
            return out + self._superseded()
        return out + self._step_failed(why)

    def _written(self, mark: Mark) -> tuple[Switch, Action]:
        name, action = self.actuation.step
        switch = self._line.switches[name]
        switch.doubts = (*self._without(switch), Doubt(mark.epoch, mark.at, action is Action.OPEN))
        switch.last_drive, switch.alike = mark, None
        return switch, action

    def _without(self, switch: Switch) -> tuple[Doubt, ...]:
        writes, self._writes = self._writes, None
        return tuple(d for d in switch.doubts if d is not writes)

    # ---- read-backs

    def readings(self, found: Mapping[str, Reading], now: float, wall: float) -> Outputs:
        """What the hardware answered; a name that is missing could not be read."""
        a = self.actuation
        if a.superseded:
            return self._superseded()
        if a.phase is Phase.CONFIRMING:
            return self._confirmed(found, now, wall)
        switch = self._line.switches[a.step[0]]
        reading = found.get(switch.name)
        if reading is None:
            why = "the command was acknowledged and the read-back got no answer; the state is unknown"
            return self._unknown(switch, now) + self._step_failed(NoResponse(switch.name, why))
        settled = self._observer.settle(switch, reading)
        if settled is None:
            return self._doubtful(switch, now)
        self._become(switch, settled, switch.hardware.evidence, now, wall)
        action = a.step[1]
        if settled is not target(action):
            a.perhaps.remove(switch.name)
            why = f"driven to {action} and it reads {settled}; look at air supply, wiring and address"
            return self._step_failed(Mismatch(switch.name, why))
        return self._step_done()

    def _confirmed(self, found: Mapping[str, Reading], now: float, wall: float) -> Outputs:
        a = self.actuation
        out: Outputs = []
        for name, _ in a.plan:
            switch = self._line.switches[name]
            if name in found:
                out += [Publish(e) for e in self._observer.observed(switch, found[name], now, wall)]
            else:
                out += self._unknown(switch, now)
        missing = [n for n, _ in a.plan if n not in found]
        if missing:
            why = "it was so when last read and does not answer now; the state is unknown"
            return [*out, Finished(a.key, NoResponse(missing[0], why))]
        if rules.is_already(self._line, a.plan):
            return [*out, Finished(a.key, Done(a.parent, a.command.action, changed=False))]
        why_not = refusal(self._line, a.plan, a.command, self._grounds, a.key)
        if why_not is not None:
            return [*out, Finished(a.key, why_not)]
        return out + self._store()

    # ---- ends

    def _become(self, switch: Switch, state: State, evidence: Evidence, now: float, wall: float) -> None:
        self.actuation.held_back += self._observer.become(
            switch, state, evidence, now, wall, self.actuation.command
        )

    def _unknown(self, switch: Switch, now: float) -> Outputs:
        return [Publish(e) for e in self._observer.unknown(switch, self.actuation.command, now)]

    def _doubtful(self, switch: Switch, now: float) -> Outputs:
        why = self._observer.doubt_text(switch, now)
        return self._unknown(switch, now) + self._step_failed(NoResponse(switch.name, why))

    def _step_done(self) -> Outputs:
        name = self.actuation.step[0]
        self.actuation.moved.append(name)
        self.actuation.held_back += self._observer.clear(f"child:{name}", f"{name} was turned")
        return self._next()

    def _step_failed(self, why: LineError) -> Outputs:
        a = self.actuation
        name = a.step[0]
        if a.parent not in a.moved:
            if a.moved:  # an inverted child closes before its parent opens
                turned = f"{' and '.join(a.moved)} was turned for {a.parent}, and then {why}"
                a.held_back += self._observer.alarm(f"child:{name}", turned, (*a.moved, name))
            return self._finish(why)
        a.failed_children.append(str(why))
        a.unturned.append(name)
        text = f"{a.parent} was turned to {a.command.action} and its child {why}"
        a.held_back += self._observer.alarm(f"child:{name}", text, (a.parent, name))
        return self._next()

    def _next(self) -> Outputs:
        a = self.actuation
        switch = self._line.switches[a.step[0]]
        switch.begun = False
        while a.index + 1 < len(a.plan):
            a.index += 1
            name, action = a.step
            parent = self._line.switches[name].spec.parent
            if action is not Action.OPEN or parent not in a.unturned:
                return self._drive()
            a.unturned.append(name)
            a.failed_children.append(f"{name}: not opened, because its parent {parent} was not turned")
        return self._finish(
            Done(a.parent, a.command.action, changed=True, failed_children=tuple(a.failed_children))
        )

    def _superseded(self) -> Outputs:
        a = self.actuation
        return self._finish(Superseded(a.parent, a.superseded)) if a.superseded else []

    def _finish(self, result: Result) -> Outputs:
        a = self.actuation
        a.phase = Phase.RECORDING
        if not a.stored and not a.begun:
            return [Finished(a.key, result)]
        return [StoreOutcome(a, result)]
