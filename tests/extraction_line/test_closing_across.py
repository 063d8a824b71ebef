"""A parent closes though the node that drives its child is lost: a child that fails is told, it holds nothing open."""

import pytest
from twisted.internet.task import Clock

from pychron.extraction_line import errors
from pychron.extraction_line.events import AlarmRaised
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.ties import part_of
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action
from tests.extraction_line.fake_controllers import LOCAL, Controller, Remote, a_world, spec


class Scene:
    def __init__(self, inverted):
        self.clock = Clock()
        world = a_world(self.clock)
        line = LineSpec(
            (
                spec("S", 1, actuator="one", description="valve S"),
                spec("K", 2, actuator="two", description="valve K", parent="S", parent_inverted=inverted),
            )
        )
        self.one, self.two = (
            Remote(
                self.clock,
                Controller(self.clock, (valve,), boot=f"boot-{name}", node=name),
                part_of(line, (valve,)).switches,
                name=name,
                world=world,
            ).start()
            for name, valve in (("one", "S"), ("two", "K"))
        )
        self.line = MixedExtractionLine(
            line, None, [self.one.line, self.two.line], world, self.one.bus, "pyexp"
        )
        self.one.controller.set("S", "open")
        self.one.run(self.one.line.look_again())

    def ask(self, action, seconds=0.2):
        command = Command("S", Action(action), LOCAL, self.clock.seconds())
        return self.one.run(self.line.actuate(command), seconds)


@pytest.mark.parametrize("inverted", [False, True])
def test_the_controller_of_the_child_is_lost(inverted):
    scene = Scene(inverted)
    scene.two.link.cut()
    failed = scene.ask("close")
    assert scene.one.controller.valves["S"]["state"] == "closed"
    assert isinstance(failed, errors.ChildFailed)
    assert "S moved and K did not" in str(failed)
    assert [e.key for e in scene.one.of(AlarmRaised)] == ["cross:S:K"]


def test_it_does_not_answer():
    scene = Scene(inverted=False)
    scene.two.controller.swallowed = ("Why",)
    assert not isinstance(scene.ask("close", 5.0), errors.PeerLost | errors.NoResponse)
    assert scene.one.controller.valves["S"]["state"] == "closed"


@pytest.mark.parametrize("action", ["open", "close"])
def test_what_it_refuses_is_refused_as_a_whole(action):
    scene = Scene(inverted=False)
    scene.two.controller.why[("K", action)] = ["K: locked by x"]
    assert isinstance(scene.ask(action), errors.Interlocked)
    assert scene.one.controller.moves == []


def test_an_open_waits_for_the_child_to_be_there():
    scene = Scene(inverted=False)
    scene.ask("close")
    scene.one.controller.moves.clear()
    scene.two.link.cut()
    assert isinstance(scene.ask("open"), errors.PeerLost)
    assert scene.one.controller.moves == []
