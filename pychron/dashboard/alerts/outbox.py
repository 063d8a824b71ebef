"""Letters on their way: each channel in its own order and with its own patience, so that a dead mail server holds up nobody else."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from pychron.dashboard.alerts.channels import NotSent
from pychron.dashboard.alerts.memory import Letter, Memory
from pychron.dashboard.alerts.specs import Channel
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

FIRST_S, LONGEST_S = 2.0, 300.0
"""Between attempts: twice as long each time."""

Transmit = Callable[[Channel, Letter], Awaitable[str]]
"""Answers who was refused for good; raises NotSent."""


@dataclass(slots=True)
class _Queue:
    channel: Channel
    letters: deque[Letter] = field(default_factory=deque)
    busy: bool = False
    wait_s: float = FIRST_S
    timer: IDelayedCall | None = None
    why: str = ""


class Outbox:
    """Sends until the receiver has it: twice rather than never."""

    log = Logger()

    def __init__(
        self, world: World, memory: Memory, channels: dict[str, Channel], transmit: Transmit
    ) -> None:
        self._world = world
        self._memory = memory
        self._transmit = transmit
        self._queues = {name: _Queue(channel) for name, channel in channels.items()}
        self._spawner = Spawner()
        self._running = True
        self.sent = 0
        self.failed = 0
        """Attempts"""

    @property
    def waiting(self) -> int:
        """Letters that nobody has yet."""
        return sum(len(queue.letters) for queue in self._queues.values())

    def troubles(self) -> dict[str, str]:
        """Why a channel does not get through, by name."""
        return {name: queue.why for name, queue in self._queues.items() if queue.why}

    def put(self, letters: tuple[Letter, ...]) -> None:
        """They are on disk; send them. One for a channel that the file no longer has is told and kept."""
        for letter in letters:
            queue = self._queues.get(letter.channel)
            if queue is None:
                self.log.error(
                    "an alert waits for the channel {channel}, which alerts.yaml no longer has: {title}",
                    channel=letter.channel,
                    title=letter.episode.title,
                )
                continue
            queue.letters.append(letter)
            self._go_on(queue)

    def stop(self) -> None:
        """Send no more; what waits is on disk."""
        self._running = False
        for queue in self._queues.values():
            if queue.timer is not None and queue.timer.active():
                queue.timer.cancel()
        self._spawner.cancel()

    def _go_on(self, queue: _Queue) -> None:
        waits = queue.timer is not None and queue.timer.active()
        if self._running and queue.letters and not queue.busy and not waits:
            queue.busy = True
            self._spawner.spawn(
                self._one(queue),
                f"an alert to {queue.channel.name}",
                lambda: self._not_sent(queue, "a fault of this node; its log has the reason"),
            )

    async def _one(self, queue: _Queue) -> None:
        letter = queue.letters[0]
        try:
            refused = await self._transmit(queue.channel, letter)
        except NotSent as problem:
            self._not_sent(queue, problem.why)
            return
        await self._strike_out(letter)
        queue.letters.popleft()
        self.sent += 1
        if refused:
            self.log.error(
                "an alert did not reach everybody of {channel}: {why}; mend the address in alerts.yaml",
                channel=queue.channel.name,
                why=refused,
            )
        elif queue.why:
            self.log.info("alerts get through to {channel} again", channel=queue.channel.name)
        queue.wait_s, queue.why, queue.busy = FIRST_S, refused, False
        self._go_on(queue)

    async def _strike_out(self, letter: Letter) -> None:
        """Where the disk fails it is sent once more after the next start: twice rather than never."""
        try:
            await self._memory.taken(letter)
        except (sqlite3.Error, OSError) as problem:
            self.log.error(
                "an alert was sent and could not be struck out: {why}; the next start sends it again",
                why=problem,
            )

    def _not_sent(self, queue: _Queue, why: str) -> None:
        queue.busy = False
        if not self._running:
            return
        self.failed += 1
        if why != queue.why:
            self.log.error(
                "an alert does not get through to {channel}: {why}; it is kept and tried again",
                channel=queue.channel.name,
                why=why,
            )
        queue.why = why
        queue.timer = self._world.wire.callLater(queue.wait_s, self._go_on, queue)
        queue.wait_s = min(2 * queue.wait_s, LONGEST_S)
