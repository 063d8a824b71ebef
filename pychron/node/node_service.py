"""The node as a Twisted service: `startService` only begins, the set-up is awaited in the reactor's turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.config.problems import Report
from pychron.events.bus import EventBus
from pychron.node import lifecycle
from pychron.node.part import Part
from pychron.runtime.distribution import Distribution
from pychron.runtime.plugin import Listening
from pychron.runtime.world import World


def _nothing(interface: object) -> Any:
    raise LookupError(f"nothing offers {interface}")


class NodeService(MultiService):
    """Owns the parts of one node, and the services that they add."""

    log = Logger()

    def __init__(
        self,
        world: World,
        bus: EventBus,
        report: Report,
        state_folder: Path = Path(),
        *,
        set_up_failed: Callable[[Failure], None] | None = None,
        afterwards: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        MultiService.__init__(self)
        self.world = world
        self.bus = bus
        self.report = report
        self.state_folder = state_folder
        """Where the node keeps its own files; made when it starts."""
        self.parts: list[Part] = []
        self.offers: Callable[[Any], Any] = _nothing
        """What the parts offer, by interface; LookupError where nobody does."""
        self.counters: dict[str, Callable[[], int | float]] = {}
        self.channels: list[tuple[str, Any]] = []
        self.distributions: dict[str, Distribution] = {}
        self.listens: list[Listening] = []
        """What the parts are going to listen on."""
        self.state = "new"
        """new, starting, running, stopping, stopped or failed."""
        self._set_up_failed = set_up_failed
        self._afterwards = afterwards
        self._starting: Deferred[None] | None = None
        self._rolling_back = False
        self._failure: Failure | None = None
        self._watchers: list[Deferred[None]] = []

    def when_ready(self) -> Deferred[None]:
        """Fires when every part is set up and bound; fails with what stopped that."""
        watcher: Deferred[None] = Deferred()
        if self.state == "running":
            watcher.callback(None)
        elif self._failure is not None:
            watcher.errback(self._failure)
        else:
            self._watchers.append(watcher)
        return watcher

    def startService(self) -> None:
        MultiService.startService(self)
        self.state = "starting"
        # Under twistd the reactor does not run yet, and a failure before it runs could not stop it.
        self.world.wire.callLater(0, self._begin)

    def _begin(self) -> None:
        if self.state != "starting":
            return
        for problem in self.report.sorted():
            self.log.warn("{problem}", problem=str(problem))
        if self.world.simulated:
            self.log.warn("SIMULATED: the instruments are emulated, nothing real moves")
        self._starting = Deferred.fromCoroutine(self._set_up())
        self._starting.addBoth(self._begun)

    async def _set_up(self) -> None:
        self.state_folder.mkdir(parents=True, exist_ok=True)
        await lifecycle.set_up(self.parts, self.world.wire, self._roll_back_begins)

    def _roll_back_begins(self) -> None:
        self._rolling_back = True

    def _begun(self, result: Failure | None) -> None:
        failure = self._failure = result if isinstance(result, Failure) else None
        watchers, self._watchers = self._watchers, []
        if failure is None:
            if self.state == "starting":
                self.state = "running"
                self.log.info("every part is set up: {parts}", parts=", ".join(p.name for p in self.parts))
        elif not (self.state == "stopping" and failure.check(CancelledError)):
            if self.state == "starting":
                self.state = "failed"
            if self._set_up_failed is None:
                self.log.failure("the set-up failed", failure=failure)
            else:
                self._set_up_failed(failure)
        for watcher in watchers:
            if failure is None:
                watcher.callback(None)
            else:
                watcher.errback(failure)

    def stopService(self) -> Deferred[None]:
        """Fires when all is down. During set-up that is cut short and rolled back first."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        before, self.state = self.state, "stopping"
        starting = self._starting
        if before == "starting" and starting is not None:
            ended: Deferred[None] = Deferred()
            starting.addCallback(lambda _: ended.callback(None))
            if not self._rolling_back:
                starting.cancel()
            await ended
        if before == "running":
            await lifecycle.stop(self.parts, self.world.wire, self.offers)
        stopped = MultiService.stopService(self)
        if stopped is not None:
            await stopped
        if self._afterwards is not None:
            await self._afterwards()
        self.state = "stopped"
