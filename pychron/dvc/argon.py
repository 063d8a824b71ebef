"""What an age takes of one analysis: forty numbers, and which of them it has in common with others. Pure.

An input that two analyses were given from one source (a blank interpolated between the same references, an IC factor from the same
airs) is one variable in their errors. Which one it is says a number made from its content alone, so that two analyses agree on it without
knowing of each other: in one batch, in two processes, today and tomorrow.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from functools import lru_cache

from pychron.dvc.records import Analysis, OfSame, Reference, StoredFit, StoredValue
from pychron.reduction.inputs import ARGON
from pychron.runtime.values import frozen

PARTS = 4
"""Intercept, baseline, blank, IC factor."""
OWN = -1
"""The key of what is nobody else's."""
_MASK = (1 << 62) - 1


@frozen
class Numbers:
    """What is missing is NaN."""

    data: bytes
    """Packed: 5 isotopes (ARGON) x 4 parts x (value, error); 5 isotopes x 3 keys: baseline (equal ones are one
    within this analysis), blank, IC factor (equal ones are one everywhere)"""


VALUES = len(ARGON) * PARTS * 2
KEYS = len(ARGON) * (PARTS - 1)
_PACKED = struct.Struct(f"<{VALUES}d{KEYS}q")
SIZE = _PACKED.size

NOTHING = [math.nan, math.nan, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
"""Of an isotope that was not measured."""
MISSING = (math.nan, math.nan)


def numbers_of(
    analysis: Analysis,
    intercepts: Mapping[str, StoredFit] | None = None,
    baselines: Mapping[str, StoredFit] | None = None,
    blanks: Mapping[str, StoredValue] | None = None,
    ic_factors: Mapping[str, StoredValue] | None = None,
) -> Numbers:
    """As they are stored, or with others in their place: by isotope key, baselines and IC factors by detector."""
    changed = intercepts or baselines or blanks or ic_factors
    kept: Numbers | None = getattr(analysis.isotopes, "numbers", None)
    if kept is not None and not changed:
        return kept
    blankless = analysis.is_blank or analysis.analysis_type in ("background", "detector_ic")
    values: list[float] = []
    keys: list[int] = []
    detectors: dict[str, int] = {}
    isotopes, mapping = analysis.isotopes, analysis.mapping
    for line, name in enumerate(ARGON):
        isotope = isotopes.get(mapping.get(name, name))
        if isotope is None:
            values += NOTHING
            keys += (OWN, OWN, OWN)
            continue
        detector = isotope.detector
        intercept, baseline, blank, factor = (
            isotope.intercept,
            isotope.baseline,
            isotope.blank,
            isotope.ic_factor,
        )
        if changed:
            intercept = (intercepts or {}).get(isotope.key, intercept)
            baseline = (baselines or {}).get(detector, baseline)
            blank = (blanks or {}).get(isotope.key, blank)
            factor = (ic_factors or {}).get(detector, factor)
        shared = OWN
        if intercept is None or baseline is None:
            values += NOTHING[:4]
        else:
            one, two = intercept.manual or intercept, baseline.manual or baseline
            error = two.error if intercept.include_baseline_error else 0.0
            values += (one.value, one.error, two.value, error)
            if error > 0:
                shared = detectors.setdefault(detector, len(detectors))
        if blankless:
            values += (0.0, 0.0)
            of_blank = OWN
        elif blank is None:
            values += MISSING
            of_blank = OWN
        else:
            values += (blank.value, blank.error)
            of_blank = _key(line, blank)
        if factor is None:
            values += MISSING
            keys += (shared, of_blank, OWN)
        else:
            values += (factor.value, factor.error)
            keys += (shared, of_blank, _key(_detector(detector), factor))
    return Numbers(_PACKED.pack(*values, *keys))


def _key(of: int, value: StoredValue) -> int:
    if not value.error > 0:
        return OWN
    # The hash of a tuple of numbers is the same in every process; that of text is not.
    return hash((of, _source(value.references), value.value, value.error)) & _MASK


def _digest(text: str) -> int:
    return (
        int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 2
    )


_detector = lru_cache(256)(_digest)


def _of_references(references: tuple[Reference, ...]) -> int:
    return _digest("\n".join([one.uuid or one.record_id for one in references]))


_source = OfSame(_of_references)
