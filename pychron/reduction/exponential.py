"""Rows of points fitted by y = a exp(-b x) + c. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pychron.reduction.solving import Floats, Solved

STARTS = np.array([-3.0, -1.0, -0.3, 0.3, 1.0, 3.0, 10.0, 30.0])
"""Where the search begins: b in units of one over the longest time."""

ROUNDS = 60


def exponential(x: Floats, y: Floats, used: npt.NDArray[np.bool_], not_converged: int) -> Solved:
    """Non-linear least squares by variable projection (Golub & Pereyra 1973, SIAM J. Numer. Anal. 10, 413).

    For a given b the line in exp(-b x) is solved exactly; b is found by Gauss-Newton steps that are halved until they
    help, from the best of STARTS. The value at x = 0 is a + c, its leverage v (J'J)^-1 v' with v = (1, 0, 1). A row whose b has
    not settled has the fault `not_converged`.
    """
    weight = used.astype(float)
    n = weight.sum(axis=1)
    span = np.where(used, np.abs(x), 0.0).max(axis=1)
    u = np.where(used, x, 0.0) / span[:, np.newaxis]
    y = np.where(used, y, 0.0)
    best = _project(u, y, weight, n, np.full(len(y), STARTS[0]))
    for start in STARTS[1:]:
        other = _project(u, y, weight, n, np.full(len(y), start))
        best = _lower(best, other)
    settled = np.zeros(len(y), bool)
    for _ in range(ROUNDS):
        step = _step(u, y, weight, best)
        for _ in range(12):
            other = _project(u, y, weight, n, best[0] + step)
            worse = other[3] > best[3]
            step = np.where(worse, step / 2, step)
            if not worse.any():
                break
        moved = np.abs(step) > 1e-9 * (1 + np.abs(best[0]))
        settled |= ~moved | (best[3] - other[3] <= 1e-13 * best[3])
        best = _lower(best, other)
        if settled.all():
            break
    b, a, c, rss = best
    curve = np.exp(-b[:, np.newaxis] * u)
    jacobian = (
        np.stack([curve, -a[:, np.newaxis] * u * curve, np.ones_like(u)], axis=2) * weight[:, :, np.newaxis]
    )
    normal = np.einsum("ijk,ijl->ikl", jacobian, jacobian)
    wide = np.linalg.cond(normal) < 1e15
    inverse = np.linalg.inv(np.where(wide[:, np.newaxis, np.newaxis], normal, np.eye(3)))
    freedom = n - 3
    mean = y.sum(axis=1) / n
    spread = (weight * (y - mean[:, np.newaxis]) ** 2).sum(axis=1)
    return Solved(
        a + c,
        leverage=inverse[:, 0, 0] + 2 * inverse[:, 0, 2] + inverse[:, 2, 2],
        residual=np.sqrt(rss / freedom),
        freedom=freedom,
        residuals=y - a[:, np.newaxis] * curve - c[:, np.newaxis],
        slope=-a * b / span,
        curvature=a * b**2 / span**2 / 2,
        variance=spread / (n - 1),
        fault=np.where(settled & wide, 0, not_converged).astype(np.uint8),
    )


Trial = tuple[Floats, Floats, Floats, Floats]
"""b (scaled), a, c, residual sum of squares"""


def _project(u: Floats, y: Floats, weight: Floats, n: Floats, b: Floats) -> Trial:
    b = np.clip(b, -50.0, 500.0)
    curve = np.exp(-b[:, np.newaxis] * u) * weight
    middle = curve.sum(axis=1) / n
    off = (curve - middle[:, np.newaxis]) * weight
    size = np.einsum("ij,ij->i", off, off)
    a = np.einsum("ij,ij->i", off, y) / np.where(size > 0, size, 1.0)
    c = y.sum(axis=1) / n - a * middle
    left = (y - a[:, np.newaxis] * curve - c[:, np.newaxis]) * weight
    return b, a, c, np.einsum("ij,ij->i", left, left)


def _lower(one: Trial, two: Trial) -> Trial:
    better = two[3] < one[3]
    return tuple(np.where(better, second, first) for first, second in zip(one, two, strict=True))  # type: ignore[return-value]


def _step(u: Floats, y: Floats, weight: Floats, trial: Trial) -> Floats:
    """The Gauss-Newton step of b, with a and c following: the part of dy/db that they cannot take up."""
    b, a, _, _ = trial
    curve = np.exp(-b[:, np.newaxis] * u)
    basis = np.stack([curve * weight, weight], axis=2)
    change = -a[:, np.newaxis] * u * curve * weight
    normal = np.einsum("ijk,ijl->ikl", basis, basis)
    determinant = normal[:, 0, 0] * normal[:, 1, 1] - normal[:, 0, 1] ** 2
    safe = np.where(determinant != 0, determinant, 1.0)
    right = np.einsum("ijk,ij->ik", basis, change)
    along = (normal[:, 1, 1] * right[:, 0] - normal[:, 0, 1] * right[:, 1]) / safe
    level = (normal[:, 0, 0] * right[:, 1] - normal[:, 0, 1] * right[:, 0]) / safe
    free = change - along[:, np.newaxis] * basis[:, :, 0] - level[:, np.newaxis] * basis[:, :, 1]
    size = np.einsum("ij,ij->i", free, free)
    # What is left over is orthogonal to the curve and the level: its product with y is that with the residual.
    return np.where(size > 0, np.einsum("ij,ij->i", free, y) / np.where(size > 0, size, 1.0), 0.0)
