"""A relay that moves by itself is told, also where it moves while nobody can see it."""

from __future__ import annotations

from pychron.extraction_line.events import AlarmRaised
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.states import Action
from pychron.trust.rights import Peer
from tests.extraction_line.bench_of_relays import Rig, build_line, spec


class Scene:
    def __init__(self, opened=()):
        self.rig = Rig(lambda: build_line(spec("A"), spec("B")), opened)
        self.look()

    def look(self, fate="ok"):
        self.rig.poll()
        self.rig.turn(fate)
        self.rig.run()

    def alarms(self):
        texts = [e.text for e in self.rig.events if isinstance(e, AlarmRaised)]
        return [text.partition(":")[0] for text in texts]


def test_relays_that_move_while_their_box_has_no_power():
    scene = Scene()
    scene.look("silent")
    scene.rig.relays.on["A"] = True
    scene.look()
    assert scene.alarms() == ["A was closed and reads open"]


def test_it_is_told_once():
    scene = Scene(opened=("A",))
    scene.look("silent")
    scene.rig.relays.on["A"] = False
    scene.look()
    scene.look("silent")
    scene.look()
    assert scene.alarms() == ["A was open and reads closed"]


def test_what_was_the_same_before_and_after_is_no_change():
    scene = Scene()
    scene.look("silent")
    scene.look()
    assert scene.alarms() == []


def test_what_a_command_of_ours_may_have_moved_is_none():
    scene = Scene()
    scene.rig.ask(1, Command("A", Action.OPEN, Peer("10.0.0.5"), scene.rig.now))
    scene.rig.write_disk()
    scene.rig.turn("silent_now")
    scene.rig.run()
    scene.rig.pass_time(4.0)
    scene.look()
    scene.look()
    assert scene.rig.machine.line.switches["A"].state == "open"
    assert scene.alarms() == []
