"""Follows the broadcasts of one node, ours or installed, on any world's ZMQ."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import CancelledError, maybeDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from pychron.broadcast.frames import SNAPSHOT, TAG, BadFrame, payload_after, read_message, read_snapshot
from pychron.broadcast.interfaces import ISubscription
from pychron.broadcast.sequence import Apply, AskSnapshot, Follower, Lost, Outputs, Reset
from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.periodic import Periodic
from pychron.runtime.spawn import Spawner
from pychron.runtime.world import World

BOUND = 5_000
TURN = 200
"""Frames handled in one reactor turn."""
ANSWER_S = 2.0
TICK_S = 0.25

Told = Reset | Apply | Lost


class Subscriber:
    """Tells `told` of each Reset, Apply and Lost, in order. Installed nodes are heard by `subscribe`."""

    log = Logger()

    def __init__(
        self,
        world: World,
        host: str,
        port: int,
        told: Callable[[Told], None] | None = None,
        bound: int = BOUND,
    ) -> None:
        self._world = world
        self.host = host
        self.port = port
        self._told = told
        self._bound = bound
        self.follower = Follower(world.wire.seconds())
        self._texts: list[tuple[str, Callable[[str], None]]] = []
        self._queue: deque[bytes] = deque()
        self._turn: IDelayedCall | None = None
        self._socket: ISubscription | None = None
        self._spawner = Spawner()
        self._tick = Periodic(world.wire, TICK_S, self._look, f"following {host}:{port}")
        self._full = False
        self._left = 0
        """Frames that this turn may still take."""
        self.received = 0
        self.dropped = 0
        """Frames that did not fit into the queue; a snapshot makes up for them."""
        self.bad = 0
        """Frames with our tag that could not be read."""
        self.why_no_snapshot = ""
        """Why the last request for a snapshot failed; empty after one that came."""

    def subscribe(self, tag: str, text: Callable[[str], None]) -> None:
        """Frames that begin with `tag` give `text` what follows it. The first tag that fits gets the frame.

        Call it before `start`.
        """
        self._texts.append((tag, text))

    def start(self) -> None:
        """Subscribe first, then ask for the snapshot."""
        prefixes = [tag.encode() for tag, _ in self._texts]
        if self._told is not None:
            prefixes.append(f"{TAG} ".encode())
        self._socket = self._world.zmq.subscription(self.host, self.port, tuple(prefixes), self._received)
        if self._told is not None:
            now = self._world.wire.seconds()
            self.follower = Follower(now)
            self._tick.start()
            self._carry_out(self.follower.start(now))

    def stop(self) -> None:
        """No further call of anybody. May be called twice."""
        if self._tick.running:
            self._tick.stop()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._queue.clear()
        self._spawner.cancel()

    # ---- frames in

    def _received(self, frame: bytes) -> None:
        self.received += 1
        if len(self._queue) >= self._bound:
            self.dropped += 1
            if not self._full:
                self._full = True
                self.log.warn(
                    "{host}:{port} sends faster than this node takes it: frames are dropped, a snapshot follows",
                    host=self.host,
                    port=self.port,
                )
            return
        self._queue.append(frame)
        if self._turn is None:
            self._turn = self._world.wire.callLater(0, self._drain)

    def _drain(self) -> None:
        self._turn = None
        self._left = min(TURN, len(self._queue))
        while self._left and self._socket is not None:
            # A frame that somebody fails to take is off the queue, and the next ones are taken.
            maybeDeferred(self._take_some).addErrback(self._callback_failed)
        if self._socket is None:
            return
        if self._queue:
            self._turn = self._world.wire.callLater(0, self._drain)
        elif self._full:
            self._full = False
            self.log.info(
                "{host}:{port}: {dropped} frames dropped so far",
                host=self.host,
                port=self.port,
                dropped=self.dropped,
            )

    def _take_some(self) -> None:
        queue = self._queue
        while self._left and self._socket is not None:
            self._left -= 1
            self._take(queue.popleft())

    def _take(self, frame: bytes) -> None:
        if self._told is not None and frame.startswith(b"pychron "):
            message = read_message(frame)
            if isinstance(message, BadFrame):
                self._count_bad(message.why)
            else:
                self._carry_out(self.follower.heard(message, self._world.wire.seconds()))
            return
        words = frame.decode("utf-8", "replace")
        for tag, text in self._texts:
            payload = payload_after(tag, words)
            if payload is not None:
                text(payload)
                return

    def _count_bad(self, why: str) -> None:
        self.bad += 1
        if self.bad == 1:
            self.log.warn("{host}:{port} sent a frame that {why}", host=self.host, port=self.port, why=why)

    # ---- the follower's outputs

    def _look(self) -> None:
        self._carry_out(self.follower.tick(self._world.wire.seconds()))

    def _carry_out(self, outputs: Outputs) -> None:
        for output in outputs:
            if isinstance(output, AskSnapshot):
                self._spawner.spawn(self._ask(), f"asking {self.host}:{self.port + 1} for a snapshot")
            elif self._told is not None and self._socket is not None:
                maybeDeferred(self._told, output).addErrback(self._callback_failed)

    def _callback_failed(self, failure: Failure) -> None:
        self.log.failure(
            "what {host}:{port} said was not taken", failure=failure, host=self.host, port=self.port
        )

    async def _ask(self) -> None:
        try:
            reply = await self._world.zmq.request(self.host, self.port + 1, SNAPSHOT, ANSWER_S)
            answer = read_snapshot(reply)
        except (DeadlinePassed, OSError) as error:
            answer = BadFrame(f"it does not answer: {error}")
        except CancelledError:
            return
        if self._socket is None:
            return
        why = answer.why if isinstance(answer, BadFrame) else ""
        if why and not self.why_no_snapshot:
            self.log.warn(
                "{host}:{port} gives no snapshot: {why}; it is asked again",
                host=self.host,
                port=self.port + 1,
                why=why,
            )
        self.why_no_snapshot = why
        self._carry_out(self.follower.answered(answer, self._world.wire.seconds()))
