"""A meter that is not there: each of its values swings slowly between 0 and 1, a phase of its own for each name."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from pychron.hardware.readable import ANY, IReadable

SWING_S = 600.0
"""Lab seconds of one swing."""


@implementer(IReadable)
class EmulatedMeter:
    """Two runs on equal clocks read the same."""

    def __init__(self, name: str, clock: IReactorTime) -> None:
        self.name = name
        self._clock = clock

    def names(self) -> Mapping[str, str]:
        return {ANY: ""}

    async def read(self, name: str) -> float:
        phase = zlib.crc32(f"{self.name}/{name}".encode()) / 2**32
        turn = self._clock.seconds() / SWING_S + phase
        return 0.5 + 0.45 * math.sin(2 * math.pi * turn)

    async def close(self) -> None:
        """Nothing is held."""
