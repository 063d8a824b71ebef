"""Kept records are what reading gives, are never stale, and prove themselves; what is wrong with them is said and mended."""

import copy
import json
import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from pychron.dvc import cache as caching
from pychron.dvc.argon import VALUES, numbers_of
from pychron.dvc.cache import Cache, Records, default_folder
from pychron.dvc.errors import CorruptFile
from pychron.dvc.groups import SETTLE_NS
from pychron.dvc.records import Isotope
from pychron.dvc.repository import Repository, open_repository
from tests.dvc.making import PRODUCTION, Files, an_identity, analysis, committed, git


def later():
    """A wall clock on which everything has settled."""
    return time.time_ns() + 10 * SETTLE_NS


def many():
    """Layouts of all years, a blank, own productions, a tag in its new place, a manual value, no time."""
    files = Files()
    for seed, prefix in ((0, 2), (1, 3), (2, 5), (3, 2), (4, 2)):
        files.update(analysis(seed, prefix))
    files.update(analysis(5, 3, identity="70001-07A", uuid="70001-07A"))
    files.update(analysis(6, 2, analysis_type="blank_unknown", timestamp=None))
    files.update(analysis(7, 2, arar_mapping={"Ar40": "Ar40"}, increment=27, admit_delay=3.5, detectors=None))
    one = an_identity(0)
    files[f"reduction/{one[:2]}/tags/{one[2:]}.tags.json"] = {"name": "omit", "note": "x"}
    files[f"{one[:2]}/productions/{one[2:]}.prod.json"] = PRODUCTION
    two = an_identity(3)
    fits = files[f"{two[:2]}/intercepts/{two[2:]}.inte.json"]
    fits["Ar40"] |= {
        "use_manual_value": True,
        "manual_value": 812.5,
        "manual_error": 0.5,
        "outlier_excluded": [1, 5],
    }
    return files


def load(repository, cache=None):
    return {one.uuid: one for one in Records(repository, cache).load(lambda: None)}


def plainly(repository):
    return {one.uuid: one for one in repository.analyses()}


class Watched:
    """A tree that lists what is read of it."""

    def __init__(self, tree):
        self._tree = tree
        self.read_paths = []

    def __getattr__(self, name):
        return getattr(self._tree, name)

    def read(self, path):
        self.read_paths.append(path)
        return self._tree.read(path)


def reads(folder, cache):
    """What a load with the cache reads, and what it finds."""
    tree = Watched(open_repository(folder).tree)
    found = load(Repository(tree), cache)
    return tree.read_paths, found


@pytest.mark.parametrize("form", ["folder", "git", "bare", "revision"])
def test_kept_records_are_what_reading_gives(tmp_path, form):
    folder = many().write(tmp_path / "repository")
    name = str(folder)
    if form != "folder":
        committed(folder)
    if form == "bare":
        name = str(tmp_path / "bare.git")
        git(tmp_path, "clone", "--quiet", "--bare", str(folder), name)
    if form == "revision":
        name = f"{folder}@main"
    repository = open_repository(name)
    expected = plainly(repository)
    assert len(expected) == 8
    said = []
    for _ in range(3):
        found = load(repository, Cache(tmp_path / "cache", said.append, later))
        assert found.keys() == expected.keys()
        for uuid, one in found.items():
            for field in type(one).__dataclass_fields__:
                ours, theirs = getattr(one, field), getattr(expected[uuid], field)
                assert ours == theirs or (ours != ours and theirs != theirs), (uuid, field)
            assert numbers_of(one) == numbers_of(expected[uuid])
    # The blank without a time has a problem, so its group is read each time; everything else is kept.
    assert said == []


def test_a_second_command_reads_no_file_again(tmp_path):
    folder = Files(analysis(1, 2) | analysis(2, 2)).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    first, found = reads(folder, cache)
    assert len(first) == 12
    again, kept = reads(folder, cache)
    assert again == []
    assert {u: a.record_id for u, a in kept.items()} == {u: a.record_id for u, a in found.items()}
    one = kept[an_identity(1)]
    assert isinstance(one.isotopes["Ar40"], Isotope)
    assert one.files["analysis"] == f"{an_identity(1)[:2]}/{an_identity(1)[2:]}.json"


def test_kept_records_can_be_copied_and_sent(tmp_path):
    folder = Files(analysis(1, 2) | analysis(2, 2)).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    reads(folder, cache)
    _, found = reads(folder, cache)
    expected = plainly(open_repository(folder))
    for uuid, one in found.items():
        for _ in range(2):
            sent = pickle.dumps(one)
            assert len(sent) < 8000
            assert pickle.loads(sent) == copy.deepcopy(one) == expected[uuid]
            assert numbers_of(pickle.loads(sent)) == numbers_of(expected[uuid])
            assert len(one.files) == 6


REAL = Path(__file__).parents[3] / "shared" / "real" / "dvc" / "Irradiation-NM-313"


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repository is not here")
def test_a_real_repository_is_kept_as_it_is_read(tmp_path):
    cache = Cache(tmp_path / "cache", now_ns=later)
    expected = plainly(open_repository(REAL))
    assert load(open_repository(REAL), cache) == expected
    again, found = reads(REAL, cache)
    assert again == []
    assert found == expected
    assert len(found) == 37


def test_only_the_group_that_changed_is_read_again(tmp_path):
    folder = Files(analysis(1, 2) | analysis(2, 2)).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    reads(folder, cache)
    two = an_identity(2)
    path = folder / two[:2] / f"{two[2:]}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sample": "another"}))
    again, found = reads(folder, cache)
    assert found[two].sample == "another"
    assert len(again) == 6
    assert all(path.startswith(two[:2]) for path in again)


def test_a_change_of_the_same_length_with_the_old_time_put_back_is_seen(tmp_path):
    folder = analysis(1, 2).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    one = an_identity(1)
    path = folder / one[:2] / "intercepts" / f"{one[2:]}.inte.json"
    _, found = reads(folder, cache)
    before = path.stat()
    text = path.read_text()
    changed = text.replace('"fit": "Linear"', '"fit": "Cubic "')
    assert len(changed) == len(text) != changed
    with path.open("r+") as file:
        file.write(changed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_mtime_ns, after.st_size, after.st_ino) == (
        before.st_mtime_ns,
        before.st_size,
        before.st_ino,
    )
    _, found = reads(folder, cache)
    assert found[one].isotopes["Ar40"].intercept.fit == "Cubic "


def test_what_changed_just_now_is_not_kept(tmp_path):
    """Two writes within one tick of the file system's clock cannot be told apart by their times."""
    folder = analysis(1, 2).write(tmp_path / "repository")
    newest = max(p.stat().st_ctime_ns for p in folder.rglob("*.json"))
    soon = Cache(tmp_path / "cache", now_ns=lambda: newest + SETTLE_NS)
    assert len(reads(folder, soon)[0]) == 6
    assert len(reads(folder, soon)[0]) == 6
    settled = Cache(tmp_path / "cache", now_ns=lambda: newest + SETTLE_NS + 1)
    assert len(reads(folder, settled)[0]) == 6
    assert reads(folder, settled)[0] == []


def test_a_clock_that_lies_behind_the_files_keeps_nothing(tmp_path):
    folder = analysis(1, 2).write(tmp_path / "repository")
    behind = Cache(tmp_path / "cache", now_ns=lambda: 1)
    reads(folder, behind)
    assert len(reads(folder, behind)[0]) == 6


def test_files_that_come_and_go_are_seen(tmp_path):
    folder = Files(analysis(1, 2) | analysis(2, 2)).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    assert len(load(open_repository(folder), cache)) == 2
    one = an_identity(1)
    Files({f"reduction/{one[:2]}/tags/{one[2:]}.tags.json": {"name": "invalid"}}).write(folder)
    assert load(open_repository(folder), cache)[one].tag == "invalid"
    # A folder with five letters comes before one with two.
    main = json.loads((folder / one[:2] / f"{one[2:]}.json").read_text())
    Files({f"{one[:5]}/{one[5:]}.json": main | {"comment": "of five letters"}}).write(folder)
    assert load(open_repository(folder), cache)[one].comment == "of five letters"
    analysis(3, 2).write(folder)
    assert len(load(open_repository(folder), cache)) == 3
    two = an_identity(2)
    (folder / two[:2] / f"{two[2:]}.json").unlink()
    assert sorted(load(open_repository(folder), cache)) == sorted([one, an_identity(3)])


def test_a_new_commit_of_a_bare_repository_is_seen(tmp_path):
    folder = analysis(1, 2).write(tmp_path / "repository")
    committed(folder)
    cache = Cache(tmp_path / "cache", now_ns=later)
    name, one = f"{folder}@main", an_identity(1)
    assert load(open_repository(name), cache)[one].sample == "FC-2"
    assert reads(name, cache)[0] == []
    analysis(1, 2, sample="another").write(folder)
    assert load(open_repository(name), cache)[one].sample == "FC-2"
    committed(folder)
    assert load(open_repository(name), cache)[one].sample == "another"


def _flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "spoil", [_flip, lambda data: data[:-1], lambda data: data[:200], lambda _: b"", lambda _: b"\x00" * 5000]
)
def test_a_damaged_file_is_told_and_made_again(tmp_path, spoil):
    folder = analysis(1, 2).write(tmp_path / "repository")
    said = []
    cache = Cache(tmp_path / "cache", said.append, later)
    expected = load(open_repository(folder), cache)
    (path,) = (tmp_path / "cache").iterdir()
    whole = path.read_bytes()
    path.write_bytes(spoil(whole))
    assert load(open_repository(folder), cache) == expected
    assert len(said) == 1
    assert str(path) in said[0]
    assert said[0].endswith("the files are read again")
    assert path.read_bytes() == whole
    assert reads(folder, cache)[0] == []


def test_what_other_code_kept_is_nothing_and_no_fault(tmp_path, monkeypatch):
    folder = analysis(1, 2).write(tmp_path / "repository")
    said = []
    cache = Cache(tmp_path / "cache", said.append, later)
    reads(folder, cache)
    monkeypatch.setattr(caching, "FORMAT", caching.FORMAT + 1)
    caching.code.cache_clear()
    try:
        assert len(reads(folder, cache)[0]) == 6
        assert reads(folder, cache)[0] == []
    finally:
        caching.code.cache_clear()
    assert said == []


def test_a_group_with_a_fault_is_read_each_time(tmp_path):
    files = analysis(1, 2)
    one = an_identity(1)
    del files[f"{one[:2]}/baselines/{one[2:]}.base.json"]
    folder = Files(files | analysis(2, 2)).write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    reads(folder, cache)
    again, found = reads(folder, cache)
    assert len(again) == 5
    assert [p.text for p in found[one].problems] == ["there is no baselines file; without it there is no age"]


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(tmp_path):
    folder = analysis(1, 2).write(tmp_path / "repository")
    (tmp_path / "file").write_text("")
    said = []
    assert len(load(open_repository(folder), Cache(tmp_path / "file" / "cache", said.append, later))) == 1
    assert len(said) == 2
    assert "the files are read instead" in said[0]
    assert all("Not a directory" in line for line in said)
    assert said[1].endswith("name another folder with --cache DIR")


def test_what_json_cannot_hold_is_read_each_time(tmp_path):
    folder = analysis(1, 2, sample="\ud800").write(tmp_path / "repository")
    cache = Cache(tmp_path / "cache", now_ns=later)
    reads(folder, cache)
    again, found = reads(folder, cache)
    assert len(again) == 6
    assert found[an_identity(1)].sample == "\ud800"


def test_the_folder_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "pychron" / "records"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "pychron" / "records"


def test_the_key_of_an_input_says_what_it_was_made_of(tmp_path):
    """Same value, error and references: one variable. Another value, or other references: another."""
    files = Files(analysis(1, 2) | analysis(2, 2) | analysis(3, 2))
    three = an_identity(3)
    blank = files[f"{three[:2]}/blanks/{three[2:]}.blan.json"]
    blank["Ar40"]["value"] *= 1.0000001
    blank["Ar39"]["references"][0]["uuid"] = an_identity(77)
    repository = open_repository(files.write(tmp_path / "repository"))
    one, two, other = (
        np.frombuffer(numbers_of(repository.analysis(an_identity(seed))).data, "<i8")[VALUES:].reshape(5, 3)
        for seed in (1, 2, 3)
    )
    assert (one == two).all()
    assert (one[:, 1] == other[:, 1]).tolist() == [False, False, True, True, True]
    assert (one[:, 2] == other[:, 2]).all()
    assert len(set(one[:, 1:].ravel())) == 10


def test_the_cache_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(caching, "MOST", 2)
    cache = Cache(tmp_path / "cache", now_ns=lambda: time.time_ns() + 2 * caching.DAY_NS)
    folder = tmp_path / "cache"
    folder.mkdir()
    for number, name in enumerate(("a.records", "b.records", "c.results", "killed.new", "notes.txt")):
        (folder / name).write_text("")
        os.utime(folder / name, (1000 + number, 1000 + number))
    cache.put(folder / "d.records", "title", [b"some"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "b.records",
        "c.results",
        "d.records",
        "notes.txt",
    ]
    assert bytes(cache.get(folder / "d.records", "title")) == b"some"
    assert cache.get(folder / "d.records", "another") is None


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path, monkeypatch):
    folder = Files(analysis(1, 2) | analysis(2, 2)).write(tmp_path / "repository")
    repository = open_repository(folder)
    closed = f"{folder}/{an_identity(2)[:2]}/blanks/"
    scandir = os.scandir

    def refuse(path):
        if path == closed:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CorruptFile, match="the folder cannot be read: Permission denied") as found:
        Records(repository)
    assert found.value.place.file == closed
