"""When a read-back settles what an earlier command left uncertain (safety rule 3). Pure.

A *doubt* is a command that may have been written and whose effect is not confirmed. A reading settles it only
when it is ordered after it: taken later on the very same connection, which answers in step; or, on a newer
connection, when the driver's `late_s` has passed since the command was written, and twice alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from pychron.hardware.interfaces import Mark, Reading
from pychron.runtime.values import frozen

NO_EPOCH = -1
"""The connection of a command of an earlier start of the node: no reading is on the same one."""

BEING_WRITTEN = -2
"""Epoch of a command between its guard and its end: no reading is ordered after it, however late."""


@frozen
class Doubt:
    """A command written at `at` (wire seconds) on connection `epoch`. An open one could still open."""

    epoch: int
    at: float
    opens: bool


def ordered_after(doubt: Doubt, mark: Mark) -> bool:
    """True when an exchange at `mark` ran behind the doubtful command on its own connection."""
    return mark.epoch == doubt.epoch and mark.at >= doubt.at


def is_past(doubt: Doubt, mark: Mark, late_s: float) -> bool:
    """True when the doubtful command can no longer take effect after an exchange at `mark`."""
    return doubt.epoch != BEING_WRITTEN and mark.at >= doubt.at + late_s


def remaining(doubts: Sequence[Doubt], mark: Mark, late_s: float) -> tuple[Doubt, ...]:
    """The doubts that an exchange at `mark` leaves: those that may still act behind it."""
    return tuple(d for d in doubts if not ordered_after(d, mark) and not is_past(d, mark, late_s))


def open_until(doubts: Sequence[Doubt], late_s: float) -> float:
    """Wire seconds from which on no doubt can act any more; minus infinity without doubts."""
    return max((d.at + late_s for d in doubts), default=float("-inf"))


@frozen
class Verdict:
    """What a reading says of a doubtful switch. `settled` None: it says nothing yet."""

    settled: bool | None
    alike: tuple[bool, int]
    """The value and how many readings in a row, on a newer connection and past `late_s`, gave it."""


def judge(
    doubts: Sequence[Doubt], reading: Reading, late_s: float, alike: tuple[bool, int] | None
) -> Verdict:
    """Judge one reading of a switch with `doubts`; `alike` is the run of readings so far."""
    if reading.on is None or reading.busy:
        return Verdict(None, (False, 0))
    if remaining(doubts, reading.mark, late_s):
        return Verdict(None, (reading.on, 0))
    if all(ordered_after(d, reading.mark) for d in doubts):
        return Verdict(reading.on, (reading.on, 1))
    run = alike[1] + 1 if alike is not None and alike[0] == reading.on else 1
    return Verdict(reading.on if run >= 2 else None, (reading.on, run))
