"""The metadata repository, in the forms of old and new, and its faults."""

from __future__ import annotations

import pytest

from pychron.dvc.errors import CorruptFile, MissingFile, NoRepository
from pychron.dvc.metadata import open_metadata
from pychron.dvc.times import seconds, text
from pychron.reduction.inputs import Measured
from tests.dvc.making import PRODUCTION, Files, analysis, committed, metadata


def opened(tmp_path, **changes):
    return open_metadata(metadata(**changes).write(tmp_path))


def test_it_is_read(tmp_path):
    meta = opened(tmp_path)
    chronology = meta.chronology("TEST-001")
    assert [segment.days * 24 for segment in chronology.segments] == [10.0, 4.0]
    assert chronology.problem() == ""
    assert meta.levels("TEST-001") == ["A"]
    assert meta.productions("TEST-001", "A").k4039 == Measured(0.007614, 1.05e-4)
    position = meta.position("TEST-001", "A", 7)
    assert (position.identifier, position.j, position.mean_j) == ("70001", Measured(1e-3, 1e-6), None)
    assert position.monitor_age_ma == 28.02
    assert meta.position("TEST-001", "A", None, "70001") is position
    assert meta.position("TEST-001", "A", 3).j is None
    assert meta.position("TEST-001", "A", 9) is None
    assert [(hole.x, hole.y, hole.radius) for hole in meta.holder("24_hole")] == [
        (0, 5, 2),
        (5, 0, 1.5),
        (-5, 0, 2),
    ]


def test_older_forms(tmp_path):
    changes = {
        "TEST-001/A.json": [{"position": 7, "identifier": 70001, "j": 1e-3, "j_err": 1e-6}],
        "productions/lab.json": PRODUCTION,
        "TEST-001/productions.json": {"A": "lab"},
        "TEST-001/chronology.txt": " 1.0, 2025-01-10 09:00:00 , 2025-01-10 10:00:00\n\n",
        "irradiation_holders/named.txt": "circle,2.0,true\nA1,0,5\n",
    }
    meta = opened(tmp_path, **changes)
    assert meta.position("TEST-001", "A", 7).identifier == "70001"
    assert meta.productions("TEST-001", "A").name == "lab"
    assert len(meta.chronology("TEST-001").segments) == 1
    assert meta.holder("named")[0].name == "A1"


def test_it_may_be_a_commit(tmp_path):
    folder = metadata().write(tmp_path)
    committed(folder)
    assert open_metadata(f"{folder}@main").position("TEST-001", "A", 7).j == Measured(1e-3, 1e-6)


@pytest.mark.parametrize(
    ("path", "content", "ask", "text", "line"),
    [
        ("TEST-001/chronology.txt", "1.0,2025-01-10 09:00:00,2025-01-10 10:00:00\n1.0;x\n", "chronology", "power,start,end", 2),
        ("TEST-001/chronology.txt", "1.0,yesterday,2025-01-10 10:00:00\n", "chronology", "yesterday", 1),
        ("TEST-001/productions/TRIGA.json", {**PRODUCTION, "K4039": [0.1]}, "productions", r"\[value, error\]", 0),
        ("TEST-001/productions/TRIGA.json", {k: v for k, v in PRODUCTION.items() if k != "Ca3637"}, "productions", "no Ca3637", 0),
        ("TEST-001/productions.json", {"B": "TRIGA"}, "productions", "level A", 0),
        ("TEST-001/A.json", {"positions": [{"position": "x"}]}, "positions", "position must be a number", 0),
        ("TEST-001/A.json", '{"positions": [\n{"position": 7,\n', "positions", "no JSON", 3),
        ("irradiation_holders/24_hole.txt", "circle,2\nx,y\n", "holder", "x,y", 2),
        ("irradiation_holders/24_hole.txt", "", "holder", "empty", 0),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_with_its_line(tmp_path, path, content, ask, text, line):
    meta = opened(tmp_path, **{path: content})
    arguments = {"chronology": ["TEST-001"], "holder": ["24_hole"]}.get(ask, ["TEST-001", "A"])
    with pytest.raises(CorruptFile, match=text) as caught:
        getattr(meta, ask)(*arguments)
    assert caught.value.place.file == path
    assert caught.value.place.line == line


def test_what_is_missing_is_named(tmp_path):
    meta = opened(tmp_path, **{"TEST-001/productions.json": {"A": "OSU"}})
    with pytest.raises(MissingFile, match=r"NOT-1/chronology\.txt"):
        meta.chronology("NOT-1")
    with pytest.raises(
        MissingFile, match=r"neither TEST-001/productions/OSU\.json nor productions/OSU\.json"
    ):
        meta.productions("TEST-001", "A")
    with pytest.raises(NoRepository, match="no irradiation"):
        open_metadata(Files(analysis(1)).write(tmp_path / "data"))


@pytest.mark.parametrize(
    ("written", "number"),
    [("1970-01-02T00:00:01", 86401.0), ("1970-01-01 00:00:00.25", 0.25), ("1970-01-01T01:00:00+01:00", 0.0)],
)
def test_times(written, number):
    assert seconds(written) == number


@pytest.mark.parametrize("bad", ["", None, 5, "yesterday", "2025-13-01 00:00:00"])
def test_what_is_no_time_is_refused(bad):
    with pytest.raises(ValueError, match="a time is written like"):
        seconds(bad)


def test_a_time_is_written_as_it_was_read():
    assert text(seconds("2025-02-03T04:05:06")) == "2025-02-03 04:05:06"
