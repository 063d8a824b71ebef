"""Means, plateaus, lines and conversions against the papers' numbers and independent peers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from pychron.reduction.constants import NAMED
from pychron.reduction.conversion import ratio_to_monitor, with_kappa, with_monitor
from pychron.reduction.ideogram import POINTS, abscissae, kernel_density, probability_sum
from pychron.reduction.inputs import Measured
from pychron.reduction.isochron import inverse_isochron, normal_isochron, york
from pychron.reduction.outliers import Method, members
from pychron.reduction.plateau import PlateauRule, plateau
from pychron.reduction.weighted_mean import integrated, mswd_interval, weighted_mean

PEARSON_X = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
PEARSON_Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
YORK_WX = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
YORK_WY = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])


def test_pearsons_data_with_yorks_weights():
    """York (1966); the numbers stand in York et al. (2004), table II."""
    line = york(PEARSON_X, YORK_WX**-0.5, PEARSON_Y, YORK_WY**-0.5)
    assert line.slope == pytest.approx(-0.4805, abs=5e-5)
    assert line.intercept == pytest.approx(5.4799, abs=5e-5)
    assert line.mswd == pytest.approx(1.483, abs=5e-4)
    assert line.slope_error == pytest.approx(0.0580, abs=5e-5)
    assert line.intercept_error == pytest.approx(0.2950, abs=5e-5)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_errors_of_a_line_under_a_covariance_are_those_of_its_derivatives(seed):
    """Against finite differences of the fit itself, for any covariance of the points."""
    random = np.random.default_rng(seed)
    x, n = np.linspace(0.2, 2, 8), 8
    y = 3 - 1.2 * x + 0.05 * random.standard_normal(n)
    sx, sy, rho = random.uniform(0.01, 0.05, n), random.uniform(0.01, 0.05, n), random.uniform(-0.7, 0.7, n)
    root = random.standard_normal((2 * n, 2 * n)) * 0.01
    covariance = root @ root.T
    step = 1e-6
    slopes = np.empty((2, 2 * n))
    for one in range(2 * n):
        ends = []
        for sign in (1, -1):
            moved = np.concatenate([x, y])
            moved[one] += sign * step
            line = york(moved[:n], sx, moved[n:], sy, rho)
            ends.append([line.intercept, line.slope])
        slopes[:, one] = (np.array(ends[0]) - np.array(ends[1])) / (2 * step)
    expected = slopes @ covariance @ slopes.T
    line = york(x, sx, y, sy, rho, covariance)
    assert line.intercept_error == pytest.approx(math.sqrt(expected[0, 0]), rel=1e-4)
    assert line.slope_error == pytest.approx(math.sqrt(expected[1, 1]), rel=1e-4)
    assert line.covariance == pytest.approx(expected[0, 1], rel=1e-3, abs=1e-9)


def line_points(seed, n=12, slope=-0.02, intercept=1 / 298.0):
    random = np.random.default_rng(seed)
    x = random.uniform(0.005, 0.15, n)
    sx, sy = x * random.uniform(2e-3, 1e-2, n), np.full(n, intercept * 0.01) * random.uniform(0.5, 2, n)
    rho = random.uniform(-0.6, 0.9, n)
    one, two = random.standard_normal((2, n))
    return x + sx * one, sx, intercept + slope * x + sy * (rho * one + np.sqrt(1 - rho**2) * two), sy, rho


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_york_is_the_maximum_of_the_likelihood(seed):
    x, sx, y, sy, rho = line_points(seed)
    line = york(x, sx, y, sy, rho)

    def chi2(parameters):
        a, b = parameters[0] * 1e-3, parameters[1] * 1e-2
        return np.sum((y - a - b * x) ** 2 / (sy**2 + b**2 * sx**2 - 2 * b * rho * sx * sy))

    found = minimize(
        chi2, [3.3, -2.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}
    )
    assert line.intercept == pytest.approx(found.x[0] * 1e-3, rel=1e-6)
    assert line.slope == pytest.approx(found.x[1] * 1e-2, rel=1e-6)
    assert line.mswd * (line.n - 2) == pytest.approx(found.fun, rel=1e-8)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_exchanged_line_is_the_same_line(seed):
    x, sx, y, sy, rho = line_points(seed)
    one, other = york(x, sx, y, sy, rho), york(y, sy, x, sx, rho)
    assert other.slope == pytest.approx(1 / one.slope, rel=1e-8)
    assert other.mswd == pytest.approx(one.mswd, rel=1e-8)


def test_isochrons_name_the_right_intercepts():
    """The ordinate is the trapped ratio and the abscissa the age, not the other way round."""
    f, trapped = 5.0, 310.0
    share = np.linspace(0.05, 0.95, 8)
    x, y = share / f, (1 - share) / trapped
    found = inverse_isochron(x, x * 1e-3, y, y * 1e-3, 0.0 * x)
    assert found.trapped == pytest.approx(trapped, rel=1e-9)
    assert found.f == pytest.approx(f, rel=1e-9)
    normal = normal_isochron(x / y, x / y * 1e-3, 1 / y, 1e-3 / y, 0.9 + 0 * x)
    assert normal.trapped == pytest.approx(trapped, rel=1e-7)
    assert normal.f == pytest.approx(f, rel=1e-7)


@pytest.mark.parametrize(
    ("x", "why"),
    [([1.0, 2.0], "2 points"), ([1.0, 1.0, 1.0, 1.0], "one abscissa"), ([1.0, math.nan, 2.0], "2 points")],
)
def test_no_line(x, why):
    error = np.full(len(x), 0.1)
    assert why in york(x, error, np.arange(len(x)) + 1.0, error).why
    assert why in inverse_isochron(x, error, np.arange(len(x)) + 1.0, error, 0 * error).why


def test_a_rising_line_has_no_age():
    x = np.array([0.1, 0.2, 0.3, 0.4])
    found = inverse_isochron(x, x * 0.01, 0.001 + 0.01 * x, x * 1e-4, 0 * x)
    assert "positive side" in found.why
    assert math.isnan(found.f)


def test_a_weighted_mean_by_hand():
    mean = weighted_mean([10.0, 12.0, math.nan, 11.0, 9.0], [1.0, 2.0, 1.0, 0.0, 1.0])
    assert mean.n == 3
    assert mean.value == pytest.approx((10 + 12 / 4 + 9) / 2.25)
    assert mean.error == pytest.approx(1 / 1.5)
    off = np.array([10, 12, 9]) - mean.value
    assert mean.mswd == pytest.approx((off**2 @ [1, 0.25, 1]) / 2)
    assert mean.msem == pytest.approx(mean.error * max(1, mean.mswd**0.5))


def test_no_mean_says_why():
    assert "no value" in weighted_mean([1.0, math.nan], [0.0, 1.0]).why
    assert weighted_mean([3.0], [0.1]).value == 3.0
    assert not weighted_mean([3.0], [0.1]).is_one_population


def test_what_values_share_does_not_average_out():
    own, shared = 0.1, 0.5
    values, errors = np.full(100, 7.0), np.full(100, math.hypot(own, shared))
    covariance = np.full((100, 100), shared**2) + np.eye(100) * own**2
    assert weighted_mean(values, errors).error == pytest.approx(errors[0] / 10)
    assert weighted_mean(values, errors, covariance).error == pytest.approx(math.hypot(shared, own / 10))


def test_the_interval_of_an_mswd_is_that_of_its_scatter():
    random = np.random.default_rng(4)
    low, high = mswd_interval(9)
    drawn = random.standard_normal((20_000, 10))
    found = drawn.var(axis=1, ddof=1)
    assert np.mean((found >= low) & (found <= high)) == pytest.approx(0.95, abs=0.005)


def test_gas_together():
    total = integrated([10.0, 30.0], [2.0, 3.0], np.diag([0.1, 0.2, 0.01, 0.02]) ** 2)
    assert total.f == 8.0
    assert total.error == pytest.approx(math.sqrt(0.1**2 + 0.2**2 + 64 * (0.01**2 + 0.02**2)) / 5)
    assert "no 40Ar" in integrated([1.0, math.nan], [1.0, 1.0], np.eye(4)).why


AGES = [20.0, 28.0, 28.1, 27.9, 28.05, 35.0]
ERRORS = [0.2, 0.1, 0.1, 0.1, 0.1, 0.3]


@pytest.mark.parametrize("rule", list(PlateauRule))
def test_a_plateau(rule):
    found = plateau(AGES, ERRORS, [1, 3, 3, 3, 3, 1], rule=rule)
    assert found.exists
    assert found.steps == (1, 2, 3, 4)
    assert found.gas == pytest.approx(12 / 14)
    assert found.mean.value == pytest.approx(28.0125)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"k39": [9, 1, 1, 1, 1, 9]}, "4 steps agree, with less than 50%"),
        ({"k39": [1] * 6, "errors": [1e-3] * 6}, "no 3 contiguous steps agree"),
        ({"k39": [1] * 6, "errors": [0.1, 0.1, 0, 0, 0, 0]}, "2 steps with an age"),
        ({"k39": [1] * 6, "fixed": (0, 2)}, "the steps chosen do not agree"),
        ({"k39": [1] * 6, "fixed": (1, 2)}, "2 steps chosen"),
        ({"k39": [9, 1, 1, 1, 9, 9], "fixed": (1, 3)}, "hold 10%"),
        ({"k39": [0] * 6}, "6 steps with an age"),
    ],
)
def test_no_plateau_says_why(arguments, why):
    found = plateau(**{"ages": AGES, "errors": ERRORS, **arguments})
    assert not found.exists
    assert why in found.why


def test_omitted_steps_count_neither_in_the_run_nor_in_the_gas():
    found = plateau(AGES, ERRORS, [9, 3, 3, 3, 3, 9], omitted=[True, False, True, False, False, True])
    assert found.steps == (1, 3, 4)
    assert found.gas == 1.0


def test_of_two_runs_of_one_length_the_first_wins():
    found = plateau([10, 10, 10, 20, 20, 20], [0.1] * 6, [1] * 6)
    assert found.steps == (0, 1, 2)


def test_the_vector_of_the_conversion():
    """0.7965 +- 0.025 Ma, made with 28.201 Ma and Min's constants, told with those of Renne et al. (2011)."""
    r = ratio_to_monitor(Measured(0.7965, 0.025), 28.201, 5.463e-10)
    assert r.value == pytest.approx(0.0280327724, abs=5e-11)
    assert with_kappa(r, NAMED["renne-2011"]).error_with_constants == pytest.approx(0.0250856396, abs=5e-11)


def test_a_conversion_to_itself_changes_nothing_and_its_error_is_that_of_draws():
    constants = NAMED["min-2000"]
    lam = constants.lambda_total
    r = ratio_to_monitor(Measured(66.0, 0.05), 28.201, lam.value)
    back = with_monitor(r, Measured(28.201, 0.023), lam)
    assert back.age_ma == pytest.approx(66.0, rel=1e-12)
    assert back.error == pytest.approx(0.05, rel=1e-9)
    random = np.random.default_rng(1)
    drawn_r, drawn_tm, drawn_lam = random.standard_normal((3, 400_000))
    ages = np.log1p(
        (r.value + r.error * drawn_r)
        * np.expm1((lam.value + lam.error * drawn_lam) * (28.201 + 0.023 * drawn_tm) * 1e6)
    ) / ((lam.value + lam.error * drawn_lam) * 1e6)
    assert back.error_with_constants == pytest.approx(ages.std(), rel=5e-3)


def test_the_error_by_kappa_is_that_of_correlated_draws():
    constants = NAMED["renne-2011"]
    le, lb, kappa = constants.lambda_ec, constants.lambda_beta, constants.kappa
    k_le, k_lb, le_lb = constants.covariances
    r = Measured(2.3, 0.001)
    mean = [kappa.value, le.value, lb.value, r.value]
    covariance = np.diag([kappa.error, le.error, lb.error, r.error]) ** 2
    covariance[0, 1] = covariance[1, 0] = k_le
    covariance[0, 2] = covariance[2, 0] = k_lb
    covariance[1, 2] = covariance[2, 1] = le_lb
    # kappa and lambda_ec are so nearly one that rounding leaves the matrix a hair from positive.
    scale = np.sqrt(np.diag(covariance))
    sizes, turned = np.linalg.eigh(covariance / np.outer(scale, scale))
    root = scale[:, np.newaxis] * turned * np.sqrt(np.clip(sizes, 0, None))
    k, e, b, ratio = np.array(mean)[:, np.newaxis] + root @ np.random.default_rng(2).standard_normal(
        (4, 400_000)
    )
    ages = np.log1p((e + b) / e * k * ratio) / (e + b) / 1e6
    found = with_kappa(r, constants)
    assert found.age_ma == pytest.approx(ages.mean(), rel=1e-4)
    assert found.error_with_constants == pytest.approx(ages.std(), rel=5e-3)
    with pytest.raises(ValueError, match="min-2000"):
        with_kappa(r, NAMED["min-2000"])


def test_an_ideogram_has_the_area_one():
    values, errors = [10.0, 10.1, 20.0], [0.2, 0.2, 0.3]
    at = abscissae(values, errors)
    assert len(at) == POINTS, "no error is narrow here"
    density = probability_sum(values, errors, at)
    assert np.trapezoid(density, at) == pytest.approx(1, abs=1e-3)
    assert density[500] == pytest.approx(
        np.mean([norm.pdf(at[500], v, s) for v, s in zip(values, errors, strict=True)])
    )
    assert np.trapezoid(kernel_density(values, np.linspace(-100, 140, 8001)), dx=240 / 8000) == pytest.approx(
        1, abs=1e-3
    )
    assert np.isfinite(kernel_density([5.0, 5.0], np.linspace(4, 6, 101))).all()
    with pytest.raises(ValueError, match="no value"):
        abscissae([math.nan], [1.0])


def test_one_age_far_away_leaves_the_others_their_height():
    """Even points over 1,000 Ma are a million years apart: curves of 0.05 Ma fall between them."""
    values, errors = [28.1, 28.2, 1200.0], [0.05, 0.04, 0.5]
    at = abscissae(values, errors)
    density = probability_sum(values, errors, at)
    assert np.trapezoid(density, at) == pytest.approx(1, abs=5e-3)
    assert (np.diff(at) > 0).all()
    for value, error in zip(values, errors, strict=True):
        exact = np.mean([norm.pdf(value, v, s) for v, s in zip(values, errors, strict=True)])
        near = density[np.abs(at - value) < error].max()
        assert near >= exact * (1 - 1e-9)
    assert at[0] < 28.1 - 20
    assert at[-1] > 1200 + 20


@pytest.mark.parametrize("method", [Method.DEINO, Method.LOW_MSWD, Method.SCHAEN])
def test_a_stranger_is_found(method):
    random = np.random.default_rng(8)
    values = np.append(28 + 0.05 * norm.ppf((np.arange(12) + 0.5) / 12), [29.5, 33.0])
    errors = np.full(len(values), 0.05) * random.uniform(0.9, 1.1, len(values))
    group = members(values, errors, method)
    assert group.kept == tuple(range(12))
    assert group.mean.value == pytest.approx(28.0, abs=0.02)


def test_the_youngest_group():
    group = members([5.0, 5.1, 4.9, 7.0, 7.1, 7.0, 7.05, 7.02], [0.1] * 8, Method.YOUNGEST)
    assert group.kept == (0, 1, 2)


def test_no_group_says_why():
    for method in (Method.DEINO, Method.LOW_MSWD, Method.YOUNGEST, Method.SCHAEN):
        assert "no 3 values" in members([1.0, 5.0, 9.0, 14.0], [0.01] * 4, method).why
        assert "2 values" in members([1.0, 5.0], [0.01] * 2, method).why
    assert members([1.0, math.nan], [0.1, 0.1], Method.NONE).kept == (0,)
