"""An instrument that says nothing, is unplugged, comes back: unknown, told in time, mended by itself."""

from __future__ import annotations

import time

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode

TIMEOUT_S = 0.5
"""Of the channel to the instrument."""
SLACK_S = 2.0
"""What a busy machine may add to a deadline."""


@pytest.fixture
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture
def node(bank, tmp_path):
    with ValveNode(tmp_path, bank, timeout_s=TIMEOUT_S) as node:
        yield node


def refused_in_time(node, text):
    began = time.monotonic()
    reply = node.ask(text)
    took = time.monotonic() - began
    assert reply.startswith("ERROR 010"), reply
    assert took < 2 * TIMEOUT_S + SLACK_S, took


def obeys(node, verb, name):
    """By a command with an identity: a plain one might be a copy of the one that has just failed (safety rule 12)."""
    assert node.json(verb, name, id=f"{verb}-{name}:1")["result"] == "OK"


def test_a_silent_instrument_is_unknown_and_recovers(node, bank):
    assert node.ask("Open A") == "OK"
    bank.silent = True
    refused_in_time(node, "Close A")
    assert node.state("A") == "unknown"
    assert node.ask("GetValveState A") == "OK"  # to a client that knows no third state: open
    # What excludes it does not open, and closing is not refused by a rule but by the silence.
    assert node.ask("Open C").startswith("ERROR 01")
    refused_in_time(node, "Close B")
    assert bank.turned("101") == [True]
    bank.silent = False
    node.wait_for_state("A", "open")
    assert node.valves()["A"]["evidence"] == "relay"
    assert bank.turned("101") == [True]
    obeys(node, "Close", "A")
    assert not bank.is_open("101")


def test_an_unplugged_instrument_is_unknown_and_recovers(node, bank):
    assert node.ask("Open A") == "OK"
    drives = list(bank.drives)
    bank.unplug()
    refused_in_time(node, "Close A")
    until(lambda: {v["state"] for v in node.valves().values()} == {"unknown"}, "every switch is unknown")
    refused_in_time(node, "Open B")
    bank.plug()
    node.wait_for_state("A", "open")
    node.wait_for_state("B", "closed")
    assert bank.drives == drives
    obeys(node, "Close", "A")
    obeys(node, "Open", "B")


def test_what_moved_while_nobody_looked_is_told(node, bank):
    bank.unplug()
    until(lambda: {v["state"] for v in node.valves().values()} == {"unknown"}, "every switch is unknown")
    bank.turn_by_hand("102", opens=True)
    bank.plug()
    node.wait_for_state("B", "open")
    assert bank.drives == []


def test_a_command_whose_acknowledgement_is_lost_is_settled_by_what_is_read(node, bank):
    bank.answering.clear()
    peer = node.connect()
    peer.send("Open A")
    until(lambda: bank.is_open("101"), "the relay moved")
    reply = peer.line()
    assert reply.startswith("ERROR 010"), reply
    assert "unknown" in reply
    bank.answering.set()
    node.wait_for_state("A", "open")
    assert bank.turned("101") == [True]


def test_other_peers_are_answered_while_the_instrument_is_silent(node, bank):
    bank.silent = True
    slow = node.connect()
    slow.send("Open A")
    for _ in range(10):
        began = time.monotonic()
        assert node.ask("GetValveState B") in ("OK", "False")
        assert time.monotonic() - began < SLACK_S
    assert slow.line().startswith("ERROR 010")
