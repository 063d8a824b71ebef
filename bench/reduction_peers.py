"""The least code that gets the same ages and errors as `pychron.reduction`: numpy in closed form, and `uncertainties`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from uncertainties import ufloat, umath

from pychron.reduction.batch import Batch, Inputs, Scalars
from pychron.reduction.constants import NAMED
from pychron.reduction.inputs import Measured, Productions

CONSTANTS = NAMED["min-2000"]
RATIOS = ("ca3937", "k3739", "k3839", "ca3837", "ca3637", "k4039", "cl3638")
SIZES = np.array([[800.0], [40.0], [1.1], [9.0], [0.45]])


def some_productions() -> list[Productions]:
    """Four reactors."""
    return [
        Productions(
            f"reactor {n}", Measured(0.0076 + n * 1e-4, 1e-4), Measured(0.013, 2e-4), Measured(1.5e-4, 2e-5),
            Measured(6.6e-4, 1e-5), Measured(4e-5, 2e-6), Measured(2.64e-4, 1e-6 * (n + 1)), Measured(250.0, 3.0),
            Measured(1.96, 0.02), Measured(0.227, 0.01),
        )
        for n in range(4)
    ]  # fmt: skip


def some_batch(many: int) -> Batch:
    """`many` analyses with baselines, blanks, IC factors, decay, four productions and J, all with errors."""
    random = np.random.default_rng(1)

    def inputs(scale: float, relative: float) -> Inputs:
        value = SIZES * scale * random.uniform(0.7, 1.3, (5, many))
        return Inputs(value, value * relative * random.uniform(0.5, 1, (5, many)))

    return Batch(
        inputs(1.0, 2e-3),
        baselines=inputs(2e-3, 0.1),
        blanks=inputs(1e-2, 0.1),
        ic_factors=Inputs(random.uniform(0.97, 1.03, (5, many)), random.uniform(1e-4, 1e-3, (5, many))),
        decay39=random.uniform(1.0, 1.01, many),
        decay37=random.uniform(2, 60, many),
        days=random.uniform(50, 300, many),
        productions=some_productions(),
        production=np.arange(many) % 4,
        j=Scalars(random.uniform(2e-4, 5e-3, many), random.uniform(1e-7, 5e-6, many)),
    )


def closed_form(batch: Batch) -> tuple[Any, ...]:
    """F, age (Ma) and its errors without J, with J and with lambda, and their parts: McDougall & Harrison written out."""
    i, b, k, ic, jj = batch.intercepts, batch.baselines, batch.blanks, batch.ic_factors, batch.j
    assert b is not None and k is not None and ic is not None and jj is not None
    values, errors = {}, {}
    for name in RATIOS:
        pairs = [getattr(one, name) for one in batch.productions]
        values[name] = np.array([one.value for one in pairs])[batch.production]
        errors[name] = np.array([one.error for one in pairs])[batch.production]
    r, q, u, v, s, w, cl = (values[name] for name in RATIOS)
    t, e_t = CONSTANTS.atm4036.value, CONSTANTS.atm4036.error
    t38, e_t38 = CONSTANTS.atm4038.value, CONSTANTS.atm4038.error
    lam, e_lam = CONSTANTS.lambda_total.value, CONSTANTS.lambda_total.error
    net = i.value - b.value - k.value
    a40, a39, a38, a37, a36 = net * ic.value
    a39, a37 = a39 * batch.decay39, a37 * batch.decay37
    k39 = (a39 - r * a37) / (1 - q * r)
    ca37 = a37 - q * k39
    per_cl = CONSTANTS.lambda_cl36 * batch.days
    m, r38 = cl * per_cl, t / t38
    x38 = a38 - u * k39 - v * ca37
    whole = 1 / (1 - m * r38)
    atm36 = (a36 - s * ca37 - m * x38) * whole
    f = (a40 - w * k39 - t * atm36) / k39
    # The derivatives of F by k39, ca37 and atm36, and through them by all inputs.
    g36 = -t / k39
    gk = -(w + f) / k39 + g36 * m * u * whole
    gc = g36 * (m * v - s) * whole
    share = 1 / (1 - q * r)
    g39, g37 = (gk - q * gc) * share, (gc - r * gk) * share
    gains = np.stack([1 / k39, g39 * batch.decay39, -g36 * m * whole, g37 * batch.decay37, g36 * whole])
    by_r38 = g36 * m * atm36 * whole
    variance = (
        (gains * ic.value) ** 2 * (i.error**2 + b.error**2 + k.error**2) + (gains * net * ic.error) ** 2
    ).sum(axis=0)
    variance += ((q * gc - gk) * ca37 * share * errors["ca3937"]) ** 2
    variance += ((r * gk - gc) * k39 * share * errors["k3739"]) ** 2
    variance += (g36 * m * k39 * whole * errors["k3839"]) ** 2 + (
        g36 * m * ca37 * whole * errors["ca3837"]
    ) ** 2
    variance += (g36 * ca37 * whole * errors["ca3637"]) ** 2 + errors["k4039"] ** 2
    variance += (g36 * (r38 * atm36 - x38) * whole * per_cl * errors["cl3638"]) ** 2
    variance += ((by_r38 / t38 - atm36 / k39) * e_t) ** 2 + (by_r38 * r38 / t38 * e_t38) ** 2
    j, e_j = jj.value, jj.error
    per = 1 / (lam * 1e6)
    age = np.log1p(j * f) * per
    stretch = per / (1 + j * f)
    without = j * stretch * np.sqrt(variance)
    with_j = np.hypot(without, f * stretch * e_j)
    return f, age, without, with_j, np.hypot(with_j, age / lam * e_lam)


def by_uncertainties(batch: Batch, row: int) -> tuple[float, ...]:
    """What `closed_form` answers, of one analysis of `batch`. The package works an error out only when it is asked for."""
    i, b, k, ic, jj = batch.intercepts, batch.baselines, batch.blanks, batch.ic_factors, batch.j
    assert b is not None and k is not None and ic is not None and jj is not None

    def one(inputs: Inputs, isotope: int) -> Any:
        return ufloat(inputs.value[isotope, row], inputs.error[isotope, row])

    production = batch.productions[int(np.broadcast_to(batch.production, len(batch))[row])]
    r, q, u, v, s, w, cl = (
        ufloat(getattr(production, name).value, getattr(production, name).error) for name in RATIOS
    )
    t = ufloat(CONSTANTS.atm4036.value, CONSTANTS.atm4036.error)
    t38 = ufloat(CONSTANTS.atm4038.value, CONSTANTS.atm4038.error)
    lam = ufloat(CONSTANTS.lambda_total.value, CONSTANTS.lambda_total.error)
    a40, a39, a38, a37, a36 = ((one(i, n) - one(b, n) - one(k, n)) * one(ic, n) for n in range(5))
    a39, a37 = a39 * batch.decay39[row], a37 * batch.decay37[row]  # type: ignore[index]
    k39 = (a39 - r * a37) / (1 - q * r)
    ca37 = a37 - q * k39
    m = cl * CONSTANTS.lambda_cl36 * batch.days[row]  # type: ignore[index]
    atm36 = (a36 - s * ca37 - m * (a38 - u * k39 - v * ca37)) / (1 - m * t / t38)
    f = (a40 - w * k39 - t * atm36) / k39
    j = ufloat(jj.value[row], jj.error[row])
    age = umath.log(1 + j * f) / lam / 1e6
    parts = age.error_components()
    by_j, by_lambda = parts.pop(j) ** 2, parts.pop(lam) ** 2
    without = sum(part**2 for part in parts.values())
    with_j = without + by_j
    return f.n, age.n, without**0.5, with_j**0.5, (with_j + by_lambda) ** 0.5


def least_squares(x: Any, y: Any) -> tuple[Any, Any]:
    """Intercepts of parabolas through rows of points, and their standard errors, by centred normal equations in closed form."""
    n = x.shape[1]
    middle = x.mean(axis=1)
    c = x - middle[:, np.newaxis]
    c2 = c * c
    s2, s3, s4 = c2.sum(axis=1), np.einsum("ij,ij->i", c, c2), np.einsum("ij,ij->i", c2, c2)
    y0, y1, y2 = y.sum(axis=1), np.einsum("ij,ij->i", c, y), np.einsum("ij,ij->i", c2, y)
    # The inverse of [[n, 0, s2], [0, s2, s3], [s2, s3, s4]].
    i00, i01, i02 = s2 * s4 - s3 * s3, s2 * s3, -s2 * s2
    i11, i12, i22 = n * s4 - s2 * s2, -n * s3, n * s2
    det = n * i00 + s2 * i02
    p0, p1, p2 = (
        (i00 * y0 + i01 * y1 + i02 * y2) / det,
        (i01 * y0 + i11 * y1 + i12 * y2) / det,
        (i02 * y0 + i12 * y1 + i22 * y2) / det,
    )
    left = y - p0[:, np.newaxis] - p1[:, np.newaxis] * c - p2[:, np.newaxis] * c2
    s = np.sqrt(np.einsum("ij,ij->i", left, left) / (n - 3))
    at = -middle
    leverage = (i00 + 2 * at * i01 + 2 * at**2 * i02 + at**2 * i11 + 2 * at**3 * i12 + at**4 * i22) / det
    return p0 + p1 * at + p2 * at**2, s * np.sqrt(leverage)


def rough(one: float, other: float) -> bool:
    """Equal to 1e-8."""
    return math.isclose(one, other, rel_tol=1e-8)
