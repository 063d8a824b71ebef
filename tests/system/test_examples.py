"""The programs in examples/, run as a person runs them, against a real node."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.twistd_process import until
from tests.system.valve_node import ValveNode, said

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT_S = 60
DASHBOARD = """\
port: 0
devices:
  - name: Env
    device: thermometer
    values:
      - {name: temperature, func_name: temperature, enabled: true, period: 0.1, units: C}
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = ValveNode(tmp_path_factory.mktemp("examples"))
    setupfiles = node.root / "setupfiles"
    text = (setupfiles / "initialization.xml").read_text()
    off, on = '<plugin enabled="false">DashboardServer', '<plugin enabled="true">DashboardServer'
    (setupfiles / "initialization.xml").write_text(text.replace(off, on))
    (setupfiles / "dashboard.yaml").write_text(DASHBOARD)
    with node:
        yield node


@pytest.fixture(scope="module")
def dashboard_port(node):
    """Of the same node."""
    return said(node.twistd.text(), r"dashboard on 127\.0\.0\.1:(\d+)")


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


def test_a_dashboard_is_followed_with_plain_pyzmq(dashboard_port):
    status, told, error = run("follow_dashboard.py", "127.0.0.1", dashboard_port, 2)
    assert (status, error) == (0, "")
    first, *values = told.splitlines()
    assert first == "<Env,temperature> in C, every 0.1 s"
    assert len(values) == 2
    assert all(re.fullmatch(r"<Env,temperature> = 0\.\d+ C", line) for line in values)
    status, _, error = run("follow_dashboard.py", "127.0.0.1", 1)
    assert status == 1
    assert error == "it does not answer: is it the port of a dashboard?\n"
