"""Radial plots, composites, scatters and regressions as runs make them: what stands in the figures."""

import numpy as np
import pytest

from pychron.pipeline.ages.group_ages import weighted_age
from pychron.pipeline.figures.style import look
from pychron.pipeline.nodes.drawings import regressed
from tests.dvc.making import analysis
from tests.pipeline.laboratory import lab, stamp, uuid_of, written
from tests.pipeline.test_nodes import nodes, ran
from tests.pipeline.texts import texts

GROUPED = "klass: GroupingNode"


def stepped():
    """Four steps of one aliquot, one extraction value each."""
    files = lab()
    for number in range(4):
        files.update(
            analysis(
                number, identifier="70001", aliquot=1, increment=number, timestamp=stamp(4.25 + 0.2 * number)
            )
        )
    for path, document in files.items():
        if path.endswith(".extr.json"):
            document["extract_value"] = 1.0 + len(path) % 3
    return files


def test_a_radial_plot_tells_the_central_age_and_the_mean(tmp_path):
    (tmp_path / "out").mkdir()
    text = nodes(GROUPED, "{klass: RadialNode, formats: [svg], scale: linear}")
    state, ended = ran(written(tmp_path), text, dry=False)
    assert ended.is_whole
    said = texts(tmp_path / "out" / "radial-70001.svg")
    mean = weighted_age(state.samples()[0].good)
    assert f"central age {mean.age_ma:.5g} Ma, n 3" in said, "on a linear scale the centre is the mean"
    assert "Precision (1/σ, 1/Ma)" in said
    ran(tmp_path, nodes(GROUPED, "{klass: RadialNode, formats: [svg], file: log}"), dry=False)
    assert "Precision (t/σ)" in texts(tmp_path / "out" / "log-70001.svg")


def test_a_composite_has_spectrum_and_isochron_of_the_same_steps(tmp_path):
    (tmp_path / "out").mkdir()
    text = nodes("{klass: GroupingNode, by_key: Aliquot}", "{klass: CompositeNode, formats: [svg]}")
    _, ended = ran(written(tmp_path, stepped()), text, dry=False)
    assert ended.is_whole
    said = texts(tmp_path / "out" / "composite-70001-01.svg")
    assert "all gas" in said
    assert "n 4, MSWD" in said
    assert "Apparent age (Ma)" in said
    assert "beyond the scale" not in said, "steps that all scatter are not wild"
    _, ended = ran(written(tmp_path, lab()), text, dry=False)
    assert "it was not heated in steps" in ended.run.reports[-1].text


@pytest.mark.parametrize("name", ["xy_scatter", "yield"])
def test_the_stock_scatters(name, tmp_path):
    (tmp_path / "out").mkdir()
    _, ended = ran(written(tmp_path, stepped()), name, dry=False)
    assert ended.is_whole
    assert ended.run.reports[-1].text.startswith("wrote ")


def test_a_scatter_has_every_group_and_tells_what_has_no_value(tmp_path):
    (tmp_path / "out").mkdir()
    files = stepped()
    path = next(p for p in files if uuid_of(3)[:5] in p and p.count("/") == 1)
    files[path]["identifier"] = "70002"
    path = next(p for p in files if uuid_of(2)[:5] in p and p.endswith(".extr.json"))
    files[path]["extract_value"] = None
    text = nodes(GROUPED, "{klass: XYScatterNode, x: extract_value, y: Ar40/Ar39, formats: [svg]}")
    _, ended = ran(written(tmp_path, files), text, dry=False)
    assert ended.faults == ["1 analyses have no extract_value or no Ar40/Ar39"]
    said = texts(tmp_path / "out" / "scatter.svg")
    assert "70001" in said
    assert "70002" in said
    assert "Extraction value" in said


def test_every_group_has_a_look_of_its_own():
    assert len({look(place) for place in range(35)}) == 35
    assert look(0)[0] == look(7)[0]


def test_an_axis_that_is_no_value_is_told_before_anything_runs(tmp_path):
    from pychron.pipeline.running.runner import problems_of
    from tests.pipeline.test_nodes import template

    (problem,) = problems_of(template(nodes("{klass: XYScatterNode, x: Ar41}")))
    assert "x: Ar41 is not known; write an isotope" in problem


def test_a_regression_goes_through_the_points_that_are_kept():
    from pychron.pipeline.figures.series import SeriesOptions, SeriesPoint

    times = np.array([0.0, 3600.0, 7200.0, 10800.0])
    values = np.array([1.0, 2.1, 2.9, 4.0])
    points = [SeriesPoint(t, v, 0.1) for t, v in zip(times, values, strict=True)]
    points.append(SeriesPoint(5000.0, 99.0, 0.1, left_out=True))
    found = regressed(points, SeriesOptions(), "Linear", "SEM")
    slope, intercept = np.polyfit(times, values, 1)
    for time, value, error in found.curve:
        assert value == pytest.approx(intercept + slope * time)
        assert error > 0
    assert (found.curve[0][0], found.curve[-1][0]) == (0.0, 10800.0)
    assert found.words == "Linear, SEM, n 4"


def test_the_stock_regression_of_airs(tmp_path):
    (tmp_path / "out").mkdir()
    files = lab()
    from tests.pipeline.laboratory import air

    files.update(air(42, 6.4, 3))
    _, ended = ran(written(tmp_path, files), "regression_series", dry=False)
    assert ended.is_whole
    assert ended.run.reports[-1].text == "wrote regression-Ar40_Ar36.pdf"
    for seed in (41, 42):
        for path in [p for p in files if uuid_of(seed)[:5] in p]:
            (tmp_path / "NM-1" / path).unlink()
    _, ended = ran(tmp_path, "regression_series", dry=False)
    assert "no fit of Ar40/Ar36" in ended.faults[0]
