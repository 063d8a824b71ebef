"""What the command server counts: plain numbers, read when somebody asks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pychron.rpc.faults import TEXTS


@dataclass(slots=True)
class Counters:
    """Since the start of the node, except where it says *now*. Seconds are wire seconds."""

    requests: int = 0
    faults: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TEXTS, 0))
    """By wire number."""
    batches: int = 0
    """Turns in which a connection was answered; `answering_s` is the time they took together."""
    answering_s: float = 0.0
    awaited: int = 0
    """Requests that waited for hardware or disk; `awaited_s` from their last byte to their reply."""
    awaited_s: float = 0.0
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
        plain = [name for name in self.__slots__ if name != "faults"]
        table: dict[str, Callable[[], int | float]] = {}
        for name in plain:
            table[f"rpc_{name}"] = lambda name=name: getattr(self, name)  # type: ignore[misc]
        for code in TEXTS:
            table[f"rpc_faults_{code:03d}"] = lambda code=code: self.faults[code]  # type: ignore[misc]
        return table
