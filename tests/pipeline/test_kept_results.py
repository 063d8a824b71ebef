"""A kept table is given for the same question about the same files only: whatever it depends on makes it anew."""

import json
import os
import time

import pytest

from pychron.dvc import groups
from pychron.dvc.cache import Cache
from pychron.pipeline.ages import kept_results as keeping
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.kept_results import kept_results
from pychron.pipeline.ages.results import results
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.running.workspace import open_workspace
from pychron.reduction.constants import NAMED
from tests.dvc.making import Files, an_identity, analysis, committed, metadata


def later():
    return time.time_ns() + 10 * groups.SETTLE_NS


@pytest.fixture
def lab(tmp_path):
    files = Files()
    for seed in range(3):
        files.update(analysis(seed, 2))
    files.write(tmp_path / "NM-1")
    metadata().write(tmp_path / "MetaData")
    return tmp_path


class Lab:
    """Asks, and counts how often it was computed."""

    def __init__(self, lab, now=later, revision=""):
        self.lab = lab
        self.revision = revision
        self.said = []
        self.cache = Cache(lab / "kept", self.said.append, now)
        self.times = 0

    def ask(self, arithmetic=None, asked="all"):
        arithmetic = arithmetic or Arithmetic()
        workspace = open_workspace(self.lab / "MetaData", [f"{self.lab / 'NM-1'}{self.revision}"], self.cache)

        def compute():
            self.times += 1
            loaded = workspace.load()
            of = metadata_of(workspace.meta, arithmetic, workspace.frozen)
            return results(loaded, reduce_analyses([o.analysis for o in loaded], of, arithmetic), arithmetic)

        return kept_results(workspace, arithmetic, asked, compute)


def rewrite(path, **keys):
    """Another content of the file, its times put back."""
    before = path.stat()
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_same_question_is_computed_once_and_the_answer_is_the_same(lab):
    level = lab / "MetaData" / "TEST-001" / "A.json"
    rewrite(level, positions=[json.loads(level.read_text())["positions"][0] | {"decay_constants": {}}])
    asking = Lab(lab)
    first = asking.ask()
    assert [one.age_ma is not None for one in first] == [True] * 3
    assert asking.ask() == first
    assert asking.times == 1
    assert asking.said == []


def test_flags_are_kept_too(lab):
    Files(analysis(0, 2, irradiation_position=3)).write(lab / "NM-1")
    asking = Lab(lab)
    first = asking.ask()
    assert any(flag.code == "no_j" for one in first for flag in one.flags)
    assert asking.ask() == first
    assert asking.times == 1


def _a_fit(lab):
    one = an_identity(1)
    path = lab / "NM-1" / one[:2] / "intercepts" / f"{one[2:]}.inte.json"
    fits = json.loads(path.read_text())
    fits["Ar40"]["value"] += 1
    rewrite(path, **fits)


def _a_j(lab):
    path = lab / "MetaData" / "TEST-001" / "A.json"
    positions = json.loads(path.read_text())["positions"]
    positions[0]["j"] = 2e-3
    rewrite(path, positions=positions)


def _a_production(lab):
    rewrite(lab / "MetaData" / "TEST-001" / "productions" / "TRIGA.json", K4039=[0.05, 0.001])


def _a_frozen_j(lab):
    hole = {"position": 7, "identifier": "70001", "j": 5e-3, "j_err": 1e-6}
    Files({"TEST-001.json": {"A": {"positions": [hole]}}}).write(lab / "NM-1")


def _another_analysis(lab):
    analysis(9, 2).write(lab / "NM-1")


def _a_chronology(lab):
    (lab / "MetaData" / "TEST-001" / "chronology.txt").write_text(
        "1.0,2025-01-10 09:00:00,2025-01-10 19:00:00\n"
    )


@pytest.mark.parametrize(
    "change", [_a_fit, _a_j, _a_production, _a_frozen_j, _another_analysis, _a_chronology]
)
def test_whatever_changes_is_seen_at_once(lab, change):
    asking = Lab(lab)
    first = asking.ask()
    change(lab)
    second = asking.ask()
    assert asking.times == 2
    assert second != first
    assert asking.ask() == second
    assert asking.times == 2


def test_another_question_is_another_answer(lab, monkeypatch):
    asking = Lab(lab)
    first = asking.ask()
    other = asking.ask(Arithmetic(NAMED["renne-2011"], follow_j=False, convert=True))
    assert other[0].age_ma != first[0].age_ma
    asking.ask(asked="something else")
    assert asking.times == 3
    assert asking.ask() == first
    assert asking.times == 3
    monkeypatch.setattr(keeping, "code", lambda: "another")
    asking.ask()
    assert asking.times == 4


def test_a_commit_is_part_of_the_answer(lab):
    before = committed(lab / "NM-1")
    committed(lab / "MetaData")
    asking = Lab(lab)
    assert asking.ask()[0].commit == before
    (lab / "NM-1" / "README").write_text("nothing of an analysis")
    after = committed(lab / "NM-1")
    assert asking.ask()[0].commit == after != before
    assert asking.times == 2
    bare = Lab(lab, revision=f"@{before}")
    assert bare.ask()[0].commit == before
    bare.ask()
    assert bare.times == 1


def test_what_changed_a_moment_ago_or_had_a_fault_is_not_kept(lab):
    soon = Lab(lab, now=time.time_ns)
    soon.ask()
    soon.ask()
    assert soon.times == 2
    one = an_identity(1)
    (lab / "NM-1" / one[:2] / "blanks" / f"{one[2:]}.blan.json").write_text("{")
    faulty = Lab(lab)
    assert any(flag.code == "file" for flag in faulty.ask()[1].flags)
    faulty.ask()
    assert faulty.times == 2
    (lab / "MetaData" / "TEST-001" / "chronology.txt").unlink()
    (lab / "MetaData" / "OTHER").mkdir()
    (lab / "MetaData" / "OTHER" / "chronology.txt").write_text("")
    analysis(1, 2).write(lab / "NM-1")
    lost = Lab(lab)
    assert all(one.flags[0].code == "no_chronology" for one in lost.ask())
    lost.ask()
    assert lost.times == 2


def test_an_analysis_without_a_time_is_not_kept(lab):
    analysis(1, 2, timestamp=None).write(lab / "NM-1")
    asking = Lab(lab)
    asking.ask()
    asking.ask()
    assert asking.times == 2


def test_a_damaged_table_is_told_and_made_again(lab):
    asking = Lab(lab)
    first = asking.ask()
    (path,) = (lab / "kept").glob("*.results")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b" ")
    assert asking.ask() == first
    assert asking.times == 2
    assert asking.said == [f"{path}: what was kept is damaged; the files are read again"]
    assert path.read_bytes() == whole


def test_without_a_cache_nothing_is_kept(lab):
    asking = Lab(lab)
    asking.cache = None
    asking.ask()
    asking.ask()
    assert asking.times == 2
    assert not (lab / "kept").exists()


def test_a_workspace_that_was_opened_before_a_change_keeps_what_it_read_under_the_state_before(lab):
    """Its metadata may have been read already: its answer must not pass for one about the new files."""
    asking = Lab(lab)
    workspace = open_workspace(lab / "MetaData", [lab / "NM-1"], asking.cache)
    arithmetic = Arithmetic()
    loaded = workspace.load()
    of = metadata_of(workspace.meta, arithmetic, workspace.frozen)
    old = results(loaded, reduce_analyses([o.analysis for o in loaded], of, arithmetic), arithmetic)
    _a_j(lab)
    assert kept_results(workspace, arithmetic, "all", lambda: old) == old
    new = asking.ask()
    assert asking.times == 1
    assert new[0].age_ma > 1.5 * old[0].age_ma
