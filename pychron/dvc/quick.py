"""The files of today, decoded straight into records: the careful way (`modifiers`) takes three times as long. Pure.

Each function returns what the careful way would, or None where a file holds anything that is not plainly what is written today (a
null, a number as text, NaN, a manual value, no JSON): then the careful way reads it, and says what is wrong. So it does where msgspec is not installed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pychron.dvc.records import Reference, StoredFit, StoredValue
from pychron.reduction.inputs import OutlierFilter

try:
    import msgspec
except ImportError:  # a machine that it is not built for
    msgspec = None  # type: ignore[assignment]

if msgspec is not None:

    class _Outliers(msgspec.Struct):
        filter_outliers: bool = False
        iterations: int = 1
        std_devs: float = 2.0
        use_standard_deviation_filtering: bool = False
        use_iqr_filtering: bool = False

    class _Fit(msgspec.Struct):
        value: float
        error: float
        fit: str = ""
        error_type: str = ""
        n: int | None = None
        fn: int | None = None
        filter_outliers_dict: _Outliers | None = None
        user_excluded: tuple[int, ...] = ()
        outlier_excluded: tuple[int, ...] = ()
        include_baseline_error: bool = False
        reviewed: bool = False
        use_manual_value: bool = False
        use_manual_error: bool = False

    class _Value(msgspec.Struct):
        value: float
        error: float
        fit: str = ""
        references: msgspec.Raw = msgspec.Raw(b"[]")
        reviewed: bool = False
        reference_detector: str = ""
        standard_ratio: float | None = None

    class _Main(msgspec.Struct):
        uuid: Any = None
        identifier: Any = None
        aliquot: Any = None
        increment: Any = None
        analysis_type: Any = None
        timestamp: Any = None
        mass_spectrometer: Any = None
        irradiation: Any = None
        irradiation_level: Any = None
        irradiation_position: Any = None
        isotopes: Any = None
        arar_mapping: Any = None
        admit_delay: Any = None
        time_zero_offset: Any = None
        sample: Any = None
        material: Any = None
        project: Any = None
        comment: Any = None
        spec_sha: Any = None
        meta_commit: Any = None
        commit: Any = None
        detectors: Any = None

    _FITS = msgspec.json.Decoder(dict[str, _Fit])
    _VALUES = msgspec.json.Decoder(dict[str, _Value])
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
        return {
            key: StoredValue(
                one.value,
                one.error,
                one.fit,
                _references(bytes(one.references)),
                one.reviewed,
                one.reference_detector,
                one.standard_ratio,
            )
            for key, one in _VALUES.decode(data).items()
        }
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def main(data: bytes) -> dict[str, Any] | None:
    """Of an analysis's own file the keys that a record is made of; None for those that it lacks."""
    if msgspec is None:
        return None
    try:
        return msgspec.structs.asdict(_MAIN.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


@lru_cache(256)
def _references(raw: bytes) -> tuple[Reference, ...]:
    """Isotopes, and runs that follow each other, have the same: one tuple for all."""
    found: tuple[Reference, ...] = _REFERENCES.decode(raw)
    return found


outlier_filter = lru_cache(64)(OutlierFilter)
"""A laboratory has a handful of them: each is one object however many fits name it."""
