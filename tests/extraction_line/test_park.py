"""The park sequence and its triggers: the same rules as everybody, stopped at the first refusal with an alarm."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from pychron.config.problems import Place
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.parking.park import Parking
from pychron.extraction_line.parking.park_file import (
    DEFAULTS,
    CloseStep,
    Do,
    MessageStep,
    OpenStep,
    ParkSpec,
    RaiseFunnelStep,
    Trigger,
    WaitStep,
)
from pychron.extraction_line.parking.safe_verb import SafeVerb
from pychron.rpc.verbs import Call
from pychron.trust.rights import Peer, Right
from tests.extraction_line.verb_bench import VerbCase, peer

AT = Place("park.yaml", 1)


class Gauges:
    def __init__(self):
        self.values = {}

    def fresh(self):
        return self.values


class ParkCase(VerbCase):
    def setUp(self):
        super().setUp()
        self.gauges = Gauges()

    def parking(self, *steps, sound=True, **triggers):
        spec = ParkSpec({**DEFAULTS, **triggers}, steps, sound)
        self.parked = Parking(self.manager, spec, lambda: self.gauges)
        return self.parked

    def begin(self, *steps, **more):
        return Deferred.fromCoroutine(self.parking(*steps, **more).run("a test"))

    def run_it(self, *steps, seconds=10, **more):
        running = self.begin(*steps, **more)
        self.bench.advance(seconds)
        return [(t.step, t.ok) for t in self.successResultOf(running)]

    def alarms(self):
        return [e for e in self.bench.events if isinstance(e, AlarmRaised)]


class Sequence(ParkCase):
    def test_every_step_in_order(self):
        self.answer("Open", "Inner")
        self.gauges.values["IG1"] = 1e-9
        steps = (
            CloseStep(("Inner", "Outer"), AT),
            WaitStep(5.0, AT),
            OpenStep("A", "IG1 < 1e-5", AT),
            MessageStep("line parked", AT),
        )
        assert self.run_it(*steps) == [
            ("close Inner", True),
            ("close Outer", True),
            ("wait 5 s", True),
            ("open A", True),
            ("message", True),
        ]
        moves = self.relays.moves
        assert [m[1:] for m in moves] == [("103", True), ("103", False), ("101", True)]
        assert moves[2][0] - moves[1][0] > 5.0
        assert self.alarms() == []

    def test_it_stops_at_the_first_refusal_with_an_alarm(self):
        self.answer("Open", "B")
        self.gauges.values["IG1"] = 1e-9
        steps = (OpenStep("A", "IG1 < 1e-5", AT), CloseStep(("B",), AT))
        assert self.run_it(*steps) == [("open A", False)]
        assert self.bench.states()["B"] == "open"
        (alarm,) = self.alarms()
        assert alarm.key == "park"
        assert alarm.text.startswith("park sequence (a test) stopped at open A: A: interlocked by B, open")

    def test_silent_hardware_stops_it(self):
        self.answer("Open", "B")
        self.answer("Open", "Inner")
        self.relays.fates.append("silent")
        assert self.run_it(CloseStep(("B", "Inner"), AT)) == [("close B", False)]
        assert self.bench.states()["Inner"] == "open"

    def test_a_lock_stops_it(self):
        self.answer("Open", "B")
        self.answer("Lock", "B,a person works on it")
        assert self.run_it(CloseStep(("B",), AT)) == [("close B", False)]

    def test_a_condition_that_does_not_hold_or_cannot_be_known(self):
        for values in ({"IG1": 1.0}, {}, {"IG1": float("nan")}):
            self.gauges.values = values
            assert self.run_it(OpenStep("A", "IG1 < 1e-5", AT)) == [("open A", False)], values
        assert self.relays.moves == []
        assert len(self.alarms()) == 1

    def test_a_good_end_clears_the_alarm(self):
        self.run_it(OpenStep("A", "IG1 < 1e-5", AT))
        self.run_it(CloseStep(("A",), AT))
        assert [e.key for e in self.bench.events if isinstance(e, AlarmCleared)] == ["park"]

    def test_a_step_of_other_hardware_is_refused(self):
        assert self.run_it(RaiseFunnelStep(AT), CloseStep(("A",), AT)) == [("raise funnel", False)]

    def test_a_file_with_an_error_moves_nothing(self):
        self.answer("Open", "B")
        assert self.run_it(CloseStep(("B",), AT), sound=False) == [("park.yaml", False)]
        assert self.bench.states()["B"] == "open"

    def test_one_at_a_time(self):
        first = self.begin(WaitStep(2.0, AT))
        again = Deferred.fromCoroutine(self.parked.run("again"))
        assert [t.ok for t in self.successResultOf(again)] == [False]
        self.bench.advance(3)
        assert [t.ok for t in self.successResultOf(first)] == [True]
        assert not self.parked.running

    def test_it_closes_what_somebody_owns(self):
        self.answer("Claim", "A", id="boot-a:1")
        self.answer("Open", "A", id="boot-a:2")
        assert self.run_it(CloseStep(("A",), AT)) == [("close A", True)]


class Triggers(ParkCase):
    SEQUENCE = Trigger(Do.SEQUENCE, 60.0)

    def setUp(self):
        super().setUp()
        self.answer("Open", "A")
        self.answer("Open", "Inner")

    def closed(self):
        return [m[1] for m in self.relays.moves if not m[2]]

    def test_the_sequence_after_its_delay(self):
        self.parking(CloseStep(("A",), AT), on_owner_lost=self.SEQUENCE)
        self.parked.trigger("on_owner_lost", lambda: True, "10.0.0.5 was lost")
        self.bench.advance(59, step=1)
        assert self.closed() == []
        self.bench.advance(3)
        assert self.closed() == ["101"]

    def test_nothing_where_it_no_longer_holds(self):
        self.parking(CloseStep(("A",), AT), on_owner_lost=self.SEQUENCE)
        self.parked.trigger("on_owner_lost", lambda: False, "10.0.0.5 was lost")
        self.bench.advance(70, step=1)
        assert self.closed() == []

    def test_hold_is_the_default(self):
        self.parking(CloseStep(("A",), AT))
        self.parked.trigger("on_owner_lost", lambda: True, "10.0.0.5 was lost")
        self.bench.advance(1000, step=10)
        assert (self.closed(), self.alarms()) == ([], [])

    def test_an_alarm_that_ends(self):
        self.parking()
        self.parked.trigger("on_orphaned_for", lambda: True, "A stays orphaned")
        self.bench.advance(299, step=1)
        assert self.alarms() == []
        self.bench.advance(2, step=1)
        assert [(a.key, a.text) for a in self.alarms()] == [
            ("on_orphaned_for", "A stays orphaned (on_orphaned_for)")
        ]
        self.parked.clear("on_orphaned_for", "A was released")
        self.bench.advance(0.1)
        assert [e.key for e in self.bench.events if isinstance(e, AlarmCleared)] == ["on_orphaned_for"]

    def test_the_return_of_one_owner_does_not_end_the_wait_for_another(self):
        lost = {"A": True, "B": True}
        self.parking()
        for name in lost:
            self.parked.trigger("on_orphaned_for", lambda n=name: lost[n], f"{name} stays orphaned", name)
        self.bench.advance(200, step=1)
        lost["A"] = False
        self.parked.look_again("on_orphaned_for")
        self.bench.advance(101, step=1)
        assert [a.text for a in self.alarms()] == ["B stays orphaned (on_orphaned_for)"]

    def test_an_owner_lost_again_is_waited_for_anew(self):
        lost = {"A": True}
        self.parking(CloseStep(("A",), AT), on_owner_lost=self.SEQUENCE)
        self.parked.trigger("on_owner_lost", lambda: lost["A"], "lost", "A")
        self.bench.advance(50, step=1)
        lost["A"] = False
        self.parked.look_again("on_owner_lost")
        lost["A"] = True
        self.parked.trigger("on_owner_lost", lambda: lost["A"], "lost again", "A")
        self.bench.advance(50, step=1)
        assert self.closed() == []
        self.bench.advance(12, step=1)
        self.bench.advance(1)
        assert self.closed() == ["101"]

    def test_a_node_that_stops_fires_none(self):
        self.parking(CloseStep(("A",), AT), on_owner_lost=self.SEQUENCE)
        self.parked.trigger("on_owner_lost", lambda: True, "10.0.0.5 was lost")
        self.parked.stop()
        self.bench.advance(70, step=1)
        assert self.closed() == []


class Safe(ParkCase):
    def ask(self, *steps):
        (verb,) = SafeVerb(self.parking(*steps)).verbs()
        assert (verb.right, verb.moves, verb.jumps) == (Right.OPERATE, True, True)
        call = Call("Safe", "", peer("10.0.0.6"), self.clock.seconds())
        asked = Deferred.fromCoroutine(verb.handler(call))
        self.bench.advance(5)
        return self.successResultOf(asked)

    def test_each_step_is_answered(self):
        self.answer("Claim", "A", id="boot-a:1")
        self.answer("Open", "A", id="boot-a:2")
        assert self.ask(CloseStep(("A", "B"), AT)) == {
            "ok": True,
            "steps": [
                {"step": "close A", "ok": True, "text": "driven and read back"},
                {"step": "close B", "ok": True, "text": "was so already"},
            ],
        }

    def test_the_refused_step_is_the_last(self):
        found = self.ask(OpenStep("A", "IG1 < 1e-5", AT), CloseStep(("B",), AT))
        assert found["ok"] is False
        assert [s["step"] for s in found["steps"]] == ["open A"]
        assert "needs IG1, which has no fresh value" in found["steps"][0]["text"]

    def test_it_does_not_open_what_another_owns(self):
        self.answer("Claim", "A", id="boot-a:1")
        self.gauges.values["IG1"] = 1e-9
        assert self.ask(OpenStep("A", "IG1 < 1e-5", AT))["ok"] is False

    def test_a_peer_keeps_its_name_in_the_audit(self):
        peers = []
        parking = self.parking(CloseStep(("A",), AT))

        async def run(why, by):
            peers.append((why, by))
            return []

        parking.run = run
        (verb,) = SafeVerb(parking).verbs()
        call = Call("Safe", "", Peer("10.0.0.6", 7, Right.OPERATE, "jr"), 0.0)
        self.successResultOf(Deferred.fromCoroutine(verb.handler(call)))
        assert peers == [("MAKE SAFE by 10.0.0.6:7", Peer("10.0.0.6", 7, Right.ADMINISTER, "jr"))]


class Orphans(ParkCase):
    """Rule 17: freed by their session, an operator, or a park sequence that has ended."""

    def setUp(self):
        super().setUp()
        self.answer("Claim", "A", id="boot-a:1", lease=5)
        self.answer("Open", "A", id="boot-a:2")

    def lose(self):
        self.bench.advance(6)
        assert self.manager.view("A").orphaned

    def test_a_sequence_that_has_ended_frees_them_and_says_so(self):
        self.lose()
        assert self.run_it(CloseStep(("A",), AT)) == [("close A", True)]
        assert (self.manager.view("A").owner, self.manager.view("A").orphaned) == ("", False)
        cleared = [e for e in self.bench.events if isinstance(e, AlarmCleared)]
        assert [e.key for e in cleared] == ["orphaned:boot-a"]
        assert self.answer("Open", "A", who=peer("10.0.0.6")) == "OK"

    def test_one_that_stopped_on_its_way_frees_none(self):
        self.lose()
        assert self.run_it(CloseStep(("A",), AT), RaiseFunnelStep(AT))[-1] == ("raise funnel", False)
        assert self.manager.view("A").orphaned

    def test_one_without_a_step_frees_none(self):
        self.lose()
        assert self.run_it() == []
        assert self.manager.view("A").orphaned

    def test_an_owner_that_came_back_meanwhile_keeps_its_claim(self):
        self.lose()
        running = self.begin(WaitStep(3.0, AT))
        self.bench.advance(1)
        self.answer("Claim", "A", id="boot-a:3", lease=60)
        self.bench.advance(5)
        self.successResultOf(running)
        assert (self.manager.view("A").owner, self.manager.view("A").orphaned) == ("10.0.0.5", False)

    def test_one_that_was_lost_during_the_sequence_stays(self):
        self.run_it(WaitStep(8.0, AT), seconds=12)
        assert self.manager.view("A").orphaned

    def test_a_disk_that_fails_leaves_them(self):
        self.lose()
        running = self.begin(CloseStep(("A",), AT), WaitStep(3.0, AT))
        self.bench.advance(1)
        self.bench.store._open = False
        self.bench.advance(5)
        self.successResultOf(running)
        assert self.manager.view("A").orphaned
