"""`--cache` and `--no-cache`: the same answers from kept records as from the files, to every command that reads them."""

import json

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from pychron.dvc import groups
from pychron.dvc.repository import Repository
from tests.dvc.making import Files, an_identity, analysis, metadata


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """What was written a moment ago counts as settled: these tests change nothing twice within a tick."""
    monkeypatch.setattr(groups, "SETTLE_NS", -(10**18))
    files = Files()
    for seed in range(4):
        files.update(analysis(seed, 2, increment=seed, aliquot=1))
    files.write(tmp_path / "NM-1")
    metadata().write(tmp_path / "MetaData")
    return tmp_path


@pytest.fixture
def no_reading(monkeypatch):
    def forbidden(self, group):
        raise AssertionError(f"{group.name} is read again")

    return lambda: monkeypatch.setattr(Repository, "analyses_of", forbidden)


@pytest.mark.parametrize(
    "words", [["age", "--json"], ["plateau", "--json"], ["isochron", "--json"], ["explain", an_identity(2), "--json"]]
)  # fmt: skip
def test_kept_records_give_the_same(lab, no_reading, words):
    where = ("--meta", lab / "MetaData", "--repo", lab / "NM-1")
    plain = run(*words, *where, "--no-cache")
    assert not list((lab / "kept").rglob("*"))
    first = run(*words, *where, "--cache", lab / "kept")
    assert {path.suffix for path in (lab / "kept").iterdir()} <= {".records", ".results"}
    no_reading()
    for path in (lab / "kept").glob("*.results"):
        path.unlink()
    fresh = run(*words, *where, "--cache", lab / "kept")
    assert fresh.stdout == plain.stdout
    again = run(*words, *where, "--cache", lab / "kept")
    assert plain.stdout == first.stdout == again.stdout != ""
    assert plain.exit_code == first.exit_code == again.exit_code


def test_a_damaged_cache_is_remarked_on_stderr_only(lab):
    where = ("--meta", lab / "MetaData", "--repo", lab / "NM-1", "--cache", lab / "kept", "--json")
    first = run("age", *where)
    kept = sorted((lab / "kept").iterdir())
    assert {path.suffix for path in kept} == {".records", ".results"}
    for path in kept:
        path.write_bytes(path.read_bytes()[:-3])
    again = run("age", *where)
    assert again.exit_code == 0
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert " ".join(again.stderr.split()).count("what was kept is damaged; the files are read again") == 2
    assert run("age", *where).stderr == ""


def test_without_an_option_the_users_own_cache_is_used(lab, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(lab / "home"))
    assert run("age", "--meta", lab / "MetaData", "--repo", lab / "NM-1").exit_code == 0
    assert len(list((lab / "home" / "pychron" / "records").glob("*.records"))) == 1
