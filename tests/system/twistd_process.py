"""Real twistd processes on a root of their own, for system tests."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[2]
NOTHING = "<root><plugins><general/></plugins></root>\n"
LIMIT_S = 30.0


def environment(*folders):
    """With this checkout, and `folders`, on the path."""
    path = os.pathsep.join(map(str, (*folders, PROJECT)))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"}


def make_root(folder, initialization=NOTHING):
    """A root with an initialization.xml and nothing else."""
    setupfiles = Path(folder) / "setupfiles"
    setupfiles.mkdir(parents=True)
    (setupfiles / "initialization.xml").write_text(initialization)
    return Path(folder)


def add_notifier_port(root, port, line_before=""):
    """servers/notifier.yaml with a port."""
    servers = root / "setupfiles" / "servers"
    servers.mkdir(exist_ok=True)
    (servers / "notifier.yaml").write_text(f"{line_before}port: {port}\n")


def hold_port():
    """A listening socket whose next higher port is free, as a notifier needs it.

    Both lie below the ports that the kernel hands out by itself: nobody who asks for any free port gets the neighbour.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(20_000, lowest // 2), lowest - 1)
        held, neighbour = socket.socket(), socket.socket()
        with neighbour:
            try:
                held.bind(("127.0.0.1", port))
                neighbour.bind(("127.0.0.1", port + 1))
            except OSError:
                held.close()
                continue
        held.listen()
        return held


def twistd(*arguments):
    """The command line."""
    return [str(Path(sys.executable).with_name("twistd")), *arguments]


def run(*arguments, folders=(), cwd=None, limit_s=LIMIT_S):
    """Run twistd to its end: (exit status, stdout, stderr)."""
    done = subprocess.run(
        twistd(*arguments),
        env=environment(*folders),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def until(condition, what, limit_s=LIMIT_S):
    """Wait for something that another process does."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(0.02)


class Foreground:
    """`twistd -n`, its output in a file."""

    def __init__(self, folder, *arguments, folders=()):
        self.output = Path(folder) / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                twistd("-n", *arguments), env=environment(*folders), cwd=folder, stdout=output, stderr=output
            )

    def text(self):
        return self.output.read_text()

    def wait_for(self, text):
        """Until the log says `text`; the node must not have ended."""

        def there():
            if text in self.text():
                return True
            assert self.process.poll() is None, self.text()
            return False

        until(there, f"{text!r} in the log:\n{self.text()}")

    def stop(self):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self):
        try:
            return self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            raise
