"""The node's file is deleted under it, or damaged before it starts: what it cannot remember it does not open."""

from __future__ import annotations

import pytest

from tests.system.relay_bank import RelayBank
from tests.system.twistd_process import run, until
from tests.system.valve_node import ValveNode


@pytest.fixture
def bank():
    with RelayBank() as bank:
        yield bank


@pytest.fixture
def node(bank, tmp_path):
    with ValveNode(tmp_path, bank) as node:
        yield node


def its_file(node):
    return node.root / ".appdata" / "pyvalve" / "node.sqlite"


def test_a_node_whose_file_was_deleted_opens_nothing_and_closes(node, bank):
    assert node.ask("Open B") == "OK"
    for file in its_file(node).parent.glob("node.sqlite*"):
        file.unlink()
    until(lambda: node.ask("Lock A,a test").startswith("ERROR"), "it is looked for once a second")
    drives = len(bank.drives)
    reply = node.ask("Open C")
    assert reply.startswith(
        "ERROR 015 : Valve C failed to actuate open (C: its intent could not be written ("
    )
    assert "node.sqlite: was deleted or replaced under the running node; put it back, or start" in reply
    assert len(bank.drives) == drives
    assert node.ask("Close B") == "OK"
    assert "Traceback" not in node.twistd.text()
    node.twistd.stop()
    node.start()
    assert node.ask("Open C") == "OK"


def test_a_node_whose_file_is_damaged_says_so_and_no_more(node):
    node.twistd.stop()
    its_file(node).write_bytes(b"this is no database, " * 500)
    status, output, errors = run(
        "-n", "pyvalve", "--root", str(node.root), "--port", "0", "--publish-port", "0"
    )
    assert (status, "Traceback" in output + errors) == (1, False)
    (said,) = [line for line in output.splitlines() if "could not be set up" in line]
    assert "node.sqlite: is damaged: file is not a database; it holds locks, claims and counts" in said


def test_a_node_that_has_no_place_for_its_files_says_so_and_no_more(node):
    node.twistd.stop()
    place = its_file(node).parent
    place.rename(place.with_name("aside"))
    place.write_text("not a folder")
    status, output, errors = run(
        "-n", "pyvalve", "--root", str(node.root), "--port", "0", "--publish-port", "0"
    )
    assert (status, "Traceback" in output + errors) == (1, False), output + errors
    assert str(place) in output + errors


def test_a_node_whose_socket_has_no_place_says_so_and_no_more(node):
    node.twistd.stop()
    (its_file(node).parent / "node.sock").mkdir()
    status, output, errors = run(
        "-n", "pyvalve", "--root", str(node.root), "--port", "0", "--publish-port", "0"
    )
    assert (status, "Traceback" in output + errors) == (1, False), output + errors
    assert (
        "node.sock: cannot listen (there is a file of that name, and it is no socket; move it away)" in output
    )
