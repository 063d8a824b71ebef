"""Flux nodes: means and models of a level, its export, its map."""

import csv
import math
from pathlib import Path

import pytest

from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.running.runner import go, new_run, problems_of
from pychron.pipeline.running.state import Doing, State
from pychron.pipeline.running.workspace import open_workspace
from tests.pipeline.laboratory import written
from tests.pipeline.test_nodes import REAL, ran, template


def test_flux_of_a_level(tmp_path):
    written(tmp_path)
    text = "nodes:\n  - {klass: FindFluxMonitorsNode, irradiation: TEST-001, level: A}\n  - {klass: FitFluxNode, model_kind: matching, monitor: fc-renne-1998}\n"
    path = tmp_path / "MetaData" / "TEST-001" / "A.json"
    path.write_text(
        path.read_text().replace('"monitor_age": 28.02', '"monitor_age": 28.02, "monitor_name": "FC-2"')
    )
    state, ended = ran(tmp_path, text)
    assert ended.faults == []
    hole = next(one for one in state.holes if one.hole == 7)
    fs = [one.f for one in ended.analyses]
    js = [math.expm1(5.543e-10 * 28.02e6) / f for f in fs]
    assert min(js) < hole.mean[0] < max(js)
    assert hole.predicted[0] == pytest.approx(hole.mean[0])
    assert (hole.lambda_k[0], hole.monitor_age_ma) == (pytest.approx(5.543e-10), 28.02)
    assert all(one.age_ma is None and one.f for one in ended.analyses), "they have no J of their own yet"


LEVEL = "nodes:\n  - {klass: FindFluxMonitorsNode, irradiation: TEST-001, level: A}\n"


def with_monitors(tmp_path):
    path = written(tmp_path) / "MetaData" / "TEST-001" / "A.json"
    path.write_text(
        path.read_text().replace('"monitor_age": 28.02', '"monitor_age": 28.02, "monitor_name": "FC-2"')
    )
    (tmp_path / "out").mkdir()


def test_the_flux_of_a_level_as_csv(tmp_path):
    with_monitors(tmp_path)
    state, ended = ran(tmp_path, LEVEL + "  - klass: FitFluxNode\n  - klass: CSVFluxExportNode\n", dry=False)
    assert ended.is_whole
    rows = list(csv.DictReader((tmp_path / "out" / "flux.csv").read_text().splitlines()))
    hole = next(one for one in rows if one["hole"] == "7")
    assert (int(hole["n"]), float(hole["mean_j"])) == (3, state.holes[-1].mean[0])
    empty = next(one for one in rows if one["hole"] == "3")
    assert (empty["n"], empty["mean_j"]) == ("0", "")
    assert float(empty["j"]) == pytest.approx(float(hole["mean_j"])), "one J for all holes"


def test_a_map_of_the_flux_needs_a_holder(tmp_path):
    with_monitors(tmp_path)
    (problem,) = problems_of(template(LEVEL + "  - {klass: FluxVisualizationNode, model_kind: plane}\n"))
    assert "holder is empty" in problem
    holder = tmp_path / "MetaData" / "irradiation_holders" / "24_hole.txt"
    holder.write_text("circle,2.0\n" + "".join(f"{n % 3 * 5},{n // 3 * 5}\n" for n in range(9)))
    text = (
        LEVEL
        + "  - {klass: FluxVisualizationNode, model_kind: weighted_mean, holder: 24_hole, formats: [svg]}\n"
    )
    _, ended = ran(tmp_path, text, dry=False)
    assert ended.is_whole, ended.faults
    assert "TEST-001 A" in (tmp_path / "out" / "flux-TEST-001-A.svg").read_text()


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repositories are not here")
def test_the_real_level_has_its_stored_means_again():
    state = State(open_workspace(REAL / "MetaData", [REAL / "Irradiation-NM-313"]), Arithmetic())
    chosen = template(
        "nodes:\n  - {klass: FindFluxMonitorsNode, irradiation: NM-313, level: B}\n  - {klass: FitFluxNode, model_kind: matching}\n"
    )
    doing = Doing(Path(), True, False, None, lambda: 0.0, lambda _: "")
    ended = go(chosen, state, doing, new_run(chosen, state))
    assert ended.is_whole
    stored = {one.hole: one for one in state.workspace.meta.positions("NM-313", "B")}
    fitted = [one for one in state.holes if one.mean is not None]
    assert len(fitted) == 6
    for one in fitted:
        assert one.mean[0] == pytest.approx(stored[one.hole].mean_j.value, rel=1e-6)
        assert one.mean[1] == pytest.approx(stored[one.hole].mean_j.error, rel=1e-4)
