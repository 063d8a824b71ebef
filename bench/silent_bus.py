"""Actuations on a healthy bus of a real pyvalve, without and with constant Opens to a bus that never answers.

Rounds of both alternate. The silent bus accepts the connection and reads what is sent to it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.pyvalve_process import DUMMY, Asker, pyvalve, valve
from bench.rows import Row, at_most_more

ROUNDS = 6
ACTUATIONS = 150
SILENT_VALVES = 4
AGAIN_S = 0.04
"""Between an answer and the same Open again: while its bus is known to be down, the node refuses within a millisecond."""
LIMIT_MS = 10.0
SILENT = """\
name: silent
klass: AgilentGPActuator
general: {{power_up: none, on_computer_loss: none, late_s: 0.5}}
communications: {{type: ethernet, host: 127.0.0.1, port: {port}, kind: TCP, timeout: 0.5}}
"""


def run() -> list[Row]:
    with _silence() as silent_port:
        lines = valve("H", "healthy", "1")
        lines += "".join(valve(f"S{n}", "silent", str(101 + n)) for n in range(SILENT_VALVES))
        devices = {"healthy": DUMMY.format(name="healthy"), "silent": SILENT.format(port=silent_port)}
        with pyvalve(lines, devices) as port:
            return [_compare(port)]


def _compare(port: int) -> Row:
    asker = Asker(port)
    asker.until("Open H", (b"OK", b"ok"))
    asker.until("Close H", (b"OK", b"ok"))
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(ROUNDS):
        alone += _turns(asker)
        with _opens(port):
            beside += _turns(asker)
    asker.close()
    name = "an Open while another bus is silent, p99 ms (difference)"
    return at_most_more(name, _p99(beside) * 1e3, _p99(alone) * 1e3, LIMIT_MS)


def _turns(asker: Asker) -> list[float]:
    found = []
    for n in range(ACTUATIONS):
        began = time.perf_counter()
        reply = asker.ask("Close H" if n % 2 else "Open H").strip()
        found.append(time.perf_counter() - began)
        if reply != b"OK":
            raise RuntimeError(f"the healthy valve answered {reply!r}")
    return found


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


@contextmanager
def _opens(port: int) -> Iterator[None]:
    """Constant Opens, from a process of their own: they must not take the timing's turn."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.silent_bus", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.stdin.close()
        refused = int(process.stdout.readline() or 0)
        process.wait(10.0)
        process.stdout.close()
    if not refused:
        raise RuntimeError("nothing was asked of the silent bus")


def ask_for_opens(port: int) -> None:
    """A connection a silent valve, until stdin ends; how many were refused on stdout."""
    ended = threading.Event()
    count = [0] * SILENT_VALVES

    def ask(n: int) -> None:
        asker = Asker(port)
        while not ended.wait(AGAIN_S):
            if asker.ask(f"Open S{n}").strip() in (b"OK", b"ok"):
                raise RuntimeError("a silent bus cannot have confirmed anything")
            count[n] += 1
        asker.close()

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(SILENT_VALVES)]
    for thread in threads:
        thread.start()
    print("begun", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join(10.0)
    print(sum(count), flush=True)


@contextmanager
def _silence() -> Iterator[int]:
    """A port that accepts, reads, and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))

    def read(one: socket.socket) -> None:
        with one, suppress(ConnectionResetError):
            while one.recv(4096):
                pass

    def accept() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=read, args=(one,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


if __name__ == "__main__":
    ask_for_opens(int(sys.argv[1]))
