"""Figures of CSV files: what they tell, and which rows cannot be drawn."""

import math

import numpy as np
import pytest

from pychron.pipeline.ages.group_ages import no_age
from pychron.pipeline.nodes.from_csv import read_lines
from pychron.pipeline.running.runner import problems_of
from pychron.pipeline.running.state import NodeFailed
from pychron.pipeline.templates.template_file import read_template
from pychron.reduction.isochron import york
from tests.pipeline.laboratory import written
from tests.pipeline.test_nodes import ran
from tests.pipeline.texts import texts

AGES = "group,Age,age_err,k39\nA,28.1,0.1,5\nA,28.2,0.1,20\nA,28.15,0.05,30\nA,28.25,0.08,25\nB,28.9,0.1,10\nB,29.0,0.2,10\n"
RATIOS = "39/40,39/40_err,36/40,36/40_err\n0.010,1e-4,0.0024,3e-5\n0.020,1e-4,0.0014,3e-5\n0.030,1e-4,0.0005,2e-5\n"


def drawn(folder, klass, content, *more):
    written(folder)
    (folder / "out").mkdir(exist_ok=True)
    (folder / "a.csv").write_text(content)
    options = ", ".join((f"klass: {klass}", f"source: {folder / 'a.csv'}", "formats: [svg]", *more))
    return ran(folder, f"nodes:\n  - {{{options}}}\n", dry=False)[1]


def test_an_ideogram_has_a_mean_of_each_group(tmp_path):
    ended = drawn(tmp_path, "CSVIdeogramNode", AGES)
    assert ended.is_whole
    said = texts(tmp_path / "out" / "a.svg")
    for label, ages, errors in (
        ("A", [28.1, 28.2, 28.15, 28.25], [0.1, 0.1, 0.05, 0.08]),
        ("B", [28.9, 29.0], [0.1, 0.2]),
    ):
        w = np.array(errors) ** -2.0
        mean, error = float(w @ ages / w.sum()), 2 * w.sum() ** -0.5
        digits = 3 if label == "A" else 2
        assert f"{label}: {mean:.{digits}f} ± {error:.{digits}f} Ma n {len(ages)}" in said.replace("\n", " ")


def test_a_spectrum_of_each_group(tmp_path):
    ended = drawn(tmp_path, "CSVSpectrumNode", AGES)
    assert ended.is_whole
    said = texts(tmp_path / "out" / "a-A.svg")
    gas, ages = np.array([5, 20, 30, 25.0]), np.array([28.1, 28.2, 28.15, 28.25])
    assert "4 steps, 100 % of ³⁹Ar" in said
    assert f"all gas {gas @ ages / gas.sum():.3f} ± " in said
    assert "K/Ca" not in said
    assert "no plateau: " in texts(tmp_path / "out" / "a-B.svg")


def test_an_isochron_with_and_without_j(tmp_path):
    ended = drawn(tmp_path, "CSVInverseIsochronNode", RATIOS, "j: 0.001")
    assert ended.is_whole
    line = york([0.010, 0.020, 0.030], [1e-4] * 3, [0.0024, 0.0014, 0.0005], [3e-5, 3e-5, 2e-5], [0.0] * 3)
    f = -line.slope / line.intercept
    said = texts(tmp_path / "out" / "a-a.svg")
    age = math.log1p(0.001 * f) / 5.543e-10 / 1e6
    assert f"age {age:.2f} ± " in said
    assert f"{1 / line.intercept:.1f} ± " in said
    drawn(tmp_path, "CSVInverseIsochronNode", RATIOS)
    assert f"F {f:.5g}" in texts(tmp_path / "out" / "a-a.svg")


def test_rows_that_cannot_be_drawn_are_told_by_line(tmp_path):
    ended = drawn(tmp_path, "CSVIdeogramNode", AGES + "B,x,0.1,1\nB,28,0,1\nB,28\n")
    assert [text.rpartition("a.csv:")[2] for text in ended.faults] == [
        "8: age is no number: x; the row is left out",
        "9: age_err must be above zero; the row is left out",
        "10: age_err is no number: nothing; the row is left out",
    ]
    assert "n 2" in texts(tmp_path / "out" / "a.svg")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "it has no column age, age_err; it needs age, age_err"),
        ("age,age_err\n", "no row of"),
        ("", "it has no column"),
        (b"\xff\xfe\x00", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused(content, said, tmp_path):
    path = tmp_path / "a.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.write_text(content)
    with pytest.raises(NodeFailed) as refused:
        read_lines(path, ("age", "age_err"))
    assert said in refused.value.text


@pytest.mark.parametrize("name", ["csv_ideogram", "CSV_SPEC", "csv inverse isochron"])
def test_the_stock_templates_ask_for_their_file(name):
    from pychron.config.problems import Report
    from pychron.pipeline.templates.template_file import find_template

    (problem,) = problems_of(read_template(find_template(name), Report()))
    assert "source is empty; name the CSV file" in problem


def test_no_mean_is_no_mean():
    from pychron.pipeline.ages.age_group import of_ages

    assert of_ages("x", [1.0], [0.0]).mean.why
    assert no_age("x").why == "x"
