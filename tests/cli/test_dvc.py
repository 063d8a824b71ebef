"""`pychron dvc verify`: lines, JSON, exit status."""

import json

from click.testing import CliRunner

from pychron.cli.main import main
from tests.dvc.making import analysis, committed, metadata


def run(*words):
    return CliRunner().invoke(main, ["dvc", "verify", *map(str, words)], prog_name="pychron")


def test_a_warning_leaves_the_status_and_strict_counts_it(tmp_path):
    analysis(1).write(tmp_path / "a")
    done = run(tmp_path / "a")
    assert done.exit_code == 0, done.output
    assert "are in no repository that was named; add --with DIR" in done.stdout
    assert done.stdout.endswith(f"{tmp_path / 'a'}: 7 files, 1 analyses: 0 errors, 1 warnings\n")
    assert run(tmp_path / "a", "--strict").exit_code == 1


def test_an_error_is_one_line_and_status_1(tmp_path):
    files = analysis(1)
    bad = next(p for p in files if "/blanks/" in p)
    files[bad] = "{"
    files.write(tmp_path)
    done = run(tmp_path)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith(f"{bad}:1: error: it is no JSON")


def test_json_has_revision_counts_and_findings(tmp_path):
    analysis(1).write(tmp_path)
    commit = committed(tmp_path)
    found = json.loads(run(f"{tmp_path}@main", "--json").stdout)
    assert (found["revision"], found["kind"], found["files"], found["records"]) == (commit, "analyses", 7, 1)
    (one,) = found["findings"]
    assert one.keys() == {"file", "line", "severity", "text"}


def test_refits_that_differ_are_errors(tmp_path):
    analysis(1).write(tmp_path)
    done = run(tmp_path, "--refits")
    assert done.exit_code == 1, "the stored intercepts were made up"
    assert "fitted again it is" in done.stdout
    assert len(json.loads(run(tmp_path, "--refits", "--json").stdout)["refits_that_differ"]) >= 5


def test_metadata_is_verified_too_and_what_cannot_be_had_is_refused(tmp_path):
    metadata().write(tmp_path / "MetaData")
    done = run(tmp_path / "MetaData")
    assert done.exit_code == 0
    assert "1 irradiations: 0 errors" in done.stdout
    assert "no such folder" in run(tmp_path / "none").stderr
    assert run(tmp_path).exit_code == 1


def test_a_root_is_every_repository_with_the_others_to_look_in(tmp_path):
    (tmp_path / "setupfiles").mkdir()
    (tmp_path / "setupfiles" / "dvc.yaml").write_text("meta: MetaData\nrepositories: repositories\n")
    metadata().write(tmp_path / "MetaData")
    analysis(1).write(tmp_path / "repositories" / "a")
    analysis(9, analysis_type="blank_unknown", identifier="bu-01-J", irradiation="NoIrradiation").write(
        tmp_path / "repositories" / "b"
    )
    done = run("--root", tmp_path)
    assert done.exit_code == 0, done.output
    assert [line.partition(": ")[0].rpartition("/")[2] for line in done.stdout.splitlines()] == [
        "MetaData",
        "a",
        "b",
    ]
    assert "are in no repository that was named" not in done.stdout, "its blank stands in b"
    bad = next((tmp_path / "repositories" / "a").glob("*/blanks/*.json"))
    bad.write_text("{")
    done = run("--root", tmp_path, "--json")
    assert done.exit_code == 1
    assert [(one["kind"], one["errors"]) for one in json.loads(done.stdout)] == [
        ("metadata", 0), ("analyses", 1), ("analyses", 0),
    ]  # fmt: skip
    assert run().exit_code == 2
    assert run(tmp_path, "--root", tmp_path).exit_code == 2
    assert run("--root", tmp_path, "--meta", tmp_path / "MetaData").exit_code == 2
