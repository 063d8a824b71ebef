"""`pychron pipeline run`: what is written, what is refused, and how a run goes on after a stop or a kill."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import committed, git, metadata
from tests.pipeline.laboratory import blank_at, lab, uuid_of


def test_blanks_are_written_by_a_person_as_one_commit(place):
    before = git(place / "NM-1", "rev-parse", "HEAD")
    done = run("blanks", *where(place), *ADA)
    assert done.exit_code == 1, "there is no remote to push to"
    assert "committed here and not pushed" in done.stdout
    repo = place / "NM-1"
    assert git(repo, "log", "-1", "--format=%an <%ae>") == "Ada L <ada@example.org>"
    subject = git(repo, "log", "-1", "--format=%s")
    assert subject.startswith("<BLANKS>.blanks auto update blanks, fits=Ar36(Bracketing Interpolate),Ar37(")
    assert git(repo, "rev-parse", "HEAD^") == before
    assert git(repo, "fsck", "--strict") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert len(git(repo, "diff", "--name-only", before, "HEAD").split()) == 3
    document = json.loads(modifier(place, 0, "blanks", "blan").read_text())
    assert document["Ar40"]["value"] == pytest.approx(blank_at(4.25, "Ar40")[0])
    assert document["Ar40"]["references"][0] == {
        "record_id": "blank_unknown-1-01",
        "uuid": uuid_of(20),
        "exclude": False,
    }
    again = run("blanks", *where(place), *ADA)
    assert "no new commit" in again.stdout
    assert git(repo, "rev-list", "--count", "HEAD") == "2"


def test_what_was_written_is_what_was_computed(place):
    computed = {
        one["uuid"]: one["F"] for one in json.loads(run("blanks", *where(place), "--json").stdout)["analyses"]
    }
    run("blanks", *where(place), *ADA)
    stored = json.loads(
        CliRunner().invoke(main, ["age", "--meta", str(place / "MetaData"), "--repo", str(place / "NM-1"), "--json"]).stdout
    )  # fmt: skip
    assert {one["uuid"]: one["F"] for one in stored} == pytest.approx(computed)


def test_the_other_kinds_have_their_tags(place):
    path = place / "MetaData" / "TEST-001" / "A.json"
    path.write_text(
        path.read_text().replace('"monitor_age": 28.02', '"monitor_age": 28.02, "monitor_name": "FC-2"')
    )
    committed(place / "MetaData", "Edited level A")
    run("iso_evo", *where(place), *ADA)
    run("icfactor", *where(place), *ADA)
    level = ("--set", "FindFluxMonitorsNode.irradiation=TEST-001", "--set", "FindFluxMonitorsNode.level=A")
    done = run("flux", *where(place), *level, *ADA)
    assert done.exit_code == 0, done.output
    subjects = git(place / "NM-1", "log", "--format=%s").splitlines()
    assert subjects[2].startswith("<ISOEVO>.intercepts fits=Ar36(Linear_SEM),")
    assert subjects[1].startswith("<ISOEVO>.baselines fits=AX(Average_SEM),")
    assert subjects[0].startswith("<ICFactor>.icfactors auto update ic_factors, fits=CDD(")
    assert git(place / "MetaData", "log", "-1", "--format=%s") == "fit flux for TEST-001A"
    level_file = json.loads(path.read_text())
    hole = level_file["positions"][0]
    assert hole["mean_j"] > 0
    assert [one["record_id"] for one in hole["analyses"]] == ["70001-01", "70001-02", "70001-03"]
    assert hole["options"]["model_kind"] == "weighted_mean"
    assert level_file["z"] == 0.0, "what is not ours stays"
    factor = json.loads(modifier(place, 0, "icfactors", "icfa").read_text())["CDD"]
    assert (factor["reference_detector"], factor["standard_ratio"]) == ("H1", 295.5)
    fit = json.loads(modifier(place, 0, "intercepts", "inte").read_text())["Ar40"]
    assert fit["reviewed"] is True
    for repo in ("NM-1", "MetaData"):
        assert git(place / repo, "fsck", "--strict") == ""
        assert git(place / repo, "status", "--porcelain") == ""


def test_without_persist_nothing_is_written_and_the_status_is_good(place):
    done = run("blanks", *where(place))
    assert done.exit_code == 0, done.output
    assert "skipped: not written: 3 files of blanks in 1 repositories; add --persist --author" in done.stdout
    assert git(place / "NM-1", "rev-list", "--count", "HEAD") == "1"
    assert git(place / "NM-1", "status", "--porcelain") == ""


def test_a_dry_run_writes_nothing_at_all(place):
    before = {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
    done = run("blanks", *where(place), *ADA, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "would write 3 files of blanks" in done.stdout
    run("ideogram", *where(place), "--dry-run")
    assert {p: p.read_bytes() for p in place.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("words", [["--persist"], ["--persist", "--author", "Ada"]])
def test_a_commit_names_a_person(words, place):
    done = run("blanks", *where(place), *words)
    assert done.exit_code == 2
    assert "a commit names a person" in " ".join(done.stderr.split())


def test_uncommitted_changes_are_refused_before_the_work_and_stay(place):
    path = modifier(place, 1, "tags", "tags")
    path.parent.mkdir()
    path.write_text('{"name": "omit"}')
    done = run("blanks", *where(place), *ADA)
    assert done.exit_code == 1
    assert "files that are not committed" in " ".join(done.stderr.split())
    assert "git stash" in " ".join(done.stderr.split())
    assert path.read_text() == '{"name": "omit"}'
    assert not (place / "runs").exists()


def test_a_plain_folder_and_a_revision_cannot_be_written(place):
    words = ("--meta", place / "MetaData", "--out", place / "runs", *ADA)
    refused = run("blanks", *words, "--repo", f"{place / 'NM-1'}@main")
    assert "it is no git repository" in " ".join(refused.stderr.split())
    lab().write(place / "plain")
    assert "it is no git repository" in " ".join(
        run("blanks", *words, "--repo", place / "plain").stderr.split()
    )


def test_pushed_is_in_the_remote(place):
    git(place, "clone", "--quiet", "--bare", "NM-1", "origin.git")
    git(place / "NM-1", "remote", "add", "origin", str(place / "origin.git"))
    git(place / "NM-1", "fetch", "--quiet")
    git(place / "NM-1", "branch", "--quiet", "--set-upstream-to=origin/main")
    done = run("blanks", *where(place), *ADA)
    assert done.exit_code == 0, done.output
    assert git(place / "origin.git", "rev-parse", "main") == git(place / "NM-1", "rev-parse", "HEAD")


def test_a_review_that_stops_goes_on_with_a_person(place):
    stop = ("--set", "ReviewNode.policy=stop", "--set", "ReviewNode.intercept_error_pct=0.01")
    done = run("blanks", *where(place), *ADA, *stop)
    assert done.exit_code == 1
    assert "look at them, then go on with --resume" in done.stdout
    assert git(place / "NM-1", "rev-list", "--count", "HEAD") == "1"
    assert "is not done; go on with --resume" in " ".join(
        run("blanks", *where(place), *ADA, *stop).stderr.split()
    )
    other = run("blanks", *where(place), *ADA, "--resume")
    assert "another template, choice or constants" in " ".join(other.stderr.split())
    done = run("blanks", *where(place), *ADA, *stop, "--resume")
    assert "wrote 3 files of blanks" in done.stdout
    assert "UnknownNode" not in done.stdout, "what is done is not done again"
    assert git(place / "NM-1", "rev-list", "--count", "HEAD") == "2"
    assert "no run of this template to go on with" in " ".join(
        run("blanks", *where(place), "--resume").stderr.split()
    )


def test_a_run_that_found_nothing_stands_in_nobodys_way(place):
    assert run("blanks", *where(place), "--identifier", "70099").exit_code == 1
    done = run("blanks", *where(place))
    assert done.exit_code == 0, done.stderr
    assert sorted(p.name for p in (place / "runs").iterdir()) == ["blanks-0001", "blanks-0002"]


def test_a_damaged_run_file_is_told(place):
    stop = ("--set", "ReviewNode.policy=stop", "--set", "ReviewNode.intercept_error_pct=0.01")
    run("blanks", *where(place), *stop)
    path = place / "runs" / "blanks-0001" / "run.json"
    for content in ("{", '{"version": 99}', '{"version": 1}'):
        path.write_text(content)
        done = run("blanks", *where(place), *stop, "--resume")
        assert done.exit_code == 1
        assert "begin anew with --new" in " ".join(done.stderr.split())


def test_a_run_does_not_go_on_over_the_commits_of_others(place):
    stop = ("--set", "ReviewNode.policy=stop", "--set", "ReviewNode.intercept_error_pct=0.01")
    run("blanks", *where(place), *ADA, *stop)
    (place / "NM-1" / "note.md").write_text("theirs")
    committed(place / "NM-1", "<COLLECTION> another run")
    done = run("blanks", *where(place), *ADA, *stop, "--resume")
    assert "others committed to it since; begin anew with --new" in " ".join(done.stderr.split())
    done = run("blanks", *where(place), "--new")
    assert done.exit_code == 0
    assert sorted(p.name for p in (place / "runs").iterdir()) == ["blanks-0001", "blanks-0002"]


@pytest.mark.parametrize("template", ["iso_evo", "icfactor"])
def test_a_run_does_not_go_on_over_another_run_of_the_same_person(template, place):
    stop = ("--set", "ReviewNode.policy=stop", "--set", "ReviewNode.intercept_error_pct=0.01")
    run("blanks", *where(place), *ADA, *stop)
    assert "wrote" in run(template, *where(place), *ADA).stdout
    done = run("blanks", *where(place), *ADA, *stop, "--resume")
    assert "others committed to it since" in " ".join(done.stderr.split())


KILLED = """
import os, signal, sys
import pychron.pipeline.running.runner as runner
import pychron.dvc.committing as committing
from pychron.cli.main import main

node, when = sys.argv[1], sys.argv[2]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if when == "node":
    work = runner.WORK[node]
    runner.WORK = {**runner.WORK, node: type(work)(die)}
elif when == "written":
    import pygit2
    class Dies(pygit2.Repository):
        create_commit = die
    pygit2.Repository = Dies
elif when == "committed":
    committing._take_into_index = die
main(sys.argv[3:], prog_name="pychron")
"""


@pytest.mark.parametrize(
    ("node", "when"),
    [
        ("UnknownNode", "node"),
        ("FitBlanksNode", "node"),
        ("ReviewNode", "node"),
        ("BlanksPersistNode", "node"),
        ("BlanksPersistNode", "written"),
        ("BlanksPersistNode", "committed"),
        ("PushNode", "node"),
    ],
)
def test_a_killed_run_goes_on_to_the_same_result(node, when, place):
    words = ["pipeline", "run", "blanks", *map(str, where(place)), *ADA]
    died = subprocess.run(
        [sys.executable, "-c", KILLED, node, when, *words], capture_output=True, check=False
    )
    assert died.returncode == -9, died.stderr
    done = run("blanks", *where(place), *ADA, "--resume", "--json")
    result = json.loads(done.stdout)
    assert result["stands"] == "done"
    assert [one["klass"] for one in result["nodes"]][-1] == "PushNode"
    repo = place / "NM-1"
    assert git(repo, "rev-list", "--count", "HEAD") == "2"
    assert git(repo, "fsck", "--no-dangling") == ""
    assert git(repo, "status", "--porcelain") == ""
    document = json.loads(modifier(place, 2, "blanks", "blan").read_text())
    assert document["Ar40"]["value"] == pytest.approx(blank_at(5.75, "Ar40")[0])


def test_the_audit_trail_names_commits_constants_and_code(place):
    first = git(place / "NM-1", "rev-parse", "HEAD")
    blanks = modifier(place, 1, "blanks", "blan")
    document = json.loads(blanks.read_text())
    document["Ar40"]["value"] *= 2
    blanks.write_text(json.dumps(document))
    second = committed(place / "NM-1", "<BLANKS> again")
    done = run("audit", *where(place), "--json")
    assert done.exit_code == 0, done.output
    trail = json.loads(done.stdout)["audit"]
    meta, repo = trail["repositories"]
    assert (repo["revision"], repo["uncommitted"]) == (second, [])
    path = str(blanks.relative_to(place / "NM-1"))
    assert repo["commits"][path] == second
    assert set(repo["commits"].values()) == {first, second}
    files = {file for one in trail["analyses"] for file in one["files"].values()}
    assert files == set(repo["commits"]), "every file has its commit"
    assert {"TEST-001/A.json", "TEST-001/chronology.txt", "TEST-001/productions/TRIGA.json"} <= set(
        meta["commits"]
    )
    assert trail["constants"]["lambda_k_per_year"][0] == pytest.approx(5.543e-10)
    assert trail["code"]["pychron-twisted"]
    blanks.write_text(json.dumps(document, indent=1))
    trail = json.loads(run("audit", *where(place), "--json").stdout)["audit"]
    assert trail["repositories"][1]["uncommitted"] == [path]
    rows = (place / "runs" / "audit-0002" / "audit.csv").read_text().splitlines()
    assert [row for row in rows if row.endswith(",yes")] == [row for row in rows if f",{path}," in row]


def test_a_root_has_its_own_templates_and_runs(tmp_path):
    root = tmp_path / "root"
    lab().write(root / "data" / ".dvc" / "repositories" / "NM-1")
    metadata().write(root / "data" / ".dvc" / "MetaData")
    (root / "pipeline").mkdir()
    (root / "pipeline" / "ours.yaml").write_text("nodes: [UnknownNode, ArArCalculationsNode]\n")
    done = run("ours", "--root", root, "--identifier", "70001-02", "--json")
    assert done.exit_code == 0, done.output
    assert [one["record_id"] for one in json.loads(done.stdout)["analyses"]] == ["70001-02"]
    assert (root / "runs" / "ours-0001" / "result.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["blank"], "did you mean blanks?"),
        (["flux"], "add --set FindFluxMonitorsNode.irradiation=NAME"),
        (["blanks", "--set", "FitBlankNode.fits=x"], "FitBlankNode is no node of this template"),
        (["blanks", "--set", "fits=x"], "write NODE.KEY=VALUE"),
        (["blanks", "--set", "FindBlanksNode.treshold=3"], "is not an option of FindBlanksNode"),
        (["blanks", "--identifier", "70099"], "no analysis here is 70099"),
    ],
)
def test_what_cannot_be_run_is_told(words, said, place):
    done = run(*words, *where(place))
    assert done.exit_code == 1
    assert said in " ".join((done.stderr + done.stdout).split())


def test_options_of_nodes_are_given_as_yaml(place):
    rows = "FitICFactorNode.fits=[{numerator: H1, denominator: CDD, isotopes: Ar40/Ar36, standard_ratio: 298.56, fit: Average}]"
    done = run("icfactor", *where(place), *ADA, "--set", rows)
    assert "wrote 3 files of icfactors" in done.stdout, done.output
    factor = json.loads(modifier(place, 1, "icfactors", "icfa").read_text())["CDD"]
    assert (factor["value"], factor["standard_ratio"]) == (pytest.approx(300 / 298.56), 298.56)
    assert (factor["fit"], factor["error_type"]) == ("Average", "SEM")


def test_the_stock_templates_are_listed():
    done = CliRunner().invoke(main, ["pipeline", "list", "--json"])
    found = {one["template"]: one["nodes"] for one in json.loads(done.stdout)}
    assert found["blanks"][0] == "UnknownNode"
    assert "flux: FindFluxMonitorsNode" in CliRunner().invoke(main, ["pipeline", "list"]).stdout
