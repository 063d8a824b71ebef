"""Radial plots, against their definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.reduction.radial import radial

AGES = st.lists(
    st.tuples(st.floats(0.1, 4000), st.floats(1e-4, 0.2)).map(lambda p: (p[0], p[0] * p[1])),
    min_size=1,
    max_size=20,
)


@given(AGES, st.booleans())
def test_each_age_lies_on_the_ray_that_points_to_it(pairs, logarithmic):
    ages, errors = zip(*pairs, strict=True)
    found = radial(ages, errors, logarithmic=logarithmic)
    slopes = found.slope(np.array(ages))
    assert found.y == pytest.approx(slopes * found.x, rel=1e-9, abs=1e-6)
    sigma = [s / t if logarithmic else s for t, s in pairs]
    assert found.x == pytest.approx([1 / s for s in sigma])
    z = [math.log(t) if logarithmic else t for t, _ in pairs]
    weights = [s**-2 for s in sigma]
    assert found.z0 == pytest.approx(sum(w * one for w, one in zip(weights, z, strict=True)) / sum(weights))
    assert min(ages) * (1 - 1e-9) <= found.centre_ma <= max(ages) * (1 + 1e-9)


def test_what_has_no_place_on_it_is_left_out():
    found = radial([10, -1, math.nan, 12, 11], [1, 1, 1, 0, 2])
    assert found.x == pytest.approx([10.0, 5.5])
    assert len(radial([-1.0], [0.5], logarithmic=False).x) == 1
    assert math.isnan(radial([], []).z0)
