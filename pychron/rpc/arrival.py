"""When the bytes of a connection may have come: not later than that counts how long a request has waited.

What is read after a standstill of the node, or after a time in which its socket was left unread, may have lain in the
kernel all that while. The doubt ends with a read that empties the socket, or some turns after reading went on.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from pychron.rpc.loop_watch import LoopWatch

LARGEST_READ = 65536
"""Twisted reads at most so much at a time; a shorter read emptied the socket."""
HOPS = 3
"""Reactor turns after which a socket that is read again has been read."""


class Arrival:
    """One a connection. Wire seconds."""

    __slots__ = ("_hops", "_marks", "_since", "_wire", "at", "paused", "stood_still", "watch")

    def __init__(self, wire: IReactorTime, watch: LoopWatch) -> None:
        self._wire = wire
        self.watch = watch
        self._since: float | None = None
        self._marks = 0
        self._hops = 0
        self.at = 0.0
        """The earliest time at which the bytes read last may have come."""
        self.stood_still = False
        """They may have lain there while the node stood still."""
        self.paused = False

    def fresh(self, now: float) -> bool:
        """True where what is read at `now` has just come: the common case, and then it is stamped."""
        watch = self.watch
        if self._since is not None or watch.settling or now - watch.last > watch.longest_s:
            return False
        self.at = now
        self.stood_still = False
        return True

    def stamp(self, size: int, now: float) -> None:
        """`size` bytes were read at `now`."""
        watch = self.watch
        watch.seen(now)
        if self.fresh(now):
            return
        since = now if self._since is None else self._since
        late = self._since is not None and self._marks != watch.standstills
        self.stood_still = late or watch.settling
        self.at = min(since, watch.since) if self.stood_still else since
        if size < LARGEST_READ:
            self._since = None
        else:
            # There may be more of the same in the socket.
            self._doubt(self.at, -1 if self.stood_still else self._marks)

    def pause(self) -> None:
        """From now on the socket is left unread."""
        self.paused = True
        if self._since is None:
            self._since = self._wire.seconds()
            self._marks = self.watch.standstills

    def resume(self) -> None:
        """It is read again."""
        self.paused = False
        if self._since is not None:
            self._doubt(self._since, self._marks)

    def _doubt(self, since: float, marks: int) -> None:
        self._since = since
        self._marks = marks
        if self._hops <= 0:
            self._wire.callLater(0, self._hop)
        self._hops = HOPS

    def _hop(self) -> None:
        self._hops -= 1
        if self._hops > 0:
            self._wire.callLater(0, self._hop)
        elif not self.paused:
            self._since = None
