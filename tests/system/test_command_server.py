"""The command server as a real process on loopback: crowds, peers that leave or never read, a stopped node."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.system.twistd_process import until

ROOT = Path(__file__).parents[2]


@dataclass
class Node:
    process: subprocess.Popen[str]
    port: int
    path: str

    def connect(self) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self.port), 10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return one

    def own(self) -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(10)
        one.connect(self.path)
        return one

    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    path = os.path.relpath(tmp_path / "s", ROOT)
    command = [sys.executable, "-m", "tests.system.command_server_process", path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Node(process, int(process.stdout.readline()), str(tmp_path / "s"))
        finally:
            process.kill()


def line(link: socket.socket) -> str:
    """One reply."""
    held = b""
    while not held.endswith(b"\r\n"):
        got = link.recv(65536)
        if not got:
            break
        held += got
    return held.decode().strip()


def rest(link: socket.socket) -> list[str]:
    """All replies until the server closes."""
    held = b""
    while got := link.recv(65536):
        held += got
    return held.decode().splitlines()


def ask(link: socket.socket, text: str) -> str:
    link.sendall(text.encode())
    return line(link)


def test_two_thousand_half_open_connections(node: Node) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2300:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2300), hard))
    with ExitStack() as stack:
        owner = stack.enter_context(node.connect())
        assert ask(owner, "State\r\n") == "OK"
        for n in range(2000):
            crowd = stack.enter_context(node.connect())
            if n % 2:
                crowd.sendall(b"Sta")
        times = []
        for _ in range(21):
            began = time.monotonic()
            assert ask(owner, "Close\r\n") == "OK"
            times.append(time.monotonic() - began)
        assert median(times) < 0.05
        own = stack.enter_context(node.own())

        def connected() -> int:
            return int(json.loads(ask(own, "Count\r\n"))["connected"])

        until(lambda: connected() >= 1992, "all that there is room for are in: a few are taken each turn")
        assert connected() <= 1993, (
            "the node's own socket came when there was room, or has a place that is kept"
        )
        assert node.resident_mb() < 120


def test_a_peer_that_never_reads_is_held_and_nobody_else(node: Node) -> None:
    with node.connect() as deaf, node.connect() as other:
        assert ask(other, "State\r\n") == "OK"
        before = node.resident_mb()
        deaf.setblocking(False)
        for _ in range(200):
            try:
                deaf.send(b"Big\r\n" * 200)
            except BlockingIOError:
                break
        for _ in range(20):
            began = time.monotonic()
            assert ask(other, "Close\r\n") == "OK"
            assert time.monotonic() - began < 1.0
        assert node.resident_mb() - before < 30


def test_one_that_half_closes_reads_why_and_its_queries_are_answered(node: Node) -> None:
    with node.connect() as link:
        link.sendall(b"State\r\nOpen 0\r\n")
        link.shutdown(socket.SHUT_WR)
        first, second = rest(link)
    assert first == "OK"
    # Whether its end came before the open was looked at is the kernel's affair; it is never begun after it.
    assert second == "opened" or "closed its side" in second
    with node.connect() as link:
        link.sendall(b"State\r\nOpen 0.3\r\nOpen 0\r\n")
        assert (
            line(link) == "OK"
        )  # what stood in one segment is looked at together: the first open is under way
        link.shutdown(socket.SHUT_WR)
        first, second = rest(link)
    assert first == "left"
    assert second.startswith("ERROR 010")


def test_one_that_leaves_is_seen_behind_bytes_that_nobody_read(node: Node) -> None:
    with node.own() as own:
        gone = node.connect()
        gone.sendall(b"Open 0.3\r\n" + b"State\r\n" * 500)
        until(lambda: json.loads(ask(own, "Count\r\n"))["waiting"], "its queries wait behind its open")
        gone.close()
        assert ask(own, "Open 0.4\r\n") == "opened"
        assert json.loads(ask(own, "Count\r\n")) == {"connected": 1, "waiting": 0}


def test_what_was_sent_to_a_stopped_node_is_late_and_what_comes_after_is_not(node: Node) -> None:
    with node.connect() as known, node.own() as own:
        assert ask(known, "Open 0\r\n") == "opened"
        os.kill(node.process.pid, signal.SIGSTOP)
        try:
            known.sendall(b"Open 0\r\n")
            with node.connect() as new:
                new.sendall(b"Open 0\r\n")
                own.sendall(b"Open 0\r\n")
                time.sleep(2.0)  # the standstill itself: what was sent before it is older than this
                os.kill(node.process.pid, signal.SIGCONT)
                late = [line(known), line(new), line(own)]
                assert all(reply.startswith("late ") and float(reply[5:]) >= 1.9 for reply in late), late
                until(lambda: ask(own, "Open 0\r\n") == "opened", "every socket was read")
                assert [ask(one, "Open 0\r\n") for one in (known, new)] == ["opened"] * 2
        finally:
            os.kill(node.process.pid, signal.SIGCONT)
