"""The line that scripts are rehearsed on obeys the root's own rules."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line.errors import Interlocked, OutOfService
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.specs import LineSpec, PipetteSpec, SwitchSpec
from pychron.extraction_line.states import Action, Kind, State
from pychron.simulation.rehearsal_line import rehearsal_line
from pychron.trust.rights import Peer, Right


def _switch(name: str, **more) -> SwitchSpec:
    return SwitchSpec(name=name, kind=more.pop("kind", Kind.VALVE), place=Place("valves.yaml", 1), **more)


LINE = LineSpec(
    (
        _switch("A", interlocks=("C",), settling_s=0.25),
        _switch("C"),
        _switch("I", inverted_logic=True, state_device="di_box", state_address="7"),
        _switch("W", kind=Kind.DOUBLE_ACTUATION_VALVE, address="111,112"),
        _switch("T", kind=Kind.MANUAL_VALVE),
        _switch("H", kind=Kind.MANUAL_VALVE, interlocks=("C",)),
        _switch("X", faults=("valves.yaml:9: dangling",)),
    ),
    (PipetteSpec("Air", "A", "C", Place("valves.yaml", 1)),),
)


class RehearsalLineTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.line = rehearsal_line(LINE, self.clock)

    def turn(self, name: str, action: Action):
        command = Command(name, action, Peer("local", right=Right.OPERATE), self.clock.seconds())
        running = Deferred.fromCoroutine(self.line.actuate(command))
        self.clock.pump([0.05] * 40)
        return running

    def test_everything_starts_closed(self) -> None:
        assert [self.line.view(name).state for name in self.line.names()] == [State.CLOSED] * len(
            LINE.switches
        )

    def test_whatever_kind_it_is_it_opens_and_closes(self) -> None:
        for name in ("A", "I", "W", "T"):
            assert self.successResultOf(self.turn(name, Action.OPEN)).switch == name
            assert self.line.view(name).state is State.OPEN
            self.successResultOf(self.turn(name, Action.CLOSE))
            assert self.line.view(name).state is State.CLOSED

    def test_interlocks_hold(self) -> None:
        self.successResultOf(self.turn("A", Action.OPEN))
        self.failureResultOf(self.turn("C", Action.OPEN), Interlocked)
        assert self.line.view("C").state is State.CLOSED

    def test_they_hold_the_hand_back_too(self) -> None:
        self.successResultOf(self.turn("C", Action.OPEN))
        self.failureResultOf(self.turn("H", Action.OPEN), Interlocked)
        assert self.line.view("H").state is State.CLOSED

    def test_what_is_faulty_does_not_open(self) -> None:
        self.failureResultOf(self.turn("X", Action.OPEN), OutOfService)
        self.successResultOf(self.turn("X", Action.CLOSE))
