"""The vectorised reduction equals the scalar one on `uncertainties`, and says why an analysis has no age."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uncertainties import covariance_matrix

from pychron.reduction.batch import FLAG_TEXTS, Flag, reasons
from pychron.reduction.constants import NAMED
from pychron.reduction.inputs import Measured
from pychron.reduction.options import Cosmogenic, Options
from pychron.reduction.quantities import QUANTITIES
from pychron.reduction.reduce import reduce
from pychron.reduction.signals import Discrimination
from tests.reduction.batches import a_batch
from tests.reduction.by_uncertainties import Oracle

RELATIVE = 1e-9
OPTIONS = {
    "default": Options(),
    "trapped": Options(trapped4036=Measured(310.0, 4.0)),
    "fixed K/Ca": Options(fixed_kca=Measured(5.0)),
    "clamped": Options(clamp_ca37=True),
    "cosmogenic": Options(cosmogenic=Cosmogenic(Measured(1.5, 0.1))),
    "cosmogenic, trapped": Options(trapped4036=Measured(1.0, 0.1), cosmogenic=Cosmogenic()),
}


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=0)


@given(
    seed=st.integers(0, 2**32 - 1),
    options=st.sampled_from(sorted(OPTIONS)),
    constants=st.sampled_from(sorted(NAMED)),
    shared=st.booleans(),
    everything=st.booleans(),
    law=st.sampled_from(list(Discrimination)),
)
@settings(max_examples=60, deadline=None)
def test_values_errors_and_covariances_equal_those_of_uncertainties(
    seed, options, constants, shared, everything, law
):
    batch = a_batch(seed, shared=shared, everything=everything, law=law)
    if options == "clamped":
        batch.intercepts.value[3, 0] = -0.2
    ours = reduce(batch, NAMED[constants], OPTIONS[options])
    oracle = Oracle(batch, NAMED[constants], OPTIONS[options])
    theirs = [oracle.analysis(row) for row in range(len(batch))]
    close(ours.f, [one.f.n for one in theirs])
    close(ours.f_error, [one.f.s for one in theirs])
    close(ours.age_ma, [one.age.n for one in theirs])
    close(ours.age_err_wo_j, [one.age_wo_j.s for one in theirs])
    close(ours.age_err, [one.age.s for one in theirs])
    close(ours.age_err_with_lambda, [one.age_with_lambda.s for one in theirs])
    for name in sorted(set(QUANTITIES) - {"ca37"}):
        if name == "kca" and options in ("clamped", "fixed K/Ca"):
            continue
        close(ours.value(name), [getattr(one, name).n for one in theirs])
        np.testing.assert_allclose(ours.error(name), [getattr(one, name).s for one in theirs], rtol=1e-8)
    rows = np.arange(len(batch))
    for name, attribute in (("f", "f"), ("age", "age"), ("x", "x")):
        ours_matrix = ours.covariance(rows, name)
        matrix = np.array(covariance_matrix([getattr(one, attribute) for one in theirs]))
        scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
        np.testing.assert_allclose(ours_matrix / scale, matrix / scale, atol=RELATIVE)
    crossed = ours.covariance(rows, "x", "y")
    both = np.array(covariance_matrix([one.x for one in theirs] + [one.y for one in theirs]))
    scale = np.sqrt(np.outer(np.diag(both)[: len(rows)], np.diag(both)[len(rows) :]))
    np.testing.assert_allclose(crossed / scale, both[: len(rows), len(rows) :] / scale, atol=RELATIVE)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_components_of_an_error_add_up_to_it(seed, shared):
    ours = reduce(a_batch(seed, shared=shared), NAMED["min-2000"])
    close(sum(ours.components().values()), ours.age_err_with_lambda**2)
    close(sum(ours.components("f").values()), ours.f_error**2)


def test_an_error_of_lambda_that_made_j_too_nearly_cancels():
    batch = a_batch(1)
    apart = reduce(batch, NAMED["min-2000"])
    together = reduce(batch, NAMED["min-2000"], Options(monitor_age_ma=28.201))
    assert (np.abs(together.by_lambda) < np.abs(apart.by_lambda) / 3).all()
    step = 1e-4 * apart.lambda_k.value
    years = 28.201e6
    for sign in (1, -1):
        lam = apart.lambda_k.value + sign * step
        j = batch.j.value * np.expm1(lam * years) / np.expm1(apart.lambda_k.value * years)
        moved = np.log1p(j * apart.f) / lam / 1e6 - apart.age_ma
        np.testing.assert_allclose(moved, together.by_lambda * sign * step, rtol=2e-2, atol=1e-9)


def test_one_production_for_all_is_the_same_as_one_each():
    batch = a_batch(5)
    batch.production = np.zeros(len(batch), np.int64)
    many = reduce(batch, NAMED["min-2000"])
    alone = reduce(replace(batch, productions=batch.productions[:1]), NAMED["min-2000"])
    close(alone.age_err, many.age_err)


def flagged(change, **options):
    batch = a_batch(3, many=5, everything=False)
    whole = reduce(batch, NAMED["min-2000"]).age_ma
    change(batch)
    reduced = reduce(batch, NAMED["min-2000"], Options(**options))
    close(reduced.age_ma[1:], whole[1:])
    assert not reduced.flags[1:].any()
    return reduced.flags[0]


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        (Flag.SIGNAL_MISSING, lambda b: b.intercepts.value.__setitem__((0, 0), np.nan)),
        (Flag.SIGNAL_MISSING, lambda b: b.baselines.error.__setitem__((2, 0), np.inf)),
        (Flag.SIGNAL_NEGATIVE, lambda b: b.intercepts.value.__setitem__((1, 0), -5.0)),
        (Flag.SIGNAL_NEGATIVE, lambda b: b.intercepts.value.__setitem__((4, 0), -5.0)),
        (Flag.ERROR_ZERO, lambda b: b.intercepts.error.__setitem__((3, 0), 0.0)),
        (Flag.NO_DECAY, lambda b: b.decay37.__setitem__(0, np.nan)),
    ],
)
def test_what_is_wrong_with_one_analysis_is_said_and_the_rest_goes_on(flag, change):
    assert flagged(change) & flag


BROKEN = {
    "whole": lambda b: None,
    "no argon at all": lambda b: [
        one.value.fill(0.0) for one in (b.intercepts, b.baselines, b.blanks, b.backgrounds)
    ],
    "not a number": lambda b: b.intercepts.value.__setitem__((3, slice(None)), np.nan),
    "endless": lambda b: b.intercepts.value.__setitem__((0, slice(None)), np.inf),
    "no J": lambda b: b.j.value.__setitem__(slice(None), np.nan),
    "no error": lambda b: b.intercepts.error.__setitem__((2, slice(None)), 0.0),
    "an error that is none": lambda b: b.intercepts.error.__setitem__((2, slice(None)), np.nan),
    "no decay": lambda b: b.decay37.__setitem__(slice(None), np.nan),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("what", BROKEN)
def test_an_analysis_alone_has_the_numbers_that_it_has_among_others(what, option):
    """One is worked out on numbers, many on arrays, and Python's numbers refuse to be divided by zero."""
    batch = a_batch(7, many=2, shared=False)
    batch.productions, batch.production = batch.productions[:1], 0
    BROKEN[what](batch)
    among = reduce(batch, NAMED["min-2000"], OPTIONS[option])
    alone = reduce(first_of(batch), NAMED["min-2000"], OPTIONS[option])
    for name in ("f", "f_error", "age_ma", "age_err_wo_j", "age_err", "age_err_with_lambda", "by_f", "flags"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(among, name)[:1], err_msg=name)
    for name in QUANTITIES:
        np.testing.assert_allclose(alone.value(name), among.value(name)[:1], rtol=1e-13, err_msg=name)
        np.testing.assert_allclose(alone.error(name), among.error(name)[:1], rtol=1e-13, err_msg=name)


def first_of(batch):
    """The first analysis of `batch`."""

    def cut(one):
        if hasattr(one, "value"):
            return type(one)(one.value[..., :1], one.error[..., :1])
        return one[:1] if isinstance(one, np.ndarray) else one

    names = (
        "intercepts", "baselines", "blanks", "backgrounds", "ic_factors", "discrimination", "decay39", "decay37", "days",
        "j", "sensitivity", "abundance_sensitivity",
    )  # fmt: skip
    return replace(batch, **{name: cut(getattr(batch, name)) for name in names})


@pytest.mark.parametrize("j", [0.0, np.nan, -1e-3])
def test_without_j_there_is_f_and_no_age(j):
    batch = a_batch(3, shared=False)
    batch.j.value[0] = j
    reduced = reduce(batch, NAMED["min-2000"])
    assert reduced.flags[0] == Flag.NO_J
    assert np.isfinite(reduced.f).all()
    batch.j = None
    assert (reduce(batch, NAMED["min-2000"]).flags == Flag.NO_J).all()


def test_a_36_below_zero_within_its_noise_is_no_fault():
    def change(batch):
        batch.blanks.value[4, 0] = batch.intercepts.value[4, 0] - batch.baselines.value[4, 0]
        batch.intercepts.value[4, 0] -= batch.intercepts.error[4, 0]

    batch = a_batch(3, shared=False, everything=False)
    change(batch)
    assert not reduce(batch, NAMED["min-2000"]).flags.any()


def test_every_flag_has_its_sentence():
    assert set(FLAG_TEXTS) == set(Flag)
    assert reasons(Flag.NO_J | Flag.FIT) == [FLAG_TEXTS[Flag.NO_J], FLAG_TEXTS[Flag.FIT]]


def test_the_propagated_error_covers_68_percent_of_draws():
    """20,000 draws of every input within its error: 68 % of the ages lie within one sigma of the true one."""
    draws = 20_000
    true = a_batch(11, many=1, shared=False, everything=False)
    drawn = a_batch(11, many=draws, shared=False, everything=False)
    random = np.random.default_rng(2)
    for name in ("intercepts", "baselines", "blanks", "ic_factors", "j"):
        one, many = getattr(true, name), getattr(drawn, name)
        many.value = one.value + random.standard_normal(many.value.shape) * one.error
        many.error = np.broadcast_to(one.error, many.value.shape).copy()
    for name in ("decay39", "decay37", "days", "sensitivity"):
        setattr(drawn, name, np.broadcast_to(getattr(true, name), draws))
    # Productions and air are one variable of all draws: their errors belong to no scatter.
    base = true.productions[0]
    ratios = {column.name: getattr(base, column.name) for column in fields(base) if column.name != "name"}
    exact = replace(base, **{name: Measured(one.value) for name, one in ratios.items()})
    for batch in (true, drawn):
        batch.productions, batch.production = (exact,), 0
    air = {name: Measured(getattr(NAMED["min-2000"], name).value) for name in ("atm4036", "atm4038")}
    constants = replace(NAMED["min-2000"], **air)
    right = reduce(true, constants).age_ma[0]
    reduced = reduce(drawn, constants)
    within = np.abs(reduced.age_ma - right) <= reduced.age_err
    assert 0.675 < within.mean() < 0.691
    assert reduced.age_ma.std() == pytest.approx(reduced.age_err.mean(), rel=0.02)
