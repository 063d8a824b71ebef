"""The files of today, decoded straight into records: the careful way (`modifiers`) takes three times as long. Pure.

Each function returns what the careful way would, or None where a file holds anything that is not plainly what is written today (a
null, a number as text, NaN, a manual value, no JSON): then the careful way reads it, and says what is wrong. So it does where msgspec is not installed.
"""

from __future__ import annotations

from functools import lru_cache
from types import GenericAlias
from typing import Any

from pychron.dvc.json_file import optional
from pychron.dvc.records import Reference, StoredFit, StoredValue
from pychron.reduction.inputs import OutlierFilter

MAIN = (
    "uuid", "identifier", "aliquot", "increment", "analysis_type", "timestamp", "mass_spectrometer", "irradiation",
    "irradiation_level", "irradiation_position", "isotopes", "arar_mapping", "admit_delay", "time_zero_offset", "sample",
    "material", "project", "comment", "spec_sha", "meta_commit", "commit", "detectors",
)  # fmt: skip
"""Keys of an analysis's own file that a record is made of."""

msgspec: Any = optional("msgspec")

if msgspec is not None:
    _Outliers = msgspec.defstruct(
        "_Outliers",
        [
            ("filter_outliers", bool, False),
            ("iterations", int, 1),
            ("std_devs", float, 2.0),
            ("use_standard_deviation_filtering", bool, False),
            ("use_iqr_filtering", bool, False),
        ],
    )
    _Fit = msgspec.defstruct(
        "_Fit",
        [
            ("value", float),
            ("error", float),
            ("fit", str, ""),
            ("error_type", str, ""),
            ("n", int | None, None),
            ("fn", int | None, None),
            ("filter_outliers_dict", _Outliers | None, None),
            ("user_excluded", tuple[int, ...], ()),
            ("outlier_excluded", tuple[int, ...], ()),
            ("include_baseline_error", bool, False),
            ("reviewed", bool, False),
            ("use_manual_value", bool, False),
            ("use_manual_error", bool, False),
        ],
    )
    _Value = msgspec.defstruct(
        "_Value",
        [
            ("value", float),
            ("error", float),
            ("fit", str, ""),
            ("references", msgspec.Raw, msgspec.Raw(b"[]")),
            ("reviewed", bool, False),
            ("reference_detector", str, ""),
            ("standard_ratio", float | None, None),
        ],
    )
    _Main = msgspec.defstruct("_Main", [(key, Any, None) for key in MAIN])
    _FITS = msgspec.json.Decoder(GenericAlias(dict, (str, _Fit)))
    _VALUES = msgspec.json.Decoder(GenericAlias(dict, (str, _Value)))
    _MAIN = msgspec.json.Decoder(_Main)
    _REFERENCES = msgspec.json.Decoder(tuple[Reference, ...])


def fits(data: bytes) -> dict[str, StoredFit] | None:
    """An intercepts or baselines file."""
    if msgspec is None:
        return None
    try:
        document = _FITS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    found = {}
    for key, one in document.items():
        if one.use_manual_value or one.use_manual_error:
            return None
        outliers = one.filter_outliers_dict
        found[key] = StoredFit(
            one.value,
            one.error,
            one.fit,
            one.error_type,
            one.n,
            one.fn,
            None
            if outliers is None or not outliers.filter_outliers
            else outlier_filter(
                outliers.iterations,
                outliers.std_devs,
                outliers.use_standard_deviation_filtering,
                outliers.use_iqr_filtering,
            ),
            one.user_excluded,
            one.outlier_excluded,
            one.include_baseline_error,
            one.reviewed,
        )
    return found


def values(data: bytes) -> dict[str, StoredValue] | None:
    """A blanks or icfactors file."""
    if msgspec is None:
        return None
    try:
        found = {}
        last, references = b"", NOBODY
        for key, one in _VALUES.decode(data).items():
            raw = bytes(one.references)
            if raw != last:
                last, references = raw, _references(raw)
            found[key] = StoredValue(
                one.value, one.error, one.fit, references, one.reviewed, one.reference_detector, one.standard_ratio
            )  # fmt: skip
        return found
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def main(data: bytes) -> dict[str, Any] | None:
    """Of an analysis's own file the keys that a record is made of; None for those that it lacks."""
    if msgspec is None:
        return None
    try:
        found: dict[str, Any] = msgspec.structs.asdict(_MAIN.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return found


NOBODY: tuple[Reference, ...] = ()


@lru_cache(4096)
def _references(raw: bytes) -> tuple[Reference, ...]:
    """Isotopes, and runs of one day, have the same: one tuple for all, wherever in the repository they come."""
    found: tuple[Reference, ...] = _REFERENCES.decode(raw)
    return found


outlier_filter = lru_cache(64)(OutlierFilter)
"""A laboratory has a handful of them: each is one object however many fits name it."""
