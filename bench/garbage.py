"""An owner's Close on a real pyvalve, without and with a peer that sends garbage as fast as it is taken.

Rounds of both alternate. The garbage comes from a process of its own over six connections, each opened anew when the node has closed it.

    python -m bench.garbage PORT    that process, as `run` starts it
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.pyvalve_process import DUMMY, Asker, pyvalve, valve
from bench.rows import Row, at_most_more

ROUNDS = 6
CLOSES = 100
LINKS = 6
FROM = "127.0.0.2"
BEGUN = 1000
"""So many pieces have been sent before the first Close is timed."""
LIMIT_MS = 50.0
REST_S = 0.01


def run() -> list[Row]:
    with pyvalve(valve("A", "relays", "1"), {"relays": DUMMY.format(name="relays")}) as port:
        asker = Asker(port)
        asker.until("Open A", (b"OK", b"ok"))
        asker.until("Close A", (b"OK", b"ok"))
        claimed = asker.ask("Claim A")
        if b"token" not in claimed:
            raise RuntimeError(f"the claim was answered {claimed!r}")
        alone: list[float] = []
        beside: list[float] = []
        for _ in range(ROUNDS):
            alone += _closes(asker)
            with _garbage(port):
                beside += _closes(asker)
        asker.close()
    names = {"p99": 0.99, "the slowest": 1.0}
    return [
        at_most_more(
            f"an owner's Close beside a flood of garbage, {name}, ms (difference)",
            _part(beside, part) * 1e3, _part(alone, part) * 1e3, LIMIT_MS,
        )
        for name, part in names.items()
    ]  # fmt: skip


def _closes(asker: Asker) -> list[float]:
    found = []
    for _ in range(CLOSES):
        asker.until("Open A", (b"OK", b"ok"))
        time.sleep(REST_S)
        began = time.perf_counter()
        reply = asker.ask("Close A").strip()
        found.append(time.perf_counter() - began)
        if reply != b"OK":
            raise RuntimeError(f"the owner's Close was answered {reply!r}")
    return found


def _part(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


@contextmanager
def _garbage(port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "bench.garbage", str(port)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"begun\n":
            raise RuntimeError("the garbage did not get through")
        yield
        if process.poll() is not None:
            raise RuntimeError("the garbage ended before the last Close")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def shout(port: int) -> None:
    """Until killed: bytes, half requests, broken UTF-8, over-long lines, wrong lengths, switches that are not there."""
    noise = [
        os.urandom(900) + b"\r\n",
        b"Open\r\n" * 60,
        b"\xff\xfe{}[]\r\n" * 60,
        b"x" * 5000 + b"\r\n",
        b"{0010}Open A\r\n" * 40,
        b"GetValveState NONE\r\n" * 60,
    ]
    links: list[socket.socket | None] = [None] * LINKS
    sent = 0
    while True:
        for n, link in enumerate(links):
            try:
                if link is None:
                    links[n] = link = socket.create_connection(("127.0.0.1", port), 5, (FROM, 0))
                    link.settimeout(0.2)
                link.sendall(noise[n])
                if not link.recv(65536):
                    link.close()
                    links[n] = None
            except OSError:
                if link is not None:
                    link.close()
                links[n] = None
            sent += 1
            if sent == BEGUN:
                print("begun", flush=True)


if __name__ == "__main__":
    shout(int(sys.argv[1]))
