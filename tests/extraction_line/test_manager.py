"""The manager over clocked relays and a real file: what a peer asks, what the relays do, what is on disk."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line.errors import (
    Interlocked,
    Locked,
    Mismatch,
    NoResponse,
    NotConfirmed,
    NotStored,
    Starting,
    Superseded,
    TooLate,
)
from pychron.extraction_line.events import AlarmRaised, SwitchChanged
from pychron.extraction_line.specs import LineSpec, PipetteSpec
from pychron.extraction_line.states import Kind
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench, ClockedRelays

OPERATOR = Peer("10.0.0.5", right=Right.OPERATE)


def a_line():
    return LineSpec(
        (
            spec("A", address="101", interlocks=("B",)),
            spec("B", address="102", settling_s=0.3),
            spec("I", address="103"),
            spec("O", address="104"),
            spec("T", kind=Kind.MANUAL_VALVE),
            spec("P", address="105"),
            spec("K", address="106", parent="P"),
            spec("N", address="107", parent="P", parent_inverted=True),
        ),
        (PipetteSpec("Air", "I", "O", Place("valves.yaml", 9)),),
    )


class ManagerCase(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.path = Path(self.mktemp())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.start()
        self.bench.read_all()

    def start(self, actuators=None, boot="boot1"):
        self.bench = Bench(self.clock, self.path, a_line(), actuators, boot)
        self.relays = self.bench.relays

    def restart(self):
        self.start(self.bench.actuators, boot="boot2")

    def test_open_and_close(self):
        asked = self.bench.ask("A", "open")
        self.bench.advance(1)
        done = self.successResultOf(asked)
        assert (done.changed, done.count) == (True, 1)
        assert self.bench.states()["A"] == "open"
        again = self.bench.ask("A", "open", peer="10.0.0.6")
        self.bench.advance(1)
        assert not self.successResultOf(again).changed
        closed = self.bench.ask("A", "close")
        self.bench.advance(1)
        assert self.successResultOf(closed).changed
        assert [m[1:] for m in self.relays.moves] == [("101", True), ("101", False)]
        kinds = [
            (str(e.view.state), e.commanded)
            for e in self.bench.events
            if isinstance(e, SwitchChanged) and e.view.name == "A"
        ]
        assert kinds == [
            ("closed", False),
            ("moving", True),
            ("open", True),
            ("moving", True),
            ("closed", True),
        ]

    def test_nothing_opens_before_the_first_read_back(self):
        self.restart()
        self.failureResultOf(self.bench.ask("A", "open"), Starting)
        closing = self.bench.ask("A", "close")
        self.bench.advance(1)
        assert self.successResultOf(closing).changed

    def test_two_race_for_interlocked_valves_and_one_wins(self):
        self.relays.takes_s = 0.5
        first, second = self.bench.ask("A", "open"), self.bench.ask("B", "open", peer="10.0.0.6")
        self.failureResultOf(second, Interlocked)
        self.bench.advance(3)
        self.successResultOf(first)
        assert [m[1] for m in self.relays.moves] == ["101"]

    def test_an_open_partner_never_hinders_closing(self):
        self.relays.on.update({"101": True, "102": True})
        self.bench.read_all()
        assert any(
            isinstance(e, AlarmRaised) and "interlocked and both open" in e.text for e in self.bench.events
        )
        closing = self.bench.ask("A", "close")
        self.bench.advance(1)
        self.successResultOf(closing)

    def test_three_copies_drive_once_and_count_once(self):
        copies = []
        for _ in range(3):
            copies.append(self.bench.ask("A", "open"))
            self.bench.advance(0.7)
        assert [self.successResultOf(c).changed for c in copies] == [True, True, True]
        assert len(self.relays.exchanges) == 1
        assert self.bench.manager.counts.switches["A"].count == 1

    def test_the_same_id_drives_nothing_again_even_after_a_restart(self):
        first = self.bench.ask("A", "open", id="client:1")
        self.bench.advance(1)
        self.successResultOf(first)
        closing = self.bench.ask("A", "close", id="client:2")
        self.bench.advance(1)
        self.successResultOf(closing)
        self.restart()
        self.bench.read_all()
        again = self.bench.ask("A", "open", id="client:1")
        self.bench.advance(1)
        assert self.successResultOf(again).changed
        assert self.bench.states()["A"] == "closed"
        assert len(self.relays.exchanges) == 2

    def test_an_id_that_was_refused_stays_refused_even_after_a_restart(self):
        opening = self.bench.ask("A", "open")
        self.bench.advance(1)
        self.successResultOf(opening)
        why = str(self.failureResultOf(self.bench.ask("B", "open", id="client:1"), Interlocked).value)
        closing = self.bench.ask("A", "close")
        self.bench.advance(1)
        self.successResultOf(closing)
        again = self.failureResultOf(self.bench.ask("B", "open", id="client:1"), Interlocked)
        assert str(again.value) == why
        self.restart()
        self.bench.read_all()
        again = self.failureResultOf(self.bench.ask("B", "open", id="client:1"), Interlocked)
        assert str(again.value) == why
        other = self.bench.ask("B", "open", id="client:2")
        self.bench.advance(1)
        assert self.successResultOf(other).changed

    def test_an_id_that_was_answered_ok_drives_nothing_after_a_restart(self):
        first = self.bench.ask("A", "close", id="client:1")
        self.bench.advance(1)
        assert not self.successResultOf(first).changed
        opening = self.bench.ask("A", "open", peer="10.0.0.6")
        self.bench.advance(1)
        self.successResultOf(opening)
        self.restart()
        self.bench.read_all()
        again = self.bench.ask("A", "close", id="client:1")
        self.bench.advance(1)
        assert not self.successResultOf(again).changed
        assert self.bench.states()["A"] == "open"

    def test_a_disk_that_hangs_holds_no_close_back(self):
        self.relays.on["101"] = True
        self.bench.read_all()
        self.bench.world.pool.at_once = False
        closing, opening = self.bench.ask("A", "close"), self.bench.ask("I", "open")
        self.bench.advance(1.2)
        assert not self.relays.on["101"]
        self.bench.advance(9)
        assert self.successResultOf(closing).changed
        self.failureResultOf(opening, NotStored)
        assert not self.relays.on.get("103")

    def test_nor_a_switch_that_is_safe_when_it_is_on(self):
        vent = LineSpec((spec("Vent", address="101", kind=Kind.SWITCH, safe="on"),))
        bench = Bench(self.clock, self.path.with_name("vent.sqlite"), vent)
        bench.read_all()
        bench.world.pool.at_once = False
        opening = bench.ask("Vent", "open")
        bench.advance(1.2)
        assert bench.relays.on["101"]
        bench.advance(9)
        assert self.successResultOf(opening).changed

    def test_a_close_is_the_next_exchange_behind_a_pending_open(self):
        self.relays.takes_s = 0.4
        opening = self.bench.ask("A", "open")
        self.bench.advance(0.1)
        closing = self.bench.ask("A", "close", peer="10.0.0.6")
        self.bench.advance(3)
        self.failureResultOf(opening, Superseded)
        self.successResultOf(closing)
        assert [e[1:] for e in self.relays.exchanges] == [("101", True), ("101", False)]
        assert self.bench.states()["A"] == "closed"

    def test_silence_is_unknown_and_settles_only_after_the_late_time(self):
        self.relays.fates.append("silent_late")
        asked = self.bench.ask("A", "open")
        self.bench.advance(0.3)
        self.failureResultOf(asked, NoResponse)
        assert self.bench.states()["A"] == "unknown"
        self.bench.read_all()
        assert self.bench.states()["A"] == "unknown"
        self.failureResultOf(self.bench.ask("B", "open"), Interlocked)
        self.bench.advance(2)
        self.bench.read_all()
        self.bench.read_all()
        assert self.bench.states()["A"] == "open"

    def test_a_rejection_and_a_wrong_read_back_are_told(self):
        self.relays.fates.append("rejected")
        asked = self.bench.ask("A", "open")
        self.bench.advance(1)
        assert "-222" in str(self.failureResultOf(asked, Mismatch).value)
        self.bench.read_all()
        self.relays.fates.append("stuck")
        asked = self.bench.ask("A", "open", id="x:1")
        self.bench.advance(1)
        assert "reads closed" in str(self.failureResultOf(asked, Mismatch).value)

    def test_what_waited_too_long_or_whose_peer_left_is_not_begun(self):
        self.relays.takes_s = 1.5
        self.bench.ask("I", "open")
        self.bench.advance(0.1)
        late = self.bench.ask("A", "open", within=1.0)
        gone = self.bench.ask("O", "open", still_there=lambda: False)
        self.bench.advance(8)
        self.failureResultOf(late, TooLate)
        self.failureResultOf(gone, TooLate)
        assert [m[1] for m in self.relays.moves] == ["103"]
        self.failureResultOf(self.bench.ask("A", "open", stood_still=True), TooLate)

    def test_locked(self):
        self.successResultOf(self._lock("A"))
        asked = self.bench.ask("A", "open")
        self.failureResultOf(asked, Locked)
        closing = self.bench.ask("A", "close")
        self.bench.advance(1)
        assert not self.successResultOf(closing).changed
        assert self.relays.exchanges == []
        self.restart()
        assert self.bench.manager.view("A").lock.why == "leak test"

    def _lock(self, name):
        locking = Deferred.fromCoroutine(self.bench.manager.lock(name, OPERATOR, "leak test"))
        self.bench.advance(0.1)
        return locking

    def test_children_turn_with_their_parent(self):
        self.relays.on["107"] = True
        self.bench.read_all()
        asked = self.bench.ask("P", "open")
        self.bench.advance(1)
        self.successResultOf(asked)
        assert [e[1:] for e in self.relays.exchanges] == [("107", False), ("105", True), ("106", True)]

    def test_a_manual_valve_waits_for_a_person(self):
        self.failureResultOf(self.bench.ask("T", "open"), NotConfirmed)
        confirming = Deferred.fromCoroutine(
            self.bench.manager.by_hand.confirm("T", True, OPERATOR, "turned by hand")
        )
        self.bench.advance(0.1)
        self.successResultOf(confirming)
        assert not self.successResultOf(self.bench.ask("T", "open", id="x:9")).changed
        self.restart()
        assert self.bench.states()["T"] == "open"

    def test_pipette_shots(self):
        for name, action in (("I", "open"), ("I", "close"), ("O", "open"), ("O", "close"), ("O", "open")):
            asked = self.bench.ask(name, action)
            self.bench.advance(4)
            self.successResultOf(asked)
        assert self.bench.manager.counts.pipettes["Air"].counts == 1
        self.restart()
        assert self.bench.manager.counts.pipettes["Air"].counts == 1

    def test_a_death_between_intent_and_outcome_is_unknown_and_the_hardware_settles_it(self):
        self.relays.takes_s = 5.0
        self.bench.ask("I", "open", id="x:1")
        self.bench.advance(1)
        self.relays.takes_s = 0.05
        old = self.bench
        self.start({"switch_controller": self._same_hardware(old.relays)}, boot="boot2")
        assert self.bench.states()["I"] == "unknown"
        again = self.bench.ask("I", "open", id="x:1")
        assert "outcome is unknown" in str(self.failureResultOf(again, NoResponse).value)
        self.bench.read_all()
        assert self.bench.states()["I"] == "unknown"
        self.bench.advance(2)
        self.bench.read_all()
        self.bench.read_all()
        assert self.bench.states()["I"] == "open"
        assert self.bench.manager.counts.pipettes["Air"].armed

    def _same_hardware(self, old):
        new = ClockedRelays(self.clock)
        new.on, new.moves, new._epoch = old.on, old.moves, old._epoch + 100
        return new
