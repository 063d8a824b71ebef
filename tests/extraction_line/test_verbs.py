"""The verbs of a valve controller, with right and wrong arguments."""

from __future__ import annotations

from pychron.extraction_line.words import checked, state_checksum
from pychron.trust.rights import Right
from tests.extraction_line.verb_bench import VerbCase, peer

NAMES_A_SWITCH = (
    "Open",
    "Close",
    "GetValveState",
    "GetIndicatorState",
    "Why",
    "Lock",
    "Unlock",
)


class Actuations(VerbCase):
    def test_open_changes_and_says_ok_in_capitals_only_then(self):
        assert self.answer("Open", "A") == "OK"
        self.bench.advance(3)
        assert self.answer("Open", "A", who=peer("10.0.0.6")) == "ok"
        assert self.answer("Close", "A") == "OK"
        assert [m[1:] for m in self.relays.moves] == [("101", True), ("101", False)]

    def test_the_same_id_moves_nothing_twice(self):
        assert self.answer("Open", "A", id="boot:1") == "OK"
        assert self.answer("Close", "A", id="boot:2") == "OK"
        assert self.answer("Open", "A", id="boot:1") == "OK"
        assert len(self.relays.exchanges) == 2

    def test_an_interlock_is_015_with_its_reason(self):
        self.answer("Open", "B")
        no = self.refusal("Open", "A")
        assert no.line == (
            "ERROR 015 : Valve A failed to actuate open (A: interlocked by B, open; close B first)"
        )
        assert no.data == {
            "kind": "Interlocked",
            "switch": "A",
            "why": "interlocked by B, open; close B first",
            "retry": False,
        }

    def test_a_lock_is_014_with_who_and_why(self):
        self.answer("Lock", "A,leak test")
        no = self.refusal("Open", "A")
        assert no.line.startswith("ERROR 014 : Valve A is software locked (locked by 10.0.0.5:50000: leak")

    def test_silence_is_010_and_may_be_tried_again(self):
        self.relays.fates.append("silent")
        no = self.refusal("Open", "A")
        assert no.line.startswith("ERROR 010 : no response from device (A: ")
        assert no.data["retry"]

    def test_a_wrong_read_back_is_015(self):
        self.relays.fates.append("stuck")
        assert self.refusal("Open", "A").line.startswith("ERROR 015 : Valve A failed to actuate open (A: ")

    def test_what_its_client_no_longer_waits_for_is_not_begun(self):
        self.relays.takes_s = 1.5
        self.call("Open", "Inner")
        self.bench.advance(0.1)
        assert self.refusal("Open", "A", seconds=6, within=0.5).code == 10
        assert [m[1] for m in self.relays.moves] == ["103"]

    def test_an_installed_client_gives_up_after_two_seconds(self):
        self.relays.takes_s = 2.2
        self.call("Open", "Inner")
        self.bench.advance(0.1)
        assert self.refusal("Open", "A", seconds=9).code == 10


class Names(VerbCase):
    def test_an_unknown_name_is_005_with_the_nearest(self):
        for verb in NAMES_A_SWITCH:
            no = self.refusal(verb, "Inner2")
            assert no.line.startswith("ERROR 005 : Inner2 is not a registered valve name"), verb
            assert "Inner" in no.why, verb
        assert self.refusal("Confirm", "Inner2,open,looked at it").code == 5
        assert self.relays.exchanges == []

    def test_no_name_is_004_with_what_to_write(self):
        for verb in ("Open", "Close", "GetValveState", "GetIndicatorState", "Lock", "Unlock", "Why"):
            no = self.refusal(verb, "")
            assert (no.code, f"write {verb} NAME" in no.text) == (4, True), verb

    def test_names_are_case_sensitive(self):
        assert self.refusal("Open", "a").code == 5


class Queries(VerbCase):
    def test_words_and_states(self):
        self.answer("Open", "A")
        self.answer("Confirm", "T,closed,seen")
        assert self.answer("GetValveState", "A") is True
        assert self.answer("GetValveState", "B") is False
        word = checked("A1,B0,Inner0,Outer0,T0")
        assert self.answer("GetValveStates") == self.answer("GetStateWord") == word

    def test_what_is_unknown_is_open_to_plain_clients(self):
        self.relays.fates.append("silent")
        self.refusal("Open", "A")
        assert self.bench.states()["A"] == "unknown"
        assert self.answer("GetValveState", "A") is True
        assert self.answer("GetIndicatorState", "A") is True
        assert self.answer("GetValveStates").startswith("A1,B0,")
        assert {v["name"]: v["state"] for v in self.answer("ListValves")["valves"]}["A"] == "unknown"

    def test_a_manual_valve_that_nobody_declared_is_open_to_plain_clients(self):
        (valve,) = [v for v in self.answer("ListValves")["valves"] if v["name"] == "T"]
        assert valve["state"] == "unknown"

    def test_locks(self):
        assert self.answer("GetValveLockState", "A") is False
        assert self.answer("Lock", "A,leak test") is True
        assert self.answer("GetValveLockState", "A") is True
        assert self.answer("GetValveLockState", "Nobody") is None
        word = checked("A1,B0,Inner0,Outer0,T0")
        assert self.answer("GetValveLockStates") == self.answer("GetLockWord") == word
        assert self.answer("Unlock", "A,found it") is True
        assert self.answer("GetLockWord") == checked("A0,B0,Inner0,Outer0,T0")

    def test_a_lock_with_an_id_is_answered_as_json(self):
        found = self.answer("Lock", "A", id="boot:1", why="leak test")
        assert (found["who"], found["why"]) == ("10.0.0.5:50000", "leak test")

    def test_the_checksum_takes_the_switches_that_exist_in_the_order_asked(self):
        items = {n: (self.manager.view(n).kind, n, False, False) for n in ("A", "B")}
        assert self.answer("GetStateChecksum", "B,A,Nobody") == str(state_checksum(items[n] for n in "BA"))
        assert self.answer("GetStateChecksum", "") == "0"

    def test_the_indicator_asks_the_hardware(self):
        self.relays.on["101"] = True
        assert self.answer("GetValveState", "A") is False
        assert self.answer("GetIndicatorState", "A") is True
        assert self.answer("GetIndicatorState", "A", id="boot:1")["evidence"] == "relay"

    def test_pipettes(self):
        for verb, name in (("Open", "Inner"), ("Close", "Inner"), ("Open", "Outer")):
            self.answer(verb, name, seconds=4)
        assert self.answer("GetPipetteCount", "air ") == 1
        assert self.answer("GetPipetteCount", "Cocktail") == 0
        assert self.answer("GetPipetteCounts").startswith("[{'counts': 1, 'last_shot_time': '")
        whole = self.answer("GetPipetteCounts", id="boot:9")
        assert [(p["name"], p["inner"], p["counts"]) for p in whole] == [("Air", "Inner", 1)]

    def test_the_list_says_all(self):
        self.answer("Lock", "A,leak test")
        found = self.answer("ListValves")
        assert (found["boot"], found["simulated"], found["alarms"]) == ("boot1", False, [])
        valve = found["valves"][0]
        assert (valve["name"], valve["state"], valve["evidence"]) == ("A", "closed", "relay")
        assert (valve["lock"]["why"], valve["interlocks"]) == ("leak test", ["B"])
        assert found["valves"][1]["settling_s"] == 0.3
        assert found["valves"][1]["interlocks"] == ["A"]

    def test_why(self):
        assert self.answer("Why", "A,open") == []
        self.answer("Lock", "A,leak test")
        self.answer("Open", "B")
        by_b, locked = self.answer("Why", "A")
        assert ("close B first" in by_b, "unlock it first" in locked) == (True, True)
        assert self.answer("Why", "A", action="open") == [by_b, locked]
        assert self.answer("Why", "B,close") == []
        assert self.refusal("Why", "A,turn").code == 4

    def test_why_of_a_manual_valve_does_not_wait_for_a_reading(self):
        (told,) = self.answer("Why", "T,open")
        assert "turn it by hand" in told


class ByHand(VerbCase):
    def test_a_person_declares_a_manual_valve(self):
        no = self.refusal("Open", "T")
        assert (no.code, no.data["kind"]) == (15, "NotConfirmed")
        assert "manual:T" in self.answer("ListValves")["alarms"]
        assert self.answer("Confirm", "T,open,turned it") is True
        assert self.answer("ListValves")["alarms"] == []
        assert self.answer("Open", "T") == "ok"
        found = self.answer("Confirm", "T", id="boot:1", state="closed", why="turned it back")
        assert (found["state"], found["evidence"]) == ("closed", "declared")

    def test_a_name_with_a_comma_in_it_declares_no_other_valve(self):
        no = self.refusal("Confirm", "T,x", id="boot:1", state="open", why="looked")
        assert (no.code, "T,x" in no.text) == (5, True)
        (valve,) = [v for v in self.answer("ListValves")["valves"] if v["name"] == "T"]
        assert valve["state"] == "unknown"

    def test_what_can_be_read_is_not_declared(self):
        no = self.refusal("Confirm", "A,open,I think so")
        assert (no.code, "GetIndicatorState" in no.text) == (15, True)
        assert self.bench.states()["A"] == "closed"

    def test_a_declaration_without_reason_or_state_is_004(self):
        for argument in ("T,open", "T,open, ", "T,ajar,looked", "T", ""):
            assert self.refusal("Confirm", argument).code == 4, argument


class Rights(VerbCase):
    def test_whatever_changes_something_takes_the_right_to_operate(self):
        verbs = self.table.all()
        changes = [v.name for v in verbs if v.right >= Right.OPERATE]
        assert changes == ["Claim", "Close", "Confirm", "Lock", "Open", "Release", "Unlock"]
        assert [v.name for v in verbs if v.moves] == ["Close", "Open"]
        assert [v.name for v in verbs if v.jumps] == ["Close"]
