"""Whatever the sequence of commands, faults, late executions and deaths: judged by the relays' true positions."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pychron.extraction_line.errors import Interlocked, NotOwner
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.machine.actuations import Drive
from pychron.extraction_line.states import Action, Kind, Lock, State
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import LATE_S, Rig, build_line, spec

FATES = ["ok", "ok", "ok", "twice", "silent_now", "silent_late", "silent_never", "rejected", "unavailable"]


def line():
    return build_line(
        spec("A", interlocks=("B", "D")),
        spec("B", settling_s=0.5),
        spec("D"),
        spec("P"),
        spec("K", parent="P", interlocks=("B", "N")),
        spec("N", parent="P", parent_inverted=True),
        unreadable=("D",),
    )


def mechanics():
    """A valve that needs its supply W, a gate and a funnel that must not meet, a hand valve as a partner."""
    return build_line(
        spec("W"),
        spec("S", positive_interlocks=("W",), interlocks=("M",)),
        spec("M", kind=Kind.MANUAL_VALVE),
        spec("G", close_requires=("F",), settling_s=0.5),
        spec("F", close_requires=("G",)),
    )


LINES = {"valves": line, "mechanics": mechanics}
NUMBERS = st.integers(0, 29)


class Uncertain(RuleBasedStateMachine):
    @initialize(
        which=st.sampled_from(["valves", "valves", "mechanics"]),
        opened=st.lists(st.sampled_from(["A", "P"]), max_size=1),
    )
    def begin(self, which, opened):
        self.rig = Rig(LINES[which], opened if which == "valves" else ("W", "G", "F"))
        self.names = [s.name for s in self.rig.machine.line if s.spec.kind is not Kind.MANUAL_VALVE]
        self.asked = {}
        self.requests = 0
        self.alive = 0  # requests up to this one died with the process
        self.locks, self.orphans, self.begun = {}, [], 0
        self.rig.access = self.access
        if which == "mechanics":
            self.read_twice()

    def access(self, name, action):
        return NotOwner(name) if name in self.orphans and action is Action.OPEN else None

    def name(self, number):
        return self.names[number % len(self.names)]

    @rule(
        number=NUMBERS,
        action=st.sampled_from(list(Action)),
        peer=st.sampled_from(["10.0.0.5", "10.0.0.6"]),
        ours=st.booleans(),
    )
    def ask(self, number, action, peer, ours):
        name = self.name(number)
        self.requests += 1
        command = Command(
            name,
            action,
            Peer(peer, right=Right.OPERATE),
            self.rig.now,
            within=2.0,
            id=f"{peer}-boot:{self.requests}" if ours else None,
        )
        self.asked[self.requests] = command
        self.rig.ask(self.requests, command)

    @rule(
        number=NUMBERS,
        action=st.sampled_from(list(Action)),
        fate=st.sampled_from(FATES),
        dies=st.booleans(),
    )
    def actuate_as_far_as_the_drive(self, number, action, fate, dies):
        """One command alone, up to the end of its first exchange: the fault, or the death, comes there."""
        self.rig.run()
        self.ask(number, action, "10.0.0.7", ours=True)
        while self.rig.disk or self.rig.wire:
            if self.rig.disk:
                self.rig.write_disk()
            else:
                drive = isinstance(self.rig.wire[0], Drive)
                self.rig.turn(fate)
                if drive:
                    break
        if dies:
            self.kill()

    @rule(number=NUMBERS)
    def lock_or_unlock(self, number):
        name = self.name(number)
        self.locks[name] = None if self.locks.get(name) else Lock("op", "leak test", 1.0)
        self.rig.machine.line.switches[name].lock = self.locks[name]

    @rule(number=NUMBERS)
    def orphan_or_release(self, number):
        name = self.name(number)
        self.orphans = [n for n in self.orphans if n != name] + [name] * (name not in self.orphans)

    @rule(number=NUMBERS, state=st.sampled_from([State.OPEN, State.CLOSED]))
    def hold_or_free(self, number, state):
        """As the claim of another node does."""
        name, line_ = self.name(number), self.rig.machine.line
        if name in line_.holds:
            del line_.holds[name]
        elif line_.switches[name].is_surely(state):
            line_.holds[name] = (state, "the other node")

    @rule(opened=st.booleans())
    def a_person_turns_the_hand_valve(self, opened):
        line_ = self.rig.machine.line
        if "M" in line_.switches and line_.switches["S"].is_surely(State.CLOSED):
            self.rig.relays.on["M"] = opened
            self.rig.take(self.rig.machine.declared("M", opened, self.rig.now, self.rig.now))

    @rule()
    def read_twice(self):
        """What a healthy node does by itself."""
        for _ in range(2):
            self.rig.poll()
            self.rig.run()

    @precondition(lambda self: self.rig.disk)
    @rule(data=st.data(), fails=st.sampled_from([False, False, False, True]))
    def disk(self, data, fails):
        self.rig.write_disk(data.draw(st.integers(0, len(self.rig.disk) - 1)), fails)

    @precondition(lambda self: self.rig.wire)
    @rule(
        fate=st.sampled_from(FATES),
        delay=st.floats(0.1, LATE_S),
        present=st.sampled_from([True, True, True, False]),
    )
    def turn(self, fate, delay, present):
        self.rig.turn(fate, delay, present)

    @precondition(lambda self: self.rig.settling)
    @rule()
    def settle(self):
        self.rig.settle()

    @rule()
    def poll(self):
        self.rig.poll()

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.5, LATE_S, 10.0]))
    def wait(self, seconds):
        self.rig.pass_time(seconds)

    @rule()
    def everything_goes_well(self):
        self.rig.run()

    @rule()
    def kill(self):
        self.rig.kill()
        self.alive = self.requests
        for name, lock in self.locks.items():
            self.rig.machine.line.switches[name].lock = lock

    @invariant()
    def nothing_locked_orphaned_or_held_is_begun(self):
        """Each rule changes these or drives, never both: what stands now stood when it was begun."""
        for _, name, opens in self.rig.begun_log[self.begun :]:
            hold = self.rig.machine.line.holds.get(name)
            assert not self.locks.get(name) and not (opens and name in self.orphans), name
            assert hold is None or (hold[0] is State.OPEN) == opens, name
        self.begun = len(self.rig.begun_log)

    @invariant()
    def an_actuation_holds_all_its_switches_until_it_is_superseded(self):
        machine = self.rig.machine
        for course in machine._courses.values():
            a = course.actuation
            if not a.superseded:
                assert all(machine.line.switches[n].reserved == a.key for n, _ in a.plan)

    @invariant()
    def none_is_opened_beside_an_open_partner(self):
        assert not self.rig.relays.violations

    @invariant()
    def a_confirmed_state_is_the_truth(self):
        for switch in self.rig.machine.line:
            if switch.state in (State.OPEN, State.CLOSED) and switch.name in self.names:
                late = [x for x in self.rig.relays.late if x[1] == switch.name]
                assert self.rig.relays.on[switch.name] == (switch.state is State.OPEN), switch.name
                opposite = [x for x in late if x[2] != (switch.state is State.OPEN)]
                assert not opposite, f"{switch.name} is called {switch.state} and may still change"

    @invariant()
    def a_vacuum_partner_never_refuses_closing(self):
        for request, result in self.rig.replies.items():
            if isinstance(result, Interlocked):
                asked = self.asked[request]
                inverted = asked.switch == "P"
                assert asked.action is Action.OPEN or inverted

    @invariant()
    def reservations_end(self):
        machine = self.rig.machine
        if not machine.busy:
            assert all(not s.reserved and not s.begun for s in machine.line)

    def teardown(self):
        """Left alone with healthy hardware, every request is answered and every readable state is known."""
        rig = self.rig
        rig.run()
        rig.pass_time(LATE_S + 3)
        for _ in range(3):
            rig.poll()
            rig.run()
            rig.pass_time(0.5)
        assert not rig.machine.busy and not rig.machine._waiting
        assert all(n in rig.replies for n in range(self.alive + 1, self.requests + 1)), (
            "nobody is left waiting"
        )
        for switch in rig.machine.line:
            if switch.hardware.readable:
                assert switch.state is (State.OPEN if rig.relays.on[switch.name] else State.CLOSED)
        assert not rig.relays.violations


Uncertain.TestCase.settings = settings(
    max_examples=400, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestUncertainActuation = Uncertain.TestCase
