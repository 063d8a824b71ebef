"""A node that stood still drives nothing late; copies of one command drive once (safety rules 12 and 13)."""

import time

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import until
from tests.system.valve_node import Peer, ValveNode

FROZEN_S = 5.0


@pytest.fixture
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture
def node(bank, tmp_path):
    with ValveNode(tmp_path, bank, timeout_s=8) as node:
        yield node


def test_nothing_that_was_sent_to_a_frozen_node_is_driven_when_it_wakes(node, bank):
    assert node.ask("Open A") == "OK"
    before = list(bank.drives)
    held = node.connect()
    assert held.ask("GetValveState A") == "OK"
    node.freeze()
    frozen = time.monotonic()
    # On a connection that stood before, and on new ones; given up by a close and by a reset.
    given_up = [node.connect() for _ in range(4)]
    for peer, text in zip(given_up, ("Close A", "Open B", "Open A", "Open B"), strict=True):
        peer.send(text)
    held.send("Close A")
    time.sleep(1.0)  # as long as installed clients wait, and then some: the peers' time, not the node's
    for peer, end in zip(given_up, (Peer.close, Peer.reset, Peer.reset, Peer.close), strict=True):
        end(peer)
    contrary = node.connect()
    contrary.send("Open A")
    patient = node.connect()
    patient.send("Open B")
    time.sleep(max(0.0, frozen + FROZEN_S - 0.2 - time.monotonic()))
    # Younger than 2 s, and yet it lay in the buffers of a node that stood still.
    young = node.connect()
    young.send("Close A")
    time.sleep(max(0.0, frozen + FROZEN_S - time.monotonic()))
    node.thaw()
    for peer in (held, contrary, patient, young):
        reply = peer.line()
        assert reply.startswith("ERROR 010"), reply
        assert "stood still" in reply or "late" in reply, reply
        peer.close()
    # Whatever the node still had to do about those that are gone it did before it answers this.
    assert node.ask("GetIndicatorState A") == "OK"
    assert bank.drives == before
    # It obeys again at once, and the valve is as the last answered command says.
    assert node.ask("Close A") == "OK"
    assert node.ask("GetValveState A") == "False"
    assert bank.turned("101") == [True, False]
    assert bank.turned("102") == []


def test_who_waits_behind_a_frozen_node_gets_an_answer_to_a_question(node):
    node.freeze()
    with Peer(node.port) as peer:
        peer.send("GetValveState A")
        time.sleep(1.5)
        node.thaw()
        assert peer.line() == "False"


def test_three_copies_of_one_open_drive_once_and_count_once(node, bank):
    """As an installed client repeats itself: the same request on connections of their own within about two seconds."""
    assert node.ask("Open G") == "OK"
    assert node.ask("Close G") == "OK"
    bank.answering.clear()
    first, second, third = (node.connect() for _ in range(3))
    first.send("Open F")
    until(lambda: bank.turned("105") == [True], "the first copy is driven")
    first.reset()
    second.send("Open F")
    second.close()
    third.send("Open F")
    bank.answering.set()
    assert third.line() == "OK"
    # One that comes after the end, within 2.5 s of it, gets the same reply.
    assert third.ask("Open F") == "OK"
    assert bank.turned("105") == [True]
    assert third.ask("GetPipetteCount Air") == "1"
    third.close()


def test_a_contrary_command_ends_the_copies(node, bank):
    with Peer(node.port) as peer:
        assert peer.ask("Open A") == "OK"
        assert peer.ask("Close A") == "OK"
        assert peer.ask("Open A") == "OK"
    assert bank.turned("101") == [True, False, True]
    assert bank.is_open("101")
