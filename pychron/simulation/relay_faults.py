"""What can go wrong in an exchange with an emulated relay, drawn from a seed: the same seed fails in the same places."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from enum import StrEnum

from pychron.config.problems import nearest

LATE_S = 1.5


class Fault(StrEnum):
    """How one exchange goes wrong."""

    SILENT = "silent"
    """What was asked is lost: nothing is done and nothing answered."""
    LATE = "late"
    """Done and answered, but `late_s` later."""
    TWICE = "twice"
    """Done; the answer comes two times."""
    NEVER = "never"
    """Done, and not answered."""
    GARBLED = "garbled"
    """Done; the answer is not what was sent."""
    REJECTS = "rejects"
    """Not done, and said so."""
    DROPS = "drops"
    """The connection ends before the answer. Done or not: a coin decides."""


class BadFault(ValueError):
    """A fault as nobody can mean it. The text says what to write."""


class Faults:
    """Draws the fault of each exchange; `force` sets those of the next ones."""

    def __init__(
        self,
        rng: random.Random | None = None,
        shares: Mapping[Fault, float] | None = None,
        late_s: float = LATE_S,
    ) -> None:
        self.random = rng or random.Random(0)
        self.late_s = late_s
        self._shares = dict(shares or {})
        self._forced: deque[Fault | None] = deque()

    def force(self, *faults: Fault | None) -> None:
        """The next exchanges, one each. None: nothing goes wrong."""
        self._forced.extend(faults)

    def next(self) -> Fault | None:
        """The fault of the exchange that begins now."""
        if self._forced:
            return self._forced.popleft()
        if not self._shares:
            return None
        drawn = self.random.random()
        for fault, share in self._shares.items():
            drawn -= share
            if drawn < 0:
                return fault
        return None

    def coin(self) -> bool:
        """Either way."""
        return self.random.random() < 0.5

    def garble(self, data: bytes) -> bytes:
        """One byte of `data`, not its line end, becomes another printable one."""
        if len(data) < 2:
            return b"?" + data
        at = self.random.randrange(len(data) - 1)
        return data[:at] + b"~" + data[at + 1 :]


def read_faults(texts: Sequence[str]) -> dict[Fault, float]:
    """`late` or `late=0.05`: a kind, and the share of exchanges (default all). Raises BadFault."""
    shares: dict[Fault, float] = {}
    for text in texts:
        kind, _, share = text.partition("=")
        if kind not in tuple(Fault):
            raise BadFault(f"there is no fault {kind} (only {', '.join(Fault)}){nearest(kind, tuple(Fault))}")
        try:
            shares[Fault(kind)] = float(share) if share else 1.0
        except ValueError:
            raise BadFault(
                f"{text}: the share of exchanges is a number from 0 to 1, as in {kind}=0.05"
            ) from None
        if not 0 <= shares[Fault(kind)] <= 1:
            raise BadFault(f"{text}: the share of exchanges is a number from 0 to 1, as in {kind}=0.05")
    return shares
