"""Interference ratios of salts and glasses by hand, and cosmogenic argon."""

import csv
import math

import pytest

from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.reduction.inputs import Measured
from pychron.reduction.options import Cosmogenic, Options
from tests.pipeline.laboratory import UNKNOWNS, lab, uuid_of, written
from tests.pipeline.test_nodes import nodes, ran

AIR4036, AIR4038 = 295.5, 1575.0


def means(folder, name):
    with (folder / "out" / f"{name}.csv").open() as file:
        return {row["Ratio"]: row for row in csv.DictReader(file)}


def signals(state, number):
    row = next(one for one in state.rows() if one.analysis.uuid == uuid_of(number))
    return [float(row.reduced.corrected.signals[place, row.index]) for place in range(5)]


@pytest.mark.parametrize(
    ("name", "ratio", "by_hand"),
    [
        ("ca_correction_factors", "(36/37)Ca", lambda a40, a39, a38, a37, a36: (a36 - a40 / AIR4036) / a37),
        ("ca_correction_factors", "(38/37)Ca", lambda a40, a39, a38, a37, a36: (a38 - a40 / AIR4038) / a37),
        ("ca_correction_factors", "(39/37)Ca", lambda a40, a39, a38, a37, a36: a39 / a37),
        ("k_correction_factors", "(40/39)K", lambda a40, a39, a38, a37, a36: (a40 - AIR4036 * a36) / a39),
        (
            "k_correction_factors",
            "(38/39)K",
            lambda a40, a39, a38, a37, a36: (a38 - AIR4036 / AIR4038 * a36) / a39,
        ),
        ("k_correction_factors", "(37/39)K", lambda a40, a39, a38, a37, a36: a37 / a39),
    ],
)
def test_ratios_by_hand(name, ratio, by_hand, tmp_path):
    (tmp_path / "out").mkdir()
    state, ended = ran(written(tmp_path), name, dry=False)
    assert ended.is_whole
    stem = "ca_factors" if "ca_" in name else "k_factors"
    with (tmp_path / "out" / f"{stem}-analyses.csv").open() as file:
        rows = [one for one in csv.DictReader(file) if one["Ratio"] == ratio]
    expected = [by_hand(*signals(state, number)) for number in range(len(UNKNOWNS))]
    assert [float(one["Value"]) for one in rows] == pytest.approx(expected, rel=1e-9)
    weights = [float(one["± 1σ"]) ** -2 for one in rows]
    mean = sum(w * one for w, one in zip(weights, expected, strict=True)) / sum(weights)
    found = means(tmp_path, stem)[ratio]
    assert float(found["Mean"]) == pytest.approx(mean, rel=1e-9)
    scatter = sum(w * (one - mean) ** 2 for w, one in zip(weights, expected, strict=True)) / 2
    assert float(found["MSWD"]) == pytest.approx(scatter, rel=1e-6)
    least = sum(weights) ** -0.5 * max(1.0, math.sqrt(scatter))
    assert float(found["± 1σ"]) >= least * (1 - 1e-9), "the error of air comes on top, once"


def test_the_error_of_a_ratio_is_that_of_draws(tmp_path):
    import numpy as np

    (tmp_path / "out").mkdir()
    state, _ = ran(written(tmp_path), "k_correction_factors", dry=False)
    row = state.rows()[0]
    corrected = row.reduced.corrected
    random = np.random.default_rng(1)
    drawn = random.normal(
        corrected.signals[:, row.index], np.sqrt(corrected.variance[:, row.index]), (200_000, 5)
    )
    spread = ((drawn[:, 0] - AIR4036 * drawn[:, 4]) / drawn[:, 1]).std()
    with (tmp_path / "out" / "k_factors-analyses.csv").open() as file:
        first = next(one for one in csv.DictReader(file) if one["Ratio"] == "(40/39)K")
    assert float(first["± 1σ"]) == pytest.approx(spread, rel=0.05)


def test_what_has_a_fault_is_left_out_and_told(tmp_path):
    files = lab()
    path = next(p for p in files if uuid_of(1)[:5] in p and p.endswith(".inte.json"))
    files[path]["Ar39"]["value"] = -5.0
    (tmp_path / "out").mkdir()
    _, ended = ran(written(tmp_path, files), "ca_correction_factors", dry=False)
    assert "70001-02 is left out" in ended.faults
    assert means(tmp_path, "ca_factors")["(39/37)Ca"]["n"] == "2"


def test_a_cosmogenic_run_is_the_reduction_with_these_ends(tmp_path):
    text = nodes(
        "{klass: CosmogenicNode, cosmogenic3836: 1.5, trapped3836: 0.188}", "klass: ArArCalculationsNode"
    )
    state, ended = ran(written(tmp_path), text)
    plain, _ = ran(tmp_path, nodes("klass: ArArCalculationsNode"))
    assert ended.is_whole
    options = Options(
        monitor_age_ma=28.02, cosmogenic=Cosmogenic(Measured(1.5, 0.0), Measured(0.188, 0.0003))
    )
    meta = metadata_of(state.workspace.meta, state.arithmetic)
    expected = reduce_analyses([one.analysis for one in state.rows()], meta, state.arithmetic, options)
    ages = [float(one.reduced.age_ma[one.index]) for one in state.rows()]
    assert ages == [float(one.reduced.age_ma[one.index]) for one in expected]
    assert ages != [float(one.reduced.age_ma[one.index]) for one in plain.rows()]


def test_two_ends_that_are_one_are_refused():
    from pychron.pipeline.runner import problems_of
    from tests.pipeline.test_nodes import template

    (problem,) = problems_of(template(nodes("{klass: CosmogenicNode, cosmogenic3836: 1, trapped3836: 1}")))
    assert "are the same" in problem
