"""Who takes whose place: superseded, refused, waiting and joined commands, step by step."""

from __future__ import annotations

from pychron.extraction_line.claims.leases import Leases, Waiting
from pychron.extraction_line.errors import (
    Held,
    Locked,
    NoResponse,
    NotConfirmed,
    NotOwner,
    NotStored,
    Superseded,
)
from pychron.extraction_line.events import AlarmRaised
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.states import Action, Kind, Lock, State
from pychron.hardware.interfaces import Mark, Reading
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import Rig, build_line, spec


class Scene:
    """A rig that numbers its requests."""

    def __init__(self, *specs, opened=(), unreadable=()):
        self.rig = Rig(lambda: build_line(*specs, unreadable=unreadable), opened)
        self.machine, self.line = self.rig.machine, self.rig.machine.line
        self.number = 0
        self.rig.poll()
        self.rig.run()

    def ask(self, name, action, peer="1", id=None, within=60.0):
        self.number += 1
        command = Command(
            name, Action(action), Peer(peer, right=Right.OPERATE), self.rig.now, within=within, id=id
        )
        self.rig.ask(self.number, command)
        return self.number

    def reply(self, number):
        return self.rig.replies.get(number)

    def deny(self, name, action):
        def access(switch, turn):
            return NotOwner(switch, "claimed") if (switch, turn) == (name, Action(action)) else None

        self.machine._grounds = lambda command, now: Grounds(access, lambda switch: "")

    def driven(self):
        return [(name, opens) for _, name, opens in self.rig.begun_log]


def test_a_close_that_takes_the_place_of_one_being_confirmed_is_not_overtaken_by_a_waiting_open():
    scene = Scene(spec("A"), opened=("A",))
    first, waiting = scene.ask("A", "open", "1"), scene.ask("A", "open", "2")
    closing = scene.ask("A", "close", "3")
    scene.rig.run()
    assert isinstance(scene.reply(first), Superseded) and isinstance(scene.reply(waiting), Superseded)
    assert scene.reply(closing) == Done("A", Action.CLOSE, changed=True)
    assert scene.driven() == [("A", False)]


def test_an_older_open_that_waits_does_not_open_behind_a_newer_close():
    scene = Scene(spec("A"))
    first, waiting = scene.ask("A", "open", "1"), scene.ask("A", "open", "2")
    closing = scene.ask("A", "close", "3")
    scene.rig.run()
    assert [type(scene.reply(n)) for n in (first, waiting, closing)] == [Superseded, Superseded, Done]
    assert not scene.rig.relays.on["A"]


def test_a_newer_open_that_waits_gets_its_turn_after_the_close():
    scene = Scene(spec("A"), opened=("A",))
    closing, waiting = scene.ask("A", "close", "1"), scene.ask("A", "open", "2")
    scene.rig.run()
    assert scene.reply(closing).changed and scene.reply(waiting).changed
    assert scene.driven() == [("A", False), ("A", True)]


def test_a_close_that_is_refused_takes_nobodys_place():
    scene = Scene(spec("A"))
    opening = scene.ask("A", "open", "1")
    scene.deny("A", "close")
    assert isinstance(scene.reply(scene.ask("A", "close", "2")), NotOwner)
    assert scene.line.switches["A"].reserved_for is Action.OPEN
    scene.rig.run()
    assert scene.reply(opening).changed and scene.driven() == [("A", True)]


def test_a_close_waits_behind_no_open_though_a_child_turns_the_other_way():
    scene = Scene(spec("P"), spec("N", parent="P", parent_inverted=True), opened=("N",))
    opening = scene.ask("P", "open", "1")
    scene.rig.write_disk()
    scene.rig.turn()  # N is closed; P is not open yet
    closing = scene.ask("P", "close", "2")
    scene.rig.run()
    assert isinstance(scene.reply(opening), Superseded) and isinstance(scene.reply(closing), Done)
    assert ("P", True) not in scene.driven()
    assert scene.rig.relays.on == {"P": False, "N": True}


def test_the_same_id_that_waits_twice_is_driven_once():
    scene = Scene(spec("U"), unreadable=("U",))
    scene.ask("U", "close", "1")
    twice = [scene.ask("U", "open", "2", id="b:1") for _ in range(2)]
    scene.rig.run()
    assert scene.driven() == [("U", False), ("U", True)]
    assert [scene.reply(n).changed for n in twice] == [True, True]


def test_what_a_peer_no_longer_wants_frees_its_switches_for_those_who_wait():
    scene = Scene(spec("P"), spec("K", parent="P"), opened=("P", "K"))
    confirming = scene.ask("P", "open", "1")
    waiting = scene.ask("K", "open", "2")
    scene.deny("P", "close")
    refused = scene.ask("P", "close", "1")
    assert isinstance(scene.reply(confirming), Superseded) and isinstance(scene.reply(refused), NotOwner)
    scene.rig.run()
    assert scene.reply(waiting) == Done("K", Action.OPEN, changed=False)


def test_a_lock_or_an_owner_that_came_between_plan_and_drive_is_obeyed():
    for came in ("lock", "hold"):
        scene = Scene(spec("A"))
        asked = scene.ask("A", "open")
        scene.rig.write_disk()
        if came == "lock":
            scene.line.switches["A"].lock = Lock("op", "leak", 1.0)
        else:
            scene.line.holds["A"] = (State.CLOSED, "other")
        scene.rig.run()
        assert scene.driven() == [] and not isinstance(scene.reply(asked), Done)
        assert not scene.machine.busy and not scene.line.switches["A"].reserved


def test_a_lock_in_the_middle_of_a_plan_stops_the_child_and_leaves_an_alarm():
    scene = Scene(spec("P"), spec("K", parent="P"))
    asked = scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn()
    scene.line.switches["K"].lock = Lock("op", "leak", 1.0)
    scene.rig.run()
    assert scene.driven() == [("P", True)]
    assert "K" in scene.reply(asked).failed_children[0]
    assert scene.machine.observer.standing() == ("child:K",)


def test_a_locked_switch_that_reads_otherwise_is_not_driven():
    scene = Scene(spec("A"), opened=("A",))
    scene.line.switches["A"].lock = Lock("op", "leak", 1.0)
    asked = scene.ask("A", "open")
    scene.rig.relays.on["A"] = False
    scene.rig.run()
    assert isinstance(scene.reply(asked), Locked) and scene.driven() == []


def test_a_dependant_that_is_opened_while_its_supply_waits_for_the_channel_keeps_it_open():
    scene = Scene(spec("V"), spec("A", positive_interlocks=("V",)), opened=("V",))
    closing = scene.ask("V", "close", "1")
    refused = scene.ask("A", "open", "2")
    assert "V must be confirmed open" in str(scene.reply(refused))
    scene.rig.run()
    assert scene.reply(closing).changed
    scene.ask("V", "open")
    scene.rig.run()
    opening, refused = scene.ask("A", "open", "2"), scene.ask("V", "close", "1")
    assert isinstance(scene.reply(refused), Held)
    scene.rig.run()
    assert scene.reply(opening).changed


def test_silence_in_the_middle_of_a_plan_keeps_what_has_moved_in_the_reply():
    scene = Scene(spec("P"), spec("K", parent="P"), spec("L", parent="P"))
    asked = scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn()
    scene.rig.turn()
    scene.rig.turn("silent_never")
    scene.rig.run()
    done = scene.reply(asked)
    assert done.changed and len(done.failed_children) == 1 and "K" in done.failed_children[0]
    assert scene.driven() == [("P", True), ("K", True), ("L", True)]
    assert scene.line.switches["K"].state is State.UNKNOWN


def test_a_parent_that_is_silent_turns_no_child():
    scene = Scene(spec("P"), spec("K", parent="P"))
    asked = scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn("silent_never")
    scene.rig.run()
    assert isinstance(scene.reply(asked), NoResponse) and scene.driven() == [("P", True)]


def test_a_child_that_closed_before_its_parent_failed_leaves_an_alarm():
    scene = Scene(spec("P"), spec("N", parent="P", parent_inverted=True), opened=("N",))
    asked = scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn()  # N is closed
    scene.rig.turn()  # and read back
    scene.rig.turn("rejected")
    scene.rig.run()
    assert not isinstance(scene.reply(asked), Done)
    assert scene.rig.relays.on == {"P": False, "N": False}
    assert scene.machine.observer.standing() == ("child:P",)
    scene.ask("P", "open", "2")
    scene.rig.run()
    assert scene.machine.observer.standing() == ()


def test_the_alarm_of_a_child_ends_when_it_is_turned():
    scene = Scene(spec("P"), spec("K", parent="P"))
    scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn()
    scene.rig.turn()
    scene.rig.turn("rejected")
    scene.rig.run()
    assert scene.machine.observer.standing() == ("child:K",)
    scene.ask("K", "open")
    scene.rig.run()
    assert scene.machine.observer.standing() == ()


def test_a_manual_child_is_turned_by_nobody_but_a_person():
    switches = (spec("P"), spec("M", parent="P", kind=Kind.MANUAL_VALVE))
    scene = Scene(*switches)
    refused = scene.ask("P", "open")
    assert isinstance(scene.reply(refused), NotConfirmed) and scene.driven() == []
    scene.rig.take(scene.machine.declared("M", True, scene.rig.now, scene.rig.now))
    opening = scene.ask("P", "open")
    scene.rig.run()
    assert scene.reply(opening) == Done("P", Action.OPEN, changed=True)
    closing = scene.ask("P", "close")
    scene.rig.run()
    assert "M: a manual valve" in scene.reply(closing).failed_children[0]
    assert scene.driven() == [("P", True), ("P", False)]
    assert scene.line.switches["M"].state is State.OPEN


def test_an_acknowledged_close_without_supply_is_not_believed():
    scene = Scene(spec("A"), spec("B", interlocks=("A",)), unreadable=("A",))
    scene.line.switches["A"].starved = "no air"
    closing = scene.ask("A", "close")
    scene.rig.run()
    assert isinstance(scene.reply(closing), NoResponse)
    assert scene.line.switches["A"].state is State.UNKNOWN
    scene.line.switches["A"].state = State.CLOSED  # not yet looked at: it counts as unknown at once
    scene.rig.run()
    assert "interlocked by A, unknown" in str(scene.reply(scene.ask("B", "open")))


def test_a_disk_that_fails_refuses_what_opens_and_lets_closing_and_switching_off_go_on():
    scene = Scene(spec("V"), spec("S", kind=Kind.SWITCH), opened=("V", "S"))
    for name, action in (("V", "close"), ("S", "close"), ("V", "open"), ("S", "open")):
        asked = scene.ask(name, action)
        scene.rig.write_disk(fails=True)
        scene.rig.run()
        assert isinstance(scene.reply(asked), Done if action == "close" else NotStored)
    assert scene.driven() == [("V", False), ("S", False)]
    assert not scene.machine.busy


def test_a_plan_may_close_the_partner_of_what_it_opens():
    scene = Scene(
        spec("P"),
        spec("K", parent="P", interlocks=("N",)),
        spec("N", parent="P", parent_inverted=True),
        opened=("N",),
    )
    opening = scene.ask("P", "open")
    scene.rig.run()
    assert scene.reply(opening) == Done("P", Action.OPEN, changed=True)
    assert scene.driven() == [("N", False), ("P", True), ("K", True)]
    assert not scene.rig.relays.violations


def test_a_plan_that_would_bring_the_funnel_down_before_the_gate_is_refused_whole():
    scene = Scene(spec("F"), spec("G", parent="F", close_requires=("F",)), opened=("F", "G"))
    assert isinstance(scene.reply(scene.ask("F", "close")), Held)
    assert scene.driven() == []


def test_latching_hardware_is_driven_again_though_it_reads_so():
    scene = Scene(spec("A", redrive=True), spec("B"), spec("U"), opened=("A", "B"), unreadable=("U",))
    for name in ("A", "B", "U", "U"):
        scene.ask(name, "open")
        scene.rig.run()
        scene.rig.pass_time(10)
    assert scene.driven() == [("A", True), ("U", True), ("U", True)]


def test_nothing_is_driven_whose_switch_is_no_longer_reserved_for_it():
    scene = Scene(spec("A"))
    asked = scene.ask("A", "open")
    scene.line.switches["A"].reserved = "another"
    scene.rig.run()
    assert isinstance(scene.reply(asked), Superseded) and scene.driven() == []


def test_a_reading_that_was_taken_before_the_drive_says_nothing_whenever_it_comes():
    scene = Scene(spec("A"))
    before = scene.rig.now
    scene.ask("A", "open")
    scene.rig.run()
    late = {"A": Reading(False, Mark(-77, before))}  # of another device, whose answer took its time
    scene.rig.take(scene.machine.readings("", late, scene.rig.now, scene.rig.now))
    assert scene.line.switches["A"].state is State.OPEN


def test_what_has_begun_is_completed_when_its_peer_leaves():
    scene = Scene(spec("P"), spec("K", parent="P"))
    asked = scene.ask("P", "open")
    scene.rig.write_disk()
    scene.rig.turn()
    scene.rig.turn()
    scene.rig.turn(present=False)
    scene.rig.run()
    assert scene.reply(asked) == Done("P", Action.OPEN, changed=True)
    assert scene.driven() == [("P", True), ("K", True)]


def test_a_close_that_has_begun_is_not_cancelled_by_a_newer_open_of_its_peer():
    scene = Scene(spec("A", settling_s=1.0), opened=("A",))
    closing = scene.ask("A", "close")
    scene.rig.write_disk()
    scene.rig.turn()
    opening = scene.ask("A", "open")
    assert scene.reply(closing) is None and scene.line.switches["A"].reserved_for is Action.CLOSE
    scene.rig.run()
    assert scene.reply(closing).changed and scene.reply(opening).changed
    assert scene.driven() == [("A", False), ("A", True)]


def test_a_late_command_is_still_feared_after_a_restart_though_its_outcome_is_written():
    scene = Scene(spec("B"))
    scene.ask("B", "open")
    scene.rig.write_disk()
    scene.rig.turn("silent_late", delay=2.0)
    scene.rig.run()
    assert not scene.rig.intents
    scene.rig.kill()
    for _ in range(2):
        scene.rig.poll()
        scene.rig.run()
    switch = scene.rig.machine.line.switches["B"]
    assert switch.state is State.UNKNOWN
    scene.rig.pass_time(3.1)
    for _ in range(2):
        scene.rig.poll()
        scene.rig.run()
    assert switch.state is State.OPEN and scene.rig.relays.on["B"]


def test_later_steps_of_a_plan_are_not_too_late():
    scene = Scene(spec("P", settling_s=5.0), spec("K", parent="P"))
    asked = scene.ask("P", "open", within=2.0)
    scene.rig.write_disk()
    scene.rig.turn()
    scene.rig.pass_time(5.0)
    scene.rig.run()
    assert scene.reply(asked) == Done("P", Action.OPEN, changed=True)


def test_a_remote_controller_that_is_still_busy_with_a_switch_settles_nothing():
    scene = Scene(spec("A"))
    now = scene.rig.now + 1
    busy = {"A": Reading(False, Mark(scene.rig.epoch, now), busy=True)}
    scene.rig.take(scene.machine.readings("", busy, now, now))
    assert scene.line.switches["A"].state is State.UNKNOWN


def test_a_change_that_nobody_commanded_is_an_alarm_that_names_it():
    scene = Scene(spec("A"))
    scene.rig.relays.on["A"] = True
    scene.rig.poll()
    scene.rig.run()
    alarms = [e.text for e in scene.rig.events if isinstance(e, AlarmRaised)]
    assert len(alarms) == 1 and "A was closed and reads open: nobody commanded that" in alarms[0]


def test_nothing_is_required_closed_whose_opening_is_planned():
    scene = Scene(spec("A"))
    leases, now = Leases(scene.line), scene.rig.now
    wanted = Waiting(1, "tie", "10.0.0.9", (), 30.0, (("A", "closed"),), now)
    scene.ask("A", "open")
    assert "A must be confirmed closed" in leases.ask(wanted, now).why
    assert scene.line.holds == {}


def test_a_later_claim_does_not_overtake_an_earlier_one_that_waits_for_more():
    scene = Scene(spec("A"), spec("B"))
    leases = Leases(scene.line)
    leases.ask(Waiting(1, "x", "x", ("A",), 30.0, (), 0.0), 0.0)
    assert leases.ask(Waiting(2, "y", "y", ("A", "B"), 30.0, (), 60.0), 0.0) is None
    assert leases.ask(Waiting(3, "z", "z", ("B",), 30.0, (), 60.0), 0.0) is None
    assert leases.next_in_line(1.0) == []
