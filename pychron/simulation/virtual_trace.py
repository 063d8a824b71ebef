"""What happened in a virtual laboratory, in order, with its time: two runs of one seed must give the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pychron.simulation.virtual_clock import VirtualClock

Entry = tuple[str, ...]


class Trace:
    """Texts only. The folder of the run is written as ROOT: it is another one in each run."""

    def __init__(self, clock: VirtualClock, folder: str = "") -> None:
        self._clock = clock
        self._folder = folder
        self.entries: list[Entry] = []

    def note(self, kind: str, *what: object) -> None:
        """Add one entry: a kind such as `sent`, and what it is about."""
        texts = [part if isinstance(part, str) else repr(part) for part in what]
        if self._folder:
            texts = [text.replace(self._folder, "ROOT") for text in texts]
        self.entries.append((f"{self._clock.seconds():.9f}", kind, *texts))

    def of(self, *kinds: str) -> list[Entry]:
        """The entries of some kinds."""
        return [entry for entry in self.entries if entry[1] in kinds]

    def digest(self) -> str:
        """Equal for equal traces."""
        sum_ = hashlib.sha256()
        for entry in self.entries:
            sum_.update(repr(entry).encode("utf-8", "backslashreplace"))
        return sum_.hexdigest()


def first_difference(one: Sequence[Entry], other: Sequence[Entry]) -> str:
    """Empty for equal traces, else the entry where they part."""
    for number, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return f"entry {number}: {a} against {b}"
    if len(one) != len(other):
        longer = one if len(one) > len(other) else other
        return f"entry {min(len(one), len(other))}: only in one of them: {longer[min(len(one), len(other))]}"
    return ""
