"""Models of J over a holder."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pychron.reduction.flux import FluxError, FluxModel, FluxOptions, predict

ANGLES = np.arange(8) * 2 * np.pi / 8
RADIUS = np.array([10.0] * 8 + [4.0] * 8)
X, Y = RADIUS * np.cos(np.tile(ANGLES, 2)), RADIUS * np.sin(np.tile(ANGLES, 2))
AT_X, AT_Y = np.array([0.0, 5.0, -3.0, 10.0]), np.array([0.0, 5.0, 2.0, 0.0])


def monitors(seed=0, bend=0.0):
    random = np.random.default_rng(seed)
    s = random.uniform(5e-7, 2e-6, len(X))
    j = 1e-3 + 1e-6 * X - 2e-6 * Y + bend * (X**2 - 0.5 * Y**2)
    return j + s * random.standard_normal(len(X)), s


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("model", [FluxModel.PLANE, FluxModel.BOWL])
def test_a_surface_is_the_least_squares_of_statsmodels(model, weighted):
    j, s = monitors(bend=1e-7)

    def design(x, y):
        columns = [x, y, np.ones_like(x)]
        return np.stack(([x**2, y**2] if model is FluxModel.BOWL else []) + columns, axis=1)

    fitted = sm.WLS(j, design(X, Y), weights=s**-2.0 if weighted else 1.0).fit()
    rows = design(AT_X, AT_Y)
    found = predict(X, Y, j, s, AT_X, AT_Y, FluxOptions(model, FluxError.SEM, weighted))
    np.testing.assert_allclose(found.j, rows @ fitted.params, rtol=1e-10)
    scale = 1.0 if weighted else fitted.scale
    expected = np.sqrt(np.einsum("ij,jk,ik->i", rows, fitted.normalized_cov_params, rows) * scale)
    np.testing.assert_allclose(found.error, expected, rtol=1e-8)
    if weighted:
        assert found.mswd == pytest.approx(fitted.scale, rel=1e-8)


def test_the_errors_of_a_surface():
    j, s = monitors(bend=3e-8)
    errors = {kind: predict(X, Y, j, s, AT_X, AT_Y, FluxOptions(error=kind)) for kind in FluxError}
    mswd = errors[FluxError.SEM].mswd
    assert mswd > 1
    np.testing.assert_allclose(errors[FluxError.MSEM].error, errors[FluxError.SEM].error * mswd**0.5)
    assert (errors[FluxError.SD].error > errors[FluxError.SEM].error).all()
    np.testing.assert_allclose(errors[FluxError.MONTE_CARLO].error, errors[FluxError.SEM].error, rtol=0.03)


def test_a_weighted_mean_is_one_j_for_all():
    j, s = monitors()
    found = predict(X, Y, j, s, AT_X, AT_Y, FluxOptions(FluxModel.WEIGHTED_MEAN, FluxError.SEM))
    np.testing.assert_allclose(found.j, np.average(j, weights=s**-2.0))
    np.testing.assert_allclose(found.error, (s**-2.0).sum() ** -0.5)


def test_neighbours_brackets_and_matches():
    j, s = monitors()
    nearest = predict(X, Y, j, s, [9.0], [0.1], FluxOptions(FluxModel.NEAREST, FluxError.SEM, neighbours=2))
    two = [0, 8]
    np.testing.assert_allclose(nearest.j, np.average(j[two], weights=s[two] ** -2.0))
    between = predict(
        X,
        Y,
        j,
        s,
        [10 * np.cos(np.pi / 16)],
        [10 * np.sin(np.pi / 16)],
        FluxOptions(FluxModel.BRACKETING, FluxError.SEM),
    )
    np.testing.assert_allclose(between.j, 0.75 * j[0] + 0.25 * j[1])
    np.testing.assert_allclose(between.error, np.hypot(0.75 * s[0], 0.25 * s[1]))
    matching = predict(X, Y, j, s, [X[3], 0.0], [Y[3], 0.0], FluxOptions(FluxModel.MATCHING, FluxError.SEM))
    assert matching.j[0] == pytest.approx(j[3])
    assert np.isnan(matching.j[1])


@pytest.mark.parametrize(
    ("x", "y", "model", "why"),
    [
        ([0.0, 1.0], [0.0, 1.0], FluxModel.PLANE, "2 monitors"),
        ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0], FluxModel.PLANE, "do not determine"),
        # On one ring x² + y² is a constant.
        (X[:8], Y[:8], FluxModel.BOWL, "do not determine"),
        ([], [], FluxModel.WEIGHTED_MEAN, "0 monitors"),
    ],
)
def test_too_few_monitors_or_all_on_a_line(x, y, model, why):
    found = predict(x, y, [1e-3] * len(x), [1e-6] * len(x), AT_X, AT_Y, FluxOptions(model))
    assert why in found.why
    assert np.isnan(found.j).all()


def test_a_monitor_without_j_is_left_out():
    j, s = monitors()
    whole = predict(X[1:], Y[1:], j[1:], s[1:], AT_X, AT_Y, FluxOptions())
    j[0] = np.nan
    np.testing.assert_array_equal(predict(X, Y, j, s, AT_X, AT_Y, FluxOptions()).j, whole.j)
