"""How the neutron dose varies over a holder: J of each hole from the monitors' means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class FluxModel(Enum):
    """How J of a hole follows from the monitors."""

    PLANE = "plane"
    """J = a x + b y + c"""
    BOWL = "bowl"
    """J = a x² + b y² + c x + d y + e"""
    WEIGHTED_MEAN = "weighted mean"
    """One J for all holes"""
    NEAREST = "nearest"
    """The weighted mean of the nearest monitors"""
    BRACKETING = "bracketing"
    """Between the two monitors next to the hole around the holder, by angle"""
    MATCHING = "matching"
    """The hole's own monitors only"""


class FluxError(Enum):
    """Which error a predicted J has."""

    SEM = "SEM"
    MSEM = "MSEM"
    """SEM, times sqrt(MSWD) of the model where that is greater than one"""
    SD = "SD"
    """SEM and the scatter of the monitors about the model together"""
    MONTE_CARLO = "MC"
    """Scatter of predictions from monitors drawn within their errors"""


@dataclass(frozen=True, slots=True)
class FluxOptions:
    """How to fit."""

    model: FluxModel = FluxModel.PLANE
    error: FluxError = FluxError.MSEM
    weighted: bool = True
    neighbours: int = 3
    trials: int = 10_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Flux:
    """Predictions for p holes. With `why` there are none and the numbers are NaN."""

    j: Floats
    error: Floats
    mswd: float
    """Of the monitors about the model, NaN where it has as many parameters as there are monitors"""
    why: str = ""


_TERMS = {FluxModel.PLANE: 3, FluxModel.BOWL: 5, FluxModel.WEIGHTED_MEAN: 1}


def predict(
    x: npt.ArrayLike, y: npt.ArrayLike, j: npt.ArrayLike, s: npt.ArrayLike,
    at_x: npt.ArrayLike, at_y: npt.ArrayLike, options: FluxOptions,
) -> Flux:  # fmt: skip
    """J at p holes from n monitors at x, y (mm) with means j and one-sigma errors s.

    Linear models: weighted least squares, C = (X'WX)^-1, SEM = sqrt(v C v') (Draper & Smith, 9.2); unweighted the residual variance
    takes the place of the errors. Monitors without a J or an error are left out.
    """
    X, Y, J, S = (np.asarray(one, float) for one in (x, y, j, s))
    px, py = np.asarray(at_x, float), np.asarray(at_y, float)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(J) & (J > 0) & np.isfinite(S) & (S > 0) & np.isfinite(X * Y)
    X, Y, J, S = X[good], Y[good], J[good], S[good]
    needed = {FluxModel.NEAREST: 1, FluxModel.BRACKETING: 2, FluxModel.MATCHING: 1}.get(options.model)
    needed = _TERMS[options.model] if needed is None else needed
    if len(J) < needed:
        return _nothing(f"{len(J)} monitors with a J; the {options.model.value} needs at least {needed}", px)
    if options.model in _TERMS:
        return _linear(X, Y, J, S, px, py, options)
    weights = _local(X, Y, J, S, px, py, options)
    value = weights @ J
    error = _error_of(weights, J, S, options, np.sqrt((weights**2) @ S**2), np.nan, 0.0)
    missing = ~(weights.sum(axis=1) > 0)
    value[missing] = error[missing] = np.nan
    return Flux(value, error, np.nan)


def _nothing(why: str, px: Floats) -> Flux:
    return Flux(np.full(px.shape, np.nan), np.full(px.shape, np.nan), np.nan, why)


def _design(x: Floats, y: Floats, model: FluxModel) -> Floats:
    one = np.ones_like(x)
    if model is FluxModel.WEIGHTED_MEAN:
        return one[:, np.newaxis]
    if model is FluxModel.PLANE:
        return np.stack([x, y, one], axis=1)
    return np.stack([x * x, y * y, x, y, one], axis=1)


def _linear(X: Floats, Y: Floats, J: Floats, S: Floats, px: Floats, py: Floats, options: FluxOptions) -> Flux:
    scale = max(float(np.abs(X).max()), float(np.abs(Y).max()), 1e-300)
    design = _design(X / scale, Y / scale, options.model)
    rows = _design(px / scale, py / scale, options.model)
    w = S**-2.0 if options.weighted else np.ones_like(S)
    root = np.sqrt(w)[:, np.newaxis]
    if np.linalg.matrix_rank(design * root, tol=1e-9 * float(root.max())) < design.shape[1]:
        return _nothing(f"the monitors lie so that they do not determine a {options.model.value}", px)
    covariance = np.linalg.inv((design * w[:, np.newaxis]).T @ design)
    to_monitors = rows @ covariance @ (design * w[:, np.newaxis]).T
    value = to_monitors @ J
    left = J - design @ covariance @ (design * w[:, np.newaxis]).T @ J
    freedom = len(J) - design.shape[1]
    mswd = float(left**2 @ S**-2.0 / freedom) if freedom else np.nan
    residual = float(left**2 @ np.ones_like(J) / freedom) ** 0.5 if freedom else 0.0
    sem = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    if not options.weighted:
        sem = sem * residual
    return Flux(value, _error_of(to_monitors, J, S, options, sem, mswd, residual), mswd)


def _error_of(
    weights: Floats, J: Floats, S: Floats, options: FluxOptions, sem: Floats, mswd: float, residual: float
) -> Floats:
    if options.error is FluxError.MONTE_CARLO:
        draws = np.random.default_rng(options.seed).standard_normal((options.trials, len(J))) * S + J
        return np.asarray((draws @ weights.T).std(axis=0, ddof=1))
    if options.error is FluxError.MSEM and mswd > 1:
        return np.asarray(sem * mswd**0.5)
    if options.error is FluxError.SD:
        return np.asarray(np.hypot(sem, residual))
    return sem


def _local(
    X: Floats, Y: Floats, J: Floats, S: Floats, px: Floats, py: Floats, options: FluxOptions
) -> Floats:
    """(p, n) by which weight each monitor counts for each hole; a row of zeros where none does."""
    weights = np.zeros((len(px), len(J)))
    distance = np.hypot(px[:, np.newaxis] - X, py[:, np.newaxis] - Y)
    for row in range(len(px)):
        if options.model is FluxModel.BRACKETING:
            _bracket(weights[row], X, Y, float(px[row]), float(py[row]), distance[row])
            continue
        if options.model is FluxModel.MATCHING:
            chosen = np.flatnonzero(distance[row] < 1e-6)
        else:
            chosen = np.argsort(distance[row], kind="stable")[: options.neighbours]
        if len(chosen):
            share = S[chosen] ** -2.0 if options.weighted else np.ones(len(chosen))
            weights[row, chosen] = share / share.sum()
    return weights


def _bracket(weights: Floats, X: Floats, Y: Floats, x: float, y: float, distance: Floats) -> None:
    if distance.min() < 1e-6:
        weights[int(distance.argmin())] = 1.0
        return
    turn = (np.arctan2(Y, X) - np.arctan2(y, x)) % (2 * np.pi)
    after, before = int(np.argmin(turn)), int(np.argmax(turn))
    ahead, behind = float(turn[after]), float(2 * np.pi - turn[before])
    if after == before or ahead + behind == 0:
        weights[after] = 1.0
        return
    weights[after] = behind / (ahead + behind)
    weights[before] = ahead / (ahead + behind)
