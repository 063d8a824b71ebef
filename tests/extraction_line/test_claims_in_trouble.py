"""Claims over restarts, races and commits that fail: nothing is granted, kept or lost by accident."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from pychron.extraction_line.events import AlarmRaised
from pychron.rpc.verbs import Call
from pychron.store.errors import StoreFailed
from tests.extraction_line.clocked_relays import ClockedRelays
from tests.extraction_line.test_claim_verbs import OTHERS, ClaimCase


class Restarting(ClaimCase):
    def restart(self):
        self.bench.store._open = False
        old = self.relays
        new = ClockedRelays(self.clock)
        new.on, new.moves, new._epoch = old.on, old.moves, old._epoch + 100
        self.start({"switch_controller": new}, boot=self.manager.world.boot + "+")

    def the_disk_goes_on(self):
        """What it holds is written, with all that follows from that."""
        pool = self.manager.world.pool
        while pool.jobs:
            pool.release()
            self.bench.advance(0.05)
        pool.at_once = True


class ClaimsInTrouble(Restarting):
    def test_a_lease_is_lost_in_time_after_a_restart_too(self):
        token = self.claim(lease=5)["token"]
        self.restart()
        self.bench.advance(60)
        self.bench.read_all()
        assert self.owners() == {"A": ("10.0.0.5", True)}
        assert [e.key for e in self.bench.events if isinstance(e, AlarmRaised)] == ["orphaned:boot-a"]
        assert self.answer("Release", f"{token},its node burnt", who=OTHERS) == {"released": ["A"]}

    def test_an_operator_can_release_what_was_lost_after_a_restart(self):
        token = self.claim(lease=5)["token"]
        self.restart()
        self.bench.advance(600)
        assert self.answer("Release", f"{token},its node burnt", who=OTHERS) == {"released": ["A"]}

    def test_a_claim_behind_a_release_of_its_session_stands(self):
        token = self.claim("A")["token"]
        self.manager.world.pool.at_once = False
        releasing = self.call("Release", str(token), id="boot-a:2")
        claiming = self.call("Claim", "B", id="boot-a:3")
        self.the_disk_goes_on()
        self.successResultOf(releasing)
        self.successResultOf(claiming)
        assert list(self.owners()) == ["B"]

    def test_a_renewal_behind_a_release_is_a_new_claim(self):
        token = self.claim("A")["token"]
        pool = self.manager.world.pool
        pool.at_once = False
        releasing = self.call("Release", str(token), id="boot-a:2")
        claiming = self.call("Claim", "A", id="boot-a:3")
        self.the_disk_goes_on()
        self.successResultOf(releasing)
        assert self.successResultOf(claiming)["token"] > token
        assert "A" in self.owners()

    def test_what_is_released_while_its_lease_ends_stays_free_after_a_restart(self):
        token = self.claim("A", lease=5)["token"]
        pool = self.manager.world.pool
        self.bench.advance(3.9)
        pool.at_once = False
        self.call("Release", str(token), id="boot-a:2")
        self.bench.advance(0.5)
        self.the_disk_goes_on()
        self.bench.advance(1)
        assert self.owners() == {}
        self.restart()
        assert self.owners() == {}

    def test_a_renewal_looks_again_at_what_it_requires(self):
        self.claim("", require={"B": "closed"}, id="boot-a:1")
        self.relays.on["102"] = True  # opened by hand
        self.bench.read_all()
        assert self.bench.states()["B"] == "open"
        no = self.call("Claim", "", id="boot-a:2", require={"B": "closed"})
        self.bench.advance(1)
        self.failureResultOf(no)

    def test_a_claim_that_waits_is_not_granted_to_a_peer_that_left(self):
        token = self.claim("A")["token"]
        there = [True]
        call = Call(
            "Claim",
            "A",
            OTHERS,
            self.clock.seconds(),
            {"wait": 50, "lease": 5},
            "boot-b:1",
            None,
            lambda: there[0],
        )
        waiting = Deferred.fromCoroutine(self.table.get("Claim").handler(call))
        self.bench.advance(2)
        there[0] = False
        self.answer("Release", str(token), id="boot-a:2")
        self.bench.advance(1)
        assert self.owners() == {}
        assert "gone" in str(self.failureResultOf(waiting).value)

    def test_the_lease_of_the_next_in_line_is_watched(self):
        token = self.claim("A", lease=300)["token"]
        waiting = self.call("Claim", "A", who=OTHERS, id="boot-b:1", wait=50, lease=5)
        self.bench.advance(1)
        self.answer("Release", str(token), id="boot-a:2")
        self.successResultOf(waiting)
        self.bench.advance(10)
        assert self.owners() == {"A": ("10.0.0.6", True)}

    def test_a_renewal_waits_for_the_claim_to_be_on_disk(self):
        pool = self.manager.world.pool
        pool.at_once = False
        first = self.call("Claim", "A", id="boot-a:1")
        again = self.call("Claim", "A", id="boot-a:2")
        self.assertNoResult(again)
        done, _function, _args = pool.jobs.pop(0)
        done.errback(StoreFailed("disk full"))
        self.the_disk_goes_on()
        self.failureResultOf(first)
        assert self.successResultOf(again)["valves"] == ["A"]
        assert "A" in self.owners()

    def test_an_installed_client_renews_by_queries(self):
        self.answer("Claim", "A", lease=10)
        for _ in range(4):
            self.bench.advance(6)
            self.answer("GetValveStates")
            self.answer("GetValveState", "A")
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_a_renewed_lease_is_kept_with_its_length(self):
        self.claim("A", lease=5)
        self.claim("A", id="boot-a:2", lease=300)
        self.restart()
        assert self.manager.leases.claims["boot-a"].lease_s == 300


class GivenUp(Restarting):
    """A commit that the store gave up after its deadline, and that ended well all the same."""

    def slow(self, *args, **more):
        pool = self.manager.world.pool
        pool.at_once = False
        no = self.refusal(*args, seconds=6, **more)
        self.the_disk_goes_on()
        self.bench.advance(0.1)
        return no

    def test_claim(self):
        no = self.slow("Claim", "A", id="boot-a:1")
        assert no.data["kind"] == "NotStored"
        assert self.owners() == {}
        self.restart()
        assert self.owners() == {}

    def test_release(self):
        token = self.claim("A")["token"]
        no = self.slow("Release", str(token), id="boot-a:2")
        assert no.data["kind"] == "NotStored"
        assert self.owners()
        self.restart()
        self.bench.read_all()
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_unlock(self):
        self.answer("Lock", "A,leak")
        no = self.slow("Unlock", "A,done")
        assert no.data["kind"] == "NotStored"
        assert self.answer("GetValveLockState", "A") is True
        self.restart()
        assert self.answer("GetValveLockState", "A") is True
