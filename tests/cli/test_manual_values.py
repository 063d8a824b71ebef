"""Numbers by hand in bulk: what is written, by json and plain git; what counts, by `pychron age` and by hand."""

import json

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import DETECTORS, git
from tests.pipeline.laboratory import uuid_of

WHY = "--set", "BulkEditNode.reason=the reading of the day book"


def edits(*rows):
    return "--set", f"BulkEditNode.edits=[{', '.join(rows)}]", *WHY


def load(place, number, name, suffix):
    return json.loads(modifier(place, number, name, suffix).read_text())


def ages(place):
    words = ["age", "--meta", str(place / "MetaData"), "--repo", str(place / "NM-1"), "--json"]
    found = json.loads(CliRunner().invoke(main, words).stdout)
    return {one["uuid"]: one["F"] for one in found if one["analysis_type"] == "unknown"}


def test_a_blank_and_a_factor_by_hand_are_a_commit_each_and_the_run_goes_on_with_them(place):
    repo, before = place / "NM-1", ages(place)
    head = git(repo, "rev-parse", "HEAD")
    new = edits(
        "{attribute: blank Ar36, value: 0.009, error: 0.002}",
        "{attribute: icfactor CDD, value: 1.01, error: 0.003}",
    )
    told = run("bulk_edit", *where(place), *new, "--identifier", "70001-02", "--json")
    assert told.exit_code == 0, told.output
    (computed,) = json.loads(told.stdout)["analyses"]
    assert computed["F"] != before[uuid_of(1)]
    assert git(repo, "rev-parse", "HEAD") == head
    done = run("bulk_edit", *where(place), *new, "--identifier", "70001-02", *ADA)
    assert done.exit_code == 0, done.output
    assert git(repo, "log", "--format=%s", f"{head}..HEAD").splitlines() == [
        "<MANUAL> icfactor CDD=1.01±0.003: the reading of the day book",
        "<MANUAL> blank Ar36=0.009±0.002: the reading of the day book",
    ]
    assert len(git(repo, "diff", "--name-only", head, "HEAD").split()) == 2
    assert git(repo, "fsck", "--strict") == ""
    assert ": error: " not in CliRunner().invoke(main, ["dvc", "verify", str(repo)]).stdout
    blanks = load(place, 1, "blanks", "blan")
    assert blanks["Ar36"] == {
        "value": 0.009,
        "error": 0.002,
        "fit": "Manual",
        "references": [],
        "reviewed": True,
    }
    assert blanks["Ar40"] == load(place, 0, "blanks", "blan")["Ar40"], "the others stay"
    after = ages(place)
    assert after[uuid_of(1)] == pytest.approx(computed["F"], rel=1e-12)
    assert {key: value for key, value in after.items() if key != uuid_of(1)} == {
        key: value for key, value in before.items() if key != uuid_of(1)
    }
    again = run("bulk_edit", *where(place), *new, "--identifier", "70001-02", *ADA)
    assert "every analysis is so already" in again.stdout


def test_a_fit_stays_beside_what_a_person_set_and_comes_back(place):
    repo, before = place / "NM-1", ages(place)
    old = load(place, 0, "intercepts", "inte")
    done = run("bulk_edit", *where(place), *edits("{attribute: intercept Ar40, value: 700, error: 2}"), *ADA)
    assert done.exit_code == 0, done.output
    new = load(place, 0, "intercepts", "inte")
    manual = {"manual_value": 700.0, "manual_error": 2.0, "use_manual_value": True, "use_manual_error": True}
    assert new == {**old, "Ar40": {**old["Ar40"], **manual}}
    base = load(place, 0, "baselines", "base")[DETECTORS["Ar40"]]["value"]
    blank = load(place, 0, "blanks", "blan")["Ar40"]["value"]
    gone = old["Ar40"]["value"] - 700
    share = gone / (old["Ar40"]["value"] - base - blank)
    assert 0.01 < share < 0.3, "40Ar is less by this share"
    assert ages(place)[uuid_of(0)] < before[uuid_of(0)]
    assert len(git(repo, "diff", "--name-only", "HEAD^", "HEAD").split()) == 3
    back = run("revert_history", *where(place), *ADA)
    assert "wrote 3 files" in back.stdout
    assert load(place, 0, "intercepts", "inte") == old
    assert ages(place) == before


def test_what_an_analysis_does_not_have_is_told_and_the_others_are_edited(place):
    path = modifier(place, 0, "baselines", "base")
    document = json.loads(path.read_text())
    document["AXIAL"] = document["H1"]
    path.write_text(json.dumps(document))
    done = run("bulk_edit", *where(place), *edits("{attribute: baseline AXIAL, value: 0.002, error: 0.001}"))
    assert done.exit_code == 1
    assert "70001-02 has no baseline of AXIAL" in done.stdout
    assert "not written: 1 files of baselines" in done.stdout


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{attribute: blank, value: 1, error: 1}", "blank of which isotope? write blank Ar40"),
        ("{attribute: icfactor, value: 1, error: 1}", "icfactor of which detector? write icfactor H1"),
        ("{attribute: blank Ar36, value: 1}", "value and error are numbers"),
        ("{attribute: blank Ar36, value: 1, error: -1}", "the error not below zero"),
        ("{attribute: blank Ar36, value: nan, error: 1}", "value and error are numbers"),
        ("{attribute: icfactor CDD, value: 0, error: 1}", "an IC factor is above zero"),
    ],
)
def test_rows_that_are_none_are_told_before_anything_runs(row, said, place):
    done = run("bulk_edit", *where(place), *edits(row))
    assert done.exit_code == 1
    assert said in done.output
    assert not (place / "runs").exists()


def test_no_number_is_set_without_a_reason(place):
    row = "--set", "BulkEditNode.edits=[{attribute: blank Ar36, value: 1, error: 1}]"
    done = run("bulk_edit", *where(place), *row)
    assert "write why blank Ar36 is set by hand" in done.output
