"""`pychron age`, `explain` and `whatif` on repositories made by hand and by plain git."""

import json
import shutil

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.dvc.making import Files, analysis, committed, git, metadata


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


@pytest.fixture
def lab(tmp_path):
    files = Files()
    for seed in range(3):
        files.update(analysis(seed))
    files.write(tmp_path / "NM-1")
    metadata().write(tmp_path / "MetaData")
    return tmp_path


def where(lab):
    return "--meta", lab / "MetaData", "--repo", lab / "NM-1"


def test_ages_as_json_have_the_promised_keys(lab):
    done = run("age", *where(lab), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found) == 3
    keys = {"record_id", "uuid", "age_ma", "age_err", "age_err_wo_j", "kca", "yield_pct", "F", "F_err"}
    assert all(keys <= one.keys() and one["age_ma"] > 0 for one in found)


def test_one_bad_analysis_is_named_and_the_status_says_so(lab):
    bad = next(p for p in analysis(1) if "/blanks/" in p)
    (lab / "NM-1" / bad).write_text("{ this is")
    done = run("age", *where(lab))
    assert done.exit_code == 1
    assert f"no age: {bad}:1: it is no JSON" in done.stdout
    assert "3 analyses, 2 with an age" in done.stdout
    flagged = json.loads(run("age", *where(lab), "--json").stdout)
    assert sorted(one["age_ma"] is None for one in flagged) == [False, False, True]


def test_an_age_is_the_same_in_a_folder_a_repository_and_a_bare_one_at_a_revision(lab):
    plain = run("age", *where(lab), "--json").stdout
    commit = committed(lab / "NM-1")
    committed(lab / "MetaData")
    git(lab, "clone", "--quiet", "--bare", "NM-1", "NM-1.git")
    (lab / "NM-1" / next(iter(analysis(0)))).unlink()
    bare = run(
        "age", "--meta", f"{lab / 'MetaData'}@main", "--repo", f"{lab / 'NM-1.git'}@{commit[:10]}", "--json"
    )
    assert bare.exit_code == 0, bare.output

    def ages(text):
        return {one["uuid"]: (one["age_ma"], one["age_err"]) for one in json.loads(text)}

    assert ages(bare.stdout) == ages(plain)
    assert {one["commit"] for one in json.loads(bare.stdout)} == {commit}


def test_explain_names_the_commit_of_each_file(lab):
    first = committed(lab / "NM-1")
    committed(lab / "MetaData", "Labnumber Entry Save")
    blanks = lab / "NM-1" / next(p for p in analysis(1) if "/blanks/" in p)
    document = json.loads(blanks.read_text())
    document["Ar40"]["value"] *= 1.5
    blanks.write_text(json.dumps(document))
    second = committed(lab / "NM-1", "<BLANKS> again")
    uuid = next(iter(analysis(1).values()))["uuid"]
    (told,) = json.loads(run("explain", uuid[:8], *where(lab), "--json").stdout)
    commits = {file["what"]: file["commit"] for file in told["files"]}
    assert commits["blanks"] == second
    assert commits["intercepts"] == commits["analysis"] == first
    assert {"chronology", "level", "productions", "production ratios"} <= commits.keys()
    assert all(commits.values())
    assert told["constants_set"]["lambda_k_per_year"][0] == 5.543e-10
    assert told["code"]["pychron-twisted"]
    total = sum(part["percent"] for part in told["error_budget"] if part["percent"] is not None)
    assert total == pytest.approx(100)
    words = run("explain", uuid, *where(lab)).stdout
    assert second[:12] in words
    assert "error of the age, by source" in words


def test_whatif_says_which_ages_move(lab):
    moved = json.loads(run("whatif", "--constants", "renne-2011", *where(lab), "--json").stdout)
    assert all(one["moves"] and one["delta_ma"] > 0 for one in moved)
    still = json.loads(run("whatif", "--constants", "steiger-jaeger-1977", *where(lab), "--json").stdout)
    assert not any(one["moves"] for one in still)
    assert (
        "3 of 3 ages move with renne-2011" in run("whatif", "--constants", "renne-2011", *where(lab)).stdout
    )
    assert run("whatif", *where(lab)).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["age"], "no repository is named"),
        (["age", "--repo", "NM-1"], "no metadata repository is named"),
        (["age", "--meta", "MetaData", "--repo", "NM-2"], "there is no such folder"),
        (["age", "--meta", "NM-1", "--repo", "NM-1"], "is this the metadata repository?"),
        (["age", "--meta", "MetaData", "--repo", "NM-1", "--constants", "min-200"], "did you mean min-2000?"),
        (["explain", "70011", "--meta", "MetaData", "--repo", "NM-1"], "no analysis here is 70011"),
    ],
)
def test_what_cannot_be_had_is_told_with_the_remedy(words, said, lab, monkeypatch):
    monkeypatch.chdir(lab)
    done = run(*words)
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())


def test_a_root_names_its_repositories(lab):
    root = lab / "root"
    (root / "setupfiles").mkdir(parents=True)
    (root / "data" / "repos").mkdir(parents=True)
    shutil.move(lab / "NM-1", root / "data" / "repos" / "NM-1")
    (root / "data" / "repos" / "notes").mkdir()
    (root / "setupfiles" / "dvc.yaml").write_text(f"meta: {lab / 'MetaData'}\nrepositories: data/repos\n")
    done = run("age", "--root", root, "--json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)) == 3
    (root / "setupfiles" / "dvc.yaml").write_text("metta: x\n")
    assert "did you mean meta?" in run("age", "--root", root).stderr
