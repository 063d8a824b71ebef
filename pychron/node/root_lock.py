"""One node a root: the lock that a running node holds, and the pid file that a dead one left behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK = ".node.lock"
PID_FILE = "twistd.pid"


class RootInUse(Exception):
    """Another process runs a node on this root: two would drive the same hardware."""

    def __init__(self, root: Path, holder: str) -> None:
        super().__init__(
            f"{root}: a node runs on this root already ({holder}); stop it first, or use another root"
        )
        self.root = root
        self.holder = holder


class RootLock:
    """Held from `acquire` until the process ends, through the fork of a daemon too (flock(2))."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises RootInUse, or OSError where the root cannot be written."""
        descriptor = os.open(self._root / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise RootInUse(self._root, _holder(self._root)) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the root free; harmless where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def forget_dead_node(root: Path) -> None:
    """Remove the default pid file when no node holds the root.

    After a power failure its number may belong to any other process, and twistd would then refuse to start.
    """
    lock = RootLock(root)
    try:
        lock.acquire()
    except (RootInUse, OSError):
        return
    try:
        (root / PID_FILE).unlink(missing_ok=True)
    finally:
        lock.release()


def _holder(root: Path) -> str:
    try:
        return f"pid {int((root / PID_FILE).read_text('ascii'))}"
    except (OSError, ValueError):
        return "its pid file is missing"
