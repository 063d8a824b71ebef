"""Which readings are equilibration (sniff) and which are signal, moved without a change to any reading. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pychron.dvc.records import RawSeries, StoredFit


@dataclass(frozen=True, slots=True)
class Split:
    """Both parts of an isotope's readings, each by time."""

    sniff: RawSeries
    signal: RawSeries
    places: npt.NDArray[np.int64]
    """(n,) where each reading of the old signal stands in the new one; below zero: it is equilibration now"""


def split(sniff: RawSeries | None, signal: RawSeries, time_s: float) -> Split:
    """What was read before `time_s` (since time zero, as the readings count) is equilibration, what was read from it on is signal.

    Readings of one time stay in the order in which they were.
    """
    first = sniff or replace(signal, kind="sniff", t=signal.t[:0], y=signal.y[:0])
    t, y = np.concatenate([first.t, signal.t]), np.concatenate([first.y, signal.y])
    order = np.argsort(t, kind="stable")
    before = int(np.count_nonzero(t.astype(float) < time_s))
    where = np.empty(len(order), np.int64)
    where[order] = np.arange(len(order))
    t, y = t[order], y[order]
    return Split(
        replace(first, t=t[:before], y=y[:before]),
        replace(signal, t=t[before:], y=y[before:]),
        where[len(first.t) :] - before,
    )


def split_at(series: Iterable[RawSeries], times: Mapping[str, float]) -> list[RawSeries]:
    """Series of an analysis with equilibrations that end at other times; `times`: isotope's key -> s since time zero."""
    found = list(series)
    for key, time_s in times.items():
        for signal in [one for one in found if one.kind == "signal" and one.isotope == key]:
            sniff = sniff_of(found, signal)
            new = split(sniff, signal, time_s)
            found[_place(found, signal)] = new.signal
            if sniff is None:
                found.append(new.sniff)
            else:
                found[_place(found, sniff)] = new.sniff
    return found


def sniff_of(series: Iterable[RawSeries], signal: RawSeries) -> RawSeries | None:
    """The equilibration of the same isotope on the same detector."""
    same = signal.isotope, signal.detector
    return next((one for one in series if one.kind == "sniff" and (one.isotope, one.detector) == same), None)


def _place(series: list[RawSeries], one: RawSeries) -> int:
    return next(place for place, other in enumerate(series) if other is one)


def moved(fit: StoredFit, places: npt.NDArray[np.int64]) -> StoredFit:
    """The fit with the readings that a person took out at their new places; what a filter took out is for the next fit to find."""
    taken = (int(places[index]) for index in fit.user_excluded if 0 <= index < len(places))
    return replace(fit, user_excluded=tuple(sorted(place for place in taken if place >= 0)))
