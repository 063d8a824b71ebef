"""The files beside an analysis: fits, blanks, IC factors, extraction, tag, raw series. From JSON to records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.blobs import BadBlob, decode
from pychron.dvc.errors import CorruptFile
from pychron.dvc.json_file import listing, mapping, number
from pychron.dvc.quick import outlier_filter
from pychron.dvc.records import Extraction, RawSeries, Reference, StoredFit, StoredValue
from pychron.reduction.inputs import Measured, OutlierFilter
from pychron.reduction.options import Cosmogenic


def fits(document: Any, name: str) -> dict[str, StoredFit]:
    """An intercepts or baselines file: key -> fit. Raises CorruptFile."""
    return {key: _fit(mapping(one, name, key), name, key) for key, one in mapping(document, name).items()}


def _fit(one: dict[str, Any], name: str, key: str) -> StoredFit:
    get = one.get
    manual = None
    if get("use_manual_value") or get("use_manual_error"):
        value = one["manual_value"] if get("use_manual_value") else get("value")
        error = one["manual_error"] if get("use_manual_error") else get("error")
        manual = Measured(
            number(value, name, f"{key} manual_value"), number(error, name, f"{key} manual_error")
        )
    n, fn = get("n"), get("fn")
    return StoredFit(
        number(get("value"), name, key, "value"),
        number(get("error"), name, key, "error"),
        str(get("fit") or ""),
        str(get("error_type") or ""),
        n if n is None or type(n) is int else int(number(n, name, key, "n")),
        fn if fn is None or type(fn) is int else int(number(fn, name, key, "fn")),
        _outliers(get("filter_outliers_dict"), name, key),
        _indices(get("user_excluded"), name, key),
        _indices(get("outlier_excluded"), name, key),
        bool(get("include_baseline_error")),
        bool(get("reviewed")),
        manual,
    )


def _outliers(value: Any, name: str, key: str) -> OutlierFilter | None:
    if not value:
        return None
    get = mapping(value, name, f"{key} filter_outliers_dict").get
    if not get("filter_outliers"):
        return None
    return outlier_filter(
        int(number(get("iterations", 1), name, key, "iterations")),
        number(get("std_devs", 2), name, key, "std_devs"),
        bool(get("use_standard_deviation_filtering")),
        bool(get("use_iqr_filtering")),
    )


def _indices(value: Any, name: str, key: str) -> tuple[int, ...]:
    if not value:
        return ()
    return tuple(
        one if type(one) is int else int(number(one, name, f"an excluded point of {key}"))
        for one in listing(value, name, key)
    )


def values(document: Any, name: str) -> dict[str, StoredValue]:
    """A blanks or icfactors file: key -> value with its references. Raises CorruptFile.

    What was made from the same references shares one tuple of them.
    """
    found = {}
    last: Any = None
    references: tuple[Reference, ...] = ()
    for key, one in mapping(document, name).items():
        get = mapping(one, name, key).get
        ratio, listed = get("standard_ratio"), get("references") or ()
        if listed != last:
            references = tuple(_reference(mapping(ref, name, key)) for ref in listed)
            last = listed
        found[key] = StoredValue(
            number(get("value"), name, key, "value"),
            number(get("error"), name, key, "error"),
            str(get("fit") or ""),
            references,
            bool(get("reviewed")),
            str(get("reference_detector") or ""),
            None if ratio is None else number(ratio, name, key, "standard_ratio"),
        )
    return found


def _reference(one: dict[str, Any]) -> Reference:
    exclude = one.get("exclude", "ok")
    if isinstance(exclude, bool):
        exclude = "omit" if exclude else "ok"
    return Reference(str(one.get("record_id") or ""), str(one.get("uuid") or ""), str(exclude))


def extraction(document: Any, name: str) -> Extraction:
    """An extraction file, of today or with the older names of its keys. Raises CorruptFile."""
    one = mapping(document, name)
    positions = [
        str(place.get("position", "")) for place in one.get("positions") or () if isinstance(place, Mapping)
    ]
    return Extraction(
        str(one.get("extract_device") or ""),
        _optional(one.get("extract_value"), name, "extract_value"),
        str(one.get("extract_units") or ""),
        _optional(one.get("extract_duration", one.get("duration")), name, "extract_duration"),
        _optional(one.get("cleanup_duration", one.get("cleanup")), name, "cleanup_duration"),
        _optional(one.get("weight"), name, "weight"),
        str(one.get("tray") or ""),
        ", ".join(positions),
        str(one.get("load_name") or ""),
    )


def _optional(value: Any, name: str, what: str) -> float | None:
    return None if value in (None, "") else number(value, name, what)


def tag(document: Any, name: str) -> tuple[str, str]:
    """A tags file: `ok`, `omit`, `invalid` ..., and the note of the person who said so. Raises CorruptFile."""
    one = mapping(document, name)
    return str(one.get("name") or "ok"), str(one.get("note") or "")


def cosmogenic(document: Any, name: str) -> Cosmogenic | None:
    """A cosmogenic file: 38Ar/36Ar of cosmogenic and of trapped (`solar`) argon; None where it is switched off. Raises CorruptFile."""
    one = mapping(document, name)
    if not one.get("use_cosmogenic_correction"):
        return None
    made, trapped = (
        Measured(number(one.get(key), name, key), number(one.get(f"{key}_err") or 0.0, name, f"{key}_err"))
        for key in ("cosmo_3836", "solar_3836")
    )
    if not made.value > 0 or not trapped.value > 0 or made.value == trapped.value:
        raise CorruptFile(
            Place(name), "cosmo_3836 and solar_3836 are two ratios above zero, one other than the other"
        )
    return Cosmogenic(made, trapped)


KINDS = {"signals": "signal", "baselines": "baseline", "sniffs": "sniff"}


def series(document: Any, name: str) -> tuple[list[RawSeries], list[str]]:
    """A data file: its series, and what is wrong with some of them. Raises CorruptFile where the file as a whole is none."""
    whole = mapping(document, name)
    if whole.get("format", ">ff") != ">ff" or whole.get("encoding", "base64") != "base64":
        raise CorruptFile(
            Place(name),
            f"its series are {whole.get('encoding')} of {whole.get('format')}; base64 of >ff can be read",
        )
    found: list[RawSeries] = []
    problems: list[str] = []
    for group, kind in KINDS.items():
        for one in listing(whole.get(group) or [], name, group):
            one = mapping(one, name, group)
            isotope, detector = str(one.get("isotope") or ""), str(one.get("detector") or "")
            what = f"the {kind} of {isotope or detector}"
            try:
                blob = decode(one.get("blob"))
            except BadBlob as problem:
                problems.append(f"{what} cannot be decoded: {problem}")
                continue
            if blob.tail:
                problems.append(f"{what} was cut short: {blob.tail} bytes at its end make no point")
            found.append(RawSeries(kind, isotope, detector, blob.t, blob.y))
    return found, problems
