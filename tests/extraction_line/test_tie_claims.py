"""A hold for a tie across controllers beside an owner's claim: the same node may have both."""

import pytest

from pychron.extraction_line.leases import Leases, Waiting
from pychron.extraction_line.line_state import Hardware, Line
from pychron.extraction_line.remote.reservations import session_of
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
