"""Commits of our own, judged by plain git: whole, fsynced, by a person, and nothing of anybody is lost."""

import json
import shutil
import subprocess
import sys

import pytest

from pychron.dvc.committing import Author, NotCommitted, as_bytes, commit_files, read_author, refuse_unclean
from tests.dvc.making import analysis, committed, git

ADA = Author("Ada L", "ada@example.org")


@pytest.fixture
def repo(tmp_path):
    analysis(1).write(tmp_path)
    committed(tmp_path)
    return tmp_path


def blanks():
    return next(p for p in analysis(1) if "/blanks/" in p)


def commit(repo, files, message="<BLANKS>.blanks fits=Ar40(Linear_SEM)"):
    return commit_files(repo, files, message, ADA, 1_700_000_000.0)


def test_plain_git_finds_a_whole_commit_by_a_person_and_a_clean_tree(repo):
    before = git(repo, "rev-parse", "HEAD")
    new = {blanks(): as_bytes({"Ar40": 1}), "ab/blanks/new.blan.json": b"{}"}
    made = commit(repo, new)
    assert git(repo, "rev-parse", "HEAD") == made
    assert git(repo, "rev-parse", "HEAD^") == before
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "log", "-1", "--format=%an <%ae>|%s|%at") == (
        "Ada L <ada@example.org>|<BLANKS>.blanks fits=Ar40(Linear_SEM)|1700000000"
    )
    changed = git(repo, "diff", "--name-status", before, made).splitlines()
    assert sorted(changed) == ["A\tab/blanks/new.blan.json", f"M\t{blanks()}"]
    assert json.loads((repo / blanks()).read_text()) == {"Ar40": 1}
    assert (repo / blanks()).read_bytes().startswith(b'{\n    "Ar40"')
    assert not list(repo.rglob(".*.new"))


def test_what_is_committed_already_makes_no_commit(repo):
    first = commit(repo, {blanks(): b"{}"})
    assert commit(repo, {blanks(): b"{}"}) is None
    assert git(repo, "rev-parse", "HEAD") == first


def test_the_first_commit_of_a_repository(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    made = commit(tmp_path, {"a/b.json": b"{}"})
    assert git(tmp_path, "rev-list", "--count", "main") == "1"
    assert git(tmp_path, "rev-parse", "main") == made
    assert git(tmp_path, "fsck", "--strict") == ""


def test_a_branch_other_than_main_is_followed(repo):
    git(repo, "checkout", "--quiet", "-b", "reduction")
    made = commit(repo, {blanks(): b"{}"})
    assert git(repo, "rev-parse", "reduction") == made
    assert git(repo, "rev-parse", "main") != made


def hand_edit(repo):
    (repo / blanks()).write_text("mine")


def staged(repo):
    (repo / "note.txt").write_text("mine")
    git(repo, "add", "note.txt")


def conflict(repo):
    git(repo, "checkout", "--quiet", "-b", "other")
    (repo / blanks()).write_text("theirs")
    git(repo, "commit", "--quiet", "-am", "theirs")
    git(repo, "checkout", "--quiet", "main")
    (repo / blanks()).write_text("ours")
    git(repo, "commit", "--quiet", "-am", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "other")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (hand_edit, "changes that are not committed: "),
        (staged, "note.txt; look at git diff"),
        (conflict, "a merge or rebase is under way (MERGE_HEAD)"),
        (lambda repo: git(repo, "rm", "--quiet", blanks()), "changes that are not committed"),
        (lambda repo: (repo / "ab.json").write_text("{}"), "files that are not committed: ab.json"),
        (lambda repo: git(repo, "checkout", "--quiet", "--detach"), "git checkout BRANCH"),
        (lambda repo: (repo / ".git" / "index.lock").touch(), "another git is at work"),
        (lambda repo: shutil.rmtree(repo / ".git"), "it is no git repository"),
    ],
)
def test_what_somebody_has_not_committed_is_refused_with_the_remedy_and_stays(spoil, said, repo):
    spoil(repo)
    before = {p: p.read_bytes() for p in repo.rglob("*") if p.is_file()}
    with pytest.raises(NotCommitted) as refused:
        commit(repo, {blanks(): b"{}"})
    assert said in refused.value.text
    assert {p: p.read_bytes() for p in repo.rglob("*") if p.is_file()} == before
    with pytest.raises(NotCommitted):
        refuse_unclean(repo)


def test_a_bare_repository_is_refused(repo):
    git(repo, "clone", "--quiet", "--bare", ".", "bare.git")
    with pytest.raises(NotCommitted, match="bare repository: clone it"):
        commit(repo / "bare.git", {blanks(): b"{}"})


def test_untracked_notes_are_left_alone_and_not_committed(repo):
    (repo / "notes.md").write_text("mine")
    commit(repo, {blanks(): b"{}"})
    assert git(repo, "status", "--porcelain") == "?? notes.md"


def test_a_file_that_git_ignores_is_not_written_over(repo):
    (repo / ".gitignore").write_text("*.blan.json\n")
    git(repo, "add", ".gitignore")
    git(repo, "commit", "--quiet", "-m", "ignore")
    theirs = repo / "ab" / "blanks" / "new.blan.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    with pytest.raises(NotCommitted, match="ab/blanks/new"):
        commit(repo, {"ab/blanks/new.blan.json": b"{}"})
    assert theirs.read_text() == "mine"
    assert commit(repo, {blanks(): b"{}"}), "what is tracked is written though a pattern would ignore it"
    assert git(repo, "status", "--porcelain") == ""


KILLED = """
import os, signal, sys
from pathlib import Path
import pygit2
import pychron.dvc.committing as c

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where = sys.argv[3]
if where == "branch":
    class Dies(pygit2.Repository):
        create_commit = die
    pygit2.Repository = Dies
else:
    c._take_into_index = die
c.commit_files(Path(sys.argv[1]), {sys.argv[2]: b"{}"}, "m", c.Author("A", "a@b.c"), 0.0)
"""


@pytest.mark.parametrize("where", ["branch", "index"])
def test_killed_half_way_the_same_call_again_ends_it(where, repo):
    before = git(repo, "rev-parse", "HEAD")
    died = subprocess.run([sys.executable, "-c", KILLED, str(repo), blanks(), where], check=False)
    assert died.returncode == -9
    assert git(repo, "fsck", "--no-dangling") == ""
    made = commit(repo, {blanks(): b"{}"})
    assert (made is None) == (where == "index")
    assert git(repo, "rev-parse", "HEAD^") == before
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_objects_branch_and_files_are_fsynced_before_the_end(repo, tmp_path_factory):
    log = tmp_path_factory.mktemp("strace") / "log"
    script = KILLED.replace("c._take_into_index = die", "pass")
    subprocess.run(
        ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,link", "-o", str(log), sys.executable, "-c", script, str(repo), blanks(), "-"],
        check=True,
    )  # fmt: skip
    calls = [
        line.split(None, 1)[1] for line in log.read_text().splitlines() if "fsync" in line or "rename" in line
    ]
    synced = [line for line in calls if line.startswith("fsync")]
    assert sum("/.git/objects/" in line for line in synced) >= 4, "a blob, two trees or more, a commit"
    assert any("refs/heads" in line for line in synced)
    file = next(n for n, line in enumerate(calls) if line.startswith("fsync") and ".blan.json.new" in line)
    renamed = next(
        n for n, line in enumerate(calls) if line.startswith("rename") and ".blan.json.new" in line
    )
    branch = next(
        n for n, line in enumerate(calls) if line.startswith("rename") and "refs/heads/main" in line
    )
    assert file < renamed < branch


@pytest.mark.parametrize("text", ["Ada", "Ada <ada>", "<ada@example.org>", "Ada <a@b> x", "A <a b@c>", ""])
def test_an_author_is_a_person(text):
    with pytest.raises(ValueError, match="a commit names a person"):
        read_author(text)


def test_an_author_is_read():
    assert read_author(" Ada L <ada@example.org> ") == ADA
    assert str(ADA) == "Ada L <ada@example.org>"


def test_nan_is_not_written():
    with pytest.raises(ValueError, match="JSON"):
        as_bytes({"value": float("nan")})
