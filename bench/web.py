"""What a browser on the live page costs: the command port's p99 with one and without, and memory for those that stop reading.

    python -m bench.web serve          a node's command port and page, as `run` starts it; orders on stdin
    python -m bench.web browser PORT   reads the page's stream until killed

The node has 200 valves, of which twenty change a second, and 50 values that change ten times a second; all of it is published in both
halves. The browser is a process that reads the stream as fast as it comes: a real one draws on another machine.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from bench.peers import load_for
from bench.rows import Row

VALVES = 200
VALUES = 50
RATE = 10.0
ROUNDS = 7
CONNECTIONS = 16
PACE = 1000.0
PACED_S = 2.0
MOST_LATE = 1.2
SILENT = 20
FLOOD = 20_000
MOST_MB_EACH = 1.0
HOST = "127.0.0.1"


def run() -> list[Row]:
    """Both halves by turns; memory last."""
    with _node() as node:
        found = []
        for number in range(ROUNDS):
            order = (True, False) if number % 2 else (False, True)
            took = {with_: _p99(node, with_) for with_ in order}
            found.append((took[True], took[False]))
        ratio = median(with_ / without for with_, without in found)
        row = Row(
            f"request p99 us with a browser on {VALVES} valves, {VALUES} values at {RATE:.0f} Hz (without)",
            median(with_ for with_, _ in found) * 1e6,
            median(without for _, without in found) * 1e6,
            ratio,
            MOST_LATE,
            ratio <= MOST_LATE,
        )
        return [row, _silent(node)]


def _p99(node: _Node, with_browser: bool) -> float:
    with _browser(node.web_port) if with_browser else _nobody():
        return load_for(node.port, CONNECTIONS, PACED_S, PACE)["p99"]


def _silent(node: _Node) -> Row:
    before = node.ask("memory")
    held = [_open_stream(node.web_port) for _ in range(SILENT)]
    after = node.ask(f"flood {FLOOD}")
    for one in held:
        one.close()
    if after["dropped"] != SILENT:
        raise RuntimeError(f"{after['dropped']} of {SILENT} browsers that do not read were dropped")
    each = (after["most"] - before["memory"]) / SILENT / 1e6
    return Row(
        f"MB for each of {SILENT} browsers that stop reading, {FLOOD:,} changes",
        each,
        0.0,
        each,
        MOST_MB_EACH,
        each <= MOST_MB_EACH,
    )


def _open_stream(port: int) -> socket.socket:
    one = socket.create_connection((HOST, port), 10.0)
    one.sendall(f"GET /events HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
    one.recv(1)
    return one


class _Node:
    """The process under test."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.web", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        found = self._answer()
        self.port, self.web_port = found["port"], found["web_port"]

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the node under test ended")
        return json.loads(line)

    def ask(self, order: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return self._answer()


@contextmanager
def _node() -> Iterator[_Node]:
    node = _Node()
    try:
        yield node
    finally:
        node.process.kill()
        node.process.wait()
        for pipe in (node.process.stdin, node.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def _browser(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.web", "browser", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def _nobody() -> Iterator[None]:
    yield


def browse(port: int) -> None:
    """Say when the stream has begun; read on."""
    stream = _open_stream(port)
    print("reading", flush=True)
    while stream.recv(65536):
        pass


def serve() -> None:
    """Print both ports; change valves and values for ever; obey stdin."""
    from twisted.internet import reactor
    from twisted.internet.stdio import StandardIO
    from twisted.internet.task import LoopingCall
    from twisted.protocols.basic import LineOnlyReceiver

    from bench.page_node import PageNode

    node = PageNode(reactor, HOST, VALVES, VALUES)
    changes = LoopingCall(node.change)
    changes.start(1.0 / RATE)

    class Orders(LineOnlyReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:
            what, _, count = line.decode().partition(" ")
            if what == "memory":
                print(json.dumps({"memory": _resident()}), flush=True)
            else:
                changes.stop()
                self.flood(int(count), 0)

        def flood(self, left: int, most: int) -> None:
            for _ in range(50):
                node.change_valve()
            most = max(most, _resident())
            if left > 50:
                # Slower than what is gathered goes out, else all of it would be one event.
                reactor.callLater(0.025, self.flood, left - 50, most)
            else:
                print(json.dumps({"most": most, "dropped": node.live.streams.dropped}), flush=True)

    StandardIO(Orders())
    print(json.dumps({"port": node.port, "web_port": node.web_port}), flush=True)
    reactor.run()


def _resident() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        browse(int(sys.argv[2]))
