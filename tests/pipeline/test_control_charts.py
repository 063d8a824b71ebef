"""Limits of control charts against the textbook and against statistics of their own."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.pipeline.control_charts import LEAST, control_chart, judge
from pychron.pipeline.events import Verdict

# Montgomery, Introduction to Statistical Quality Control, example 6.5: mortgage loan costs; mean 300.5, mean moving range 7.79.
LOANS = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304]


def chart(values, baseline=0):
    rows = [(float(n), float(v), 0.1, f"b-{n}") for n, v in enumerate(values)]
    return control_chart("blank_unknown Ar40", "fA", rows, baseline)


def test_the_textbooks_limits():
    made = chart(LOANS)
    assert made.centre == pytest.approx(300.5, abs=0.05)
    low, high = made.limits(3)
    assert (low, high) == (pytest.approx(279.78, abs=0.1), pytest.approx(321.22, abs=0.1))
    assert {p.verdict for p in made.points} == {Verdict.INSIDE}


def test_a_wild_point_is_outside_and_does_not_hide_itself():
    made = chart([*LOANS, 400])
    assert [p.record_id for p in made.points if p.verdict is Verdict.OUTSIDE] == ["b-20"]


def test_limits_of_a_good_time_judge_what_comes_later():
    made = chart([*LOANS, *(v + 40 for v in LOANS)], baseline=len(LOANS))
    assert made.n_limits == len(LOANS)
    assert all(p.verdict is not Verdict.INSIDE for p in made.points[len(LOANS) :])


def test_few_points_have_no_limits():
    made = chart(LOANS[: LEAST - 1])
    assert (made.centre, made.sigma, made.limits(3)) == (None, None, None)
    assert judge(1e9, None, None) is Verdict.INSIDE


def test_what_is_no_number_is_left_out():
    made = control_chart("x", "", [(1.0, math.nan, 0.1, "a"), (0.0, 1.0, 0.1, "b")])
    assert [p.record_id for p in made.points] == ["b"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=LEAST, max_size=40), st.randoms(use_true_random=False))
def test_the_order_in_which_points_come_does_not_matter(values, rng: random.Random):
    rows = [(float(n), v, 1.0, str(n)) for n, v in enumerate(values)]
    mixed = rows[:]
    rng.shuffle(mixed)
    assert control_chart("x", "", mixed) == control_chart("x", "", rows)
