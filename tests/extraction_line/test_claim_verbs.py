"""Claims over the wire: granted, renewed, lost, waited for, released with a reason; on disk and on the bus."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from pychron.extraction_line.events import AlarmCleared, AlarmRaised, OwnerChanged
from pychron.trust.rights import Right
from tests.extraction_line.verb_bench import VerbCase, peer

MINE, OTHERS = peer(), peer("10.0.0.6")


class ClaimCase(VerbCase):
    def owners(self):
        return {n: self.manager.owners.of(n) for n in ("A", "B") if self.manager.owners.of(n)[0]}

    def claim(self, valves="A", who=MINE, id="boot-a:1", **members):
        return self.answer("Claim", valves, who=who, id=id, **members)


class Claims(ClaimCase):
    def test_granted_for_a_lease_and_kept_from_others(self):
        assert self.claim("A,B", lease=60) == {"token": 1, "lease_s": 60.0, "valves": ["A", "B"]}
        no = self.refusal("Open", "A", who=OTHERS)
        assert no.line == (
            "ERROR 012 : Access restricted to A (10.0.0.5). You are 10.0.0.6 "
            "(claimed by 10.0.0.5; wait for its release)"
        )
        assert self.refusal("Close", "A", who=OTHERS).code == 12
        assert self.answer("Open", "A", who=MINE, id="boot-a:2", token=1) == "OK"
        assert "10.0.0.5-A,B" in self.answer("GetValveOwners")

    def test_a_name_that_is_said_twice_is_claimed_once(self):
        assert self.claim("A,B,A,A")["valves"] == ["A", "B"]

    def test_an_administrator_closes_and_does_not_open(self):
        self.claim()
        self.answer("Open", "A", id="boot-a:2")
        admin = peer("10.0.0.9", Right.ADMINISTER)
        assert self.answer("Close", "A", who=admin) == "OK"
        assert self.refusal("Open", "A", who=admin).code == 12

    def test_an_older_token_is_refused(self):
        first = self.claim()["token"]
        second = self.claim("A,B", id="boot-a:2")["token"]
        assert second > first
        no = self.refusal("Open", "A", id="boot-a:3", token=first)
        assert (no.code, "is older than" in no.text) == (12, True)
        assert self.answer("Open", "A", id="boot-a:4", token=second) == "OK"

    def test_claiming_again_renews_with_the_same_token(self):
        token = self.claim(lease=10)["token"]
        for n in range(2, 5):
            self.bench.advance(7)
            assert self.claim("", id=f"boot-a:{n}", token=token, lease=10)["token"] == token
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_there_must_be_a_claim_to_renew(self):
        assert self.refusal("Claim", "", id="boot-a:1").code == 4
        self.claim()
        assert self.refusal("Claim", "", id="boot-a:2", token=99).code == 4

    def test_a_lease_has_bounds(self):
        assert self.claim(lease=0.001)["lease_s"] == 5.0
        assert self.claim(id="boot-a:2", lease=1e6)["lease_s"] == 300.0

    def test_a_refused_claim_of_several_names_the_owner(self):
        self.answer("Claim", "B", who=peer("10.0.0.8"))
        no = self.refusal("Claim", "A,B,Inner", id="boot-a:1")
        assert no.code == 12
        assert "(10.0.0.8)" in str(no)

    def test_arguments_that_make_no_sense_are_004(self):
        wrong = (
            {"valves": "A"},
            {"valves": [1]},
            {"lease": "long"},
            {"lease": float("nan")},
            {"lease": True},
            {"wait": float("inf")},
            {"require": ["B"]},
            {"require": {"B": "unknown"}},
        )
        for members in wrong:
            assert self.refusal("Claim", "A", id="boot-a:1", **members).code == 4, members
        assert self.owners() == {}

    def test_an_unknown_switch_is_005_with_the_nearest(self):
        no = self.refusal("Claim", "A,Iner", id="boot-a:1")
        assert (no.code, "Inner" in no.why) == (5, True)
        assert self.refusal("Claim", "A", id="boot-a:2", require={"Iner": "closed"}).code == 5
        assert self.owners() == {}

    def test_a_claim_that_cannot_be_written_is_none(self):
        self.bench.store._open = False
        assert self.refusal("Claim", "A", id="boot-a:1").data["kind"] == "NotStored"
        assert self.owners() == {}

    def test_a_switch_that_must_stay_closed_is_held(self):
        self.claim("A", require={"B": "closed"})
        no = self.refusal("Open", "B", who=OTHERS)
        assert (no.code, "held closed for 10.0.0.5" in no.text) == (15, True)
        self.answer("Release", "", id="boot-a:2")
        assert self.answer("Open", "B", who=OTHERS, id="boot-b:1") == "OK"
        assert self.refusal("Claim", "A", id="boot-a:3", require={"B": "closed"}).code == 12

    def test_an_installed_client_claims_by_its_address_and_renews_with_each_request(self):
        assert self.answer("Claim", "A", lease=10)["token"] == 1
        for _ in range(3):
            self.bench.advance(6)
            self.answer("Open", "A")
        assert self.owners() == {"A": ("10.0.0.5", False)}


class Waiting(ClaimCase):
    def test_a_claim_waits_for_its_turn(self):
        token = self.claim()["token"]
        waiting = self.call("Claim", "A", who=OTHERS, id="boot-b:1", wait=20)
        late = self.call("Claim", "A", who=peer("10.0.0.7"), id="boot-c:1", wait=20)
        self.bench.advance(5)
        self.assertNoResult(waiting)
        self.answer("Release", str(token), id="boot-a:2")
        assert self.successResultOf(waiting)["token"] == token + 1
        self.assertNoResult(late)
        assert self.owners() == {"A": ("10.0.0.6", False)}

    def test_without_a_wait_it_is_refused_at_once(self):
        self.claim()
        no = self.refusal("Claim", "A", who=OTHERS, id="boot-b:1")
        assert (no.code, "A is claimed by 10.0.0.5" in no.text) == (12, True)

    def test_a_wait_ends(self):
        self.claim(lease=300)
        assert self.refusal("Claim", "A", who=OTHERS, id="boot-b:1", wait=2, seconds=3).code == 12

    def test_a_node_that_stops_lets_nobody_wait(self):
        self.claim()
        waiting = self.call("Claim", "A", who=OTHERS, id="boot-b:1", wait=20)
        self.manager.stop()
        assert "stopping" in self.failureResultOf(waiting).value.text


class Lost(ClaimCase):
    def setUp(self):
        super().setUp()
        self.token = self.claim(lease=5)["token"]
        self.answer("Open", "A", id="boot-a:2")
        self.bench.advance(6)

    def test_an_orphan_may_be_closed_and_not_opened(self):
        assert self.owners() == {"A": ("10.0.0.5", True)}
        assert [e.orphaned for e in self.bench.events if isinstance(e, OwnerChanged)] == [False, True]
        raised = [e for e in self.bench.events if isinstance(e, AlarmRaised)]
        assert [(e.key, e.switches) for e in raised] == [("orphaned:boot-a", ("A",))]
        assert self.answer("Close", "A", who=OTHERS) == "OK"
        no = self.refusal("Open", "A", who=OTHERS, seconds=4)
        assert (no.code, "was lost" in no.text) == (12, True)

    def test_it_moves_nothing(self):
        assert [m[1:] for m in self.relays.moves] == [("101", True)]

    def test_its_owner_comes_back(self):
        assert self.claim(id="boot-a:3")["token"] == self.token
        assert self.owners() == {"A": ("10.0.0.5", False)}
        assert [e.key for e in self.bench.events if isinstance(e, AlarmCleared)] == ["orphaned:boot-a"]

    def test_anybody_releases_it_with_a_reason_only(self):
        no = self.refusal("Release", str(self.token), who=OTHERS)
        assert (no.code, "with a reason" in no.text) == (12, True)
        assert self.answer("Release", f"{self.token},its node burnt", who=OTHERS) == {"released": ["A"]}
        assert self.owners() == {}
        assert [e.key for e in self.bench.events if isinstance(e, AlarmCleared)] == ["orphaned:boot-a"]

    def test_an_owner_that_comes_back_while_it_is_released_claims_what_is_free_then(self):
        store, written = self.manager.store, Deferred()
        commit, store.commit = store.commit, lambda *records: written
        releasing = self.call("Release", f"{self.token},its node burnt", who=OTHERS)
        store.commit = commit
        coming_back = self.call("Claim", "A", id="boot-a:3")
        self.bench.advance(1)
        self.assertNoResult(coming_back)
        written.callback(None)
        self.bench.advance(1)
        assert self.successResultOf(releasing) == {"released": ["A"]}
        assert self.successResultOf(coming_back)["token"] > self.token
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_a_restart_frees_nothing(self):
        self.start(self.bench.actuators, boot="boot2")
        assert self.owners() == {"A": ("10.0.0.5", True)}
        self.bench.read_all()
        assert self.refusal("Open", "A", who=OTHERS, seconds=4).code in (12, 15)
        assert self.claim("B", who=OTHERS, id="boot-b:1")["token"] > self.token


class Releases(ClaimCase):
    def test_by_token_or_by_session(self):
        token = self.claim()["token"]
        assert self.answer("Release", "", id="boot-a:2", token=token) == {"released": ["A"]}
        self.claim("B", id="boot-a:3")
        assert self.answer("Release", id="boot-a:4") == {"released": ["B"]}
        assert self.owners() == {}

    def test_a_standing_claim_of_another_is_not_released(self):
        token = self.claim()["token"]
        assert self.refusal("Release", f"{token},I want it", who=OTHERS, id="boot-b:1").code == 12
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_no_such_claim_is_004(self):
        self.claim()
        for argument in ("99", "A", "\u00b2", "9" * 5000, "-1", "1.0"):
            assert self.refusal("Release", argument, id="boot-a:2").code == 4, argument
        assert self.refusal("Release", "", who=OTHERS, id="boot-b:1").code == 4

    def test_a_release_that_cannot_be_written_frees_nothing(self):
        token = self.claim()["token"]
        self.bench.store._open = False
        assert self.refusal("Release", str(token), id="boot-a:2").data["kind"] == "NotStored"
        assert self.owners() == {"A": ("10.0.0.5", False)}

    def test_a_stop_keeps_claims_on_disk(self):
        self.claim("A,B")
        self.start(self.bench.actuators, boot="boot2")
        assert self.owners() == {"A": ("10.0.0.5", False), "B": ("10.0.0.5", False)}
