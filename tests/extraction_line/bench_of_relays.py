"""An emulated relay bank for the switch machine's tests: acts now, late, twice or never, and knows the truth.

Everything happens in explicit turns, so that hypothesis decides the order of disk, channel, clock and death.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pychron.config.problems import Place
from pychron.extraction_line.events import SwitchChanged
from pychron.extraction_line.machine.actuations import (
    Drive,
    Publish,
    Read,
    Reply,
    Settle,
    StoreIntent,
    StoreOutcome,
)
from pychron.extraction_line.machine.line_state import Hardware, Line
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.machine.switches import SwitchMachine
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Kind, State
from pychron.hardware.interfaces import Evidence, Mark, Reading

LATE_S = 3.0


def spec(name, **values):
    return SwitchSpec(name=name, kind=values.pop("kind", Kind.VALVE), place=Place("valves.yaml", 1), **values)


def build_line(*switches, unreadable=()):
    hardware = {
        s.name: Hardware(
            s.name not in unreadable,
            LATE_S,
            Evidence.RELAY if s.name not in unreadable else Evidence.COMMANDED,
        )
        for s in switches
        if s.kind is not Kind.MANUAL_VALVE
    }
    return Line.build(LineSpec(tuple(switches)), hardware)


@dataclass
class Relays:
    """True positions; `moves` is the log that judges us."""

    on: dict[str, bool]
    partners: dict[str, tuple[str, ...]]
    moves: list[tuple[float, str, bool]] = field(default_factory=list)
    late: list[tuple[float, str, bool]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By switch: what must be open whenever it opens, and must not close while it is open."""
    upright: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By switch: what must be open (up) whenever it closes."""

    def act(self, now, name, on):
        if on and not self.on[name]:
            self.violations += [
                f"{now}: {name} opened without {n}" for n in self.needs.get(name, ()) if not self.on[n]
            ]
        if self.on[name] and not on:
            held = [n for n, needed in self.needs.items() if name in needed and self.on[n]]
            held += [n for n in self.upright.get(name, ()) if not self.on[n]]
            self.violations += [f"{now}: {name} closed in spite of {n}" for n in held]
        if on and not self.on[name]:
            self.violations += [
                f"{now}: {name} opened while {p} is open" for p in self.partners[name] if self.on[p]
            ]
        if self.on[name] != on:
            self.moves.append((now, name, on))
        self.on[name] = on

    def pass_time(self, now):
        due = sorted(x for x in self.late if x[0] <= now)
        self.late = [x for x in self.late if x[0] > now]
        for at, name, on in due:
            self.act(at, name, on)


class Rig:
    """A switch machine, its disk, its channels and its relays."""

    def __init__(self, make_line, opened=()):
        self._make_line = make_line
        self.grounds = Grounds(lambda name, action: self.access(name, action), lambda switch: "")
        line = make_line()
        self.now = 100.0
        self.starts = 0
        self.relays = Relays(
            {s.name: s.name in opened for s in line},
            dict(line.partners),
            needs={s.name: s.spec.positive_interlocks for s in line},
            upright={s.name: s.spec.close_requires for s in line},
        )
        self.access = lambda name, action: None
        self.intents: dict[str, tuple] = {}
        self.last: dict[str, State] = {}
        self.replies: dict[int, object] = {}
        self.events: list[object] = []
        self.begun_log: list[tuple[float, str, bool]] = []
        self.start()

    def start(self):
        """(Re)start the node on what its disk holds."""
        self.starts += 1
        self.epoch = self.starts * 1000
        self.machine = SwitchMachine(self._make_line(), lambda c, now: self.grounds, f"boot{self.starts}")
        unsettled = [n for n, s in self.last.items() if s in (State.UNKNOWN, State.MOVING)]
        self.machine.restarted(dict(self.intents), self.now, unsettled)
        self.disk: list[StoreIntent | StoreOutcome] = []
        self.wire: list[Drive | Read] = []
        self.settling: list[Settle] = []

    def take(self, outputs):
        for out in outputs:
            match out:
                case StoreIntent() | StoreOutcome():
                    self.disk.append(out)
                case Drive():
                    place = next(
                        (i for i, x in enumerate(self.wire) if not getattr(x, "urgent", False)),
                        len(self.wire),
                    )
                    self.wire.insert(place if out.urgent else len(self.wire), out)
                case Read():
                    self.wire.append(out)
                case Settle():
                    self.settling.append(out)
                case Publish(event):
                    self.events.append(event)
                    if isinstance(event, SwitchChanged) and not event.commanded:
                        self.last[event.view.name] = event.view.state
                case Reply(request, result):
                    assert request not in self.replies, "a request is answered once"
                    self.replies[request] = result

    def ask(self, request, command):
        self.take(self.machine.ask(request, command, self.now))

    def write_disk(self, index=0, fails=False):
        job = self.disk.pop(index)
        key = job.actuation.key
        if isinstance(job, StoreIntent):
            if fails:
                self.take(self.machine.intent_failed(key, "disk full", self.now))
            else:
                self.intents[key] = tuple((n, str(a)) for n, a in job.actuation.plan)
                self.take(self.machine.intent_stored(key, self.now))
        else:
            if not fails:
                self.intents.pop(key, None)
                self.last |= {n: self.machine.line.switches[n].state for n, _ in job.actuation.plan}
            self.take(self.machine.outcome_stored(key, job.result, self.now, "disk full" if fails else ""))

    def turn(self, fate="ok", delay=1.0, present=True):
        """The channel's next exchange."""
        job = self.wire.pop(0)
        self.now += 0.001
        if isinstance(job, Drive):
            self._drive(job, fate, delay, present)
        else:
            self._read(job, fate)

    def _drive(self, job, fate, delay, present):
        if fate == "unavailable":
            self.take(self.machine.not_begun(job.key, "not connected", self.now))
            return
        begun, out = self.machine.begin(job.key, self.now, lambda: present)
        self.take(out)
        if not begun:
            self.take(self.machine.not_begun(job.key, "", self.now))
            return
        self.begun_log.append((self.now, job.switch, job.opens))
        mark = Mark(self.epoch, self.now)
        relays = self.relays
        if fate == "rejected":
            self.take(self.machine.rejected(job.key, "-222", self.now))
            return
        if fate in ("ok", "twice", "silent_now"):
            relays.act(self.now, job.switch, job.opens)
        if fate == "twice":
            relays.act(self.now, job.switch, job.opens)
        if fate in ("silent_late", "silent_now"):
            relays.late.append((self.now + min(delay, LATE_S) * 0.999, job.switch, job.opens))
        if fate.startswith("silent"):
            self.epoch += 1
            self.now += 0.5
            relays.pass_time(self.now)
            self.take(self.machine.silent(job.key, mark, "no answer within 0.5 s", self.now))
        else:
            self.take(self.machine.driven(job.key, mark, self.now, self.now))

    def _read(self, job, fate):
        readable = [n for n in job.names if self.machine.line.switches[n].hardware.readable]
        if fate.startswith("silent") or fate == "unavailable":
            self.epoch += 1
            self.take(self.machine.readings(job.key, {}, self.now, self.now))
            self.take(self.machine.unreadable(readable, self.now))
            return
        mark = Mark(self.epoch, self.now)
        found = {n: Reading(self.relays.on[n], mark) for n in readable}
        self.take(self.machine.readings(job.key, found, self.now, self.now))

    def poll(self):
        """The manager's own reading of everything that can be read."""
        names = tuple(s.name for s in self.machine.line if s.hardware.readable)
        self.wire.append(Read(names))

    def settle(self):
        job = self.settling.pop(0)
        self.take(self.machine.settled(job.key, self.now))

    def pass_time(self, seconds):
        self.now += seconds
        self.relays.pass_time(self.now)
        self.take(self.machine.tick(self.now))

    def kill(self):
        """The process dies between any two outputs; disk and relays stay."""
        self.start()

    def run(self):
        """Let everything succeed until nothing is left to do."""
        while self.disk or self.wire or self.settling:
            if self.disk:
                self.write_disk()
            elif self.settling:
                self.settle()
            else:
                self.turn()
