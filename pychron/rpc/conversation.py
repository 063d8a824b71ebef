"""One connection's requests and replies: the turn, the order, the bounds.

Verbs are answered at once, all replies of a segment in one write. The first one that awaits takes the connection's
turn and what follows waits, except a close: it is begun at once, after older closes only, and answered in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable
from typing import Any, Protocol

from pychron.rpc.arrival import Arrival
from pychron.rpc.codec import GARBAGE, Decoder, Garbled, Hostile, Item, Request
from pychron.rpc.dispatch import Dispatcher, supersede
from pychron.trust.rights import Peer

MOST_WAITING = 64
MOST_A_TURN = 50
LARGEST_BATCH = 128 * 1024
"""Bytes of replies in one write; then the transport is asked whether the peer reads at all."""
SHARE = LARGEST_BATCH // MOST_A_TURN
"""A longer reply counts as several requests of a turn."""


class Link(Protocol):
    """What a conversation asks of its transport."""

    def write(self, data: bytes) -> None:
        """Replies, in order."""

    def stop_reading(self) -> None:
        """Nothing more until `go_on_reading`."""

    def go_on_reading(self) -> None:
        """Read again."""

    def close(self) -> None:
        """After what was written."""

    def abort(self) -> None:
        """At once and unanswered."""

    def is_there(self) -> bool:
        """Looks at the connection's state."""


class Waiting:
    """A request that has a place in the order of replies."""

    __slots__ = ("begun", "jumps", "queued", "received_at", "reply", "request", "stood_still", "superseded")

    def __init__(self, item: Request, received_at: float, stood_still: bool) -> None:
        self.request = item
        self.received_at = received_at
        self.stood_still = stood_still
        self.jumps = False
        self.queued = False
        self.superseded = ""
        self.begun = False
        self.reply: bytes | None = None


class Conversation:
    """Bytes in by `received`, replies out by the link. `ended` once nothing is taken any more."""

    __slots__ = (
        "_again",
        "_arrival",
        "_decoder",
        "_dispatcher",
        "_garbage",
        "_held",
        "_link",
        "_queue",
        "_working",
        "close_after_reply",
        "ended",
        "half_closed",
        "may_move",
        "peer",
    )

    def __init__(
        self, dispatcher: Dispatcher, peer: Peer, link: Link, close_after_reply: bool = False
    ) -> None:
        self._dispatcher = dispatcher
        self._link = link
        self._decoder = Decoder()
        self._queue: deque[Waiting] | None = None
        self._arrival = Arrival(dispatcher.wire, dispatcher.watch)
        self._garbage = 0
        self._working = False
        self._again = False
        self._held = False
        self.peer = peer
        self.may_move = True
        self.close_after_reply = close_after_reply
        self.half_closed = False
        self.ended = False

    # ---- what the connection tells

    def received(self, data: bytes, now: float) -> None:
        """Bytes, read at `now` wire seconds."""
        if self.ended:
            return
        decoder = self._decoder
        request = decoder.one(data)
        busy = self._queue or self._held or self._working
        if request is not None and not busy and self._arrival.fresh(now):
            reply = self._answer(request)
            if reply is not None:
                self._write(reply, now)
                if self.close_after_reply:
                    self._afterwards(True, False)
            return
        if not decoder.more:
            self._arrival.stamp(len(data), now)
        decoder.feed(data)
        self._work(now)

    def quiet(self) -> None:
        """Nothing came for a while: what stands unended is taken as ended (option `quiet_s`)."""
        for item in self._decoder.flush():
            self._take_in(item)
        self._work()

    @property
    def begun(self) -> bool:
        """True while a line has begun and not ended."""
        return self._decoder.begun

    def hold(self) -> None:
        """The peer does not read: nothing is written, hence nothing begun, until `release`."""
        self._held = True
        self._pause()

    def release(self) -> None:
        """The peer has read what was written."""
        self._held = False
        self._work()

    def input_ended(self) -> None:
        """The peer closed its side. What it asked before is answered; a cut line is no command."""
        self.half_closed = True
        if not self._decoder.more:
            self._decoder.drop()
        self._work()

    def lost(self) -> None:
        """The connection is gone: nothing that waits is begun, what is begun goes on unheard."""
        self._decoder.drop()
        self._end()

    def still_there(self) -> bool:
        """As Call.still_there."""
        return not (self.ended or self.half_closed) and self._link.is_there()

    @property
    def idle(self) -> bool:
        """True while nothing waits for a reply."""
        return not self._queue

    # ---- reading and not reading

    def _pause(self) -> None:
        if not self._arrival.paused and not self.ended:
            self._arrival.pause()
            self._link.stop_reading()

    def _resume(self) -> None:
        if self._arrival.paused and not self.half_closed:
            self._arrival.resume()
            self._link.go_on_reading()

    # ---- the turn

    def _work(self, began: float | None = None) -> None:
        """One reactor turn's share."""
        if self._working or self.ended or self._held:
            return
        self._working = True
        if began is None:
            began = self._dispatcher.wire.seconds()
        out: list[bytes] = []
        left = MOST_A_TURN
        decoder = self._decoder
        while not self.ended:
            if self._queue:
                left = self._advance(out, left)
            room = MOST_WAITING - len(self._queue) if self._queue else left
            items = decoder.take(room) if room > 0 else None
            if not items:
                break
            for item in items:
                if self._queue or left <= 0:
                    self._take_in(item)
                else:
                    left -= 1
                    reply = self._answer(item)
                    if reply is not None:
                        out.append(reply)
                        left -= len(reply) // SHARE
                if self.ended:
                    break
        self._working = False
        if out:
            self._write(b"".join(out), began)
        self._afterwards(bool(out), left <= 0)

    def _write(self, data: bytes, began: float) -> None:
        self._link.write(data)
        self._dispatcher.counters.answering.add(self._dispatcher.wire.seconds() - began)

    def _afterwards(self, replied: bool, spent: bool) -> None:
        """Read on, come back in the next turn, or close."""
        heard_all = self.half_closed and not self._queue and not self._decoder.more
        if heard_all or (replied and self.close_after_reply):
            self._end()
        if self.ended:
            if self._garbage >= GARBAGE or replied or self.half_closed:
                self._link.close()
            return
        full = self._queue is not None and len(self._queue) >= MOST_WAITING
        behind = self._decoder.more or full
        if spent and (behind or self._queue) and not self._again:
            self._again = True
            self._dispatcher.wire.callLater(0, self._go_on)
        if behind or self._held or self._again:
            self._pause()
        elif self._arrival.paused:
            self._resume()

    def _go_on(self) -> None:
        self._again = False
        self._work()

    def _end(self) -> None:
        """Nothing more is begun."""
        self.ended = True
        queue, self._queue = self._queue or (), None
        self._dispatcher.counters.waiting -= len(queue)
        for waiting in queue:
            if not waiting.begun:
                self._begins(waiting)

    def _answer(self, item: Item) -> bytes | None:
        """An item whose turn it is: its reply, or None where it awaits (and has its place in the queue)."""
        if not isinstance(item, Request):
            return self._garbled(item)
        self._garbage = 0
        waiting = Waiting(item, self._arrival.at, self._arrival.stood_still)
        reply = self._begin(waiting)
        if reply is None:
            verb = self._dispatcher.granted(item, self.peer)
            waiting.jumps = verb is not None and verb.jumps
            self._enqueue(waiting)
        return reply

    def _garbled(self, item: Garbled | Hostile) -> bytes | None:
        if isinstance(item, Hostile):
            self._dispatcher.counters.hostile += 1
            self._end()
            self._link.abort()
            return None
        self._dispatcher.counters.requests += 1
        reply = self._dispatcher.refuse(item, item.fault)
        self._garbage = self._garbage + 1 if item.garbage else 0
        if self._garbage >= GARBAGE:
            self._dispatcher.counters.garbage += 1
            self._end()
        return reply

    def _take_in(self, item: Item) -> None:
        """An item that waits for its turn."""
        if isinstance(item, Request):
            waiting = Waiting(item, self._arrival.at, self._arrival.stood_still)
            waiting.queued = True
            verb = self._dispatcher.granted(item, self.peer)
            waiting.jumps = verb is not None and verb.jumps
            if verb is not None and verb.moves:
                self._dispatcher.arrives(item, self)
                self._dispatcher.waits(waiting, self)
            self._garbage = 0
            self._enqueue(waiting)
            return
        reply = self._garbled(item)
        if reply is not None and not self.ended:
            place = Waiting(_NO_REQUEST, self._arrival.at, False)
            place.begun, place.reply = True, reply
            self._enqueue(place)

    def _enqueue(self, waiting: Waiting) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(waiting)
        self._dispatcher.counters.waiting += 1

    def _advance(self, out: list[bytes], left: int) -> int:
        """Answer from the head as far as it goes, and let closes jump. Returns what is left of the turn's share."""
        queue = self._queue
        assert queue is not None
        while queue:
            head = queue[0]
            if not head.begun:
                if left <= 0:
                    break
                left -= 1
                head.reply = self._begin_waiting(head)
            if head.reply is None:
                break
            queue.popleft()
            self._dispatcher.counters.waiting -= 1
            out.append(head.reply)
            left -= len(head.reply) // SHARE
        for place, waiting in enumerate(queue):
            if not waiting.jumps:
                continue
            if not waiting.begun:
                for older in list(queue)[:place]:
                    if not older.begun and self._dispatcher.moves(older.request, self.peer):
                        supersede(older, waiting.request)
                left -= 1
                waiting.reply = self._begin_waiting(waiting)
            if waiting.reply is None:
                # Closes keep the order among themselves: one may be the dependant of the next.
                break
        return left

    def _begin_waiting(self, waiting: Waiting) -> bytes | None:
        self._begins(waiting)
        return self._begin(waiting)

    def _begins(self, waiting: Waiting) -> None:
        self._dispatcher.begins(waiting, self)

    def _begin(self, waiting: Waiting) -> bytes | None:
        """The reply, or None where it awaits."""
        waiting.begun = True
        found = self._dispatcher.answer(waiting, self)
        if isinstance(found, bytes):
            return found
        self._dispatcher.spawn(self._await(waiting, found), waiting.request.verb)
        return waiting.reply

    async def _await(self, waiting: Waiting, awaited: Awaitable[Any]) -> None:
        waiting.reply = await self._dispatcher.settle(waiting.request, awaited)
        took = self._dispatcher.wire.seconds() - waiting.received_at
        self._dispatcher.counters.awaiting.add(took)
        self._work()


_NO_REQUEST = Request("")
