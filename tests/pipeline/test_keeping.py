"""What a pycrunch remembers: results, what is fresh, charts, the running sample and its figures."""

import json

import pytest

from pychron.config.problems import Report
from pychron.pipeline.following.keeping import Keeper, Source, why_unreadable
from pychron.pipeline.settings import read_settings
from tests.dvc.making import Files, analysis, committed
from tests.pipeline.laboratory import lab, stamp, uuid_of, written


@pytest.fixture
def place(tmp_path):
    return written(tmp_path)


def keeper(place):
    return Keeper(read_settings(place, Report(place)))


def sources(place):
    return Source(place / "NM-1"), Source(place / "MetaData")


def test_a_first_look_reduces_all_and_a_second_finds_nothing_fresh(place):
    kept = keeper(place)
    repo, meta = sources(place)
    first = kept.look(repo, meta, None, 7.0)
    assert len(first.reduced) == len(first.fresh) == 11
    ages = [one for one in first.reduced if one.analysis_type == "unknown"]
    assert [one.uuid for one in ages] == [uuid_of(n) for n in range(3)]
    assert all(one.age_ma and one.repository == "NM-1" for one in ages)
    again = kept.look(repo, meta, None, 8.0)
    assert (len(again.reduced), again.fresh) == (11, ())
    assert kept.knows(uuid_of(0))
    assert not kept.knows(uuid_of(99))


def test_only_what_differs_is_fresh(place):
    kept = keeper(place)
    repo, meta = sources(place)
    kept.look(repo, meta, None, 7.0)
    assert kept.changed_paths(place / "NM-1") is None
    path = next(p for p in (place / "NM-1").rglob("*.blan.json") if uuid_of(1)[5:] in p.name)
    document = json.loads(path.read_text())
    document["Ar36"]["value"] *= 3
    path.write_text(json.dumps(document))
    assert kept.changed_paths(place / "NM-1") == [path.relative_to(place / "NM-1").as_posix()]
    assert kept.changed_paths(place / "NM-1") == []
    look = kept.look(repo, meta, [uuid_of(0), uuid_of(1), "no-such-analysis"], 8.0)
    assert len(look.reduced) == 2
    assert [one.uuid for one in look.fresh] == [uuid_of(1)]


def test_a_commit_is_read_and_not_what_is_edited_now(place):
    commit = committed(place / "NM-1")
    kept = keeper(place)
    path = next(p for p in (place / "NM-1").rglob("*.inte.json") if uuid_of(1)[5:] in p.name)
    path.write_text("{ half an edit")
    look = kept.look(Source(place / "NM-1", commit), Source(place / "MetaData"), [uuid_of(1)], 7.0)
    assert look.reduced[0].age_ma
    assert (look.reduced[0].commit, look.reduced[0].repository) == (commit, "NM-1")


def test_without_metadata_each_analysis_says_so(place):
    look = keeper(place).look(sources(place)[0], Source(place / "nowhere"), [uuid_of(0)], 7.0)
    assert "there is no such folder" in why_unreadable(Source(place / "nowhere"))
    assert why_unreadable(sources(place)[1]) == ""
    assert [flag.code for flag in look.reduced[0].flags if flag.fatal] == ["no_metadata"]


def test_the_running_sample_is_that_of_the_newest_unknown_and_its_figures_grow(place):
    kept = keeper(place)
    repo, meta = sources(place)
    running = kept.look(repo, meta, None, 7.0).running
    assert (running.identifier, running.irradiation, running.updated) == ("70001", "TEST-001 A 7", 7.0)
    assert [one.uuid for one in running.analyses] == [uuid_of(n) for n in range(3)]
    panels = {one.name: one for one in kept.draw(running, repo, meta)}
    assert panels["spectrum"].why_empty == "it is not heated in steps"
    assert panels["ideogram"].svg.startswith("<svg")
    assert "<script" not in panels["ideogram"].svg
    assert len(panels["isochron"].values["points"]) == 3
    mean = panels["ideogram"].values["mean"]
    ages = [one["age_ma"] for one in panels["ideogram"].values["ages"]]
    assert mean["n"] == 3
    assert min(ages) < mean["age_ma"] < max(ages)
    more = Files()
    for number in (50, 51, 52):
        more.update(
            analysis(
                number,
                identifier="70001",
                aliquot=9,
                increment=number - 50,
                timestamp=stamp(7 + number % 10 / 10),
            )
        )
    more.write(place / "NM-1")
    running = kept.look(repo, meta, [uuid_of(n) for n in (50, 51, 52)], 9.0).running
    assert len(running.analyses) == 6
    panels = {one.name: one for one in kept.draw(running, repo, meta)}
    assert panels["spectrum"].svg.startswith("<svg")
    assert [one["record_id"] for one in panels["spectrum"].values["steps"]] == [
        "70001-09A",
        "70001-09B",
        "70001-09C",
    ]
    json.dumps([dict(one.values) for one in panels.values()], allow_nan=False)


def test_blanks_and_airs_make_charts_with_limits(tmp_path):
    files = lab()
    for number in range(4, 8):
        for path, document in analysis(
            60 + number, identifier="blank_unknown-1", aliquot=number, analysis_type="blank_unknown",
            timestamp=stamp(8 + number % 10 / 10), irradiation="NoIrradiation",
        ).items():  # fmt: skip
            files[path] = document
    look = keeper(written(tmp_path, files)).look(*sources(tmp_path), None, 7.0)
    charts = {chart.name: chart for chart in look.charts}
    blank = charts["blank_unknown Ar40, sim1"]
    assert (len(blank.points), blank.units) == (7, "fA")
    assert blank.points[0].value == pytest.approx(0.010 * 800 - 0.001)
    assert blank.centre is not None
    ratio = charts["air 40/36 (H1/CDD), sim1"]
    assert [one.value for one in ratio.points] == [pytest.approx(300.0)] * 2
    assert ratio.centre is None, "two points make no limits"
    assert charts["air sensitivity, sim1"].points[0].value == pytest.approx(900.0)
