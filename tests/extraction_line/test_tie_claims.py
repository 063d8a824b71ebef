"""A hold for a tie across controllers beside an owner's claim: the same node may have both."""

from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from pychron.config.problems import Place
from pychron.events.bus import EventBus
from pychron.extraction_line.claims.leases import Leases, Waiting
from pychron.extraction_line.errors import PeerLost
from pychron.extraction_line.machine.line_state import Hardware, Line
from pychron.extraction_line.remote.reservations import Reservations, session_of
from pychron.extraction_line.remote.ties import Tie
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import State
from pychron.hardware.interfaces import Evidence
from pychron.rpc.codec import Request
from tests.extraction_line.fake_controllers import spec


def test_the_owner_of_a_switch_may_hold_it_for_a_tie_and_nobody_else() -> None:
    line = Line.build(LineSpec((spec("B"),)), {"B": Hardware(True, 0.0, Evidence.RELAY)})
    line.switches["B"].state = State.CLOSED
    leases = Leases(line)
    queue = Waiting(1, "boot", "10.0.0.5", ("B",), 30.0, (), 0.0)
    tie = Waiting(2, "pyexp.tie.A", "10.0.0.5", (), 30.0, (("B", "closed"),), 0.0)
    other = Waiting(3, "else.tie.A", "10.0.0.6", (), 30.0, (("B", "closed"),), 0.0)
    assert leases.ask(queue, 0.0).claim is not None
    assert leases.ask(other, 0.0).why == "B is claimed by 10.0.0.5"
    assert leases.ask(tie, 0.0).claim is not None
    assert line.holds["B"] == (State.CLOSED, "10.0.0.5")
    assert leases.release("pyexp.tie.A") is not None
    assert line.holds == {}


@pytest.mark.parametrize("switch", ["A", "V10", "Ä", "B/2", "x" * 80])
def test_a_ties_session_is_an_id_that_identifies(switch: str) -> None:
    session = session_of("pyexperiment", switch)
    assert Request("Claim", reply_id=f"{session}:12").id == f"{session}:12"
    assert session != session_of("pyexperiment", switch + "x")


AT = Place("valves.yaml", 1)


class Holds:
    """A node that grants every hold, or one that says nothing."""

    def __init__(self, silent: bool = False) -> None:
        self.silent = silent
        self.renewed = 0

    async def hold(self, session, require):
        if self.silent:
            await Deferred()
        self.renewed += 1
        return self.renewed, 30.0


def test_a_silent_node_delays_no_hold_on_another() -> None:
    clock = Clock()
    nodes = {"B": Holds(silent=True), "C": Holds()}
    ties = [Tie(switch, other, State.CLOSED, AT) for switch, other in (("A", "B"), ("A", "C"), ("D", "C"))]
    opened = SimpleNamespace(state=State.OPEN, stale=False, under_way="")
    world = SimpleNamespace(wire=clock)
    kept = Reservations("pyexp", ties, nodes.__getitem__, lambda name: opened, world, EventBus(clock))
    tending = Deferred.fromCoroutine(kept.tend())
    assert not tending.called
    assert kept.is_held("D") and not kept.is_held("A")


def test_a_node_that_refuses_one_hold_is_no_reason_to_lose_another() -> None:
    class Refuses(Holds):
        async def hold(self, session, require):
            raise PeerLost("B", "it is gone")

    clock = Clock()
    nodes = {"B": Refuses(), "C": Holds()}
    ties = [Tie("A", "B", State.CLOSED, AT), Tie("A", "C", State.CLOSED, AT)]
    opened = SimpleNamespace(state=State.OPEN, stale=False, under_way="")
    bus, told = EventBus(clock), []
    bus.subscribe(told.append)
    world = SimpleNamespace(wire=clock)
    kept = Reservations("pyexp", ties, nodes.__getitem__, lambda name: opened, world, bus)
    Deferred.fromCoroutine(kept.tend())
    clock.advance(1)
    assert nodes["C"].renewed == 1
    assert [type(e).__name__ for e in told] == ["AlarmRaised"], "it is open and B is not held"
