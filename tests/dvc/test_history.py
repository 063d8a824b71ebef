"""Which commits changed a file: made histories with branches, merges, deletions, and a file that becomes a folder, against plain git."""

from random import Random

import pytest

from pychron.dvc.trees import open_tree
from tests.dvc.making import committed, git

NAMES = ("a/x.json", "a/b/y.json", "a/b/z.json", "c.json", "c/d.json", "e/f.json")


def step(folder, random, number):
    """Write, write again or delete some files; a file gives way to a folder of its name, and the other way round."""
    for name in random.sample(NAMES, 2):
        path = folder / name
        if path.is_file() and random.random() < 0.3:
            path.unlink()
            continue
        if name == "c.json" and (folder / name).is_dir():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(random.randrange(6)))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", f"step {number}\n\nmore of it")


def by_git(folder):
    """Path -> commits that differ from every parent in it; `-c` lists of a merge what differs from all of them."""
    found = {}
    out = git(folder, "log", "--topo-order", "-c", "--root", "--name-only", "--no-renames", "--format=@%H")
    commit = ""
    for line in out.splitlines():
        if line.startswith("@"):
            commit = line[1:]
        elif line:
            found.setdefault(line, set()).add(commit)
    return found


@pytest.fixture(params=range(4))
def history(tmp_path, request):
    random = Random(request.param)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    step(tmp_path, random, 0)
    for number in range(1, 12):
        if number % 4 == 0:
            git(tmp_path, "checkout", "--quiet", "-b", f"side{number}", "HEAD~1")
            step(tmp_path, random, number)
            git(tmp_path, "checkout", "--quiet", "main")
            git(tmp_path, "merge", "--quiet", "--strategy=ours", "--no-edit", f"side{number}")
        else:
            step(tmp_path, random, number)
    return tmp_path


def test_they_are_the_commits_that_plain_git_names(history):
    expected, tree = by_git(history), open_tree(history)
    found = tree.histories(NAMES)
    assert {path: {one.commit for one in changes} for path, changes in found.items()} == expected
    many = [*NAMES, *(f"q{n}/x.json" for n in range(40)), *(f"a/b/q{n}" for n in range(40))]
    assert tree.histories(many) == found, "many are looked for another way than few"
    assert tree.commits(many) == tree.commits(NAMES)
    for path, changes in found.items():
        for place, one in enumerate(changes):
            before = git(history, "rev-list", one.commit).split()
            assert not {newer.commit for newer in changes[:place]} & set(before), (
                "no commit comes before its own past"
            )
        assert tree.history([path]) == changes
        assert tree.history([path], 1) == changes[:1]
    assert tree.commits(NAMES) == {path: changes[0].commit for path, changes in found.items()}
    assert len(tree.history(NAMES)) == len(set().union(*expected.values()))
    newest = tree.history(NAMES)[0]
    assert newest.subject == git(history, "log", "-1", "--format=%s", newest.commit)
    assert newest.time == float(git(history, "log", "-1", "--format=%ct", newest.commit))


def test_a_file_and_a_folder_of_one_name_are_two(tmp_path):
    (tmp_path / "c").write_text("a file")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    first = committed(tmp_path, "as a file")
    (tmp_path / "c").unlink()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "d.json").write_text("{}")
    second = committed(tmp_path, "as a folder")
    found = open_tree(tmp_path).histories(["c", "c/d.json", "nowhere/e.json"])
    assert {path: [one.commit for one in changes] for path, changes in found.items()} == {
        "c": [second, first], "c/d.json": [second],
    }  # fmt: skip
    assert open_tree(f"{tmp_path}@{first}").commits(["c", "c/d.json"]) == {"c": first}
