"""The quick way of reading, with msgspec, gives what the careful way gives, and nothing depends on it."""

import math
import time

import pytest

from pychron.dvc import json_file, quick
from pychron.dvc.cache import Cache, Records
from pychron.dvc.groups import SETTLE_NS
from pychron.dvc.repository import open_repository
from tests.dvc.making import Files, analysis

ODD = [
    ("intercepts", {"fit": None}), ("intercepts", {"n": 12.0}), ("intercepts", {"value": 800}), ("intercepts", {"value": "800"}),
    ("intercepts", {"error": math.nan}), ("intercepts", {"filter_outliers_dict": None}), ("intercepts", {"user_excluded": None}),
    ("intercepts", {"filter_outliers_dict": {"filter_outliers": True, "iterations": 2.0}}), ("intercepts", {"reviewed": 1}),
    ("intercepts", {"use_manual_error": True, "manual_error": 0.25}), ("intercepts", {"user_excluded": [2, 3]}),
    ("intercepts", {"error_type": "SE", "include_baseline_error": None}), ("blanks", {"references": None}),
    ("blanks", {"references": [{"record_id": 7, "uuid": None, "exclude": True}]}), ("blanks", {"references": [{}]}),
    ("blanks", {"references": [{"record_id": "a", "uuid": "b", "exclude": None}]}), ("blanks", {"fit": 3, "reviewed": None}),
    ("blanks", {"value": True}), ("blanks", {"references": "none"}), ("icfactors", {"standard_ratio": 295}),
    ("icfactors", {"standard_ratio": "295"}), ("icfactors", {"reference_detector": None, "discrimination": True}),
]  # fmt: skip


@pytest.mark.parametrize(("modifier", "change"), ODD)
def test_the_quick_way_reads_what_the_careful_way_reads(tmp_path, monkeypatch, modifier, change):
    files = analysis(1, 2)
    path = next(p for p in files if f"/{modifier}/" in p)
    key = "H1" if modifier == "icfactors" else "Ar40"
    files[path][key].update(change)
    repository = open_repository(files.write(tmp_path / "repository"))
    quickly, fault = _read_all(repository)
    monkeypatch.setattr(quick, "msgspec", None)
    monkeypatch.setattr(json_file, "_fast", None)
    carefully, other = _read_all(repository)
    assert quickly == carefully
    assert fault == other


def _read_all(repository):
    try:
        (one,) = repository.analyses()
    except (TypeError, AttributeError) as fault:
        return None, type(fault)
    return one, None


def test_without_msgspec_all_is_the_same(tmp_path, monkeypatch):
    folder = Files(analysis(1, 2) | analysis(2, 5)).write(tmp_path / "repository")
    expected = list(open_repository(folder).analyses())
    monkeypatch.setattr(quick, "msgspec", None)
    monkeypatch.setattr(json_file, "_fast", None)
    for _ in range(2):
        cache = Cache(tmp_path / "cache", now_ns=lambda: time.time_ns() + 10 * SETTLE_NS)
        found = Records(open_repository(folder), cache).load(lambda: None)
        assert sorted(found, key=lambda one: one.uuid) == sorted(expected, key=lambda one: one.uuid)
