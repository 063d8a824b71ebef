"""A laboratory's own files, read in place: its valves are served, emulated, and what is odd in them is told."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.twistd_process import PROJECT, Foreground, environment
from tests.system.valve_node import Peer, said, wait_until_read

LAB = PROJECT.parent / "shared" / "real" / "lab"
pytestmark = pytest.mark.skipif(
    not LAB.is_dir(), reason="the laboratory's files are not beside this checkout"
)
SWITCHES, PIPETTES = 21, 2


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def port(home, tmp_path_factory):
    """pyvalve on the laboratory's root, which nobody may write to; its own files go below HOME."""
    before = os.environ["HOME"]
    os.environ["HOME"] = str(home)
    try:
        node = Foreground(
            tmp_path_factory.mktemp("output"),
            *(
                "pyvalve",
                "--root",
                str(LAB),
                "--simulated",
                "--port",
                "0",
                "--publish-port",
                "0",
                "--web-port",
                "0",
            ),
        )
    finally:
        os.environ["HOME"] = before
    try:
        node.wait_for("every part is set up")
        number = said(node.text(), r"commands are taken at 127\.0\.0\.1:(\d+)")
        wait_until_read(number)
        yield number
    finally:
        node.stop()


def check(*options):
    done = subprocess.run(
        [sys.executable, "-m", "pychron.cli.main", "check", str(LAB), *options],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def files():
    return {p: p.stat().st_mtime_ns for p in LAB.rglob("*")}


def test_its_switches_and_pipettes_are_served(port):
    with Peer(port) as peer:
        word = peer.ask("GetValveStates")
        assert len(re.findall(r"[^,]+", word[:-4])) == SWITCHES, word
        counts = ast.literal_eval(peer.ask("GetPipetteCounts"))
        assert len(counts) == PIPETTES
        assert '"simulated":true' in peer.ask('{"id": "test", "command": "GetVersion"}').replace(" ", "")


def test_a_valve_of_it_opens_and_closes(port):
    with Peer(port) as peer:
        assert peer.ask("Open A") == "OK"
        assert peer.ask("GetIndicatorState A") == "OK"
        assert peer.ask("Close A") == "OK"


def test_nothing_was_written_there(port, home):
    assert not [path for path in files() if path.suffix in (".sock", ".pid", ".sqlite", ".log")]
    assert list((home / ".local" / "state" / "pychron").rglob("*.s*"))


def test_its_oddities_are_told_with_file_and_line():
    lines = check().splitlines()
    told = [line for line in lines if re.search(r"^\S+:\d+: (error|warning): ", line)]
    assert told, lines
    for line in told:
        path, number = line.split(":")[:2]
        text = (LAB / path).read_text(errors="replace").splitlines()
        assert 1 <= int(number) <= len(text), line
    assert {Path(line.split(":")[0]).name for line in told} >= {"initialization.xml", "valves.xml"}
