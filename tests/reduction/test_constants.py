"""The named sets, and numbers of the papers that they come from."""

from __future__ import annotations

import math

import pytest

from pychron.reduction.constants import DEFAULT, MONITORS, NAMED
from pychron.reduction.inputs import Measured


@pytest.mark.parametrize(
    ("name", "total", "error"),
    [
        ("steiger-jaeger-1977", 5.543e-10, 9.4366e-13),
        ("min-2000", 5.463e-10, 9.998499887483122e-12),
        ("renne-2010", 5.5492e-10, 9.4366e-13),
        ("renne-2011", 5.5305e-10, 1.3238e-12),
    ],
)
def test_the_total_constant_and_its_error(name, total, error):
    found = NAMED[name].lambda_total
    assert found.value == pytest.approx(total, rel=1e-12)
    assert found.error == pytest.approx(error, rel=1e-4)


def test_beta_decay_is_the_larger_part_and_has_the_larger_error():
    """Min et al. (2000) were once copied with the two errors exchanged."""
    for one in NAMED.values():
        assert one.lambda_beta.value > 5 * one.lambda_ec.value
        assert one.lambda_beta.error > 5 * one.lambda_ec.error


def test_air():
    assert NAMED[DEFAULT].atm3836 == pytest.approx(0.18762, abs=1e-5)
    assert NAMED["renne-2011"].atm3836 == pytest.approx(0.1885)


def test_a_monitor_names_a_set_and_a_source():
    for monitor in MONITORS.values():
        assert monitor.constants in NAMED
        assert monitor.source


def test_a_relative_error():
    assert Measured(-2.0, 0.1).relative == pytest.approx(0.05)
    assert Measured(0.0, 0.1).relative == math.inf
    assert Measured(0.0).relative == 0
