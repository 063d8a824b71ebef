"""Actuations on a healthy bus of a real pyvalve, without and with constant Opens to a bus that never answers.

Rounds of both alternate in one process. The silent bus accepts the connection and reads what is sent to it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.pyvalve_process import DUMMY, Asker, pyvalve, valve
from bench.rows import Row, at_most_more

ROUNDS = 6
ACTUATIONS = 150
SILENT_VALVES = 4
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
    asked = 0
    for _ in range(ROUNDS):
        alone += _turns(asker)
        with _opens(port) as count:
            beside += _turns(asker)
        asked += sum(count)
    asker.close()
    if not asked:
        raise RuntimeError("nothing was asked of the silent bus")
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
def _opens(port: int) -> Iterator[list[int]]:
    """A connection a silent valve, each asking for its Open again as soon as it is answered."""
    ended = threading.Event()
    count = [0] * SILENT_VALVES

    def ask(n: int) -> None:
        asker = Asker(port)
        while not ended.is_set():
            if asker.ask(f"Open S{n}").strip() in (b"OK", b"ok"):
                raise RuntimeError("a silent bus cannot have confirmed anything")
            count[n] += 1
        asker.close()

    threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(SILENT_VALVES)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    try:
        yield count
    finally:
        ended.set()
        for thread in threads:
            thread.join(10.0)


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
