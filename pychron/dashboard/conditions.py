"""When a condition trips and when it is over: readings in, one verdict out. Pure.

A failing reading is one on which the test holds, or one that could not be had (`on_missing: trip`). `nfail` of them in a
row trip it. A value that is older than three of its periods trips it at once: no further reading would ever count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pychron.dashboard.specs import READING, ConditionSpec, OnMissing
from pychron.expressions.language import Missing


class Verdict(StrEnum):
    """What one reading did to a condition."""

    NOTHING = "nothing"
    TRIPPED = "tripped"
    CLEARED = "cleared"


@dataclass(slots=True)
class Standing:
    """How one condition stands; changed by `judge` only."""

    spec: ConditionSpec
    tripped: bool = False
    missing: bool = False
    """It is tripped because there is no number."""
    failing: int = 0
    """Failing readings in a row, while not tripped."""
    good: int = 0
    """Good readings in a row, while tripped."""
    since: float | None = None
    """Wall seconds when it tripped; set by whoever asks `judge`."""
    why: str = ""


def judge(
    standing: Standing, reading: float | None, others: Mapping[str, float], why: str = "", old: bool = False
) -> Verdict:
    """Take one reading, or the want of one (`reading` None, with `why`); `old`: three periods have passed without one.

    `others` are the present numbers of the other values by `DEVICE.VALUE`; one that is missing is not there.
    """
    holds: bool | None = None
    if reading is not None:
        values = {**others, READING: reading}
        try:
            holds = standing.spec.test.holds(values)
        except Missing as missing:
            why = f"{missing.name} has no present value"
    if holds is None or reading is None:
        return _without(standing, why, old)
    if standing.tripped:
        return _tripped(standing, reading, values, holds)
    if not holds:
        standing.failing = 0
        return Verdict.NOTHING
    standing.failing += 1
    if standing.failing < standing.spec.nfail:
        return Verdict.NOTHING
    return _trip(
        standing, f"{standing.spec.test.source} holds at {reading:g}{_times(standing)}", missing=False
    )


def _without(standing: Standing, why: str, old: bool) -> Verdict:
    """Nothing is known: that is never a good reading."""
    standing.good = 0
    if standing.spec.on_missing is OnMissing.IGNORE:
        standing.failing = 0
        return Verdict.NOTHING
    if standing.tripped:
        return Verdict.NOTHING
    standing.failing += 1
    if not old and standing.failing < standing.spec.nfail:
        return Verdict.NOTHING
    return _trip(standing, why, missing=True)


def _tripped(standing: Standing, reading: float, values: Mapping[str, float], holds: bool) -> Verdict:
    if holds:
        # Whatever tripped it before, now there is a number that does: its clear test counts from here on.
        standing.missing = False
        standing.good = 0
        return Verdict.NOTHING
    if not (standing.missing or _is_over(standing.spec, values)):
        standing.good = 0
        return Verdict.NOTHING
    standing.good += 1
    if standing.good < standing.spec.nclear:
        return Verdict.NOTHING
    standing.tripped = standing.missing = False
    standing.good = standing.failing = 0
    standing.since = None
    standing.why = f"{standing.spec.test.source} holds no longer, at {reading:g}"
    return Verdict.CLEARED


def _is_over(spec: ConditionSpec, values: Mapping[str, float]) -> bool:
    if spec.clear is None:
        return True
    try:
        return spec.clear.holds(values)
    except Missing:
        return False


def _trip(standing: Standing, why: str, missing: bool) -> Verdict:
    standing.tripped, standing.missing, standing.why = True, missing, why
    standing.failing = standing.good = 0
    return Verdict.TRIPPED


def _times(standing: Standing) -> str:
    return f", {standing.spec.nfail} readings in a row" if standing.spec.nfail > 1 else ""
