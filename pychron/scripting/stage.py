"""What a script's commands may touch on the node, and how they wait, tell and end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.config.problems import Place
from pychron.extraction_line.interfaces import IExtractionLine
from pychron.runtime.deadlines import sleep
from pychron.scripting.devices import IExtractDevice
from pychron.trust.rights import Peer, Right

T = TypeVar("T")

NOWHERE = Place("")
SCRIPT_PEER = Peer("local", 0, Right.OPERATE, "script")


class EndScript(Exception):
    """A command ends its script: cancelled, or aborted at once."""

    def __init__(self, reason: str, abort: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.abort = abort


@dataclass(slots=True)
class Stage:
    """Handed to the commands of one run."""

    lab: IReactorTime
    wire: IReactorTime
    line: IExtractionLine
    name: str
    """The script's."""
    session: str
    """Of this run and no other: its commands are called `SESSION:NUMBER`."""
    peer: Peer = SCRIPT_PEER
    token: int | None = None
    """Of the run's claim."""
    context: Mapping[str, Any] = field(default_factory=dict)
    devices: Mapping[str, IExtractDevice] = field(default_factory=dict)
    allow_lock: bool = False
    on_step: Callable[[int, str], None] = lambda number, text: None
    on_info: Callable[[str, Place], None] = lambda text, at: None
    at: Place = NOWHERE
    """Where the script stands."""
    cancelled: str | None = None
    """Why, once it is."""
    alive: bool = True
    end_after: bool = False
    commands: int = 0
    """Handed to the line."""
    _skippable: Deferred[None] | None = None

    log = Logger()

    def info(self, text: str) -> None:
        """The script speaks."""
        self.log.info("{script}:{line}: {text}", script=self.at.file, line=self.at.line, text=text)
        self.on_info(text, self.at)

    def warn(self, text: str) -> None:
        """The node speaks about the script."""
        self.log.warn("{script}:{line}: {text}", script=self.at.file, line=self.at.line, text=text)
        self.on_info(f"warning: {text}", self.at)

    async def wait(self, seconds: float) -> None:
        """Lab seconds. An operator may end it early."""
        if seconds <= 0:
            return
        timer = sleep(self.lab, seconds)
        early: Deferred[None] = Deferred(lambda _: timer.cancel())
        timer.addCallbacks(early.callback, lambda failure: None)
        self._skippable = early
        try:
            await early
        finally:
            self._skippable = None
            if not timer.called:
                timer.cancel()

    def skip_wait(self) -> bool:
        """End the present wait; False where there is none."""
        if self._skippable is None or self._skippable.called:
            return False
        self._skippable.callback(None)
        return True

    def to_its_end(self, work: Coroutine[Deferred[Any], Any, T], what: str) -> Deferred[T]:
        """Await `work` so that cancelling the script leaves it running: an actuation begun is completed."""
        waiting: Deferred[T] = Deferred()

        def ended(result: T | Failure) -> None:
            if not waiting.called:
                waiting.callback(result)
            elif isinstance(result, Failure) and not result.check(CancelledError):
                self.log.warn(
                    "{what} of the ended script {script} failed: {why}",
                    what=what,
                    script=self.name,
                    why=result.getErrorMessage(),
                )

        Deferred.fromCoroutine(work).addBoth(ended)
        return waiting
