"""The decay correction against the differential equation of a reactor, integrated numerically."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from pychron.reduction.decay import days_since_start, decay_factors
from pychron.reduction.inputs import DAY_S, Chronology, Segment

LAMBDA_37, LAMBDA_39 = 0.01975, 7.068e-6


def chronology(*segments):
    return Chronology(tuple(Segment(power, start * DAY_S, end * DAY_S) for power, start, end in segments))


def left(segments, day, lam):
    """What is left per atom made, dN/dt = P - lambda N, segment by segment."""
    made, now, atoms = 0.0, segments[0][1], 0.0
    for power, start, end in segments:
        atoms *= np.exp(-lam * (start - now))
        found = solve_ivp(lambda _, n, p=power: p - lam * n, (start, end), [atoms], rtol=1e-11, atol=1e-13)
        atoms, now = found.y[0, -1], end
        made += power * (end - start)
    return atoms * np.exp(-lam * (day - now)) / made


@pytest.mark.parametrize("lam", [LAMBDA_37, LAMBDA_39, 0.3])
def test_the_factor_counted_from_the_end_undoes_what_the_equation_does(lam):
    segments = [(1.0, 0.0, 4.0), (0.5, 6.0, 7.5), (2.0, 30.0, 30.2)]
    factor = decay_factors(chronology(*segments), np.array([100.0 * DAY_S]), lam, from_end=True)[0]
    assert factor == pytest.approx(1 / left(segments, 100.0, lam), rel=1e-8)


@given(st.floats(0.01, 20), st.floats(1, 400))
def test_the_two_ways_of_counting_differ_by_the_decay_within_a_segment(hours, later):
    days = hours / 24
    one = chronology((1.0, 0.0, days))
    at = np.array([(days + later) * DAY_S])
    ratio = decay_factors(one, at, LAMBDA_37)[0] / decay_factors(one, at, LAMBDA_37, from_end=True)[0]
    assert ratio == pytest.approx(np.exp(LAMBDA_37 * days), rel=1e-9)


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ((), "no segment"),
        (((1.0, 2.0, 1.0),), "ends before it starts"),
        (((1.0, 0.0, 2.0), (1.0, 1.0, 3.0)), "before segment 1 has ended"),
        (((0.0, 0.0, 2.0),), "power"),
        (((1.0, float("nan"), 2.0),), "no start"),
    ],
)
def test_a_chronology_out_of_order_gives_no_factor_and_says_why(segments, reason):
    bad = chronology(*segments)
    assert reason in bad.problem()
    assert np.isnan(decay_factors(bad, np.array([10 * DAY_S]), LAMBDA_37)).all()


def test_an_analysis_before_the_end_of_irradiation_has_no_factor():
    factors = decay_factors(chronology((1.0, 0.0, 2.0)), np.array([1.0, 2.0, 3.0, np.nan]) * DAY_S, LAMBDA_37)
    assert np.isnan(factors).tolist() == [True, False, False, True]


def test_days_are_counted_from_the_start_of_the_first_segment():
    assert days_since_start(
        chronology((1.0, 5.0, 6.0), (1.0, 8.0, 9.0)), np.array([11 * DAY_S])
    ).tolist() == [6.0]
    assert np.isnan(days_since_start(chronology(), np.array([1.0]))).all()
