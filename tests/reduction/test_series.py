"""Series of any length with fits of their own, what is taken out of them, and fit blocks."""

from __future__ import annotations

import numpy as np
import pytest

from pychron.expressions.language import ExpressionError
from pychron.reduction.inputs import Fit, FitSpec, OutlierFilter
from pychron.reduction.regression import FitFault
from pychron.reduction.series import Series, fit_all, fit_for_count, kept


def a_series(n, seed=0):
    random = np.random.default_rng(seed)
    t = np.arange(n) * 3.0 + 10
    return Series(t, 20 + 0.01 * t + random.normal(0, 0.1, n))


def test_each_series_is_fitted_as_if_it_were_alone_and_answered_in_its_place():
    specs = [
        FitSpec(Fit.LINEAR),
        FitSpec(Fit.AVERAGE),
        FitSpec(Fit.LINEAR),
        FitSpec(Fit.LINEAR, outliers=OutlierFilter()),
    ]
    series = [a_series(30), a_series(12, 1), a_series(90, 2), a_series(50, 3)]
    together = fit_all(series, specs)
    alone = [fit_all([one], [spec])[0] for one, spec in zip(series, specs, strict=True)]
    for one, other in zip(together, alone, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-12)
        assert (one.n, one.fn, one.excluded) == (other.n, other.fn, other.excluded)
    assert together[3].excluded


def test_what_a_person_took_out_is_out_and_is_no_outlier():
    result = fit_all([a_series(20)], [FitSpec(Fit.LINEAR, user_excluded=(3, 4, 99))])[0]
    assert (result.n, result.fn, result.excluded) == (18, 18, ())


@pytest.mark.parametrize(
    ("text", "left"), [("", 20), ("9", 10), ("x < 40", 10), ("i < 5 and x > 10", 4), ("50", 20)]
)
def test_truncation(text, left):
    assert kept(a_series(20), FitSpec(truncate=text)).sum() == left


@pytest.mark.parametrize("text", ["__import__('os')", "y < 3", "x <"])
def test_a_truncation_that_is_no_condition_is_refused(text):
    with pytest.raises(ExpressionError):
        kept(a_series(5), FitSpec(truncate=text))


def test_an_empty_series_has_its_reason():
    empty = Series(np.empty(0), np.empty(0))
    assert [one.fault for one in fit_all([empty, a_series(9)], [FitSpec(), FitSpec()])] == [
        FitFault.EMPTY,
        FitFault.NONE,
    ]


def test_fit_blocks():
    text = "(,10,average)(10,,Linear)"
    assert [fit_for_count(text, n) for n in (0, 9, 10, 500)] == [
        Fit.AVERAGE,
        Fit.AVERAGE,
        Fit.LINEAR,
        Fit.LINEAR,
    ]
    assert fit_for_count("Parabolic", 3) is Fit.PARABOLIC
    for bad in ("(,10,average)", "(,10,average) linear", "(,10,straight)", "wobbly"):
        with pytest.raises(ValueError, match=r"\w"):
            fit_for_count(bad, 10)
