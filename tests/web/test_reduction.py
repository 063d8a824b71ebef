"""The reduction's page: what it says, that text stays text, and where points lie."""

from xml.etree import ElementTree

import pytest

from pychron.pipeline.control_charts import control_chart
from pychron.pipeline.events import AnalysisReduced, Flag, Following, Panel, RepositoryFollowed, RunningSample
from pychron.web.reduction import EDGE, HEIGHT, LEFT, RIGHT, WIDTH, chart_svg, panel_svg, part

SVG = "{http://www.w3.org/2000/svg}"


def result(n, age=28.2, flags=()):
    return AnalysisReduced(
        "NM-1", f"uuid-{n}", f"70001-0{n}", "70001", "<FC>", "unknown", 100.0 + n, age, 0.05, 0.04, 41.0, 98.7, 4.1, 0.01,
        tuple(flags),
    )  # fmt: skip


class Found:
    def __init__(self, running=None, panels=(), charts=(), repositories=()):
        self.current = lambda: running
        self.panels = lambda: panels
        self.charts = lambda: charts
        self.repositories = lambda: repositories


def chart(*values, name="blank_unknown Ar40"):
    return control_chart(name, "fA", [(float(n), value, 0.01, f"b-{n}") for n, value in enumerate(values)])


def test_before_anything_was_reduced():
    text = part(Found())
    assert "No unknown was reduced yet." in text
    assert "No blank and no air was measured yet." in text


def test_the_newest_analysis_is_first_and_text_of_files_stays_text():
    bad = result(2, None, [Flag("no_j", "<script>alert(1)</script>", fatal=True)])
    running = RunningSample("70001", "<FC>", "NM-1", "TEST A 7", (result(1), bad), 5.0)
    text = part(Found(running))
    assert "<script" not in text
    assert "no age: &lt;script&gt;" in text
    assert "&lt;FC&gt;" in text
    assert text.index("70001-02") < text.index("70001-01")
    assert "<td>28.2000</td><td>0.0500</td><td>98.7</td><td>41.00</td>" in text


def test_a_panel_is_an_image_or_says_why_it_is_none():
    panels = (
        Panel("ideogram", "Ideogram of 70001", "<svg/>"),
        Panel("spectrum", "Age spectrum", "", "not heated in steps"),
    )
    running = RunningSample("70001", "FC-2", "NM-1", "", (result(1),), 5.25)
    text = part(Found(running, panels))
    assert '<img src="/reduction/panel/ideogram.svg?at=5.250" alt="Ideogram of 70001">' in text
    assert "<p>not heated in steps</p>" in text
    assert panel_svg(Found(running, panels), "ideogram") == "<svg/>"
    assert panel_svg(Found(running, panels), "spectrum") is None
    assert panel_svg(Found(running, panels), "../x") is None


@pytest.mark.parametrize(("state", "trouble"), [(Following.CURRENT, False), (Following.DIVERGED, True)])
def test_a_repository_in_trouble_is_marked_with_its_remedy(state, trouble):
    text = part(Found(repositories=(RepositoryFollowed("NM-1", state, "merge <it>", "c0ffee" * 6, 1.0),)))
    assert ('class="trouble"' in text) == trouble
    assert "merge &lt;it&gt;" in text
    assert "<td>c0ffeec0ffee</td>" in text


def test_points_lie_between_the_limits_that_are_drawn():
    one = chart(1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 2.5)
    drawing = ElementTree.fromstring(chart_svg(Found(charts=(one,)), 0))
    dots = drawing.findall(f".//{SVG}circle")
    outside = drawing.findall(f".//{SVG}g/{SVG}rect")
    assert (len(dots), len(outside)) == (6, 1)
    ys = [float(dot.get("cy")) for dot in dots]
    assert all(EDGE <= y <= HEIGHT - EDGE for y in ys)
    assert ys[1] < ys[0] < ys[2], "larger is higher"
    xs = [float(dot.get("cx")) for dot in dots]
    assert xs == sorted(xs)
    assert xs[0] == LEFT
    assert float(outside[0].get("x")) + 4 == pytest.approx(WIDTH - RIGHT, abs=0.1)
    lines = [line for line in drawing.findall(f"{SVG}line") if line.get("x1") == str(LEFT)]
    assert len(lines) == 5, "the mean, and two limits on each side"
    text = part(Found(charts=(one,)))
    assert "blank_unknown Ar40: b-6 is outside" in text


@pytest.mark.parametrize("values", [(), (1.0,), (1.0, 1.0), (float("nan"),), (0.0, 0.0, 0.0, 0.0, 0.0)])
def test_few_and_equal_points_are_drawn_too(values):
    found = Found(charts=(chart(*values, name="<&>"),))
    ElementTree.fromstring(chart_svg(found, 0))
    assert "nan" not in chart_svg(found, 0)
    assert chart_svg(found, 1) is None
    assert chart_svg(found, -1) is None
