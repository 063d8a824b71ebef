"""The programs in examples/, run as a person runs them, against a real node."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT_S = 60


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with ValveNode(tmp_path_factory.mktemp("examples")) as node:
        yield node


def run(name, *words):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_valve_is_opened_and_closed_over_json(node):
    where = f"127.0.0.1:{node.port}"
    assert run("open_a_valve.py", where, "A") == (0, "Open A: OK\n", "")
    status, said, _ = run("open_a_valve.py", where, "C")
    assert status == 1
    assert "fault 015" in said
    assert "interlocked by A, open" in said
    assert run("open_a_valve.py", where, "A", "Close") == (0, "Close A: OK\n", "")


def test_a_node_that_is_not_there_is_one_line():
    status, said, error = run("open_a_valve.py", "127.0.0.1:1", "A")
    assert (status, said) == (1, "")
    assert error == "127.0.0.1:1: Connection refused\n"


def test_valves_are_followed_with_plain_pyzmq(node, tmp_path):
    output = tmp_path / "said"
    with output.open("w") as stdout:
        watching = subprocess.Popen(
            [sys.executable, EXAMPLES / "watch_valves.py", "127.0.0.1", str(node.publish_port), "2"],
            stdout=stdout,
        )
    try:
        until(lambda: "B is closed" in output.read_text(), "it has its snapshot")
        assert node.ask("Open B") == "OK"
        assert watching.wait(LIMIT_S) == 0
    finally:
        watching.kill()
        watching.wait()
        node.ask("Close B")
    assert output.read_text().splitlines()[-2:] == ["B closed -> moving (relay)", "B moving -> open (relay)"]
