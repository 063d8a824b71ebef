"""Signals and ratios with what two isotopes share, against draws of every input."""

import numpy as np
import pytest

from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.following.keeping import chart_values
from tests.pipeline.laboratory import lab, uuid_of, written
from tests.pipeline.test_nodes import nodes, ran

DRAWS = 200_000
AIRS = nodes("{klass: ReviewNode}").replace(
    "klass: UnknownNode", "{klass: UnknownNode, analysis_types: [air]}"
)


def on_one_detector(files, seed):
    """Ar36 measured where Ar40 is: one baseline and one factor for both."""
    path = next(p for p in files if uuid_of(seed)[:5] in p and p.count("/") == 1)
    files[path]["isotopes"]["Ar36"]["detector"] = files[path]["isotopes"]["Ar40"]["detector"]
    for name, error in ((".icfa.json", 0.02), (".base.json", 0.05)):
        path = next(p for p in files if uuid_of(seed)[:5] in p and p.endswith(name))
        for one in files[path].values():
            one["error"] = error
    return files


def drawn(row):
    """40Ar, 36Ar and their ratio from draws of intercepts, baselines, blanks and factors, shared as they are."""
    random = np.random.default_rng(5)
    known = {}

    def value(one, key):
        if key not in known:
            known[key] = random.normal(one.value, one.error, DRAWS)
        return known[key]

    signals = []
    for name in ("Ar40", "Ar36"):
        one = row.analysis.argon(name)
        net = value(one.intercept, name) - value(one.baseline, f"base {one.detector}")
        blank = value(one.blank, f"blank {name}") if one.blank is not None else 0.0
        signals.append((net - blank) * value(one.ic_factor, f"factor {one.detector}"))
    return signals[0], signals[1], signals[0] / signals[1]


@pytest.mark.parametrize("shared", [False, True])
def test_errors_are_those_of_draws(shared, tmp_path):
    files = on_one_detector(lab(), 40) if shared else lab()
    state, _ = ran(written(tmp_path, files), AIRS)
    row = next(one for one in state.rows() if one.analysis.uuid == uuid_of(40))
    quantities = Quantities()
    for name, draws in zip(("Ar40", "Ar36", "Ar40/Ar36"), drawn(row), strict=True):
        value, error = quantities.of(row, name)
        assert value == pytest.approx(draws.mean(), rel=5e-3)
        assert error == pytest.approx(draws.std(), rel=0.02), name
    if shared:
        one, two = (quantities.of(row, name) for name in ("Ar40", "Ar36"))
        apart = ((one[1] / one[0]) ** 2 + (two[1] / two[0]) ** 2) ** 0.5
        ratio = quantities.of(row, "Ar40/Ar36")
        assert ratio[1] / ratio[0] < 0.8 * apart, "the factor of both takes no part in their ratio"


def test_a_control_chart_has_these_numbers(tmp_path):
    state, _ = ran(written(tmp_path), AIRS)
    row = state.rows()[0]
    found = chart_values(row, Quantities())
    assert found["air sensitivity", "fA"] == Quantities().of(row, "Ar40")
    (name,) = [key for key in found if "40/36" in key[0]]
    assert found[name] == Quantities().of(row, "Ar40/Ar36")
