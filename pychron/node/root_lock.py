"""One node a root: the lock that a running node holds, and the pid file that a dead one left behind."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from pychron.node.known_plugins import NODES
from pychron.node.root import state_folder


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Files of a node that runs: in its root, or in the person's state folder when the root is not to be written."""

    folder: Path
    node: str

    @classmethod
    def of(cls, root: Path, role: str, home: Path | None = None) -> RunFiles:
        state = state_folder(root, role, simulated=False, home=home)
        return cls(root if state.is_relative_to(root) else state, NODES[role])

    @property
    def lock(self) -> Path:
        return self.folder / f".{self.node}.lock"

    @property
    def pid(self) -> Path:
        return self.folder / f"{self.node}.pid"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.node}.log"


class RootInUse(Exception):
    """Another process runs this node on this root: two would drive the same hardware."""

    def __init__(self, files: RunFiles) -> None:
        super().__init__(
            f"{files.node} runs on this root already ({_holder(files.pid)}); stop it first, or use another root"
        )
        self.files = files


class RootLock:
    """Held from `acquire` until the process ends, through the fork of a daemon too (flock(2))."""

    def __init__(self, files: RunFiles) -> None:
        self._files = files
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises RootInUse, or OSError where nothing can be written."""
        self._files.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._files.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise RootInUse(self._files) from None
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the root free; harmless where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def forget_dead_node(files: RunFiles) -> None:
    """Remove the pid file when no node holds the root.

    After a power failure its number may belong to any other process, and twistd would then refuse to start.
    """
    lock = RootLock(files)
    try:
        lock.acquire()
    except (RootInUse, OSError):
        return
    try:
        files.pid.unlink(missing_ok=True)
    finally:
        lock.release()


def _holder(pid: Path) -> str:
    try:
        return f"pid {int(pid.read_text('ascii'))}"
    except (OSError, ValueError):
        return "its pid file is missing"
