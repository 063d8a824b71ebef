"""Interference ratios of salts and glasses by hand, and cosmogenic argon."""

import csv
import json
import math

import numpy as np
import pytest

from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.reduction.inputs import Measured
from pychron.reduction.options import Cosmogenic, Options
from tests.dvc.making import ARGON, DETECTORS
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
    assert all("is no such factor" in text for text in ended.faults), "the made analyses are of a sanidine"
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


def table(folder, name, modifier):
    """A modifier's file of each unknown, read by json alone."""
    found = []
    for number in range(len(UNKNOWNS)):
        uuid = uuid_of(number)
        path = next((folder / "NM-1" / uuid[:5] / modifier).glob("*.json"))
        found.append(json.loads(path.read_text()))
    return np.array([[[one[key]["value"], one[key]["error"]] for key in name] for one in found]).transpose(
        2, 0, 1
    )


@pytest.mark.parametrize(("name", "ratio", "key"), [("k_correction_factors", "(40/39)K", "k_factors"), ("ca_correction_factors", "(36/37)Ca", "ca_factors")])  # fmt: skip
def test_the_error_of_a_mean_is_that_of_draws_in_which_blanks_factors_and_air_are_drawn_once(
    name, ratio, key, tmp_path
):
    """Baselines of 1e-4 fA are beside the point here."""
    (tmp_path / "out").mkdir()
    files = lab()
    for path, document in files.items():
        if "/icfactors/" in path:
            for one in document.values():
                one.update(error=2e-2, references=[{"record_id": "a", "uuid": uuid_of(40), "exclude": False}])
        if "/blanks/" in path:
            document["Ar36"]["error"] = document["Ar36"]["value"] * 0.2
    state, _ = ran(written(tmp_path, files), name, dry=False)
    detectors = [DETECTORS[one] for one in ARGON]
    intercepts, baselines = table(tmp_path, ARGON, "intercepts"), table(tmp_path, detectors, "baselines")
    blanks, factors = table(tmp_path, ARGON, "blanks"), table(tmp_path, detectors, "icfactors")
    net = (intercepts[0] - baselines[0] - blanks[0]) * factors[0]
    decay = np.array([signals(state, number) for number in range(len(UNKNOWNS))]) / net
    random, many = np.random.default_rng(1), 40_000
    gas = random.normal(intercepts[0], intercepts[1], (many, *net.shape)) - baselines[0]
    gas -= random.normal(blanks[0][:1], blanks[1][:1], (many, 1, 5))
    gas *= random.normal(factors[0][:1], factors[1][:1], (many, 1, 5)) * decay
    air = random.normal(AIR4036, 0.5, (many, 1))
    a40, a39, _, a37, a36 = np.moveaxis(gas, 2, 0)
    drawn = (a40 - air * a36) / a39 if key == "k_factors" else (a36 - a40 / air) / a37
    with (tmp_path / "out" / f"{key}-analyses.csv").open() as file:
        rows = [one for one in csv.DictReader(file) if one["Ratio"] == ratio]
    errors = np.array([float(one["± 1σ"]) for one in rows])
    assert errors == pytest.approx(drawn.std(axis=0), rel=0.03)
    weights = errors**-2
    spread = float((drawn @ weights / weights.sum()).std())
    found = means(tmp_path, key)[ratio]
    own = float(weights.sum() ** -0.5)
    expected = math.sqrt(spread**2 + own**2 * (max(1.0, float(found["MSWD"])) - 1))
    assert float(found["± 1σ"]) == pytest.approx(expected, rel=0.03)
    assert spread > 1.3 * own, "as if nothing were shared it would be too small"


def salts(noise39, noise40):
    """Calcium salts: all 39Ar is calcium's, and next to no 40Ar: these lie on both sides of nothing."""
    files = lab()
    for number, (off39, off40) in enumerate(zip(noise39, noise40, strict=True)):
        path = next(p for p in files if uuid_of(number)[:5] in p and p.endswith(".inte.json"))
        blanks = next(p for p in files if uuid_of(number)[:5] in p and "/blanks/" in p)
        for isotope, value in (("Ar40", off40), ("Ar39", off39)):
            files[path][isotope].update(value=files[blanks][isotope]["value"] + value, error=0.01)
    return files


def test_a_sound_calcium_salt_is_not_left_out_for_having_no_potassium_and_no_40ar(tmp_path):
    (tmp_path / "out").mkdir()
    files = salts((-0.012, 0.004, 0.015), (0.02, -0.015, -0.01))
    _, ended = ran(written(tmp_path, files), "ca_correction_factors", dry=False)
    assert [text for text in ended.faults if "(39/37)Ca" in text or "left out" in text] == []
    assert ended.without == []
    assert means(tmp_path, "ca_factors")["(39/37)Ca"]["n"] == "3", (
        "to leave out what lies low would bias the mean"
    )


def test_without_its_irradiation_a_salt_has_no_factor(tmp_path):
    (tmp_path / "out").mkdir()
    files = lab()
    files[f"{uuid_of(1)[:5]}/{uuid_of(1)[5:]}.json"]["irradiation"] = ""
    _, ended = ran(written(tmp_path, files), "ca_correction_factors", dry=False)
    assert "70001-02 is left out: it was not irradiated" in ended.faults


def test_what_has_a_fault_is_left_out_and_told(tmp_path):
    files = lab()
    path = next(p for p in files if uuid_of(1)[:5] in p and p.endswith(".inte.json"))
    files[path]["Ar39"]["value"] = -5.0
    (tmp_path / "out").mkdir()
    _, ended = ran(written(tmp_path, files), "ca_correction_factors", dry=False)
    text = "Ar39 lies below zero by more than its error allows"
    assert f"70001-02 is left out: {text}" in ended.faults
    assert [(one.uuid, flag.text) for one in ended.without for flag in one.flags] == [(uuid_of(1), text)]
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
    from pychron.pipeline.running.runner import problems_of
    from tests.pipeline.test_nodes import template

    (problem,) = problems_of(template(nodes("{klass: CosmogenicNode, cosmogenic3836: 1, trapped3836: 1}")))
    assert "are the same" in problem
