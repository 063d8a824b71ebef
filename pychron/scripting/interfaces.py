"""How a script's process is started and talked to: one line out and one line back a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zope.interface import Interface


class IScriptChild(Interface):
    """A running child."""

    def send(line: bytes) -> None:
        """One JSON line, without its LF."""

    def interrupt() -> None:
        """Break a computation (SIGINT): the child raises Cancelled."""

    def kill() -> None:
        """End the whole process group at once."""


class IScriptHost(Interface):
    """Real: a child process in its own session with limits; virtual: a thread in lock-step with the clock."""

    def start(
        line: Callable[[bytes], None],
        ended: Callable[[int | None, str], None],
        error: Callable[[bytes], None],
    ) -> IScriptChild:
        """`line` gets each line the child writes, `ended` its exit status (None = killed) and a text once,
        `error` what it writes to stderr."""


class IScriptRuns(Interface):
    """Offered by the plugin that runs scripts on the node's line."""

    async def run(file: Path, variables: Mapping[str, Any]) -> Any:
        """Run one to its end: a pychron.scripting.outcomes.ScriptEnded. One at a time."""
