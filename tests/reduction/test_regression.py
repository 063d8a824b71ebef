"""The batch regressions against statsmodels and scipy, and what they say to series that cannot be fitted."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit
from scipy.stats import t as student

from pychron.reduction.inputs import DEGREES, ErrorType, Fit, FitSpec, OutlierFilter
from pychron.reduction.regression import Extra, FitFault, regress

POLYNOMIALS = sorted(DEGREES, key=lambda fit: DEGREES[fit])


def readings(seed=0, many=12, points=60, curve=-2e-4, noise=0.4):
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(4, 500, (many, points)), axis=1)
    y = random.uniform(-5, 4000, (many, 1)) + 0.05 * x + curve * x**2 + random.normal(0, noise, x.shape)
    return x, y


def peer(x, y, degree):
    return sm.OLS(y, np.vander(x / 500, degree + 1, increasing=True)).fit()


@pytest.mark.parametrize("fit", POLYNOMIALS)
@pytest.mark.parametrize("kind", [ErrorType.SEM, ErrorType.CI, ErrorType.SD])
def test_polynomials_equal_statsmodels(fit, kind):
    x, y = readings()
    ours = regress(x, y, FitSpec(fit, kind))
    for row in range(len(x)):
        theirs = peer(x[row], y[row], DEGREES[fit])
        error = theirs.bse[0]
        if kind is ErrorType.CI:
            low, high = theirs.conf_int(0.05)[0]
            error = (high - low) / 2
        elif kind is ErrorType.SD:
            error = (
                np.std(y[row], ddof=1) if fit is Fit.AVERAGE else math.hypot(error, math.sqrt(theirs.scale))
            )
        assert ours.value[row] == pytest.approx(theirs.params[0], rel=1e-9, abs=1e-9)
        assert ours.error[row] == pytest.approx(error, rel=1e-8)
        if DEGREES[fit]:
            assert ours.slope[row] == pytest.approx(theirs.params[1] / 500, rel=1e-7, abs=1e-12)
            assert ours.r2_adjusted[row] == pytest.approx(theirs.rsquared_adj, abs=1e-10)
        if DEGREES[fit] > 1:
            assert ours.curvature[row] == pytest.approx(theirs.params[2] / 500**2, rel=1e-6, abs=1e-14)


def test_an_exponential_equals_scipy():
    random = np.random.default_rng(3)
    x = np.sort(random.uniform(1, 400, (8, 80)), axis=1)
    y = 30 * np.exp(-x / 120) + 11 + random.normal(0, 0.2, x.shape)
    ours = regress(x, y, FitSpec(Fit.EXPONENTIAL))
    for row in range(len(x)):
        found, covariance = curve_fit(
            lambda t, a, b, c: a * np.exp(-b * t) + c,
            x[row],
            y[row],
            p0=(30, 1 / 120, 11),
            ftol=1e-13,
            xtol=1e-13,
        )
        assert ours.value[row] == pytest.approx(found[0] + found[2], rel=1e-6)
        variance = covariance[0, 0] + 2 * covariance[0, 2] + covariance[2, 2]
        assert ours.error[row] == pytest.approx(math.sqrt(variance), rel=1e-5)


def test_an_exponential_that_has_no_bend_says_so():
    x, y = readings(curve=0.0, noise=0.0)
    fitted = regress(x, np.full_like(y, 7.0), FitSpec(Fit.EXPONENTIAL))
    assert set(fitted.fault) == {FitFault.NOT_CONVERGED}
    assert np.isnan(fitted.value).all()


def test_auto_takes_the_higher_adjusted_r_squared():
    x, y = readings(curve=-5e-4)
    y[6:] = 100 + 0.05 * x[6:] + np.random.default_rng(1).normal(0, 5, x[6:].shape)
    auto, line, curve = (regress(x, y, FitSpec(fit)) for fit in (Fit.AUTO, Fit.LINEAR, Fit.PARABOLIC))
    better = curve.r2_adjusted > line.r2_adjusted
    assert better[:6].all()
    assert not better.all()
    np.testing.assert_array_equal(auto.value, np.where(better, curve.value, line.value))


def test_a_weighted_mean_is_the_textbook_one():
    _, y = readings(curve=0)
    errors = np.random.default_rng(5).uniform(0.1, 2, y.shape)
    fitted = regress(y * 0, y, FitSpec(Fit.WEIGHTED), extra=Extra(errors))
    np.testing.assert_allclose(fitted.value, np.average(y, axis=1, weights=errors**-2), rtol=1e-12)
    np.testing.assert_allclose(fitted.error, (errors**-2).sum(axis=1) ** -0.5, rtol=1e-12)
    assert regress(y * 0, y, FitSpec(Fit.WEIGHTED)).fault.tolist() == [FitFault.NO_WEIGHTS] * len(y)


def test_a_monte_carlo_error_is_the_sem_within_its_own_scatter():
    x, y = readings()
    exact = regress(x, y, FitSpec(Fit.LINEAR)).error
    drawn = regress(x, y, FitSpec(Fit.LINEAR, ErrorType.MC)).error
    np.testing.assert_allclose(drawn, exact, rtol=0.08)
    assert (drawn != exact).all()


def filtered_by_hand(x, y, degree, rule):
    used = np.ones(len(x), bool)
    for _ in range(rule.iterations):
        theirs = peer(x[used], y[used], degree)
        residuals = y - theirs.predict(np.vander(x / 500, degree + 1, increasing=True))
        if rule.iqr:
            low, high = np.percentile(residuals[used], [25, 75])
            used &= ~((residuals < low - 1.5 * (high - low)) | (residuals > high + 1.5 * (high - low)))
            continue
        spread = np.std(y[used], ddof=1) if rule.sd_of_readings else math.sqrt(theirs.scale)
        used &= ~(np.abs(residuals) >= rule.std_devs * spread)
    return used


@pytest.mark.parametrize("fit", [Fit.AVERAGE, Fit.LINEAR, Fit.PARABOLIC])
@pytest.mark.parametrize(
    "rule",
    [
        OutlierFilter(1, 2),
        OutlierFilter(3, 2.5),
        OutlierFilter(2, 3, iqr=True),
        OutlierFilter(1, 1, sd_of_readings=True),
    ],
)
def test_outliers_are_those_of_the_rule_worked_out_point_by_point(fit, rule):
    x, y = readings(noise=3)
    y[::2, 7] += 40
    fitted = regress(x, y, FitSpec(fit, outliers=rule))
    for row in range(len(x)):
        used = filtered_by_hand(x[row], y[row], DEGREES[fit], rule)
        assert fitted.used[row].tolist() == used.tolist()
        assert fitted.fn[row] == used.sum()
        assert fitted.value[row] == pytest.approx(
            peer(x[row][used], y[row][used], DEGREES[fit]).params[0], rel=1e-8
        )


def test_a_series_that_cannot_be_fitted_has_its_reason_and_leaves_the_others_alone():
    x, y = readings(many=6)
    whole = regress(x, y, FitSpec(Fit.LINEAR)).value[5]
    used = np.ones(y.shape, bool)
    used[0] = False
    used[1, 2:] = False
    x[2] = 17.0
    y[3, 9] = np.nan
    y[4, 9] = np.inf
    fitted = regress(x, y, FitSpec(Fit.LINEAR), used)
    expected = [FitFault.EMPTY, FitFault.TOO_FEW_POINTS, FitFault.IDENTICAL_TIMES, FitFault.NOT_FINITE]
    assert fitted.fault.tolist() == [*expected, FitFault.NOT_FINITE, FitFault.NONE]
    assert np.isnan(fitted.value[:5]).all()
    assert np.isnan(fitted.error[:5]).all()
    assert fitted.value[5] == pytest.approx(whole, rel=1e-12)


def test_no_series_is_no_result():
    assert len(regress(np.empty((0, 0)), np.empty((0, 0)), FitSpec()).value) == 0


@given(st.integers(0, 2**32 - 1), st.sampled_from(POLYNOMIALS), st.integers(6, 40))
def test_a_mask_is_the_same_as_points_that_were_never_there(seed, fit, points):
    x, y = readings(seed, many=3, points=points)
    longer_x = np.concatenate([x, np.full((3, 5), np.nan)], axis=1)
    longer_y = np.concatenate([y, np.full((3, 5), np.inf)], axis=1)
    used = np.isfinite(longer_x)
    one, other = regress(x, y, FitSpec(fit)), regress(longer_x, longer_y, FitSpec(fit), used)
    np.testing.assert_allclose(other.value, one.value, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(other.error, one.error, rtol=1e-8)


def test_student_is_scipys():
    x, y = readings(points=6)
    sem, ci = (regress(x, y, FitSpec(Fit.LINEAR, kind)).error for kind in (ErrorType.SEM, ErrorType.CI))
    np.testing.assert_allclose(ci / sem, student.ppf(0.975, 4), rtol=1e-9)
