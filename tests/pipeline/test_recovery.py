"""Step-heating experiments with known age, excess argon and noise: plateau and isochron find what was put in, as often as their errors say.

The gas is made here, backwards from the equations, and every input that a laboratory has is drawn within its error: signals, baselines,
and, once for all steps, blanks, IC factors, productions, air and J.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from pychron.pipeline.ages.group_ages import isochron_age, plateau_age
from pychron.pipeline.batch import Row
from pychron.reduction.batch import Batch, Inputs, Scalars
from pychron.reduction.constants import NAMED
from pychron.reduction.inputs import Measured, Productions
from pychron.reduction.plateau import PlateauRule
from pychron.reduction.reduce import reduce
from tests.reduction.batches import productions

TRIALS = 500
AGE_MA = 28.2
CONSTANTS = NAMED["min-2000"]
LAMBDA = CONSTANTS.lambda_total.value
J, J_ERROR = 2.8e-4, 2.8e-7
STEPS = 12
BLANK = np.array([4.0, 0.05, 0.02, 0.03, 0.013])
IC = np.array([1.0, 1.003, 0.998, 1.01, 0.985])
DECAY37 = 8.0


def draw(random, value, error):
    return value + error * random.standard_normal(np.shape(value))


def true_productions(random):
    """What nature used, where the laboratory knows `productions()`."""
    known = productions()
    drawn = {
        one.name: Measured(
            float(draw(random, getattr(known, one.name).value, getattr(known, one.name).error))
        )
        for one in fields(Productions)
        if one.name not in ("name", "ca_k", "cl_k")
    }
    return replace(known, **drawn)


def experiment(seed, trapped, radiogenic, ic_error=5e-4):
    """Rows of one aliquot; `trapped` (steps,) the 40Ar/36Ar in each, None where it is air, `radiogenic` its share of 40Ar* where it is."""
    random = np.random.default_rng(seed)
    nature = true_productions(random)
    air4036 = float(draw(random, CONSTANTS.atm4036.value, CONSTANTS.atm4036.error))
    air4038 = float(draw(random, CONSTANTS.atm4038.value, CONSTANTS.atm4038.error))
    f = math.expm1(LAMBDA * AGE_MA * 1e6) / J
    k39 = random.uniform(20, 100, STEPS)
    ca37 = k39 * random.uniform(0.05, 2.0, STEPS)
    atm36 = f * k39 * (1 / np.asarray(radiogenic) - 1) / CONSTANTS.atm4036.value
    ratio = np.where(np.isnan(trapped), air4036, trapped)
    r, q, u, v, s, w = (
        getattr(nature, name).value for name in ("ca3937", "k3739", "k3839", "ca3837", "ca3637", "k4039")
    )
    argon = np.array(
        [
            f * k39 + ratio * atm36 + w * k39,
            k39 + r * ca37,
            u * k39 + v * ca37 + air4036 / air4038 * atm36,
            (ca37 + q * k39) / DECAY37,
            atm36 + s * ca37,
        ]
    )
    noise = argon * np.array([[5e-4], [8e-4], [5e-3], [5e-3], [4e-3]]) + np.array(
        [[0.02], [0.01], [0.005], [0.02], [0.002]]
    )
    baseline_error = np.full((5, STEPS), 5e-4)
    baseline = draw(random, np.zeros((5, STEPS)), baseline_error)
    ic_errors, blank_error = np.full(5, ic_error), BLANK * 0.03
    blank, ic = draw(random, BLANK, blank_error), draw(random, IC, ic_errors)
    across = np.ones((5, STEPS))
    ids = np.arange(5, dtype=np.int64)[:, np.newaxis] * across.astype(np.int64)

    def shared(value, error):
        return Inputs(value[:, np.newaxis] * across, error[:, np.newaxis] * across, ids)

    batch = Batch(
        Inputs(draw(random, argon / IC[:, np.newaxis] + BLANK[:, np.newaxis], noise), noise),
        baselines=Inputs(baseline, baseline_error),
        blanks=shared(blank, blank_error),
        ic_factors=shared(ic, ic_errors),
        decay37=DECAY37,
        days=60.0,
        productions=(productions(),),
        production=np.zeros(STEPS, np.int64),
        j=Scalars(
            np.full(STEPS, float(draw(random, J, J_ERROR))),
            np.full(STEPS, J_ERROR),
            np.zeros(STEPS, np.int64),
        ),
    )
    reduced = reduce(batch, CONSTANTS)
    assert not reduced.flags.any()
    return [Row(None, None, reduced, index, ()) for index in range(STEPS)]


def shares(found):
    """Of (value, error, truth): how many lie within one and two sigma, in percent."""
    value, error, truth = np.array(found).T
    off = np.abs(value - truth) / error
    return 100 * (off < 1).mean(), 100 * (off < 2).mean()


def assert_honest(found):
    within_one, within_two = shares(found)
    assert 63 <= within_one <= 74
    assert 92 <= within_two <= 98


@pytest.mark.parametrize("rule", list(PlateauRule))
def test_a_plateau_finds_the_age_behind_excess_argon_in_its_first_steps(rule):
    trapped = np.full(STEPS, np.nan)
    trapped[:3] = 2000.0, 1200.0, 700.0
    found, steps = [], []
    for seed in range(TRIALS):
        radiogenic = np.random.default_rng([seed, 1]).uniform(0.6, 0.97, STEPS)
        radiogenic[:3] = 0.3, 0.4, 0.5
        result = plateau_age(experiment(seed, trapped, radiogenic), rule)
        if not result.age.why:
            found.append((result.age.age_ma, result.age.error, AGE_MA))
            steps.append(result.plateau.steps)
    assert len(found) >= 0.95 * TRIALS
    assert min(one[0] for one in steps) >= 3, "no step with excess argon is in a plateau"
    assert np.mean([len(one) for one in steps]) > 8
    assert_honest(found)


def test_an_isochron_finds_age_and_trapped_ratio_where_all_steps_hold_excess_argon():
    trapped = 420.0
    ages, ratios = [], []
    for seed in range(TRIALS):
        radiogenic = np.random.default_rng([seed, 2]).uniform(0.25, 0.97, STEPS)
        result = isochron_age(experiment(seed, np.full(STEPS, trapped), radiogenic))
        ages.append((result.age.age_ma, result.age.error, AGE_MA))
        ratios.append((result.isochron.trapped, result.isochron.trapped_error, trapped))
    assert_honest(ages)
    assert_honest(ratios)


def test_normal_and_inverse_isochron_are_one_age():
    rows = experiment(7, np.full(STEPS, 420.0), np.linspace(0.25, 0.97, STEPS))
    inverse, normal = isochron_age(rows), isochron_age(rows, normal=True)
    assert normal.age.age_ma == pytest.approx(inverse.age.age_ma, abs=0.3 * inverse.age.error)
    assert normal.isochron.trapped == pytest.approx(
        inverse.isochron.trapped, abs=0.3 * inverse.isochron.trapped_error
    )


def test_a_plateau_counts_only_where_one_exists():
    """Excess argon that falls from step to step through the whole spectrum: no three neighbours agree."""
    for seed in range(50):
        trapped = np.geomspace(4000, 500, STEPS)
        result = plateau_age(experiment(seed, trapped, np.full(STEPS, 0.5)))
        assert result.age.why
        assert math.isnan(result.age.age_ma)


def test_what_all_steps_share_does_not_average_out():
    """IC factors known to 0.3 %: they are most of the error of the isochron, and the same for each step."""
    found, alone = [], []
    f = math.expm1(LAMBDA * AGE_MA * 1e6) / J
    for seed in range(200):
        radiogenic = np.random.default_rng([seed, 3]).uniform(0.25, 0.97, STEPS)
        rows = experiment(seed, np.full(STEPS, 420.0), radiogenic, ic_error=3e-3)
        one, other = isochron_age(rows).isochron, isochron_age(as_if_alone(rows)).isochron
        found.append((one.f, one.f_error, f))
        alone.append((other.f, other.f_error, f))
    assert shares(found)[1] > 92
    assert shares(alone)[1] < 88, "each step taken for itself the errors are too small"


def as_if_alone(rows):
    """The same numbers, each step with blanks and IC factors of its own."""
    batch = rows[0].reduced.batch
    alone = replace(
        batch,
        blanks=Inputs(batch.blanks.value, batch.blanks.error),
        ic_factors=Inputs(batch.ic_factors.value, batch.ic_factors.error),
    )
    reduced = reduce(alone, CONSTANTS)
    return [Row(None, None, reduced, index, ()) for index in range(STEPS)]
