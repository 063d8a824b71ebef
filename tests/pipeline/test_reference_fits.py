"""Fits of references: the formulas of the field, against statsmodels, and what must hold for any input."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st

from pychron.pipeline.fitting.reference_fits import NoReference, Reference, ReferenceFit, predict, read_fit
from pychron.pipeline.templates.klass import ERROR_TYPES
from pychron.pipeline.templates.klasses import REFERENCE_FITS

BEFORE, AFTER = Reference(0.0, 1.0, 0.3, "p"), Reference(10.0, 3.0, 0.4, "a")


@pytest.mark.parametrize(
    ("fit", "time", "value", "error"),
    [
        ("Preceding", 4.0, 1.0, 0.3),
        ("Succeeding", 4.0, 3.0, 0.4),
        ("Bracketing Average", 4.0, 2.0, 0.25),
        ("Bracketing Interpolate", 4.0, 1.8, math.hypot(0.6 * 0.3, 0.4 * 0.4)),
        ("Bracketing Interpolate", -5.0, 1.0, 0.3),
        ("Bracketing Average", 15.0, 3.0, 0.4),
        ("Bracketing Interpolate", 10.0, 3.0, 0.4),
        ("Weighted Mean", 4.0, (1 / 0.09 + 3 / 0.16) / (1 / 0.09 + 1 / 0.16), (1 / 0.09 + 1 / 0.16) ** -0.5),
    ],
)
def test_two_references(fit, time, value, error):
    assert predict(read_fit(fit), [AFTER, BEFORE], time) == (pytest.approx(value), pytest.approx(error))


def test_an_excluded_neighbour_is_stepped_over_outward():
    near = [Reference(3.0, 99.0, 0.1, excluded=True), Reference(6.0, math.nan, 0.1)]
    fit = ReferenceFit("Bracketing Interpolate")
    assert predict(fit, [BEFORE, *near, AFTER], 4.0) == predict(fit, [BEFORE, AFTER], 4.0)


@pytest.mark.parametrize(
    ("fit", "references", "words"),
    [
        ("Preceding", [AFTER], "no reference before"),
        ("Succeeding", [BEFORE], "no reference after"),
        ("Linear", [BEFORE, AFTER], "2 references are too few"),
        ("Parabolic", [BEFORE] * 5, "too few different times"),
        ("Average", [], "there is no reference"),
        ("Average", [Reference(0, 1, 1, excluded=True)], "no reference is left"),
        ("Weighted Mean", [Reference(0, 1, 0.0)], "error above zero"),
    ],
)
def test_where_there_is_no_value_it_says_why(fit, references, words):
    with pytest.raises(NoReference, match=words):
        predict(read_fit(fit), references, 5.0)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_curves_agree_with_statsmodels(degree):
    rng = np.random.default_rng(degree)
    times = np.sort(rng.uniform(0, 1e5, 14)) + 1.6e9
    values = 3 + 1e-5 * (times - 1.6e9) + rng.normal(0, 0.1, 14)
    errors = rng.uniform(0.01, 0.02, 14)
    references = [Reference(t, v, e) for t, v, e in zip(times, values, errors, strict=True)]
    x = (times - 1.6e9) / 1e5
    model = sm.OLS(values, np.vander(x, degree + 1, increasing=True)).fit()
    told = model.get_prediction(np.array([0.5 ** np.arange(degree + 1)]))
    at = 1.6e9 + 5e4
    name = ("Linear", "Parabolic", "Cubic")[degree - 1]
    value, sem = predict(ReferenceFit(name, "SEM"), references, at)
    assert (value, sem) == (pytest.approx(told.predicted_mean[0]), pytest.approx(told.se_mean[0]))
    assert predict(ReferenceFit(name, "SD"), references, at)[1] == pytest.approx(told.se_obs[0])
    mswd = float(((model.resid / errors) ** 2).sum() / (14 - degree - 1))
    assert predict(ReferenceFit(name, "MSEM"), references, at)[1] == pytest.approx(sem * math.sqrt(mswd))


def test_fits_are_read_as_files_write_them():
    assert read_fit("Linear_SEM") == ReferenceFit("Linear", "SEM")
    assert read_fit("bracketing_average") == ReferenceFit("Bracketing Average", "SEM")
    assert read_fit("previous") == ReferenceFit("Preceding", "SEM")
    assert read_fit("Weighted Mean_MSEM") == ReferenceFit("Weighted Mean", "MSEM")
    with pytest.raises(NoReference, match="no fit of references"):
        read_fit("Linaer")
    with pytest.raises(NoReference, match="kind of error"):
        read_fit("Linear", "XEM")


REFERENCES = st.lists(
    st.builds(Reference, st.integers(0, 1000).map(float), st.floats(-10, 10), st.floats(1e-3, 1)), max_size=12
)


@given(REFERENCES, st.sampled_from(REFERENCE_FITS), st.sampled_from(ERROR_TYPES), st.integers(-100, 1100))
def test_a_value_is_finite_or_there_is_none(references, fit, error_type, time):
    try:
        value, error = predict(ReferenceFit(fit, error_type), references, float(time))
    except NoReference as none:
        assert none.text
    else:
        assert math.isfinite(value)
        assert math.isfinite(error)
        assert error >= 0


@given(REFERENCES, st.integers(-100, 1100))
def test_bracketing_stays_between_its_neighbours(references, time):
    assume(references)
    value, _ = predict(ReferenceFit("Bracketing Interpolate"), references, float(time))
    values = [r.value for r in references]
    assert min(values) - 1e-9 <= value <= max(values) + 1e-9


@given(REFERENCES, st.sampled_from(REFERENCE_FITS), st.floats(-1e3, 1e3))
def test_a_shift_of_all_values_shifts_the_prediction(references, fit, shift):
    moved = [Reference(r.time, r.value + shift, r.error) for r in references]
    try:
        value, error = predict(ReferenceFit(fit), references, 500.0)
    except NoReference:
        return
    other, its_error = predict(ReferenceFit(fit), moved, 500.0)
    assert other == pytest.approx(value + shift, abs=1e-5, rel=1e-6)
    assert its_error == pytest.approx(error, abs=1e-6, rel=1e-3)
