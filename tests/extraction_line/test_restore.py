"""A node that died comes back: what its file said is shown, not believed, and nothing moves."""

from __future__ import annotations

from pathlib import Path

from pychron.extraction_line.errors import Interlocked, NoResponse
from pychron.extraction_line.events import AlarmCleared, AlarmRaised
from pychron.extraction_line.specs import LineSpec
from pychron.observability.audit_reader import read_audit
from tests.extraction_line.clocked_relays import ClockedRelays
from tests.extraction_line.verb_bench import VerbCase, line, peer


class Restarts(VerbCase):
    def restart(self):
        """Another process over the same relays: its connection is a new one."""
        self.bench.store._open = False  # the dead write nothing any more
        old = self.relays
        new = ClockedRelays(self.clock)
        new.on, new.moves, new._epoch = old.on, old.moves, old._epoch + 100
        self.start({"switch_controller": new}, boot=self.manager.world.boot + "+")

    def die_while(self, verb, name, **more):
        self.relays.takes_s = 5.0
        self.call(verb, name, **more)
        self.bench.advance(1)
        self.relays.takes_s = 0.05
        self.restart()

    def keys(self, kind):
        return [e.key for e in self.bench.events if isinstance(e, kind)]

    def settle(self):
        self.bench.advance(3)
        self.bench.read_all()
        self.bench.read_all()

    def test_the_last_state_is_shown_and_not_believed(self):
        self.answer("Open", "A")
        moves = list(self.relays.moves)
        self.restart()
        valve = self.answer("ListValves", seconds=0)["valves"][0]
        assert (valve["state"], valve["last_known"]["state"]) == ("unknown", "open")
        self.failureResultOf(self.bench.ask("B", "open"))
        self.bench.read_all()
        assert self.bench.states()["A"] == "open"
        self.failureResultOf(self.bench.ask("B", "open"), Interlocked)
        assert self.relays.moves == moves

    def test_locks_counts_and_manual_valves_come_back(self):
        self.answer("Lock", "B,leak test")
        self.answer("Confirm", "T,open,turned it")
        for verb, name in (("Open", "Inner"), ("Close", "Inner"), ("Open", "Outer")):
            self.answer(verb, name, seconds=4)
        self.restart()
        valves = {v["name"]: v for v in self.answer("ListValves")["valves"]}
        assert valves["B"]["lock"]["why"] == "leak test"
        assert (valves["T"]["state"], valves["T"]["evidence"]) == ("open", "declared")
        assert self.answer("GetPipetteCount", "Air") == 1
        assert self.manager.counts.switches["Inner"].count == 2

    def test_a_manual_valve_is_as_old_as_its_declaration(self):
        self.answer("Confirm", "T,open,turned it")
        self.bench.advance(600, step=10)
        self.restart()
        valve = next(v for v in self.answer("ListValves")["valves"] if v["name"] == "T")
        assert 600 <= valve["age_s"] < 610

    def test_a_lock_that_was_taken_away_stays_away(self):
        self.answer("Lock", "B,leak test")
        self.answer("Unlock", "B,done")
        self.restart()
        assert self.answer("GetValveLockState", "B") is False

    def test_an_open_that_was_under_way_is_unknown_until_read_late_enough(self):
        self.die_while("Open", "A", id="boot-a:1")
        self.bench.advance(0.1)
        assert [k.partition(":")[0] for k in self.keys(AlarmRaised)] == ["interrupted"]
        self.bench.read_all()
        assert self.bench.states()["A"] == "unknown"
        self.failureResultOf(self.bench.ask("B", "open", id="boot-b:1"), Interlocked)
        self.settle()
        assert self.bench.states()["A"] == "open"
        assert self.keys(AlarmCleared) == self.keys(AlarmRaised)
        assert len(self.relays.moves) == 1

    def test_its_id_gets_no_success(self):
        self.die_while("Open", "A", id="boot-a:1")
        no = self.failureResultOf(self.bench.ask("A", "open", id="boot-a:1"), NoResponse).value
        assert "outcome is unknown" in no.why

    def test_the_audit_says_each_deed_once(self):
        self.answer("Open", "B", who=peer("10.0.0.6"))
        self.answer("Close", "B", who=peer("10.0.0.6"))
        self.die_while("Open", "A", id="boot-a:1")
        self.bench.advance(0.1)

        def audit():
            return [(e.what, e.switch, e.result) for e in read_audit(Path(self.path))]

        done = [("open", "B", "done"), ("close", "B", "done")]
        assert sorted(audit()) == sorted([*done, ("open", "A", "")])
        self.settle()
        self.restart()
        self.bench.advance(0.1)
        assert self.keys(AlarmRaised) == []
        assert audit() == [*done, ("open", "A", "NoResponse")]

    def test_two_deaths_keep_the_doubt(self):
        self.die_while("Open", "A", id="boot-a:1")
        self.restart()
        self.bench.advance(0.1)
        assert [k.partition(":")[0] for k in self.keys(AlarmRaised)] == ["interrupted"]
        assert self.bench.states()["A"] == "unknown"
        self.settle()
        self.restart()
        self.bench.advance(0.1)
        assert self.keys(AlarmRaised) == []

    def test_a_shot_that_was_under_way_counts_as_taken(self):
        self.answer("Open", "Inner")
        self.answer("Close", "Inner")
        self.die_while("Open", "Outer", id="boot-a:3")
        assert self.manager.counts.pipettes["Air"].counts == 1
        self.settle()
        self.restart()
        assert self.manager.counts.pipettes["Air"].counts == 1

    def test_a_lost_owner_is_still_an_alarm(self):
        self.answer("Claim", "A", id="boot-a:1", lease=5)
        self.bench.advance(7)
        assert self.keys(AlarmRaised) == ["orphaned:boot-a"]
        self.restart()
        self.bench.advance(0.1)
        assert self.keys(AlarmRaised) == ["orphaned:boot-a"]
        assert self.manager.owners.of("A") == ("10.0.0.5", True)

    def test_a_switch_that_left_the_file_troubles_nobody(self):
        self.answer("Lock", "B,leak test")
        self.answer("Claim", "B", id="boot-a:1")
        self.relays.takes_s = 5.0
        self.call("Close", "B", id="boot-a:2")
        self.bench.advance(1)
        whole = line()
        self.spec = lambda: LineSpec(tuple(s for s in whole.switches if s.name != "B"), whole.pipettes)
        self.restart()
        self.settle()
        assert self.answer("Open", "A", id="boot-b:1") == "OK"
