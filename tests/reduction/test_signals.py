"""Dead time, discrimination and neighbouring masses."""

from __future__ import annotations

import numpy as np
import pytest

from pychron.reduction.signals import (
    MASSES,
    Discrimination,
    dead_time_corrected,
    discrimination_factors,
    find_dead_time,
    without_neighbours,
)


@pytest.mark.parametrize("law", list(Discrimination))
def test_a_factor_is_one_for_40_and_its_derivative_that_of_the_law(law):
    d = np.array([1.002, 0.998]) if law is Discrimination.POWER else np.array([0.002, -0.003])
    factors, slopes = discrimination_factors(law, d)
    assert factors[0].tolist() == [1.0, 1.0]
    step = 1e-6
    numeric = (discrimination_factors(law, d + step)[0] - discrimination_factors(law, d - step)[0]) / (
        2 * step
    )
    np.testing.assert_allclose(slopes, numeric, rtol=1e-6, atol=1e-9)


def test_the_laws_agree_for_a_small_discrimination():
    d = np.array([1e-5])
    linear = discrimination_factors(Discrimination.LINEAR, d)[0]
    power = discrimination_factors(Discrimination.POWER, 1 + d)[0]
    exponential = discrimination_factors(Discrimination.EXPONENTIAL, -d * MASSES[0])[0]
    np.testing.assert_allclose(power, linear, rtol=1e-8)
    np.testing.assert_allclose(exponential, linear, rtol=1e-5)


def test_dead_time_comes_back_from_counts_that_lost_it():
    tau = 18e-9
    true36 = np.linspace(200, 4000, 12)
    true40 = true36 * 298.0

    def counted(rates):
        return rates / (1 + rates * tau)

    np.testing.assert_allclose(dead_time_corrected(counted(true40), tau), true40, rtol=1e-12)
    errors40, errors36 = np.sqrt(true40), np.sqrt(true36)
    found, scatter = find_dead_time(
        counted(true40), errors40, counted(true36), errors36, np.linspace(0, 40e-9, 41)
    )
    assert found == pytest.approx(tau, abs=0.1e-9)
    assert scatter < 1e-3


def test_a_saturated_counter_and_too_few_shots_give_no_number():
    assert np.isnan(dead_time_corrected(np.array([1e9]), 2e-9)).all()
    one = np.array([1.0])
    assert np.isnan(find_dead_time(one, one, one, one, np.linspace(0, 1e-8, 9))).all()


def test_each_neighbour_counts_once():
    signals = [100.0, 10.0, 20.0, 30.0, 40.0]
    corrected = without_neighbours(signals, 0.01)
    np.testing.assert_allclose(corrected, [99.9, 8.8, 19.6, 29.4, 39.7])
