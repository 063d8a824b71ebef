"""Which reply a copy of a command gets without driving anything."""

import pytest

from pychron.extraction_line.errors import NotPermitted
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine.repeats import COPY_S, KEPT_S, Repeats
from pychron.extraction_line.states import Action
from pychron.trust.rights import Peer, Right

OPENED = Done("A", Action.OPEN, changed=True)
CLOSED = Done("A", Action.CLOSE, changed=True)


def ask(action=Action.OPEN, address="192.0.2.1", request_id=None):
    return Command("A", action, Peer(address, 40000, Right.OPERATE), 0.0, id=request_id)


@pytest.fixture
def repeats():
    """After a close that ended at 10 s."""
    repeats = Repeats()
    close = ask(Action.CLOSE)
    repeats.planned(close, "A")
    repeats.ended(close, CLOSED, 10.0)
    return repeats


def test_a_copy_within_its_time_gets_the_same_reply(repeats):
    assert repeats.known(ask(Action.CLOSE), 10.0 + COPY_S) is CLOSED
    assert repeats.known(ask(Action.CLOSE), 10.1 + COPY_S) is None
    assert repeats.known(ask(Action.CLOSE, "192.0.2.2"), 10.0) is None
    assert repeats.known(ask(Action.OPEN), 10.0) is None


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.2"])
def test_a_contrary_command_that_is_only_planned_already_ends_the_copies(repeats, address):
    """Close, Open and Close again at once: the second close must not get the first one's OK while the valve opens."""
    opens = ask(Action.OPEN, address)
    repeats.planned(opens, "A")
    assert repeats.known(ask(Action.CLOSE), 10.1) is None
    repeats.ended(opens, OPENED, 10.2)
    assert repeats.known(ask(Action.CLOSE), 10.3) is None


def test_a_parent_that_turned_the_switch_ends_the_copies(repeats):
    parent = Command("P", Action.OPEN, Peer("192.0.2.1", 40000, Right.OPERATE), 0.0)
    repeats.planned(parent, "A")
    assert repeats.known(ask(Action.CLOSE), 10.1) is None


def test_a_named_command_is_known_whatever_came_between():
    repeats = Repeats()
    command = ask(request_id="boot:1")
    repeats.planned(command, "A")
    repeats.ended(command, OPENED, 10.0)
    repeats.planned(ask(Action.CLOSE), "A")
    assert repeats.known(ask(request_id="boot:1"), 9.9 + KEPT_S) is OPENED
    assert repeats.known(ask(request_id="boot:1"), 10.1 + KEPT_S) is None
    assert repeats.known(ask(request_id="boot:2"), 10.0) is None


@pytest.mark.parametrize("restored", [False, True])
def test_an_id_that_is_used_for_another_command_gives_nobody_the_first_ones_outcome(restored):
    repeats = Repeats()
    if restored:
        repeats.restore("boot:1", OPENED, 10.0, ("A", Action.OPEN))
    else:
        repeats.ended(ask(request_id="boot:1"), OPENED, 10.0)
    assert repeats.known(ask(Action.CLOSE, request_id="boot:1"), 11.0) is None
    other = Command("B", Action.OPEN, Peer("192.0.2.1", 40000, Right.OPERATE), 0.0, id="boot:1")
    refused = repeats.known(other, 11.0)
    assert isinstance(refused, NotPermitted) and "boot:1" in str(refused)
    assert repeats.known(ask(request_id="boot:1"), 11.0) is OPENED
