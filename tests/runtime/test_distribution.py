"""Numbers sorted into bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pychron.runtime.distribution import Distribution


@given(st.lists(st.floats(0, 100)))
def test_each_is_counted_once_below_the_first_bound_that_holds_it(values):
    found = Distribution((0.5, 1.0, 10.0))
    for value in values:
        found.add(value)
    assert found.count == len(values)
    below = [sum(value <= bound for value in values) for bound in found.bounds]
    assert [sum(found.counts[: n + 1]) for n in range(3)] == below
    assert found.total == sum(values)
