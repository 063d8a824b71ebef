"""Who is a reference of whom."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.pipeline.fitting.references import blank_type, blanks_of, find_references, preceding_blank

HOUR = 3600.0


@dataclass(frozen=True)
class Analysis:
    uuid: str
    analysis_type: str
    time: float
    mass_spectrometer: str = "jan"
    extract_device: str = "Fusions CO2"
    load_name: str = ""


@pytest.mark.parametrize(
    ("kind", "blank"),
    [
        ("unknown", "blank_unknown"),
        ("sample", "blank_unknown"),
        ("air", "blank_air"),
        ("cocktail", "blank_cocktail"),
        ("blank_unknown", None),
        ("detector_ic", None),
        ("background", None),
    ],
)
def test_each_type_has_a_blank_of_its_own(kind, blank):
    assert blank_type(kind) == blank


def test_a_nearer_blank_of_another_type_is_not_taken():
    unknown = Analysis("u", "unknown", 10.0)
    among = [
        Analysis("b", "blank_unknown", 1.0),
        Analysis("a", "blank_air", 9.0),
        Analysis("o", "blank_unknown", 8.0, mass_spectrometer="felix"),
        Analysis("l", "blank_unknown", 11.0),
    ]
    assert preceding_blank(unknown, among).uuid == "b"
    assert preceding_blank(Analysis("x", "air", 10.0), among).uuid == "a"
    assert preceding_blank(Analysis("x", "cocktail", 10.0), among) is None


def test_the_threshold_is_hours_and_holds_on_both_sides():
    unknown = Analysis("u", "unknown", 100 * HOUR)
    among = [Analysis(str(h), "air", h * HOUR) for h in (89, 90, 95, 105, 110, 111)]
    found = find_references([unknown], among, ["air"], threshold_h=10)
    assert [f.uuid for f in found] == ["90", "95", "105", "110"]


def test_spectrometer_device_and_load_part_only_where_both_are_recorded():
    unknown = Analysis("u", "unknown", 0.0, "Jan")
    among = [
        Analysis("same", "air", 1.0, "jan", load_name="L1"),
        Analysis("other", "air", 2.0, "felix"),
        Analysis("silent", "air", 3.0, "", ""),
        Analysis("device", "air", 4.0, extract_device="Furnace"),
    ]

    def found(**options):
        return [f.uuid for f in find_references([unknown], among, ["air"], threshold_h=1, **options)]

    assert found() == ["same", "silent"]
    assert found(same_extract_device=False) == ["same", "silent", "device"]
    assert found(same_spectrometer=False) == ["same", "other", "silent"]
    assert found(load_name="L1") == ["same"]


TYPES = st.sampled_from(
    ["unknown", "air", "cocktail", "blank_unknown", "blank_air", "blank_cocktail", "pause"]
)


@given(
    st.lists(st.tuples(TYPES, st.floats(0, 100), st.sampled_from(["jan", "felix", ""])), max_size=30), TYPES
)
def test_a_preceding_blank_is_always_of_the_matching_type_before_and_the_last(rows, kind):
    among = [Analysis(str(n), k, t, s) for n, (k, t, s) in enumerate(rows)]
    unknown = Analysis("u", kind, 50.0)
    found = preceding_blank(unknown, among)
    fitting = [
        a
        for a in among
        if a.analysis_type == blank_type(kind) and a.mass_spectrometer in ("jan", "") and a.time <= 50.0
    ]
    if found is None:
        assert fitting == []
    else:
        assert found in fitting
        assert found.time == max(a.time for a in fitting)
        assert found in blanks_of(unknown, among)
