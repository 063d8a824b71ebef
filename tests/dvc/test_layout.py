"""Every place where a file of an analysis may stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.dvc import layout

UUID = "09dfef43-e763-43bf-a8ce-32c88e8c238b"


@pytest.mark.parametrize(
    ("identity", "modifier", "expected"),
    [
        (UUID, "", ["09dfe/f43-e763-43bf-a8ce-32c88e8c238b.json", "09d/fef43-e763-43bf-a8ce-32c88e8c238b.json",
                    "09/dfef43-e763-43bf-a8ce-32c88e8c238b.json"]),
        ("26233-07A", "", ["262/33-07A.json"]),
        ("66666-01A", ".data", ["666/.data/66-01A.dat.json"]),
        ("bu-FC-J-236", "", ["bu-FC/-J-236.json"]),
        ("a-01-J-12", "blanks", ["a-01/blanks/-J-12.blan.json"]),
        ("26233-07A", "tags", ["reduction/262/tags/33-07A.tags.json", "262/tags/33-07A.tags.json"]),
        ("26233:07A", "", ["262/33_07A.json"]),
    ],
)  # fmt: skip
def test_where_a_file_stands(identity, modifier, expected):
    assert layout.paths(identity, modifier) == expected


identities = st.one_of(
    st.uuids(version=4).map(str),
    st.from_regex(r"[1-9][0-9]{4}-[0-9]{2}[A-Z]{0,2}", fullmatch=True),
    st.from_regex(r"(a|bu|ba)-[0-9]{2}-[A-Z]-[0-9]{1,5}", fullmatch=True),
)


@given(identities, st.sampled_from(["", *layout.MODIFIERS]))
def test_a_path_names_whose_it_is(identity, modifier):
    for path in layout.paths(identity, modifier):
        if modifier:
            assert layout.owner_of(path) == (identity, modifier)
            assert layout.identity_of(path) == ""
        else:
            assert layout.identity_of(path) == identity
            assert layout.owner_of(path) == ("", "")


@pytest.mark.parametrize(
    "path", ["README.md", "a" * 40 + ".json", "NM-313.json", "262/ia/33_00001.ia.json", "reduction/262/33.json",
             ".git/config.json", "262/logs/33.logs.log"]
)  # fmt: skip
def test_other_files_are_no_analysis(path):
    assert layout.identity_of(path) == ""
    assert layout.owner_of(path) == ("", "")


def test_what_other_files_are():
    assert layout.is_spectrometer("a" * 40 + ".json")
    assert layout.is_interpreted_age("reduction/262/ia/33_00001.ia.json")
    assert layout.is_interpreted_age("262/ia/33_00001.ia.json")
    assert layout.frozen_production("NM-313.B.production.json") == ("NM-313", "B")
    assert layout.frozen_production("x/NM-313.B.production.json") == ("", "")


@pytest.mark.parametrize(
    ("number", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (701, "ZZ"), (702, "AAA")]
)
def test_letters_of_a_step(number, letters):
    assert layout.step_letters(number) == letters


def test_run_ids():
    assert layout.run_id("70001", 1, 2) == "70001-01C"
    assert layout.run_id("70001", 12, None) == "70001-12"
    with pytest.raises(ValueError, match="-1"):
        layout.step_letters(-1)
