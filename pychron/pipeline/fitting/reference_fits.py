"""A blank or an intercalibration factor at the time of an unknown, from references around it. Pure.

Spec 4; x = time. Bracketing takes the nearest reference on each side that is not excluded: with p before and a after,
average v = (p+a)/2, e = sqrt(ep^2+ea^2)/2; interpolate with f = (t-tp)/(ta-tp): v = (1-f)p + f a,
e = sqrt(((1-f) ep)^2 + (f ea)^2). Outside the range both give the nearest end. Preceding and succeeding do not reach over:
without a reference on their side there is no value. Lines and curves: ordinary least squares, error at x0 with row v:
SEM = s sqrt(v C v'), SD = s sqrt(1 + v C v'), MSEM = SEM max(1, sqrt(MSWD)) (Draper & Smith, Applied Regression Analysis, 1.4).
Weighted mean: w = 1/e^2, SEM = (sum w)^-1/2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pychron.pipeline.templates.klass import ERROR_TYPES
from pychron.pipeline.templates.klasses import REFERENCE_FITS

DEGREES = {"linear": 1, "parabolic": 2, "cubic": 3}


class NoReference(Exception):
    """There is no value. `text` says why, for the person who chose fit and references."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference's value at its time (seconds), one sigma."""

    time: float
    value: float
    error: float
    uuid: str = ""
    record_id: str = ""
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceFit:
    """How references become a value: `Bracketing Interpolate`, or `Linear` with `SEM`."""

    fit: str
    error_type: str = "SEM"


def read_fit(text: str, error_type: str = "") -> ReferenceFit:
    """As files write it: `Linear_SEM`, `bracketing interpolate`, `previous`. Raises NoReference where it is no fit."""
    words = text.strip()
    fit, _, tail = words.rpartition("_")
    if fit and tail.upper() in ERROR_TYPES:
        words, error_type = fit, error_type or tail
    folded = {name.casefold(): name for name in REFERENCE_FITS} | {"previous": "Preceding"}
    found = folded.get(words.replace("_", " ").casefold())
    kind = (error_type or "SEM").strip().upper()
    if found is None:
        raise NoReference(f"{text!r} is no fit of references; write one of {', '.join(REFERENCE_FITS)}")
    if kind not in ERROR_TYPES:
        raise NoReference(f"{error_type!r} is no kind of error; write {', '.join(ERROR_TYPES)}")
    return ReferenceFit(found, kind)


def predict(fit: ReferenceFit, references: Sequence[Reference], time: float) -> tuple[float, float]:
    """Value and one-sigma error at `time` (seconds). Raises NoReference.

    What is excluded, or is no finite number, is stepped over; so an excluded neighbour is replaced by the next one outward.
    """
    usable = sorted(
        (
            r
            for r in references
            if not r.excluded and all(map(math.isfinite, (r.time, r.value, r.error))) and r.error >= 0
        ),
        key=lambda r: (r.time, r.uuid),
    )
    if not usable:
        raise NoReference("no reference is left" if references else "there is no reference")
    name = fit.fit.casefold()
    if name in ("preceding", "succeeding"):
        return _side(name, usable, time)
    if name.startswith("bracketing"):
        return _bracket(usable, time, interpolate=name.endswith("interpolate"))
    if name == "average":
        return _average(usable, fit.error_type)
    if name == "weighted mean":
        return _weighted_mean(usable, fit.error_type)
    return _curve(usable, DEGREES[name], fit.error_type, time)


def _side(name: str, usable: Sequence[Reference], time: float) -> tuple[float, float]:
    before = name == "preceding"
    found = [r for r in usable if (r.time <= time if before else r.time >= time)]
    if not found:
        raise NoReference(f"no reference {'before' if before else 'after'} the analysis")
    chosen = found[-1] if before else found[0]
    return chosen.value, chosen.error


def _bracket(usable: Sequence[Reference], time: float, interpolate: bool) -> tuple[float, float]:
    before = [r for r in usable if r.time <= time]
    after = [r for r in usable if r.time >= time]
    if not before or not after:
        end = before[-1] if before else after[0]
        return end.value, end.error
    p, a = before[-1], after[0]
    if p is a:
        return p.value, p.error
    f = (time - p.time) / (a.time - p.time) if interpolate and a.time > p.time else 0.5
    return (1 - f) * p.value + f * a.value, math.hypot((1 - f) * p.error, f * a.error)


def _average(usable: Sequence[Reference], error_type: str) -> tuple[float, float]:
    values = np.array([r.value for r in usable])
    n = len(values)
    if n == 1:
        return usable[0].value, usable[0].error
    sd = float(values.std(ddof=1))
    if error_type == "SD":
        return float(values.mean()), sd
    sem = sd / math.sqrt(n)
    if error_type == "MSEM":
        errors = np.array([r.error for r in usable])
        sem *= _inflation(values - values.mean(), errors, n - 1)
    return float(values.mean()), sem


def _weighted_mean(usable: Sequence[Reference], error_type: str) -> tuple[float, float]:
    kept = [r for r in usable if r.error > 0]
    if not kept:
        raise NoReference("no reference has an error above zero: a weighted mean needs them")
    values, errors = np.array([r.value for r in kept]), np.array([r.error for r in kept])
    weights = errors**-2
    mean = float((weights * values).sum() / weights.sum())
    n = len(kept)
    if error_type == "SD" and n > 1:
        return mean, math.sqrt(float(((values - mean) ** 2).sum()) / (n - 1))
    error = float(weights.sum()) ** -0.5
    return mean, error * (_inflation(values - mean, errors, n - 1) if error_type == "MSEM" else 1.0)


def _curve(usable: Sequence[Reference], degree: int, error_type: str, time: float) -> tuple[float, float]:
    n, p = len(usable), degree + 1
    if n <= p:
        raise NoReference(
            f"{n} references are too few for a curve of degree {degree} with an error; it needs {p + 1}"
        )
    times = np.array([r.time for r in usable])
    centre, scale = times.mean(), float(np.ptp(times)) or 1.0
    rows = np.vander((times - centre) / scale, p, increasing=True)
    if np.linalg.matrix_rank(rows) < p:
        raise NoReference("the references stand at too few different times for this curve")
    values = np.array([r.value for r in usable])
    q, r = np.linalg.qr(rows)
    b = np.linalg.solve(r, q.T @ values)
    residuals = values - rows @ b
    s = math.sqrt(float(residuals @ residuals) / (n - p))
    v = ((time - centre) / scale) ** np.arange(p)
    half = np.linalg.solve(r.T, v)
    leverage = float(half @ half)
    value = float(v @ b)
    if error_type == "SD":
        return value, s * math.sqrt(1 + leverage)
    sem = s * math.sqrt(leverage)
    if error_type == "MSEM":
        sem *= _inflation(residuals, np.array([r.error for r in usable]), n - p)
    return value, sem


def _inflation(residuals: np.ndarray, errors: np.ndarray, freedom: int) -> float:
    """max(1, sqrt(MSWD)); 1 where an error is zero, or nothing is free."""
    if freedom < 1 or not (errors > 0).all():
        return 1.0
    return max(1.0, math.sqrt(float(((residuals / errors) ** 2).sum()) / freedom))
