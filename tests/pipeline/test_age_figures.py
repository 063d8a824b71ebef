"""Ideograms of subgroups, interpreted ages, both, and of earlier commits."""

import json

import pytest

from pychron.pipeline.ages.age_group import of_ages
from pychron.pipeline.ages.group_ages import weighted_age
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import committed, git
from tests.pipeline.laboratory import lab, uuid_of, written
from tests.pipeline.test_nodes import nodes, ran
from tests.pipeline.texts import texts

SVG = "--set", "HistoryIdeogramNode.formats=[svg]"


@pytest.fixture
def place(tmp_path):
    written(tmp_path)
    committed(tmp_path / "NM-1")
    committed(tmp_path / "MetaData", "Labnumber Entry Save")
    return tmp_path


def of(place, template, file):
    return texts(place / "runs" / template / file)


def test_the_points_of_subgroups_are_their_means(tmp_path):
    (tmp_path / "out").mkdir()
    files = lab()
    path = next(p for p in files if uuid_of(2)[:5] in p and p.count("/") == 1)
    files[path]["aliquot"] = 2
    text = nodes(
        "{klass: GroupingNode, by_key: Identifier}", "{klass: SubGroupingNode, by_key: Aliquot}",
        "{klass: SubgroupIdeogramNode, formats: [svg]}",
    )  # fmt: skip
    state, ended = ran(written(tmp_path, files), text, dry=False)
    assert ended.is_whole
    assert [one.within for one in state.groups] == ["70001", "70001"]
    means = [weighted_age(one.good) for one in state.samples()]
    assert [one.n for one in means] == [1, 2]
    mean = of_ages("", [one.age_ma for one in means], [one.error_wo_j for one in means]).mean
    said = texts(tmp_path / "out" / "subgroups.svg")
    assert f"n 2, MSWD {mean.mswd:.0f}, p < 0.01" in said
    assert "Subgroups" in said


def test_subgroups_need_groups(tmp_path):
    _, ended = ran(written(tmp_path), nodes("klass: SubgroupIdeogramNode"))
    assert "write SubGroupingNode before it" in str(ended.run.reports[-1].text)


def test_interpreted_ages_alone_and_beside_analyses(place):
    none = run("interpreted_age_ideogram", *where(place))
    assert none.exit_code == 1
    assert "no interpreted age is in the repositories" in none.stdout
    assert run("interpreted_age", *where(place), *ADA).exit_code == 0
    document = json.loads((place / "NM-1" / "reduction" / "700" / "ia" / "01_00000.ia.json").read_text())
    age = document["preferred"]["age"]
    done = run("interpreted_age_ideogram", *where(place), "--set", "InterpretedAgeIdeogramNode.formats=[svg]")
    assert done.exit_code == 0, done.output
    said = of(place, "interpreted_age_ideogram-0002", "interpreted_ages.svg")
    assert f"{age:.2f}"[:4] in said
    assert "n 1" in said
    done = run("hybrid_ideogram", *where(place), "--set", "HybridIdeogramNode.formats=[svg]")
    assert done.exit_code == 0, done.output
    said = of(place, "hybrid_ideogram-0001", "hybrid.svg")
    assert "70001: " in said
    assert "interpreted ages: " in said


def test_history_draws_the_ages_as_they_were(place):
    first = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    for number, factor in enumerate((3, 9)):
        blanks = modifier(place, 0, "blanks", "blan")
        changed = json.loads(blanks.read_text())
        changed["Ar36"]["value"] *= factor
        blanks.write_text(json.dumps(changed))
        committed(place / "NM-1", f"<BLANKS> change {number}")
    done = run("history_ideogram", *where(place), *SVG)
    assert done.exit_code == 0, done.output
    said = of(place, "history_ideogram-0001", "history-70001.svg")
    subjects = git(place / "NM-1", "log", "--format=%h %s", "--abbrev=7").splitlines()
    assert "now: " in said
    assert f"{subjects[1][:7]} <BLANKS> change 0: " in said
    oldest = said[said.index(f"{subjects[2][:7]} <COLLECTION> a run: ") :]
    weights = [one["age_err_wo_j"] ** -2 for one in first]
    mean = sum(w * one["age_ma"] for w, one in zip(weights, first, strict=True)) / sum(weights)
    assert float(oldest.partition(": ")[2].split()[0]) == pytest.approx(mean, abs=0.05)
    assert subjects[0][:7] not in said, "the newest commit is what is now"
    one = run("history_ideogram", *where(place), *SVG, "--set", "HistoryIdeogramNode.commits=1", "--new")
    assert one.exit_code == 0, one.output
    assert subjects[2][:7] not in of(place, "history_ideogram-0002", "history-70001.svg")


def test_a_plain_folder_has_no_history_and_says_so(tmp_path):
    (tmp_path / "out").mkdir()
    _, ended = ran(written(tmp_path), "history_ideogram", dry=False)
    assert ended.faults == ["NM-1 is no git repository, it has no history"]
    assert (tmp_path / "out" / "history-70001.pdf").exists()
