"""Edits in bulk and ways back, held against plain git."""

import json

import pytest

from pychron.pipeline.runner import problems_of
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import committed, git
from tests.pipeline.laboratory import uuid_of, written
from tests.pipeline.test_nodes import nodes, template


@pytest.fixture
def place(tmp_path):
    written(tmp_path)
    committed(tmp_path / "NM-1")
    committed(tmp_path / "MetaData", "Labnumber Entry Save")
    return tmp_path


def edits(*rows):
    return "--set", f"BulkEditNode.edits=[{', '.join(rows)}]"


def test_a_tag_for_chosen_analyses_is_one_commit(place):
    repo = place / "NM-1"
    before = git(repo, "rev-parse", "HEAD")
    omit = edits("{attribute: tag, value: omit}")
    chosen = "--set", "UnknownNode.uuids=[70001-01, 70001-03]"
    told = run("bulk_edit", *where(place), *omit, *chosen)
    assert told.exit_code == 0, told.output
    assert "not written: 2 files of edits" in told.stdout
    assert git(repo, "rev-parse", "HEAD") == before
    done = run("bulk_edit", *where(place), *omit, *chosen, *ADA)
    assert done.exit_code == 0, done.output
    assert git(repo, "log", "-1", "--format=%s") == "<TAG> tag=omit"
    assert git(repo, "rev-parse", "HEAD^") == before
    files = git(repo, "diff", "--name-only", before, "HEAD").split()
    assert files == sorted(f"reduction/{uuid_of(n)[:5]}/tags/{uuid_of(n)[5:]}.tags.json" for n in (0, 2))
    assert git(repo, "fsck", "--strict") == ""
    analyses = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    tagged = [one["record_id"] for one in analyses if any(flag["code"] == "tag" for flag in one["flags"])]
    assert tagged == ["70001-01", "70001-03"]
    again = run("bulk_edit", *where(place), *omit, *chosen, *ADA)
    assert "every analysis is so already" in again.stdout


def test_texts_are_set_and_every_other_key_stays(place):
    path = place / "NM-1" / uuid_of(0)[:5] / f"{uuid_of(0)[5:]}.json"
    old = json.loads(path.read_text())
    done = run(
        "bulk_edit", *where(place), *edits("{attribute: sample, value: FC-3}", "{attribute: comment, value: 'seen again'}"), *ADA
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(path.read_text()) == {**old, "sample": "FC-3", "comment": "seen again"}
    assert git(place / "NM-1", "log", "-1", "--format=%s") == "<MANUAL> sample=FC-3, comment=seen again"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("[]", "edits is empty"),
        ("[{attribute: age, value: 3}]", "age is no attribute; write tag, comment"),
        ("[{attribute: tag, value: bad}]", "'bad' is no tag; write ok, omit"),
    ],
)
def test_edits_that_are_none_are_told_before_anything_runs(rows, said):
    (problem,) = problems_of(template(nodes(f"{{klass: BulkEditNode, edits: {rows}}}")))
    assert said in problem


def changed(place, subject, factor):
    blanks = modifier(place, 0, "blanks", "blan")
    document = json.loads(blanks.read_text())
    document["Ar36"]["value"] *= factor
    blanks.write_text(json.dumps(document))
    committed(place / "NM-1", subject)


def test_back_to_what_acquisition_wrote(place):
    repo, path = place / "NM-1", modifier(place, 0, "blanks", "blan")
    first = path.read_bytes()
    changed(place, "<BLANKS>.blanks auto update blanks, fits=x", 2)
    changed(place, "<MANUAL> more", 2)
    told = run("revert_history", *where(place))
    assert "not written: 1 files of reverted fits and values" in told.stdout
    done = run("revert_history", *where(place), *ADA)
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == first
    assert (
        git(repo, "log", "-1", "--format=%s")
        == "<MANUAL> reverted to collection: intercepts, baselines, blanks, icfactors"
    )
    assert git(repo, "rev-list", "--count", "HEAD") == "4", "a commit more, none is lost"
    assert git(repo, "diff", "--name-only", "HEAD^", "HEAD") == path.relative_to(repo).as_posix()
    again = run("revert_history", *where(place), *ADA)
    assert "everything is as of collection already" in again.stdout


def test_back_to_a_commit_by_name(place):
    changed(place, "<BLANKS> one", 2)
    git(place / "NM-1", "tag", "good")
    good = modifier(place, 0, "blanks", "blan").read_bytes()
    changed(place, "<BLANKS> two", 2)
    done = run("revert_history", *where(place), "--set", "RevertHistoryNode.to=good", *ADA)
    assert done.exit_code == 0, done.output
    assert modifier(place, 0, "blanks", "blan").read_bytes() == good
    none = run("revert_history", *where(place), "--set", "RevertHistoryNode.to=nowhere", *ADA)
    assert none.exit_code == 1
    assert "it has no revision nowhere" in none.stdout


def test_what_acquisition_never_wrote_is_told(tmp_path):
    written(tmp_path)
    plain = run("revert_history", *where(tmp_path), *ADA)
    assert plain.exit_code == 1
    assert "is no git repository" in plain.output
    committed(tmp_path / "NM-1", "all of it")
    committed(tmp_path / "MetaData", "Labnumber Entry Save")
    done = run("revert_history", *where(tmp_path))
    assert done.exit_code == 1
    assert "no commit of acquisition has" in done.stdout
