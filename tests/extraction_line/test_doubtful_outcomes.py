"""Outcomes that nobody knows: shots, first readings, and commands that nobody drives any more."""

from __future__ import annotations

from pychron.extraction_line.errors import (
    Locked,
    Mismatch,
    NoResponse,
    NotPermitted,
    NotStored,
    Starting,
    Superseded,
    TooLate,
)
from pychron.extraction_line.events import AlarmRaised
from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.machine.doubts import BEING_WRITTEN
from pychron.extraction_line.machine.rules import Grounds
from pychron.extraction_line.states import Action, State
from pychron.hardware.interfaces import Mark, Reading
from pychron.store.errors import StoreFailed
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.test_switch_machine_places import Scene
from tests.extraction_line.verb_bench import VerbCase


class Shots(VerbCase):
    def arm(self):
        for verb, name in (("Open", "Inner"), ("Close", "Inner")):
            self.answer(verb, name, seconds=4)

    def taken(self):
        return self.answer("GetPipetteCount", "Air")

    def test_a_shot_that_got_no_answer_counts_once(self):
        self.arm()
        self.relays.fates.append("silent_done")
        self.failureResultOf(self.ask_outer(), NoResponse)
        assert self.taken() == 1
        self.bench.advance(3)
        self.bench.read_all()
        self.bench.read_all()  # twice alike
        self.successResultOf(self.ask_outer())
        assert self.taken() == 1

    def test_a_shot_that_was_overtaken_after_it_had_begun_counts(self):
        self.arm()
        self.relays.takes_s = 1.0
        opening = self.bench.ask("Outer", "open", id="boot-a:1")
        self.bench.advance(0.5)
        closing = self.bench.ask("Outer", "close", peer="10.0.0.9", id="boot-b:1")
        self.bench.advance(5)
        self.failureResultOf(opening, Superseded)
        assert self.successResultOf(closing).changed
        assert [on for _, address, on in self.relays.moves if address == "104"] == [True, False]
        assert self.taken() == 1

    def test_what_the_device_refused_or_reads_closed_is_no_shot(self):
        self.arm()
        for fate in ("rejected", "lost"):
            self.relays.fates.append(fate)
            self.failureResultOf(self.ask_outer(), Mismatch)
        assert self.taken() == 0

    def ask_outer(self):
        asked = self.bench.ask("Outer", "open", within=5)
        self.bench.advance(3)
        return asked


class FailingDisk(VerbCase):
    def test_an_open_that_the_disk_refuses_is_an_alarm_until_an_intent_is_written_again(self):
        write, database = self.bench.store._database.write, self.bench.store._database

        def full(commits):
            raise StoreFailed("node.sqlite: the disk is full")

        database.write = full
        opening = self.bench.ask("A", "open")
        self.bench.advance(2)
        self.failureResultOf(opening, NotStored)
        assert self.manager.machine.observer.standing() == ("store",)
        told = next(e for e in self.bench.events if isinstance(e, AlarmRaised))
        assert "A: the intent of open could not be written" in told.text
        database.write = write
        self.bench.ask("B", "open")
        self.bench.advance(2)
        assert self.manager.machine.observer.standing() == ()


def test_what_hangs_on_a_child_that_did_not_open_is_not_opened():
    scene = Scene(spec("P"), spec("C", parent="P"), spec("G", parent="C"), spec("H", parent="P"))
    opening = scene.ask("P", "open")
    for fate in ("ok", "rejected"):
        scene.rig.write_disk() if scene.rig.disk else None
        scene.rig.turn(fate)
        if fate == "ok":
            scene.rig.turn()
    scene.rig.run()
    assert scene.driven() == [("P", True), ("C", True), ("H", True)]
    told = scene.reply(opening).failed_children
    assert told[1] == "G: not opened, because its parent C was not turned"
    assert not scene.rig.relays.on["G"] and scene.rig.relays.on["H"]


def test_a_first_reading_that_fails_does_not_end_the_start():
    scene = Scene(spec("A"))
    scene.rig.start()
    machine = scene.rig.machine
    scene.rig.poll()
    scene.rig.turn("silent_late")
    assert machine.line.switches["A"].state is State.UNKNOWN
    opening = scene.ask("A", "open")
    assert isinstance(scene.reply(opening), Starting)
    closing = scene.ask("A", "close")
    scene.rig.run()
    assert isinstance(scene.reply(closing), Done)
    opening = scene.ask("A", "open")
    scene.rig.run()
    assert isinstance(scene.reply(opening), Done)


def test_who_rests_on_a_supply_that_fails_is_told_so_and_not_that_it_starts():
    scene = Scene(spec("Air"), spec("A", supply="Air"))
    scene.rig.start()
    scene.rig.grounds = Grounds(lambda name, action: None, lambda switch: switch.starved)
    scene.rig.machine.line.switches["A"].starved = "the supply Air is closed, not confirmed open"
    scene.rig.poll()
    scene.rig.run()
    assert isinstance(scene.reply(scene.ask("A", "open")), NotPermitted)


def test_what_is_asked_again_by_scripts():
    assert Starting("A").retry and TooLate("A").retry and NoResponse("A").retry and not Locked("A").retry


def test_a_supply_that_is_closed_already_stays_so_whatever_rests_on_it():
    scene = Scene(spec("Air"), spec("A", supply="Air"))
    scene.line.switches["A"].starved = "Air is closed"
    scene.rig.poll()
    scene.rig.run()
    assert scene.line.switches["A"].state is State.UNKNOWN
    closing = scene.ask("Air", "close")
    scene.rig.run()
    assert scene.reply(closing) == Done("Air", Action.CLOSE, changed=False)
    assert scene.driven() == []


def test_a_close_that_waits_opens_no_inverted_child_behind_its_newer_close():
    scene = Scene(spec("P"), spec("C", parent="P", parent_inverted=True), opened=("P",))
    first = scene.ask("C", "open", "1")
    waiting = scene.ask("P", "close", "2")
    closing = scene.ask("C", "close", "3")
    scene.rig.run()
    assert isinstance(scene.reply(waiting), Superseded)
    assert isinstance(scene.reply(first), Superseded) and scene.reply(closing).action is Action.CLOSE
    assert not scene.rig.relays.on["C"]


def test_an_overtaken_command_that_is_still_being_written_stays_a_doubt():
    """Its driver has no channel that takes one after the other: the newer command ends first."""
    scene = Scene(spec("A"))
    scene.ask("A", "open", "1")
    scene.rig.write_disk()
    opening = scene.rig.wire.pop()
    assert scene.machine.begin(opening.key, scene.rig.now, lambda: True)[0]
    closing = scene.ask("A", "close", "2")
    scene.rig.write_disk()
    newer = scene.rig.wire.pop()
    assert scene.machine.begin(newer.key, scene.rig.now, lambda: True)[0]
    scene.rig.take(scene.machine.driven(newer.key, Mark(1000, scene.rig.now), scene.rig.now, scene.rig.now))
    switch = scene.line.switches["A"]
    assert [d.opens for d in switch.doubts if d.epoch == BEING_WRITTEN] == [True]
    late = scene.rig.now + 60
    found = {"A": Reading(False, Mark(1000, late))}
    scene.rig.take(scene.machine.readings(newer.key, found, late, late))
    assert switch.state is State.UNKNOWN
    scene.rig.disk.pop()
    scene.rig.take(scene.machine.silent(opening.key, Mark(1000, late), "no answer", late))
    assert [d.epoch for d in switch.doubts if d.opens] == [1000]
    assert closing
