"""From records back to the files beside an analysis, with every key that was there and is not ours left as it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pychron.dvc.blobs import encode
from pychron.dvc.records import RawSeries, Reference, StoredFit, StoredValue

GROUPS = {"signal": "signals", "sniff": "sniffs"}
"""Kind of a series -> where a data file lists it."""


def with_fits(document: Mapping[str, Any], fits: Mapping[str, StoredFit]) -> dict[str, Any]:
    """An intercepts or baselines file with some of its fits replaced."""
    found = dict(document)
    for key, fit in fits.items():
        found[key] = {**_table(document, key), **_fit(fit)}
    return found


def with_values(
    document: Mapping[str, Any],
    values: Mapping[str, StoredValue],
    more: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """A blanks or icfactors file with some of its values replaced; `more` are further keys of each."""
    found = dict(document)
    for key, value in values.items():
        fit, _, error_type = value.fit.rpartition("_")
        found[key] = {
            **_table(document, key),
            "value": value.value,
            "error": value.error,
            "fit": fit or value.fit,
            "error_type": error_type if fit else "SEM",
            "references": references(value.references),
            "reviewed": value.reviewed,
            **more.get(key, {}),
        }
    return found


def with_series(document: Mapping[str, Any], series: Sequence[RawSeries]) -> dict[str, Any]:
    """A data file with the readings of some signals and sniffs replaced; one that it does not list is added."""
    found = dict(document)
    for one in series:
        group = GROUPS[one.kind]
        listed = [dict(entry) for entry in found.get(group) or ()]
        own = [e for e in listed if (e.get("isotope"), e.get("detector")) == (one.isotope, one.detector)]
        if not own:
            own = [{"isotope": one.isotope, "detector": one.detector}]
            listed += own
        own[0]["blob"] = encode(one.t, one.y)
        found[group] = listed
    return found


def references(some: Sequence[Reference]) -> list[dict[str, Any]]:
    """As files list them."""
    return [
        {
            "record_id": one.record_id,
            "uuid": one.uuid,
            "exclude": False if one.exclude == "ok" else one.exclude,
        }
        for one in some
    ]


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _fit(fit: StoredFit) -> dict[str, Any]:
    outliers = fit.outliers
    return {
        "value": fit.value,
        "error": fit.error,
        "fit": fit.fit,
        "error_type": fit.error_type,
        "n": fit.n,
        "fn": fit.fn,
        "filter_outliers_dict": {
            "filter_outliers": outliers is not None,
            "iterations": 0 if outliers is None else outliers.iterations,
            "std_devs": 0 if outliers is None else outliers.std_devs,
            "use_standard_deviation_filtering": outliers is not None and outliers.sd_of_readings,
            "use_iqr_filtering": outliers is not None and outliers.iqr,
        },
        "user_excluded": list(fit.user_excluded),
        "outlier_excluded": list(fit.outlier_excluded),
        "include_baseline_error": fit.include_baseline_error,
        "reviewed": fit.reviewed,
    }
