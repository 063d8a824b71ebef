"""The files beside an analysis: fits, blanks, IC factors, extraction, tag, raw series. From JSON to records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.blobs import BadBlob, decode
from pychron.dvc.errors import CorruptFile
from pychron.dvc.json_file import listing, mapping, number
from pychron.dvc.records import Extraction, RawSeries, Reference, StoredFit, StoredValue
from pychron.reduction.inputs import Measured, OutlierFilter


def fits(document: Any, name: str) -> dict[str, StoredFit]:
    """An intercepts or baselines file: key -> fit. Raises CorruptFile."""
    return {key: _fit(mapping(one, name, key), name, key) for key, one in mapping(document, name).items()}


def _fit(one: dict[str, Any], name: str, key: str) -> StoredFit:
    manual = None
    if one.get("use_manual_value") or one.get("use_manual_error"):
        value = one["manual_value"] if one.get("use_manual_value") else one.get("value")
        error = one["manual_error"] if one.get("use_manual_error") else one.get("error")
        manual = Measured(
            number(value, name, f"{key} manual_value"), number(error, name, f"{key} manual_error")
        )
    return StoredFit(
        number(one.get("value"), name, f"{key} value"),
        number(one.get("error"), name, f"{key} error"),
        str(one.get("fit") or ""),
        str(one.get("error_type") or ""),
        _count(one.get("n"), name, f"{key} n"),
        _count(one.get("fn"), name, f"{key} fn"),
        _outliers(one.get("filter_outliers_dict"), name, key),
        _indices(one.get("user_excluded"), name, key),
        _indices(one.get("outlier_excluded"), name, key),
        bool(one.get("include_baseline_error")),
        bool(one.get("reviewed")),
        manual,
    )


def _outliers(value: Any, name: str, key: str) -> OutlierFilter | None:
    if not value:
        return None
    one = mapping(value, name, f"{key} filter_outliers_dict")
    if not one.get("filter_outliers"):
        return None
    return OutlierFilter(
        int(number(one.get("iterations", 1), name, f"{key} iterations")),
        number(one.get("std_devs", 2), name, f"{key} std_devs"),
        bool(one.get("use_standard_deviation_filtering")),
        bool(one.get("use_iqr_filtering")),
    )


def _indices(value: Any, name: str, key: str) -> tuple[int, ...]:
    if not value:
        return ()
    return tuple(int(number(one, name, f"an excluded point of {key}")) for one in listing(value, name, key))


def _count(value: Any, name: str, what: str) -> int | None:
    return None if value is None else int(number(value, name, what))


def values(document: Any, name: str) -> dict[str, StoredValue]:
    """A blanks or icfactors file: key -> value with its references. Raises CorruptFile."""
    found = {}
    for key, one in mapping(document, name).items():
        one = mapping(one, name, key)
        ratio = one.get("standard_ratio")
        found[key] = StoredValue(
            number(one.get("value"), name, f"{key} value"),
            number(one.get("error"), name, f"{key} error"),
            str(one.get("fit") or ""),
            tuple(_reference(mapping(ref, name, key)) for ref in one.get("references") or ()),
            bool(one.get("reviewed")),
            str(one.get("reference_detector") or ""),
            None if ratio is None else number(ratio, name, f"{key} standard_ratio"),
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


def tag(document: Any, name: str) -> str:
    """A tags file: `ok`, `omit`, `invalid` ... Raises CorruptFile."""
    return str(mapping(document, name).get("name") or "ok")


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
