"""Equilibration times from made inlet curves."""

import csv
import math

import numpy as np
import pytest

from pychron.pipeline.nodes.equilibration import equilibration
from tests.dvc.making import ARGON, DETECTORS, blob
from tests.pipeline.laboratory import lab, uuid_of, written
from tests.pipeline.test_nodes import ran

T = np.linspace(1.0, 20.0, 40)


@pytest.mark.parametrize("tau", [1.5, 3.0, 6.0])
@pytest.mark.parametrize("amplitude", [-0.8, 0.6])
def test_time_constant_and_level_are_recovered(tau, amplitude):
    found = equilibration(T, 10 * (1 + amplitude * np.exp(-T / tau)), 1e-3)
    assert found.time_constant_s == pytest.approx(tau, rel=1e-4)
    assert found.level == pytest.approx(10.0, rel=1e-5)
    assert found.reached_s == pytest.approx(tau * math.log(abs(amplitude) / 1e-3), rel=1e-3)


def test_within_noise_the_time_constant_is_near():
    random = np.random.default_rng(3)
    found = equilibration(T, 10 * (1 - 0.8 * np.exp(-T / 3.0)) + random.normal(0, 0.01, len(T)), 1e-3)
    assert found.time_constant_s == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize(
    ("t", "y", "said"),
    [
        (T[:4], T[:4], "4 readings before time zero, 5 are needed"),
        (T, np.full(len(T), 3.0), "do not change"),
        (np.full(len(T), 2.0), T, "do not change"),
        (T, np.where(T > 10, np.nan, T), "do not change"),
        (T, 1 + 0.1 * T, "rest"),
        (T, np.exp(T / 5), "rest"),
    ],
)
def test_what_does_not_come_to_rest_is_told(t, y, said):
    assert said in equilibration(t, y, 1e-3)


def test_the_stock_template_writes_every_isotope(tmp_path):
    files = lab()
    curve = list(zip(T.tolist(), (10 * (1 - 0.8 * np.exp(-T / 3.0))).tolist(), strict=True))
    path = next(p for p in files if uuid_of(0)[:5] in p and p.endswith(".dat.json"))
    files[path]["sniffs"] = [{"isotope": n, "detector": DETECTORS[n], "blob": blob(curve)} for n in ARGON]
    (tmp_path / "out").mkdir()
    _, ended = ran(written(tmp_path, files), "define_equilibration", dry=False)
    assert ended.run.reports[1].text.startswith("0.1 % from rest after 20.")
    with (tmp_path / "out" / "equilibration.csv").open() as file:
        rows = [one for one in csv.DictReader(file) if one["Run"] == "70001-01"]
    assert [float(one["Time constant (s)"]) for one in rows] == pytest.approx([3.0] * 5, rel=1e-3)
    text = (tmp_path / "out" / "equilibration.csv").read_text()
    others = [one["Remark"] for one in csv.DictReader(text.splitlines()) if one["Run"] == "70001-02"]
    assert others == ["3 readings before time zero, 5 are needed"] * 5
