"""From a request to its reply: the verb, the right, the call, and what an exception says on the wire.

Every request is answered. What awaits is kept by a spawner and completed also when its peer left.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from pychron.rpc.codec import Garbled, Request
from pychron.rpc.counters import Counters
from pychron.rpc.faults import Fault
from pychron.rpc.loop_watch import LoopWatch
from pychron.rpc.rendering import render, render_fault
from pychron.rpc.verbs import Call, Verb, VerbTable
from pychron.runtime.spawn import Spawner
from pychron.trust.addresses import Rights
from pychron.trust.rights import Peer, Right

AT_ONCE = frozenset((bool, str, int, float, type(None), dict, list, tuple))
"""Types of a result that nobody has to wait for."""

Audit = Callable[[Call, str], None]


class Asked(Protocol):
    """A request that has been received, with what the connection knows of it."""

    request: Request
    received_at: float
    stood_still: bool
    queued: bool
    """It waited for its turn, hence `arrives` was told of it before."""
    superseded: str


class Asker(Protocol):
    """Where requests come from: a connection, a datagram, a legacy request."""

    peer: Peer
    may_move: bool

    def still_there(self) -> bool:
        """As Call.still_there."""


def sender(request: Request, peer: Peer) -> str:
    """Who a request's contraries come from: our clients by their boot id, others by address (safety rule 12)."""
    return "id:" + request.id.rpartition(":")[0] if request.id is not None else peer.address


def target(request: Request) -> str | None:
    """The switch that a request names, as far as its text tells; None where it may be any."""
    named = request.argument and "description" not in request.members
    return request.argument.strip() if named else None


class Dispatcher:
    """One a node: the verbs, and every request that moves and waits for its turn."""

    log = Logger()

    def __init__(
        self,
        verbs: VerbTable,
        wire: IReactorTime,
        counters: Counters,
        watch: LoopWatch,
        rights: Rights,
        file: str = "servers/remote_command_server.yaml",
    ) -> None:
        self.verbs = verbs
        self._find = verbs.get
        self.wire = wire
        self.counters = counters
        self.watch = watch
        self.rights = rights
        self.file = file
        self.audit: Audit | None = None
        self.heard: Callable[[str], None] | None = None
        """Told the address of each request of a client that names no session: its claim stands by that (rule 17)."""
        self.draining = False
        self._spawner = Spawner()
        self._movers: dict[str, dict[Asked, object]] = {}
        self._drained: list[Deferred[None]] = []

    # ---- one request

    def answer(self, asked: Asked, asker: Asker) -> bytes | Awaitable[Any]:
        """The reply, or what has to be awaited for its result: `settle` makes the reply of that."""
        request = asked.request
        self.counters.requests += 1
        if self.heard is not None and request.id is None and asker.may_move:
            self.heard(asker.peer.address)
        verb = self._find(request.verb)
        if verb is not None:
            asked_for = self.counters.verbs
            asked_for[request.verb] = asked_for.get(request.verb, 0) + 1
        call = Call(
            request.verb,
            request.argument,
            asker.peer,
            asked.received_at,
            request.members,
            request.id if request.reply_id is not None else None,
            request.within,
            asker.still_there,
            asked.stood_still,
        )
        try:
            if verb is None or verb.right > asker.peer.right or verb.moves or not asker.may_move:
                verb = self._admitted(verb, call, asked, asker)
            result = verb.handler(call)
            if type(result) in AT_ONCE or not hasattr(result, "__await__"):
                return render(request.form, request.reply_id, result)
            return result
        except Fault as fault:
            return self.refuse(request, fault)
        except Exception:
            return self._broke(request)

    async def settle(self, request: Request, awaited: Awaitable[Any]) -> bytes:
        """The reply to a request that awaited. Never raises."""
        try:
            return render(request.form, request.reply_id, await awaited)
        except Fault as fault:
            return self.refuse(request, fault)
        except Exception:
            return self._broke(request)

    def refuse(self, request: Request | Garbled, fault: Fault) -> bytes:
        """The reply that says so, counted."""
        self.counters.faults[fault.code] += 1
        return render_fault(request.form, request.reply_id, fault)

    def _broke(self, request: Request) -> bytes:
        self.log.failure("{verb} {argument} failed", verb=request.verb, argument=request.argument)
        why = "an error of this node's program; its log has more"
        return self.refuse(request, Fault(2, why, err="failed", data=request.verb))

    def _admitted(self, verb: Verb | None, call: Call, asked: Asked, asker: Asker) -> Verb:
        if verb is None:
            raise Fault(3, self._hint(call.verb), command=call.verb)
        free = not verb.moves and (asker.may_move or verb.right is Right.OBSERVE)
        if verb.right <= asker.peer.right and free:
            return verb
        code, why = self._obstacle(verb, asked, asker)
        if not why:
            return verb
        if verb.moves and self.audit is not None:
            self.audit(call, why)
        words = {
            "addr": asker.peer.address,
            "manager": call.verb,
            "name": call.argument,
            "action": call.verb.lower(),
        }
        raise Fault(code, why, **words)

    def _obstacle(self, verb: Verb, asked: Asked, asker: Asker) -> tuple[int, str]:
        """Wire number and reason why this is not even begun; an empty reason where nothing is in the way."""
        peer = asker.peer
        if verb.right > peer.right:
            takes = f"{verb.name} takes the right to {verb.right.name.lower()}; "
            if verb.right is Right.OPERATE:
                return 13, takes + self.rights.remedy(peer.address, self.file)
            return 13, takes + "use the node's own socket on its machine"
        if not asker.may_move:
            return 13, f"this listener takes queries only; write actuate: true in {self.file}"
        if not asked.queued:
            self.arrives(asked.request, asker)
        if self.draining:
            return 7, "the node is stopping"
        if asked.superseded:
            return 15, asked.superseded
        if not asker.still_there():
            return (
                10,
                "too late: the sender has closed its side of the connection; keep it open until the reply",
            )
        return 0, ""

    def _hint(self, name: str) -> str:
        # No fuzzy search: a flood of unknown verbs must cost nothing.
        folded = name.casefold()
        near = [known for known in self.verbs.names() if known.casefold() == folded]
        return f"write {near[0]}: capitals count" if near else "ListVerbs lists what there is"

    # ---- requests that wait

    def spawn(self, coroutine: Any, what: str) -> None:
        """Keep what awaits."""
        self._spawner.spawn(coroutine, what).addCallback(self._ended)

    def granted(self, request: Request, peer: Peer) -> Verb | None:
        """The verb, where there is one and the peer has the right to it."""
        verb = self._find(request.verb)
        return verb if verb is not None and verb.right <= peer.right else None

    def moves(self, request: Request, peer: Peer) -> bool:
        """True where it may move something."""
        verb = self.granted(request, peer)
        return verb is not None and verb.moves

    def arrives(self, request: Request, asker: Asker) -> None:
        """A request that moves was received: older ones of its sender for the same switch, which wait for their
        turn on other connections, are never begun."""
        waiting = self._movers.get(sender(request, asker.peer))
        if waiting:
            for older, their in list(waiting.items()):
                if their is not asker:
                    supersede(older, request)

    def waits(self, asked: Asked, asker: Asker) -> None:
        """It moves, and its turn has not come."""
        self._movers.setdefault(sender(asked.request, asker.peer), {})[asked] = asker

    def begins(self, asked: Asked, asker: Asker) -> None:
        """Its turn has come, or its connection is lost."""
        key = sender(asked.request, asker.peer)
        waiting = self._movers.get(key)
        if waiting is not None:
            waiting.pop(asked, None)
            if not waiting:
                del self._movers[key]

    # ---- the end

    def drain(self) -> Deferred[None]:
        """Begin nothing that moves any more; fires when what is begun has ended."""
        self.draining = True
        done: Deferred[None] = Deferred()
        self._drained.append(done)
        self._ended(None)
        return done

    def _ended(self, _: None) -> None:
        if self._drained and not self._spawner.running:
            drained, self._drained = self._drained, []
            for waiter in drained:
                waiter.callback(None)


def supersede(older: Asked, newer: Request) -> None:
    """Mark `older` if `newer` asks the contrary of the same switch, or may do so. Copies are left alone, and what is
    meant for the whole line: who makes it safe is not overruled by a wish for one switch."""
    if older.request.verb == newer.verb and older.request.argument == newer.argument:
        return
    if not older.request.argument and "description" not in older.request.members:
        return
    theirs, ours = target(older.request), target(newer)
    if theirs is None or ours is None or theirs == ours:
        older.superseded = f"a newer {newer.verb} took its place before it was begun"
