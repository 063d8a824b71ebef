"""kill -9 in the middle of an actuation: what was on disk is there again, and the hardware settles the rest."""

from __future__ import annotations

import json

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode


@pytest.fixture
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture
def node(bank, tmp_path):
    with ValveNode(tmp_path, bank, timeout_s=2) as node:
        yield node


def prepare(node):
    """A lock with a reason, a claim, a shot, and a valve that stands open."""
    assert node.json("Lock", "B", why="getter is baked", id="before:1")["result"]["why"] == "getter is baked"
    claim = node.json("Claim", valves=["D"], lease=60, id="owner:1")["result"]
    for text in ("Open G", "Close G", "Open F", "Close F"):
        assert node.ask(text) == "OK"
    assert node.ask("GetPipetteCount Air") == "1"
    assert node.json("Open", "D", id="owner:2", token=claim["token"])["result"] == "OK"
    return claim["token"]


def interrupt(node, bank, name, relay, opens=True):
    """Kill the node after its command moved the relay and before the instrument acknowledged it."""
    bank.answering.clear()
    peer = node.connect()
    peer.send(json.dumps({"id": "midway:7", "command": "Open" if opens else "Close", "value": name}))
    until(lambda: bank.is_open(relay) is opens, f"{name} is driven")
    node.kill()
    assert peer.line() == ""
    bank.answering.set()


def test_what_was_on_disk_is_there_again_and_the_hardware_settles_the_rest(node, bank):
    token = prepare(node)
    interrupt(node, bank, "A", "101")
    drives = list(bank.drives)
    bank.silent = True
    node.start(read=False)
    # Nobody can read anything yet: all is unknown, and what was known last is told as such.
    valves = node.valves()
    assert {v["state"] for v in valves.values()} == {"unknown"}
    assert valves["D"]["last_known"]["state"] == "open"
    assert valves["F"]["last_known"]["state"] == "closed"
    assert valves["B"]["lock"]["why"] == "getter is baked"
    assert valves["D"]["owner"] != ""
    assert node.ask("GetPipetteCount Air") == "1"
    # To a client that knows no third state an unknown valve is open; nothing that it excludes may open.
    assert node.ask("GetValveState A") == "OK"
    assert node.ask("Open C").startswith("ERROR 010")
    # The same id gets an answer and drives nothing.
    again = node.json("Open", "A", id="midway:7")
    assert again["error"]["code"] == 10, again
    assert bank.drives == drives
    bank.silent = False
    node.wait_for_state("A", "open")
    node.wait_for_state("D", "open")
    valves = node.valves()
    assert {n: v["state"] for n, v in valves.items() if v["state"] != "closed"} == {"A": "open", "D": "open"}
    assert {v["evidence"] for v in valves.values()} == {"relay"}
    # The restart moved nothing; the claim is worth what it was.
    assert bank.drives == drives
    assert node.ask("Open B").startswith("ERROR 014")
    assert node.ask("Close D").startswith("ERROR 012")
    assert node.json("Close", "D", id="owner:3", token=token)["result"] == "OK"
    assert node.json("Claim", valves=["B"], id="owner:4")["result"]["token"] > token


def test_a_command_that_never_reached_the_relay_is_settled_too(node, bank):
    """The intent is on disk, and the instrument neither heard nor did it."""
    bank.silent = True
    peer = node.connect()
    peer.send("Open A")
    until(lambda: node.ask("GetValveState A") == "OK", "A is moving")
    node.kill()
    bank.silent = False
    node.start()
    node.wait_for_state("A", "closed")
    assert bank.drives == []
    assert node.ask("Open C") == "OK"


def test_a_shot_that_was_under_way_counts_as_taken(node, bank):
    for text in ("Open G", "Close G"):
        assert node.ask(text) == "OK"
    interrupt(node, bank, "F", "105")
    node.start()
    node.wait_for_state("F", "open")
    until(lambda: node.ask("GetPipetteCount Air") == "1", "the shot is counted")
    assert bank.turned("105") == [True]
    # It is counted once, also by a second restart.
    node.kill()
    node.start()
    node.wait_for_state("F", "open")
    assert node.ask("GetPipetteCount Air") == "1"


def test_killed_again_and_again_nothing_moves_by_a_start(node, bank):
    prepare(node)
    before = list(bank.drives)
    for _ in range(2):
        node.kill()
        node.start()
    assert bank.drives == before
    assert node.state("D") == "open"
    assert node.ask("GetValveLockState B") == "OK"
    assert node.ask("GetPipetteCount Air") == "1"
