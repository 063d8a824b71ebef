"""A repository in each of its forms, whole and damaged."""

from __future__ import annotations

import json

import pytest

from pychron.dvc.errors import CorruptFile, MissingFile, NoRepository
from pychron.dvc.repository import open_repository
from pychron.reduction.inputs import ErrorType, Fit, Measured, OutlierFilter
from tests.dvc.making import ARGON, Files, an_identity, analysis, committed, git, metadata


@pytest.mark.parametrize("prefix", [2, 3, 5])
def test_an_analysis_is_read_whole_in_each_layout(tmp_path, prefix):
    repository = open_repository(analysis(1, prefix).write(tmp_path))
    (one,) = repository.analyses()
    assert one.problems == ()
    assert one.is_whole
    assert (one.uuid, one.record_id, one.analysis_type) == (an_identity(1), "70001-02", "unknown")
    assert (one.irradiation, one.level, one.position) == ("TEST-001", "A", 7)
    assert sorted(one.isotopes) == sorted(ARGON)
    forty = one.argon("Ar40")
    assert forty.detector == "H1"
    assert forty.intercept.spec().fit is Fit.LINEAR
    assert forty.intercept.spec().error_type is ErrorType.SEM
    assert forty.intercept.spec().outliers == OutlierFilter(1, 3.0)
    assert forty.blank.references[0].record_id == "bu-01-J-1"
    assert one.extraction.value == 5.0
    series, problems = repository.series(one)
    assert problems == []
    assert [s.kind for s in series].count("signal") == 5
    assert len(series[0].t) == 40


def test_run_ids_and_uuids_of_several_layouts_live_together(tmp_path):
    files = Files(
        {**analysis(1, 5), **analysis(2, 2), **analysis(3, 3, "26233-07A"), **analysis(4, 5, "bu-FC-J-236")}
    )
    repository = open_repository(files.write(tmp_path))
    assert repository.identities() == sorted([an_identity(1), an_identity(2), "26233-07A", "bu-FC-J-236"])
    assert all(one.is_whole for one in repository.analyses())


def test_git_and_bare_at_a_revision_answer_what_the_folder_does(tmp_path):
    folder = analysis(1).write(tmp_path / "work")
    first = committed(folder)
    analysis(2, 2).write(folder)
    second = committed(folder)
    git(tmp_path, "clone", "--quiet", "--bare", "work", "bare.git")
    bare = tmp_path / "bare.git"
    everything = list(open_repository(folder).analyses())
    assert list(open_repository(bare).analyses()) == everything
    assert open_repository(f"{bare}@main").tree.revision == second
    old = open_repository(f"{bare}@{first[:9]}")
    assert old.tree.revision == first
    assert list(old.analyses()) == [one for one in everything if one.uuid == an_identity(1)]
    for tree in (open_repository(folder).tree, open_repository(bare).tree):
        commits = tree.commits(tree.paths())
        assert {commits[path] for path in analysis(1)} == {first}
        assert {commits[path] for path in analysis(2, 2)} == {second}


def test_the_commit_of_a_file_is_the_last_that_changed_it_also_after_a_merge(tmp_path):
    folder = analysis(1).write(tmp_path)
    committed(folder)
    git(folder, "checkout", "--quiet", "-b", "side")
    analysis(2).write(folder)
    side = committed(folder)
    git(folder, "checkout", "--quiet", "main")
    path = next(path for path in analysis(1) if "inte" in path)
    document = json.loads((folder / path).read_text())
    document["Ar40"]["value"] = 801.5
    (folder / path).write_text(json.dumps(document))
    changed = committed(folder, "<ISOEVO> fits")
    git(folder, "merge", "--quiet", "--no-edit", "side")
    commits = open_repository(folder).tree.commits([path, *analysis(2)])
    assert commits[path] == changed
    assert {commits[other] for other in analysis(2)} == {side}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nowhere", "no such folder"),
        ("plain@main", "no git repository"),
        ("work@nothing", "no revision nothing"),
        ("meta", "no analysis"),
        ("empty", "no analysis"),
    ],
)
def test_what_is_no_repository_is_named(tmp_path, name, text):
    analysis(1).write(tmp_path / "plain")
    committed(analysis(1).write(tmp_path / "work"))
    metadata().write(tmp_path / "meta")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoRepository, match=text):
        open_repository(tmp_path / name)


MODIFIED = [path for path in analysis(1) if "/.data/" not in path]


@pytest.mark.parametrize(
    ("path", "damage"),
    [
        (path, damage)
        for path in MODIFIED
        for damage in ("gone", "cut", "a list", "NaN", "bytes")
        # Without its main file there is no analysis to speak of; an extraction file may be absent.
        if damage != "gone" or path not in (MODIFIED[0], MODIFIED[-1])
        if damage != "NaN" or path != MODIFIED[-1]
    ],
)
def test_a_damaged_file_is_an_error_that_names_it_and_the_other_analysis_goes_on(tmp_path, path, damage):
    folder = Files({**analysis(1), **analysis(2)}).write(tmp_path)
    whole = (folder / path).read_text()
    if damage == "gone":
        (folder / path).unlink()
    elif damage == "cut":
        (folder / path).write_text(whole[: len(whole) // 2])
    elif damage == "a list":
        (folder / path).write_text("[1, 2]")
    elif damage == "NaN":
        (folder / path).write_text(
            whole.replace('"value": ', '"value": NaN, "was": ').replace('"timestamp": "', '"timestamp": "x')
        )
    else:
        (folder / path).write_bytes(b"\xff\xfe\x00garbage")
    found = {one.uuid: one for one in open_repository(folder).analyses()}
    assert found[an_identity(2)].is_whole
    broken = found[an_identity(1)]
    assert not broken.is_whole
    assert {problem.place.file for problem in broken.problems} == {path}


def test_a_line_is_named_where_json_ends_too_early(tmp_path):
    folder = analysis(1).write(tmp_path)
    path = next(path for path in analysis(1) if "inte" in path)
    lines = (folder / path).read_text().splitlines()
    (folder / path).write_text("\n".join(lines[:7]))
    (one,) = open_repository(folder).analyses()
    assert one.problems[0].place.line == 7


def test_a_blank_needs_no_blank(tmp_path):
    files = analysis(1, analysis_type="blank_unknown")
    del files[next(path for path in files if "blan" in path)]
    (one,) = open_repository(files.write(tmp_path)).analyses()
    assert one.is_blank
    assert one.is_whole


def test_a_manual_value_counts_where_it_is_switched_on(tmp_path):
    files = analysis(1)
    fits = files[next(path for path in files if "inte" in path)]
    fits["Ar40"] |= {"manual_value": 700.0, "use_manual_value": True}
    fits["Ar39"] |= {"manual_value": 30.0, "use_manual_value": False}
    (one,) = open_repository(files.write(tmp_path)).analyses()
    assert one.argon("Ar40").intercept.used == Measured(700.0, fits["Ar40"]["error"])
    assert one.argon("Ar39").intercept.used.value == fits["Ar39"]["value"]


def test_an_isotope_on_two_detectors_is_found_by_the_mapping(tmp_path):
    files = analysis(1)
    main = files[MODIFIED[0]]
    main["isotopes"]["Ar36L1"] = {"name": "Ar36", "detector": "L1", "units": "fA"}
    main["arar_mapping"]["Ar36"] = "Ar36L1"
    (one,) = open_repository(files.write(tmp_path)).analyses()
    assert one.argon("Ar36").detector == "L1"


def test_an_admit_delay_is_an_offset_the_other_way(tmp_path):
    (one,) = open_repository(analysis(1, admit_delay=4.5).write(tmp_path / "a")).analyses()
    assert one.time_zero_offset == -4.5
    (one,) = open_repository(analysis(1, time_zero_offset=2).write(tmp_path / "b")).analyses()
    assert one.time_zero_offset == 2.0


def test_raw_series_that_are_cut_missing_or_garbled(tmp_path):
    files = analysis(1)
    path = next(path for path in files if "/.data/" in path)
    files[path]["signals"][0]["blob"] = files[path]["signals"][0]["blob"][:-8]
    files[path]["signals"][1]["blob"] = "%%%"
    repository = open_repository(files.write(tmp_path))
    (one,) = repository.analyses()
    series, problems = repository.series(one)
    assert len(series) == 14
    assert [("Ar40" in problem, "cut short" in problem) for problem in problems] == [
        (True, True),
        (False, False),
    ]
    (tmp_path / path).write_text('{"format": ">dd"}')
    with pytest.raises(CorruptFile, match=">dd"):
        repository.series(one)
    (tmp_path / path).unlink()
    with pytest.raises(MissingFile, match="no raw series"):
        repository.series(one)
    with pytest.raises(MissingFile, match="no analysis"):
        repository.analysis("99999-01")
