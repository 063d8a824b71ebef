"""Edits in bulk and ways back, held against plain git."""

import json

import pytest

from pychron.pipeline.running.runner import TAGS, problems_of
from pychron.pipeline.templates.klasses import KLASSES
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
    omit = *edits("{attribute: tag, value: omit}"), "--set", "BulkEditNode.reason=the laser was off"
    chosen = "--set", "UnknownNode.uuids=[70001-01, 70001-03]"
    told = run("bulk_edit", *where(place), *omit, *chosen)
    assert told.exit_code == 0, told.output
    assert "not written: 2 files of edits" in told.stdout
    assert git(repo, "rev-parse", "HEAD") == before
    done = run("bulk_edit", *where(place), *omit, *chosen, *ADA)
    assert done.exit_code == 0, done.output
    assert git(repo, "log", "-1", "--format=%s") == "<TAG> tag=omit: the laser was off"
    assert git(repo, "rev-parse", "HEAD^") == before
    files = git(repo, "diff", "--name-only", before, "HEAD").split()
    assert files == sorted(f"reduction/{uuid_of(n)[:5]}/tags/{uuid_of(n)[5:]}.tags.json" for n in (0, 2))
    assert git(repo, "fsck", "--strict") == ""
    analyses = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    tagged = [one["record_id"] for one in analyses if any(flag["code"] == "tag" for flag in one["flags"])]
    assert tagged == ["70001-01", "70001-03"]
    told = [flag["text"] for one in analyses for flag in one["flags"]]
    assert told == ["it is tagged omit: the laser was off"] * 2, "the reason stays"
    document = json.loads((repo / files[0]).read_text())
    assert document == {"name": "omit", "note": "the laser was off"}
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


def test_tags_and_texts_are_a_commit_each_and_ok_needs_no_reason(place):
    tags = modifier(place, 1, "tags", "tags")
    tags.parent.mkdir()
    tags.write_text(json.dumps({"name": "omit", "note": "leak", "subgroup": "B"}))
    committed(place / "NM-1", "<TAG> by another program")
    done = run(
        "bulk_edit", *where(place), "--identifier", "70001-02", *edits("{attribute: tag, value: ok}", "{attribute: project, value: P2}"), *ADA
    )  # fmt: skip
    assert done.exit_code == 1, "as the run began it was tagged"
    subjects = git(place / "NM-1", "log", "-2", "--format=%s").splitlines()
    assert subjects == ["<MANUAL> project=P2", "<TAG> tag=ok"]
    assert json.loads(tags.read_text()) == {"name": "ok", "note": "", "subgroup": "B"}, (
        "where it stood, the rest stays"
    )
    assert (
        git(place / "NM-1", "diff", "--name-only", "HEAD^", "HEAD")
        == f"{uuid_of(1)[:5]}/{uuid_of(1)[5:]}.json"
    )


def test_a_file_that_cannot_be_read_is_not_written_over(place):
    path = place / "NM-1" / "reduction" / uuid_of(1)[:5] / "tags" / f"{uuid_of(1)[5:]}.tags.json"
    path.parent.mkdir(parents=True)
    path.write_text("[")
    before = committed(place / "NM-1", "<TAG> half")
    done = run("bulk_edit", *where(place), *edits("{attribute: tag, value: ok}"), *ADA)
    assert done.exit_code == 1
    assert "it is not written over" in done.stdout
    assert git(place / "NM-1", "rev-parse", "HEAD") == before


def test_every_class_that_writes_says_how_its_commits_begin():
    assert {klass.name for klass in KLASSES if klass.writes} - {"PushNode"} == TAGS.keys()


@pytest.mark.parametrize(("name", "options"), [("bulk_edit", edits("{attribute: sample, value: FC-3}")), ("revert_history", ())])  # fmt: skip
def test_a_run_that_was_killed_after_its_commit_goes_on(name, options, place):
    changed(place, "<BLANKS>.blanks auto update blanks, fits=x", 2)
    done = run(name, *where(place), *options, *ADA)
    assert done.exit_code == 0, done.output
    folder = place / "runs" / f"{name}-0001"
    (folder / "result.json").unlink()
    state = json.loads((folder / "run.json").read_text())
    state["reports"], state["stands"], state["state"]["commits"] = state["reports"][:1], "running", []
    (folder / "run.json").write_text(json.dumps(state))
    head = git(place / "NM-1", "rev-parse", "HEAD")
    again = run(name, *where(place), *options, *ADA, "--resume")
    assert again.exit_code == 0, again.output
    assert "already, nothing to write" in again.stdout
    assert git(place / "NM-1", "rev-parse", "HEAD") == head


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("[]", "edits is empty"),
        ("[{attribute: age, value: 3}]", "age is no attribute; write tag, comment"),
        ("[{attribute: tag, value: bad}]", "'bad' is no tag; write ok, omit"),
        ("[{attribute: tag, value: omit}]", "reason is empty; write why they are tagged omit"),
        ("[{attribute: sample, value: a}, {attribute: sample, value: b}]", "sample is set twice"),
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
    found = json.loads((place / "runs" / "revert_history-0002" / "result.json").read_text())["analyses"]
    ages = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    assert [one["F"] for one in found] == [one["F"] for one in ages], "the run went on with what it put back"
    assert (
        git(repo, "log", "-1", "--format=%s")
        == "<MANUAL> reverted to collection: .data, intercepts, baselines, blanks, icfactors"
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


def test_a_file_that_was_deleted_comes_back_and_a_tag_goes(place):
    repo, blanks = place / "NM-1", modifier(place, 2, "blanks", "blan")
    first = blanks.read_bytes()
    blanks.unlink()
    committed(repo, "<MANUAL> gone")
    run(
        "bulk_edit",
        *where(place),
        *edits("{attribute: tag, value: omit}"),
        "--set",
        "BulkEditNode.reason=dull",
        *ADA,
    )
    kinds = "--set", "RevertHistoryNode.modifiers=[blanks, tags]"
    done = run("revert_history", *where(place), "--identifier", "70001-03", *kinds, *ADA)
    assert blanks.read_bytes() == first
    tag = repo / "reduction" / uuid_of(2)[:5] / "tags" / f"{uuid_of(2)[5:]}.tags.json"
    assert json.loads(tag.read_text())["name"] == "ok"
    assert sorted(git(repo, "diff", "--name-only", "HEAD^", "HEAD").split()) == sorted(
        str(path.relative_to(repo)) for path in (blanks, tag)
    )
    left = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    assert [any(flag["code"] == "tag" for flag in one["flags"]) for one in left] == [True, True, False], (
        done.output
    )
    assert git(repo, "fsck", "--strict") == ""
