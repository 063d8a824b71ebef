"""Each rule flags what it is for, says number and limit, and is silent where its limit is zero."""

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Report
from pychron.config.yaml_file import parse_yaml
from pychron.pipeline.fitting.review import FitQuality, Rules, review, rules_of
from pychron.pipeline.templates.template_file import template_of

GOOD = FitQuality("Ar40", "H1", 100.0, 0.1, 60, 59, 0.01, 0.0, 0.9, 200.0, 0.05, 1.0, tuple(range(95, 101)))
OFF = Rules(
    intercept_error_pct=0, signal_to_baseline=0, signal_to_blank=0, slope_pct=0, outliers_pct=0,
    curvature_pct=0, adjusted_r2=0,
)  # fmt: skip


def codes(fit, rules):
    return [flag.code for flag in review([fit], rules)]


def test_a_good_fit_is_not_flagged():
    assert codes(GOOD, Rules()) == []


@pytest.mark.parametrize(
    ("change", "limit", "code"),
    [
        ({"error": 11.0}, {"intercept_error_pct": 10}, "intercept_error"),
        ({"baseline": 30.0}, {"signal_to_baseline": 5}, "signal_to_baseline"),
        ({"blank": 60.0}, {"signal_to_blank": 2}, "signal_to_blank"),
        ({"slope": -0.1}, {"slope_pct": 15}, "slope"),
        ({"fn": 50}, {"outliers_pct": 10}, "outliers"),
        ({"curvature": 1e-3}, {"curvature_pct": 30}, "curvature"),
        ({"r2_adjusted": 0.2}, {"adjusted_r2": 0.5}, "adjusted_r2"),
    ],
)
def test_a_rule_flags_what_it_is_for_and_nothing_where_it_is_off(change, limit, code):
    fit = dataclasses.replace(GOOD, **change)
    assert codes(fit, dataclasses.replace(OFF, **limit)) == [code]
    assert codes(GOOD, dataclasses.replace(OFF, **limit)) == []
    assert codes(fit, OFF) == []


def test_a_detector_over_its_full_scale_has_no_signal():
    fit = dataclasses.replace(GOOD, readings=(90.0, 101.0, 95.0))
    (flag,) = review([fit], Rules(full_scales={"H1": 100.0}, full_scale=1e9))
    assert (flag.code, flag.subject, flag.fatal) == ("saturated", "H1", True)
    assert "101 fA reaches the full scale of 100 fA" in flag.text
    assert codes(fit, Rules(full_scales={"L2": 100.0})) == []
    assert codes(fit, Rules(full_scale=100.0)) == ["saturated"]


def test_readings_that_stick_at_their_top_are_told():
    fit = dataclasses.replace(GOOD, readings=(90.0, 99.5, 99.5, 99.5, 98.0))
    assert codes(fit, Rules()) == ["clipped"]
    assert codes(dataclasses.replace(GOOD, readings=(99.5, 90.0, 99.5, 91.0, 99.5)), Rules()) == []


def test_what_has_no_number_is_fatal_and_zero_errors_are_told():
    assert review([dataclasses.replace(GOOD, value=math.nan)], OFF)[0].fatal
    assert codes(dataclasses.replace(GOOD, error=0.0), OFF) == ["zero_error"]


def test_an_isotope_that_nobody_asked_about_is_only_looked_at_for_saturation():
    fit = dataclasses.replace(GOOD, isotope="Ar41", error=90.0)
    assert codes(fit, Rules()) == []
    assert codes(fit, Rules(full_scale=50.0)) == ["saturated"]


def test_limits_come_from_the_template():
    text = "nodes: [{klass: ReviewNode, policy: stop, slope_pct: 3, full_scales: [{detector: H1, full_scale: 1e5}]}]"
    template = template_of(parse_yaml(text, Path("t"), Report()), Path("t"), Report())
    rules = rules_of(template.nodes[0])
    assert (rules.policy, rules.slope_pct, rules.full_scales) == ("stop", 3.0, {"H1": 1e5})
    assert rules.intercept_error_pct == Rules().intercept_error_pct


@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.integers(0, 50), st.floats(-1e9, 1e9))
def test_no_number_makes_it_fail(value, error, fn, blank):
    fit = dataclasses.replace(GOOD, value=value, error=error, fn=fn, blank=blank, readings=(value, error))
    for flag in review([fit], Rules(full_scale=1e3)):
        assert flag.text
