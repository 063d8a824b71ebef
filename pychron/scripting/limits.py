"""What a script's process may use, applied in the process itself before it reads the script.

This protects the node against accidents: a loop, a memory hog, a forgotten file. It is no sandbox: a script runs
with the lab's rights, and what it spawns has limits of its own, of the same size.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping
from typing import Any

from pychron.scripting.script_errors import LimitReached

DEFAULTS: Mapping[str, int] = {"cpu_s": 600, "memory_mb": 1024, "files": 128, "file_mb": 256}
"""CPU seconds, address space, open files, size of one file written. A day of polling once a second takes ten
CPU seconds."""
GRACE_S = 5
"""CPU seconds between the LimitReached that a script may still clean up after, and the end of its process."""

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")


def environment(inherited: Mapping[str, str], path: str) -> dict[str, str]:
    """The child's environment: what Python needs to run, and none of the node's keys. `path` is where the
    pychron package lies."""
    kept = {key: inherited[key] for key in _KEPT if key in inherited}
    return {**kept, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8:backslashreplace"}


def own_session() -> None:
    """Become the leader of a session and process group, so that all it spawns is ended with it."""
    if os.getpid() != os.getsid(0):
        os.setsid()


def close_inherited(keep: tuple[int, ...]) -> None:
    """Close every descriptor above stderr that is not named: none of the node's files or sockets comes along."""
    low = 3
    for descriptor in sorted(keep):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, max(low, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536)))


def apply(limits: Mapping[str, int]) -> None:
    """Set the limits of this process; none is ever raised above what it inherited. CPU time ends first in a
    LimitReached at the line that computes, then in the end of the process."""
    wanted = {**DEFAULTS, **limits}
    _end_in_an_error(wanted["cpu_s"])
    _lower(resource.RLIMIT_CPU, wanted["cpu_s"], wanted["cpu_s"] + GRACE_S)
    _lower(resource.RLIMIT_AS, wanted["memory_mb"] * 2**20)
    _lower(resource.RLIMIT_NOFILE, wanted["files"])
    _lower(resource.RLIMIT_FSIZE, wanted["file_mb"] * 2**20)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    inherited = resource.getrlimit(which)[1]
    top = soft if hard is None else hard
    if inherited != resource.RLIM_INFINITY:
        top = min(top, inherited)
    resource.setrlimit(which, (min(soft, top), top))


def _end_in_an_error(cpu_s: int) -> None:
    def out_of_time(_signal: int, _frame: Any) -> None:
        # Linux sends SIGXCPU again each second above the soft limit: once is enough, so that the clean-up can run.
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
        raise LimitReached(f"the script used {cpu_s} s of CPU time: does it loop for ever?")

    signal.signal(signal.SIGXCPU, out_of_time)
