"""What the command server counts: plain numbers, read when somebody asks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pychron.rpc.faults import TEXTS
from pychron.runtime.distribution import Distribution

TABLES = ("faults", "verbs", "answering", "awaiting")
"""What is more than one number."""


@dataclass(slots=True)
class Counters:
    """Since the start of the node, except where it says *now*. Seconds are wire seconds."""

    requests: int = 0
    faults: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TEXTS, 0))
    """By wire number."""
    verbs: dict[str, int] = field(default_factory=dict)
    """Requests by verb, of verbs that there are."""
    answering: Distribution = field(default_factory=Distribution)
    """Seconds of each turn in which a connection was answered."""
    awaiting: Distribution = field(default_factory=Distribution)
    """Seconds of each request that waited for hardware or disk, from its last byte to its reply."""
    waiting: int = 0
    """Requests that wait for their connection's turn now."""
    connections: int = 0
    connected: int = 0
    """Connections now."""
    refused: int = 0
    """Connections for which there was no room."""
    hostile: int = 0
    """Connections that spoke HTTP or TLS."""
    garbage: int = 0
    """Connections closed after a run of garbage."""
    silent: int = 0
    """Connections closed because nothing came."""
    unread: int = 0
    """Connections aborted because their peer did not read its replies."""
    standstills: int = 0

    def by_name(self) -> dict[str, Callable[[], int | float]]:
        """For the node's table of counters; each is read when it is called."""
        plain = [name for name in self.__slots__ if name not in TABLES]
        table: dict[str, Callable[[], int | float]] = {}
        for name in plain:
            table[f"rpc_{name}"] = lambda name=name: getattr(self, name)  # type: ignore[misc]
        for code in TEXTS:
            table[f"rpc_faults_{code:03d}"] = lambda code=code: self.faults[code]  # type: ignore[misc]
        return table

    def by_verb(self, names: Iterable[str]) -> dict[str, Callable[[], int | float]]:
        """The same for the requests of each verb in `names`."""
        return {f"rpc_verb_{name}": lambda name=name: self.verbs.get(name, 0) for name in names}  # type: ignore[misc]

    def distributions(self) -> dict[str, Distribution]:
        """For the node's table of durations."""
        return {"rpc_answering": self.answering, "rpc_awaiting": self.awaiting}
