"""The command line of a node."""

from pathlib import Path

import pytest
from twisted.python import usage
from twisted.scripts._twistd_unix import ServerOptions

from pychron.node.options import ValveOptions
from pychron.node.root_lock import RootInUse, RootLock, RunFiles, forget_dead_node
from pychron.runtime.plugin import Options


def parse(*arguments):
    """As `twistd ARGUMENTS`."""

    class Twistd(ServerOptions):
        subCommands = (("pyvalve", None, ValveOptions, "a node"),)

    options = Twistd()
    options.parseOptions(list(arguments))
    return options


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "lab root"
    root.mkdir()
    return root


def test_the_defaults(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("pyvalve").subOptions.value() == Options(tmp_path / ".pychron.valve", "valve")


def test_everything_said(root):
    options = parse(
        *(
            "-n",
            "pyvalve",
            "--root",
            str(root),
            "--port",
            "0",
            "--publish-port=8200",
            "--lenient",
            "--simulated",
        ),
        *("--waive", "F:interlock=X", "--waive", "G:name=G"),
    )
    assert options.subOptions.value() == Options(
        root, "valve", 0, 8200, simulated=True, lenient=True, waive=("F:interlock=X", "G:name=G")
    )


@pytest.mark.parametrize("port", ["-1", "65536", "many"])
def test_a_port_that_is_none(port):
    with pytest.raises(usage.UsageError):
        parse("pyvalve", f"--port={port}")


def test_a_relative_root_is_made_absolute_before_a_daemon_changes_its_folder(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    assert parse("pyvalve", "--root", "lab root").subOptions["root"] == root


def test_pid_file_and_log_go_into_the_root(root):
    options = parse("pyvalve", "--root", str(root))
    assert options["pidfile"] == str(root / "pyvalve.pid")
    assert options["logfile"] == str(root / "pyvalve.log")


def test_what_was_said_to_twistd_holds(root, tmp_path):
    options = parse(
        *("--pidfile", str(tmp_path / "p"), "--logfile", str(tmp_path / "l"), "pyvalve", "--root", str(root))
    )
    assert (options["pidfile"], options["logfile"]) == (str(tmp_path / "p"), str(tmp_path / "l"))
    assert parse("-n", "--pidfile=", "pyvalve", "--root", str(root))["pidfile"] == ""
    assert parse("-n", "pyvalve", "--root", str(root))["logfile"] is None


def test_a_root_that_is_not_there_is_left_to_the_check(tmp_path):
    options = parse("pyvalve", "--root", str(tmp_path / "nowhere"))
    assert options["pidfile"] == str(Path("twistd.pid").absolute())


def test_the_pid_file_of_a_dead_node_is_forgotten_whatever_its_number_is_now(root):
    files = RunFiles.of(root, "valve")
    files.pid.write_text("1")
    parse("pyvalve", "--root", str(root))
    assert not files.pid.exists()


def test_the_pid_file_of_a_living_node_stays(root):
    files = RunFiles.of(root, "valve")
    files.pid.write_text("12345")
    lock = RootLock(files)
    lock.acquire()
    try:
        forget_dead_node(files)
        assert files.pid.exists()
        with pytest.raises(RootInUse, match=r"pyvalve runs on this root already \(pid 12345\)"):
            RootLock(files).acquire()
        # Another node may share the root.
        other = RootLock(RunFiles.of(root, "experiment"))
        other.acquire()
        other.release()
    finally:
        lock.release()
    RootLock(files).acquire()


def test_a_root_that_nobody_may_write_to_is_left_alone(root, tmp_path):
    root.chmod(0o555)
    try:
        files = RunFiles.of(root, "valve", home=tmp_path / "home")
        assert files.pid.is_relative_to(tmp_path / "home")
        lock = RootLock(files)
        lock.acquire()
        lock.release()
        assert list(root.iterdir()) == []
    finally:
        root.chmod(0o755)
