"""The switch machine: one pure machine over the whole line (safety rules 1 to 14).

Its methods are its inputs, what they return are its outputs; the manager only carries outputs to the world and
results back. Time is an argument: `now` wire seconds (monotonic), `wall` a stamp for records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pychron.extraction_line.errors import LineError, NoResponse, Stopping, Superseded, TooLate
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.machine import plans
from pychron.extraction_line.machine.actuations import (
    Actuation,
    Drive,
    Finished,
    Outputs,
    Phase,
    Present,
    Publish,
    Read,
    Reply,
    Result,
)
from pychron.extraction_line.machine.course import Course, gives_way, refusal
from pychron.extraction_line.machine.doubts import NO_EPOCH, Doubt
from pychron.extraction_line.machine.line_state import Line, Switch
from pychron.extraction_line.machine.observing import Observer
from pychron.extraction_line.machine.repeats import Repeats, sender
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.states import Action, State
from pychron.hardware.interfaces import Evidence, Mark, Reading

STOPPING = "this node is stopping; ask again when it is back"


class SwitchMachine:
    """Every actuation under way, every switch, and what may happen next."""

    def __init__(self, line: Line, grounds: Callable[[Command, float], Grounds], boot: str) -> None:
        self.line = line
        self.repeats = Repeats()
        self.observer = Observer(line)
        self._grounds = grounds
        self._boot = boot
        self._number = 0
        self._courses: dict[str, Course] = {}
        self._waiting: list[tuple[int, Command]] = []
        self._freed = False
        """An actuation has ended since the waiting commands were last looked at."""
        for switch in line:
            switch.starting = switch.hardware.readable

    # ---- a wish

    def ask(self, request: int, command: Command, now: float) -> Outputs:
        """A peer asks for a switch to be turned. Answered at once where a rule says no."""
        known = self.repeats.known(command, now)
        if known is not None:
            return [Reply(request, known, kept=True)]
        joined = self._join(command)
        if joined is not None:
            joined.requests.append(request)
            return []
        if command.stood_still:
            why = "this node stood still for more than a second while it waited; look at the state, then ask again"
            return self._refused(request, command, TooLate(command.switch, why), now)
        out = self._cancel_older(command, now)
        out += self._consider(request, command, now)
        return out + self._next_in_line(now)

    def _refused(self, request: int, command: Command, why: LineError, now: float) -> Outputs:
        """Nothing is planned for it. Where it has an id, that is its outcome from now on."""
        if command.id is not None:
            self.repeats.ended(command, why, now)
        return [Reply(request, why)]

    def _join(self, command: Command) -> Actuation | None:
        for course in self._courses.values():
            a = course.actuation
            if (a.command.switch, a.command.action) != (command.switch, command.action):
                continue
            if command.id is not None and a.command.id == command.id:
                return a
            copies = command.id is None and a.command.id is None and not a.superseded
            if copies and sender(a.command) == sender(command):
                return a
        return None

    def _cancel_older(self, command: Command, now: float) -> Outputs:
        """A newer command of a peer for a switch cancels its older ones not yet started."""
        out: Outputs = []
        why = f"a newer {command.action} of the same peer took its place"

        def older(other: Command) -> bool:
            same = other.switch == command.switch and sender(other) == sender(command)
            return same and (other.id is None or other.id != command.id)

        for request, waiting in list(self._waiting):
            if older(waiting):
                self._waiting.remove((request, waiting))
                out += self._refused(request, waiting, Superseded(waiting.switch, why), now)
        for course in list(self._courses.values()):
            a = course.actuation
            if (
                older(a.command)
                and a.command.action is not command.action
                and not a.begun
                and not a.superseded
            ):
                out += self._supersede(course, why, now)
        return out

    def _consider(self, request: int, command: Command, now: float) -> Outputs:
        """Plan a command whose turn has come, or let it wait for its switches."""
        waited = now - command.asked_at
        if waited > command.within:
            why = f"it had waited {waited:.1f} s and its client gives up after {command.within:g} s"
            return self._refused(request, command, TooLate(command.switch, why), now)
        plan = plans.expand(self.line, command.switch, command.action)
        closed = next(
            (n for n, turn in plan if turn is Action.OPEN and self.repeats.closed_since(n, command)), ""
        )
        if closed:  # it lay on its connection, or waited elsewhere
            newer = Superseded(command.switch, f"a newer close of {closed} took its place")
            return self._refused(request, command, newer, now)
        holders = self._holders(plan)
        if not all(gives_way(holder.actuation, command, plan) for holder in holders):
            self._waiting.append((request, command))
            self.repeats.planned(command, command.switch)
            return []
        grounds = self._grounds(command, now)
        held = [(s, s.reserved, s.reserved_for, s.begun) for s in self._held(holders)]
        for holder in holders:
            self._release(holder.actuation)
        why_not = refusal(self.line, plan, command, grounds)
        if why_not is not None:  # what is refused takes nobody's place
            for switch, key, turn, begun in held:
                switch.reserved, switch.reserved_for, switch.begun = key, turn, begun
            return self._refused(request, command, why_not, now)
        out: Outputs = []
        for holder in holders:
            out += self._supersede(holder, f"a {command.action} of {command.switch} took its place", now)
        out += self._cancel_opens(plan, now)
        self._number += 1
        actuation = Actuation(f"{self._boot}.{self._number}", command, plan, [request])
        for name, action in plan:
            switch = self.line.switches[name]
            switch.reserved, switch.reserved_for, switch.begun = actuation.key, action, False
            self.repeats.planned(command, name)
        course = Course(self.line, self.observer, actuation, grounds)
        self._courses[actuation.key] = course
        return out + course.start()

    def _holders(self, plan: Sequence[plans.Step]) -> list[Course]:
        keys: list[str] = []
        for name, _ in plan:
            key = self.line.switches[name].reserved
            if key and key not in keys:
                keys.append(key)
        return [self._courses[key] for key in keys]

    def _held(self, holders: Sequence[Course]) -> list[Switch]:
        plans_of = [(h.actuation.key, n) for h in holders for n, _ in h.actuation.plan]
        return [self.line.switches[n] for key, n in plans_of if self.line.switches[n].reserved == key]

    def _cancel_opens(self, plan: Sequence[plans.Step], now: float) -> Outputs:
        """Older wishes to open what is closed now: they would open it behind the back of whoever closed it."""
        out: Outputs = []
        for request, waiting in list(self._waiting):
            theirs = plans.expand(self.line, waiting.switch, waiting.action)
            closed = any(turn is Action.OPEN and (n, Action.CLOSE) in plan for n, turn in theirs)
            if closed:  # be it a close whose inverted child opens
                self._waiting.remove((request, waiting))
                why = Superseded(waiting.switch, "a newer close took its place")
                out += self._refused(request, waiting, why, now)
        return out

    def _supersede(self, course: Course, why: str, now: float) -> Outputs:
        """It begins no further step. Its switches are free; what it has begun ends on the wire."""
        a = course.actuation
        a.superseded = why
        self._release(a)
        out: Outputs = [Publish(e) for e in a.held_back]
        a.held_back.clear()
        if a.phase is Phase.CONFIRMING:
            out += self._ended(a, Superseded(a.parent, why), now)
        return out

    # ---- inputs of one actuation, by its key

    def intent_stored(self, key: str, now: float) -> Outputs:
        """Its intent is on disk."""
        return self._finished(self._courses[key].intent_stored(), now)

    def intent_failed(self, key: str, why: str, now: float) -> Outputs:
        """Its intent could not be written."""
        return self._finished(self._courses[key].intent_failed(why), now)

    def begin(self, key: str, now: float, present: Present, stops: bool = False) -> tuple[bool, Outputs]:
        """The guard, called just before the first byte of its present step. A node that `stops` begins no open."""
        a = self._courses[key].actuation
        if stops and not a.begun and a.command.action is Action.OPEN:
            a.refusal = Stopping(a.parent, STOPPING)
            return False, []
        return self._courses[key].begin(now, present)

    def driven(self, key: str, mark: Mark, now: float, wall: float) -> Outputs:
        """The device acknowledged it."""
        return self._finished(self._courses[key].driven(mark, now, wall), now)

    def settled(self, key: str, now: float) -> Outputs:
        """Its settling time is over."""
        return self._finished(self._courses[key].settled(), now)

    def rejected(self, key: str, text: str, now: float) -> Outputs:
        """The device said no."""
        return self._finished(self._courses[key].rejected(text, now), now)

    def not_begun(self, key: str, text: str, now: float) -> Outputs:
        """Nothing was written."""
        return self._finished(self._courses[key].not_begun(text, now), now)

    def silent(self, key: str, mark: Mark, text: str, now: float) -> Outputs:
        """No sensible answer."""
        return self._finished(self._courses[key].silent(mark, text, now), now)

    def abandoned(self, job: Drive, now: float, wall: float) -> Outputs:
        """Nobody drives `job` any more, nor reads it back: its driver is broken, and may have acted."""
        course = self._courses.get(job.key)
        if course is None or course.actuation.step[0] != job.switch:
            return []
        if course.actuation.phase is Phase.READING:
            return self.readings(job.key, {}, now, wall)
        if course.actuation.phase is not Phase.DRIVING:
            return []
        return self.silent(job.key, Mark(NO_EPOCH, now), "its driver failed; the log has the reason", now)

    def readings(self, key: str, found: Mapping[str, Reading], now: float, wall: float) -> Outputs:
        """What the hardware answered for a Read with this key."""
        course = self._courses.get(key)
        if course is not None and course.actuation.phase in (Phase.CONFIRMING, Phase.READING):
            return self._finished(course.readings(found, now, wall), now)
        out: Outputs = []
        for name, reading in found.items():
            out += [Publish(e) for e in self.observer.observed(self.line.switches[name], reading, now, wall)]
        return out

    def outcome_stored(self, key: str, result: Result, now: float, why: str = "") -> Outputs:
        """It is on disk (or, with `why`, could not be written): events, replies, the next in line."""
        a = self._courses[key].actuation
        out: Outputs = [Publish(e) for e in a.held_back]
        a.held_back.clear()
        if why:
            text = (
                f"{a.parent}: the outcome of {a.command.action} could not be written ({why}); mend the disk"
            )
            out += [Publish(e) for e in self.observer.alarm("store", text, (a.parent,))]
        else:
            out += [Publish(e) for e in self.observer.clear("store", "outcomes are written again")]
        return out + self._ended(a, result, now) + self._next_in_line(now)

    # ---- what nobody commanded

    def unreadable(self, names: Sequence[str], now: float) -> Outputs:
        """A reading of no actuation failed: what nobody can see is unknown."""
        out: Outputs = []
        for name in names:
            switch = self.line.switches[name]
            if not switch.begun:
                out += [Publish(e) for e in self.observer.unknown(switch, None, now)]
        return out

    def declared(self, name: str, opened: bool, now: float, wall: float) -> Outputs:
        """A person said so: settles a manual valve, or a switch that cannot be read."""
        switch = self.line.switches[name]
        switch.doubts, switch.alike = (), None
        state = State.OPEN if opened else State.CLOSED
        events = self.observer.become(switch, state, Evidence.DECLARED, now, wall, None)
        return [Publish(e) for e in events]

    def restarted(
        self, intents: Mapping[str, Sequence[tuple[str, str]]], now: float, unsettled: Sequence[str] = ()
    ) -> None:
        """Intents without outcome of an earlier start, by request id or key: each may still act.

        So may the command, its outcome written, that left a switch `unsettled` when the node ended.
        """
        for name in unsettled:
            if name in self.line.switches:
                left = self.line.switches[name]
                left.doubts = (*left.doubts, Doubt(NO_EPOCH, now, opens=True))
        for request_id, steps in intents.items():
            for name, action in steps:
                switch = self.line.switches.get(name)
                if switch is not None:
                    switch.doubts = (*switch.doubts, Doubt(NO_EPOCH, now, action == Action.OPEN))
            why = "this node ended while it was under way; its outcome is unknown: look at the state"
            self.repeats.restore(request_id, NoResponse(steps[0][0] if steps else "", why), now)

    def tick(self, now: float) -> Outputs:
        """Answer what has waited too long. Call at `next_wake`."""
        out: Outputs = []
        for request, command in list(self._waiting):
            if now - command.asked_at > command.within:
                self._waiting.remove((request, command))
                why = f"another command held it for {now - command.asked_at:.1f} s"
                out += self._refused(request, command, TooLate(command.switch, why), now)
        return out

    def stopping(self, now: float) -> Outputs:
        """The node stops: nothing that waits is opened any more."""
        out: Outputs = []
        for request, command in list(self._waiting):
            if command.action is Action.OPEN:
                self._waiting.remove((request, command))
                out += self._refused(request, command, Stopping(command.switch, STOPPING), now)
        return out

    def next_wake(self) -> float | None:
        """Wire seconds of the first waiting command's end."""
        return min(c.asked_at + c.within for _, c in self._waiting) if self._waiting else None

    def goes_on(self, key: str) -> bool:
        """Nobody has taken its place: the second of two outputs may follow the first."""
        course = self._courses.get(key)
        return course is not None and not course.actuation.superseded

    def requests(self, key: str) -> tuple[int, ...]:
        """Those who wait for the outcome of an actuation."""
        course = self._courses.get(key)
        return tuple(course.actuation.requests) if course is not None else ()

    @property
    def busy(self) -> int:
        """Actuations under way."""
        return len(self._courses)

    # ---- ends

    def _finished(self, outputs: Outputs, now: float) -> Outputs:
        out: Outputs = []
        for output in outputs:
            if isinstance(output, Finished):
                out += self._ended(self._courses[output.key].actuation, output.result, now)
            else:
                out.append(output)
        return out + self._next_in_line(now)

    def _next_in_line(self, now: float) -> Outputs:
        """Those who wait, in the order of their asking, whenever something has ended."""
        out: Outputs = []
        while self._freed:
            self._freed = False
            waiting, self._waiting = self._waiting, []
            for request, command in waiting:
                known = self.repeats.known(command, now)
                joined = self._join(command)
                if known is not None:
                    out.append(Reply(request, known, kept=True))
                elif joined is not None:
                    joined.requests.append(request)
                else:
                    out += self._consider(request, command, now)
        return out

    def _ended(self, a: Actuation, result: Result, now: float) -> Outputs:
        del self._courses[a.key]
        a.phase = Phase.ENDED
        out: Outputs = []
        lost = [
            n for n, _ in a.plan if self.line.switches[n].state is State.MOVING and self._unheld(n, a.key)
        ]
        for name in lost:
            out += [Publish(e) for e in self.observer.unknown(self.line.switches[name], a.command, now)]
        if lost:
            out.append(Read(tuple(lost)))
        self._release(a)
        unbegun_close = isinstance(result, LineError) and not a.begun and a.command.action is Action.CLOSE
        if a.command.id is not None or not unbegun_close:
            # A close that drove nothing is tried again when it is asked again: nothing can happen twice.
            self.repeats.ended(a.command, result, now)
        out += [Reply(request, result, a.stored or a.begun > 0) for request in a.requests]
        self._freed = True
        return out

    def _unheld(self, name: str, key: str) -> bool:
        return self.line.switches[name].reserved in ("", key)

    def _release(self, a: Actuation) -> None:
        for name, _ in a.plan:
            switch = self.line.switches[name]
            if switch.reserved == a.key:
                switch.reserved, switch.reserved_for, switch.begun = "", None, False
