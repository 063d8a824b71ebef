"""Verbs: what a peer may ask, with the right it takes. Areas register theirs; dispatch looks them up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pychron.trust.rights import Peer, Right

Result = Any
"""True -> OK, False -> False, None -> No Response, text as it is, int and float by repr, dict and list as JSON."""


@dataclass(slots=True)
class Call:
    """One request as a handler gets it."""

    verb: str
    argument: str
    """What follows the verb and one space; for JSON `value`, or ""."""
    peer: Peer
    received_at: float
    """Wire seconds when its last byte was read."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """The other members of a JSON request."""
    id: str | None = None
    """`boot:counter` of one of our own clients."""
    within: float | None = None
    """Seconds after which the client has given up; None for installed clients (2 s are assumed)."""
    still_there: Callable[[], bool] = lambda: True
    """Looks at the TCP state: False once the peer has closed, half-closed or reset its connection."""
    stood_still: bool = False
    """True when the node's own loop stood still for more than 1 s while this lay in a buffer."""


Handler = Callable[[Call], Result | Awaitable[Result]]
"""Synchronous for what is answered from memory; a coroutine function only where hardware or disk is awaited."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A registered verb. `arguments` documents them, as in `NAME` or `CONTROLLER,GAUGE`."""

    name: str
    right: Right
    handler: Handler
    arguments: str = ""
    doc: str = ""
    moves: bool = False
    """True where it may move hardware: listed in the audit."""
    jumps: bool = False
    """True for a close: it is begun at once where an open has its connection's turn, and cancels the older requests
    for the same switch that wait there. Replies keep the order all the same."""


class VerbTable:
    """Names are case-sensitive, as installed servers have it. A doubled name is an error of the program."""

    def __init__(self) -> None:
        self._verbs: dict[str, Verb] = {}

    def register(self, *verbs: Verb) -> None:
        """Add verbs. ValueError for a name that is there already."""
        for verb in verbs:
            if verb.name in self._verbs:
                raise ValueError(f"the verb {verb.name} is registered twice")
            self._verbs[verb.name] = verb

    def get(self, name: str) -> Verb | None:
        return self._verbs.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._verbs))

    def all(self) -> tuple[Verb, ...]:
        return tuple(self._verbs[name] for name in self.names())
