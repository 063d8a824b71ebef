"""Rights and peers. Every verb declares the right it demands where it is registered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Right(IntEnum):
    """Each includes the ones before it."""

    OBSERVE = 1
    OPERATE = 2
    ADMINISTER = 3


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asks. `address` is an IP address, `unix` for the node's own socket, `local` for the node itself."""

    address: str
    port: int = 0
    right: Right = Right.OBSERVE
    name: str = ""
    """What a person or a node calls itself, where it said so (`operator`, `pyexperiment`)."""

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" if self.port else self.address
