"""A hold for a tie across controllers beside an owner's claim: the same node may have both."""

from pychron.extraction_line.leases import Leases, Waiting
from pychron.extraction_line.line_state import Hardware, Line
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import State
from pychron.hardware.interfaces import Evidence
from tests.extraction_line.fake_controllers import spec


def test_the_owner_of_a_switch_may_hold_it_for_a_tie_and_nobody_else() -> None:
    line = Line.build(LineSpec((spec("B"),)), {"B": Hardware(True, 0.0, Evidence.RELAY)})
    line.switches["B"].state = State.CLOSED
    leases = Leases(line)
    queue = Waiting(1, "boot", "10.0.0.5", ("B",), 30.0, (), 0.0)
    tie = Waiting(2, "pyexp/tie/A", "10.0.0.5", (), 30.0, (("B", "closed"),), 0.0)
    other = Waiting(3, "else/tie/A", "10.0.0.6", (), 30.0, (("B", "closed"),), 0.0)
    assert leases.ask(queue, 0.0).claim is not None
    assert leases.ask(other, 0.0).why == "B is claimed by 10.0.0.5"
    assert leases.ask(tie, 0.0).claim is not None
    assert line.holds["B"] == (State.CLOSED, "10.0.0.5")
    assert leases.release("pyexp/tie/A") is not None
    assert line.holds == {}
