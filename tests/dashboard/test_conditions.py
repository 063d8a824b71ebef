"""Conditions: when they trip and when they are over, by example and by invariant."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Place
from pychron.dashboard.conditions import Standing, Verdict, judge
from pychron.dashboard.events import Level
from pychron.dashboard.specs import ConditionSpec, OnMissing
from pychron.expressions.language import parse


def condition(
    test: str = "x > 30",
    clear: str = "",
    nfail: int = 1,
    nclear: int = 1,
    on_missing: OnMissing = OnMissing.TRIP,
) -> ConditionSpec:
    return ConditionSpec(
        f"Env.temperature.{test}",
        Level.WARNING,
        parse(test),
        parse(clear) if clear else None,
        nfail,
        nclear,
        on_missing,
        "",
        "",
        (),
        Place("dashboard.yaml", 1),
    )


def verdicts(spec: ConditionSpec, readings: list[float | None]) -> str:
    """T, C or a dot for each reading."""
    standing = Standing(spec)
    signs = {Verdict.TRIPPED: "T", Verdict.CLEARED: "C", Verdict.NOTHING: "."}
    return "".join(signs[judge(standing, reading, {}, "no answer")] for reading in readings)


@pytest.mark.parametrize(
    ("spec", "readings", "expected"),
    [
        (condition(), [29, 31, 32, 30, 31], ".T.CT"),
        (condition(nfail=3), [31, 31, 29, 31, 31, 31, 31, 29], ".....T.C"),
        (condition(clear="x < 28"), [31, 29, 28, 27.9, 29, 31], "T..C.T"),
        (condition(nclear=2), [31, 29, 31, 29, 29], "T...C"),
        (condition(), [None, None, 29], "T.C"),
        (condition(nfail=2), [None, 29, None, None, None, 29], "...T.C"),
        (condition(nfail=2), [None, 31, 31, 29], ".T.C"),
        (condition(on_missing=OnMissing.IGNORE), [None, 31, None, 29, None], ".T.C."),
        (condition(nfail=2, on_missing=OnMissing.IGNORE), [31, None, 31, 31], "...T"),
        # A value that is back between the two limits was never too high: it is over.
        (condition(clear="x < 28"), [None, 29], "TC"),
        # But one that is back too high has to come below the lower one.
        (condition(clear="x < 28"), [None, 31, 29, 27], "T..C"),
        (condition("x < 5 or x > 90"), [50, 91, 4, 50], ".T.C"),
        (condition("x * 2 - 1 >= +3"), [1.9, 2.0], ".T"),
    ],
)
def test_by_example(spec: ConditionSpec, readings: list[float | None], expected: str) -> None:
    assert verdicts(spec, readings) == expected


def test_a_value_of_three_periods_trips_at_once() -> None:
    standing = Standing(condition(nfail=50))
    assert judge(standing, None, {}, "no reading for 3 s", old=True) is Verdict.TRIPPED
    assert (standing.missing, standing.why) == (True, "no reading for 3 s")
    assert judge(standing, None, {}, "no reading for 3 s", old=True) is Verdict.NOTHING


def test_ignored_values_never_trip_by_their_age() -> None:
    standing = Standing(condition(on_missing=OnMissing.IGNORE))
    assert judge(standing, None, {}, "old", old=True) is Verdict.NOTHING


def test_another_value_that_is_missing_is_a_missing_value() -> None:
    standing = Standing(condition("x > Pump.speed / 2"))
    assert judge(standing, 5.0, {"Pump.speed": 20.0}) is Verdict.NOTHING
    assert judge(standing, 5.0, {}) is Verdict.TRIPPED
    assert standing.why == "Pump.speed has no present value"


def test_a_clear_test_that_cannot_be_answered_is_no_all_clear() -> None:
    standing = Standing(condition(clear="Pump.speed > 1"))
    assert judge(standing, 31.0, {}) is Verdict.TRIPPED
    assert judge(standing, 20.0, {}) is Verdict.NOTHING
    assert judge(standing, 20.0, {"Pump.speed": 2.0}) is Verdict.CLEARED


NUMBERS = st.one_of(st.none(), st.floats(-100, 100))


@given(
    st.lists(NUMBERS, max_size=40),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(OnMissing),
    st.booleans(),
)
def test_it_trips_and_clears_in_turn_and_never_early(
    readings: list[float | None], nfail: int, nclear: int, on_missing: OnMissing, hysteresis: bool
) -> None:
    spec = condition("x > 30", "x < 20" if hysteresis else "", nfail, nclear, on_missing)
    said = verdicts(spec, readings)
    turns = said.replace(".", "")
    assert turns == ("TC" * len(turns))[: len(turns)]

    def fails(reading: float | None) -> bool:
        return on_missing is OnMissing.TRIP if reading is None else reading > 30

    for at, sign in enumerate(said):
        window = readings[max(0, at - nfail + 1) : at + 1]
        if sign == "T":
            assert len(window) == nfail and all(fails(r) for r in window)
        if sign == "C":
            good = readings[max(0, at - nclear + 1) : at + 1]
            assert len(good) == nclear and all(r is not None and r <= 30 for r in good)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.integers(1, 4))
def test_so_many_failing_readings_in_a_row_do_trip(readings: list[float], nfail: int) -> None:
    said = verdicts(condition(nfail=nfail), readings)
    run = 0
    for before, reading in pairwise([0.0, *readings]):
        run = run + 1 if reading > 30 else 0
        del before
    if run >= nfail:
        assert "T" in said
        assert said.rindex("T") > (said.rindex("C") if "C" in said else -1)
