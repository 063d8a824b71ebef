"""Interleavings on a Clock: half-driven valves, locks that cross, silence and a disk that fails; judged by the relays."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line.claims.owners import Wanted
from pychron.extraction_line.errors import Locked, Mismatch, NoResponse, NotOwner, NotStored, Superseded
from pychron.extraction_line.machine.repeats import COPY_S
from pychron.extraction_line.parking.park import Parking
from pychron.extraction_line.parking.park_file import DEFAULTS, CloseStep, ParkSpec
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Kind
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench

OPERATOR = Peer("10.0.0.9", right=Right.OPERATE, name="op")


class RacesCase(SynchronousTestCase):
    SWITCHES = (spec("A", address="101", interlocks=("B",)), spec("B", address="102"))

    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.path = Path(self.mktemp())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.bench = Bench(self.clock, self.path, LineSpec(self.SWITCHES))
        self.relays = self.bench.relays
        self.bench.read_all()


class HalfDriven(RacesCase):
    """A close between the two outputs of an open."""

    SWITCHES = (spec("D", address="1,2", kind=Kind.DOUBLE_ACTUATION_VALVE),)

    def test_the_second_output_of_an_open_does_not_follow_a_close(self):
        self.relays.on.update({"1": False, "2": True})
        self.bench.read_all()
        self.relays.takes_s = 0.4
        opening = self.bench.ask("D", "open")
        self.bench.advance(0.1)
        closing = self.bench.ask("D", "close", peer="10.0.0.6")
        self.bench.advance(6)
        self.failureResultOf(opening, Superseded)
        self.successResultOf(closing)
        assert self.relays.on == {"1": False, "2": True}
        assert [e[1:] for e in self.relays.exchanges][-2:] == [("2", True), ("1", False)]
        assert self.bench.states() == {"D": "closed"}


class Locks(RacesCase):
    def test_a_lock_set_while_an_unlock_is_being_written_holds(self):
        Deferred.fromCoroutine(self.bench.manager.lock("A", OPERATOR, "first"))
        self.bench.advance(0.1)
        pool = self.bench.world.pool
        pool.at_once = False
        unlocking = Deferred.fromCoroutine(self.bench.manager.unlock("A", OPERATOR, ""))
        locking = Deferred.fromCoroutine(self.bench.manager.lock("A", OPERATOR, "second"))
        while pool.jobs:
            pool.release()
        pool.at_once = True
        self.successResultOf(unlocking)
        assert self.successResultOf(locking).why == "second"
        self.failureResultOf(self.bench.ask("A", "open"), Locked)
        assert self.relays.exchanges == []

    def test_an_unlock_that_cannot_be_written_leaves_it_locked(self):
        Deferred.fromCoroutine(self.bench.manager.lock("A", OPERATOR, "first"))
        self.bench.advance(0.1)
        self.bench.store._open = False
        self.failureResultOf(Deferred.fromCoroutine(self.bench.manager.unlock("A", OPERATOR, "")), NotStored)
        self.failureResultOf(self.bench.ask("A", "open"), Locked)


class Claims(RacesCase):
    def claim(self, session, switches, require=()):
        wanted = Wanted(session, Peer("10.0.0.5"), switches, 5.0, require)
        claiming = Deferred.fromCoroutine(self.bench.manager.owners.claim(wanted))
        self.bench.advance(0.1)
        return claiming

    def test_an_owner_that_returns_while_the_disk_fails_leaves_its_orphan_an_orphan(self):
        self.successResultOf(self.claim("boot-a", ("A",), (("B", "closed"),)))
        self.bench.advance(6)
        assert self.bench.manager.view("A").orphaned
        self.bench.store._open = False
        self.failureResultOf(self.claim("boot-a", ("A",), (("B", "closed"),)), NotStored)
        assert self.bench.manager.view("A").orphaned
        self.failureResultOf(self.bench.ask("A", "open", peer="10.0.0.6"), NotOwner)
        assert self.bench.manager.line.holds["B"][1] == "10.0.0.5"

    def test_more_switches_that_cannot_be_written_cost_the_claim_nothing(self):
        self.successResultOf(self.claim("boot-a", ("A",)))
        self.bench.store._open = False
        self.failureResultOf(self.claim("boot-a", ("A", "B")), NotStored)
        assert (self.bench.manager.view("A").owner, self.bench.manager.view("B").owner) == ("10.0.0.5", "")


class Declared(RacesCase):
    SWITCHES = (
        spec("U", address="101", query_state=False, interlocks=("B",)),
        spec("B", address="102"),
    )

    def confirm(self, opened):
        done = Deferred.fromCoroutine(self.bench.manager.by_hand.confirm("U", opened, OPERATOR, "looked"))
        self.bench.advance(0.02)
        return done

    def test_nobody_declares_closed_what_a_late_command_may_still_open(self):
        self.relays.fates.append("silent_late")
        asked = self.bench.ask("U", "open")
        self.bench.advance(0.03)
        self.failureResultOf(self.confirm(False), NoResponse)
        self.bench.advance(0.1)
        self.failureResultOf(asked, NoResponse)
        assert "may still act" in str(self.failureResultOf(self.confirm(False), NoResponse).value)
        self.bench.advance(2.2)
        assert self.relays.on["101"]
        self.successResultOf(self.confirm(True))
        self.failureResultOf(self.bench.ask("B", "open"))
        assert [m[1] for m in self.relays.moves] == ["101"]


class Safe(RacesCase):
    def test_a_park_step_is_no_copy_of_what_somebody_asked_before(self):
        self.relays.on["101"] = True
        self.bench.read_all()
        self.relays.fates.append("rejected")
        peer = Peer("10.0.0.5", right=Right.ADMINISTER)
        refused = self.bench.ask("A", "close")
        self.bench.advance(0.5)
        self.failureResultOf(refused, Mismatch)
        parking = Parking(
            self.bench.manager, ParkSpec(DEFAULTS, (CloseStep(("A",), Place("p", 1)),), True), dict
        )
        running = Deferred.fromCoroutine(parking.run("MAKE SAFE", peer))
        self.bench.advance(0.5)
        assert [t.ok for t in self.successResultOf(running)] == [True]
        assert not self.relays.on["101"]


class BrokenDriver(RacesCase):
    """A driver that raises what no driver may: the request is answered, the valve can be commanded again."""

    def broken(self, *args, **more):
        raise ValueError("invalid literal")

    def test_while_driving(self):
        async def drive(address, on, begin, urgent=False):
            begin()
            self.broken()

        self.relays.drive, whole = drive, self.relays.drive
        asked = self.bench.ask("A", "open")
        self.bench.advance(0.5)
        assert "its driver failed" in str(self.failureResultOf(asked, NoResponse).value)
        assert len(self.flushLoggedErrors(ValueError)) == 1
        self.failureResultOf(self.bench.ask("B", "open"))
        self.relays.drive = whole
        closing = self.bench.ask("A", "close")
        self.bench.advance(5)
        assert closing.called
        closing.addErrback(lambda _: None)
        self.bench.read_all()
        self.bench.read_all()
        assert self.bench.states()["A"] == "closed"

    def break_reading(self):
        async def read(addresses):
            self.broken()

        self.relays.read, whole = read, self.relays.read
        return whole

    def test_while_reading(self):
        self.break_reading()
        asked = self.bench.ask("A", "open")
        self.bench.advance(0.5)
        self.failureResultOf(asked, NoResponse)
        assert self.flushLoggedErrors(ValueError)
        assert not self.bench.manager.machine.busy
        assert self.bench.states()["A"] == "unknown"

    def test_while_what_is_so_already_is_confirmed(self):
        self.bench.ask("A", "open")
        self.bench.advance(0.5)
        assert self.bench.states()["A"] == "open"
        self.bench.advance(COPY_S + 0.5)  # later than a copy of the first
        whole = self.break_reading()
        asked = self.bench.ask("A", "open")
        self.bench.advance(0.5)
        self.failureResultOf(asked, NoResponse)
        assert self.bench.states()["A"] == "unknown"
        assert self.flushLoggedErrors(ValueError)
        self.relays.read = whole
        self.bench.read_all()
        assert self.bench.states()["A"] == "open"

    def test_while_the_line_is_read(self):
        self.bench.read_all()
        self.break_reading()
        self.bench.read_all()
        assert set(self.bench.states().values()) == {"unknown"}
        assert self.flushLoggedErrors(ValueError)
