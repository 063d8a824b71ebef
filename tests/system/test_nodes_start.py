"""Nodes as twistd runs them: in the foreground and as daemons, refused before the fork, failed after it."""

import os
import signal
import subprocess
import sys

import pytest

from tests.system.twistd_process import (
    NOTHING,
    PROJECT,
    Foreground,
    add_notifier_port,
    environment,
    hold_port,
    make_root,
    run,
    twistd,
    until,
)

NODES = ("pyvalve", "pyexperiment", "furpi", "pycrunch")
FREE = ("--port", "0", "--publish-port", "0", "--web-port", "0")
READY = "every part is set up"

ORPHAN = """
import ctypes, os, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
parent = subprocess.run(sys.argv[1:])
statuses = []
while True:
    try:
        _, status = os.wait()
    except ChildProcessError:
        break
    statuses.append(os.waitstatus_to_exitcode(status))
print(parent.returncode, *(status for status in statuses if status))
"""
"""Runs a daemon and waits for it although it detached: prints its parent's exit status, and its own if not 0."""

TOY = """
from twisted.internet import reactor
from zope.interface import implementer
from pychron.runtime.plugin import IPlugin

@implementer(IPlugin)
class Toy:
    name = "Toy"
    needs = offers = wants = ()
    def check(self, context): pass
    async def setup(self, context):
        await context.world.pool.run(print, "a job ran")
        raise ValueError("the toy is broken")
    def bind(self, context): pass
    async def teardown(self): print("rolled back", flush=True)
"""


@pytest.fixture
def root(tmp_path):
    return make_root(tmp_path / "root")


@pytest.fixture
def broken(tmp_path):
    """A root whose one plugin fails in its set-up, and the folder that brings the plugin."""
    folder = tmp_path / "site"
    info = folder / "toy-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "toy.py").write_text(TOY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pychron.plugins]\nToy = toy:Toy\n")
    said = '<root><plugins><general><plugin enabled="true">Toy</plugin></general></plugins></root>'
    return make_root(tmp_path / "root", said), folder


@pytest.fixture
def taken():
    with hold_port() as holder:
        yield holder.getsockname()[1]


def daemon(*arguments, folders=()):
    """(parent's status, daemon's own status), after the daemon has ended."""
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN, *twistd(*arguments)],
        env=environment(*folders),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    return tuple(int(word) for word in done.stdout.split())


def test_twistd_lists_the_nodes():
    status, output, _ = run("--help", cwd=PROJECT)
    assert status == 0
    for node in NODES:
        assert f"    {node} " in output


@pytest.mark.parametrize("node", NODES)
def test_each_node_tells_its_options(node):
    status, output, _ = run(node, "--help")
    assert status == 0
    for option in ("--root", "--port", "--publish-port", "--web-port", "--lenient", "--simulated", "--waive"):
        assert option in output


def test_the_dropins_import_nothing_of_ours():
    """`twistd --help` must not pay for pyvalve."""
    code = (
        "import sys\n"
        "from twisted.application.service import IServiceMaker\n"
        "from twisted.plugin import getPlugins\n"
        "names = sorted(p.tapname for p in getPlugins(IServiceMaker) if p.module.startswith('pychron'))\n"
        "print(names, any(m.startswith('pychron') for m in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == f"{sorted(NODES)} False"


def test_in_the_foreground(root, tmp_path):
    node = Foreground(tmp_path, "pycrunch", "--root", "root", *FREE)
    node.wait_for(READY)
    assert (root / "pycrunch.pid").read_text() == str(node.process.pid)
    assert node.stop() == -signal.SIGTERM
    assert not (root / "pycrunch.pid").exists()
    assert "on_node_stop: hold" in node.text()
    assert "Traceback" not in node.text()


def test_as_a_daemon(root, tmp_path):
    status, output, errors = run("pycrunch", "--root", "root", *FREE, cwd=tmp_path)
    assert (status, output, errors) == (0, "", "")
    pid = int((root / "pycrunch.pid").read_text())
    try:
        until(lambda: READY in (root / "pycrunch.log").read_text(), "the daemon is ready")
        # A second one on the same root is refused, whatever pid file it is told to use.
        status, _, errors = run("--pidfile=", "-n", "pycrunch", "--root", str(root), *FREE)
        assert status == 1
        assert f"pycrunch runs on this root already (pid {pid})" in errors
    finally:
        os.kill(pid, signal.SIGTERM)
    until(lambda: not (root / "pycrunch.pid").exists(), "the daemon is gone")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root"]


def test_two_nodes_started_in_one_folder_do_not_meet(tmp_path):
    roots = [make_root(tmp_path / name) for name in ("one", "two")]
    for root in roots:
        assert run("pycrunch", "--root", str(root), *FREE, cwd=tmp_path)[0] == 0
    for root in roots:
        os.kill(int((root / "pycrunch.pid").read_text()), signal.SIGTERM)
    for root in roots:
        until(lambda root=root: not (root / "pycrunch.pid").exists(), "the daemon is gone")


def test_a_killed_node_starts_again_though_its_number_is_now_another_process(root, tmp_path):
    node = Foreground(tmp_path, "pycrunch", "--root", str(root), *FREE)
    node.wait_for(READY)
    node.process.kill()
    node.process.wait()
    (root / "pycrunch.pid").write_text(str(os.getpid()))
    node = Foreground(tmp_path, "pycrunch", "--root", str(root), *FREE)
    node.wait_for(READY)
    node.stop()


@pytest.mark.parametrize("how", [("-n",), ()])
def test_a_faulty_root_is_refused_before_the_fork(how, tmp_path):
    root = make_root(tmp_path / "root", NOTHING.replace("<general/>", "<general/><general>"))
    status, _, errors = run(*how, "pycrunch", "--root", str(root), *FREE)
    assert status == 1
    assert "setupfiles/initialization.xml:1: error: " in errors
    assert errors.rstrip().endswith("1 error; the node does not start")
    assert "Traceback" not in errors
    assert not (root / "pycrunch.pid").exists()


def test_a_root_that_is_not_there(tmp_path):
    status, _, errors = run("pyvalve", "--root", str(tmp_path / "nowhere"))
    assert status == 1
    assert "pychron init" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("how", [("-n",), ()])
def test_a_taken_port_is_one_line_with_file_key_and_holder(how, root, taken):
    add_notifier_port(root, taken, "# broadcasts\n")
    status, _, errors = run(*how, "pycrunch", "--port", "0", "--root", str(root))
    assert status == 1
    lines = [line for line in errors.splitlines() if ": error: " in line]
    assert len(lines) == 1
    assert lines[0].startswith(
        f"setupfiles/servers/notifier.yaml:2: error: port: port 127.0.0.1:{taken} is taken by "
    )
    assert f"(pid {os.getpid()})" in lines[0]


def test_a_set_up_that_fails_ends_with_status_1(broken, tmp_path):
    root, folder = broken
    status, output, errors = run("-n", "pycrunch", "--root", str(root), *FREE, folders=[folder])
    assert status == 1, errors
    assert "a job ran" in output
    assert "rolled back" in output
    assert "the node could not be set up: the toy is broken" in output
    assert "Main loop terminated" in output
    assert not (root / "pycrunch.pid").exists()


def test_a_daemon_whose_set_up_fails_ends_with_status_1(broken):
    root, folder = broken
    assert daemon("pycrunch", "--root", str(root), *FREE, folders=[folder]) == (0, 1)
    assert "the node could not be set up: the toy is broken" in (root / "pycrunch.log").read_text()
    assert not (root / "pycrunch.pid").exists()


def test_a_daemon_that_is_stopped_ends_by_the_signal(root):
    """The control of the test above: what is not a failure does not look like one."""
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, *twistd("pycrunch", "--root", str(root), *FREE)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    log = root / "pycrunch.log"
    until(lambda: log.exists() and READY in log.read_text(), "the daemon is ready")
    os.kill(int((root / "pycrunch.pid").read_text()), signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert output.split() == ["0", str(-signal.SIGTERM)]
