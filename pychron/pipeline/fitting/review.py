"""Rules that look at each fit, where the desktop application asks a person. Pure.

Each rule gives a flag with the number and its limit; what follows of a flag is the policy of the ReviewNode. Ratios are of signals
in one unit, so units cancel; a rule with the limit 0 is off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pychron.pipeline.events import Flag
from pychron.pipeline.templates.template import NodeSpec

CLIPPED = 3
"""Equal readings one after the other, at the top of a series, that betray an amplifier at its limit."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits, as a ReviewNode has them."""

    policy: str = "flag"
    isotopes: tuple[str, ...] = ("Ar40", "Ar39", "Ar38", "Ar37", "Ar36")
    intercept_error_pct: float = 10.0
    least_signal: float = 0.05
    signal_to_baseline: float = 0.0
    signal_to_blank: float = 1.0
    slope_pct: float = 0.0
    outliers_pct: float = 10.0
    curvature_pct: float = 0.0
    adjusted_r2: float = 0.0
    full_scale: float = 0.0
    full_scales: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FitQuality:
    """One isotope's fit and what stands around it; signals in fA, times in s."""

    isotope: str
    detector: str
    value: float
    """Intercept, baseline not subtracted."""
    error: float
    n: int
    """Points."""
    fn: int
    """Points that the fit used."""
    slope: float = 0.0
    curvature: float = 0.0
    r2_adjusted: float = math.nan
    span: float = 0.0
    """From time zero to the last point."""
    baseline: float = 0.0
    blank: float = 0.0
    readings: Sequence[float] = ()
    baseline_readings: Sequence[float] = ()


def rules_of(spec: NodeSpec) -> Rules:
    """The limits of a ReviewNode's options. Raises ValueError for a full scale that is no number."""
    options = dict(spec.options)
    rows = options.pop("full_scales", ())
    assert isinstance(rows, tuple)
    scales = {}
    for row in rows:
        assert isinstance(row, Mapping)
        scales[row.get("detector", "")] = float(row.get("full_scale", "nan"))
    return Rules(full_scales=scales, **options)  # type: ignore[arg-type]


def review(fits: Iterable[FitQuality], rules: Rules) -> tuple[Flag, ...]:
    """Every flag of one analysis's fits, in order."""
    found: list[Flag] = []
    for fit in fits:
        if fit.isotope in rules.isotopes:
            found += _look(fit, rules)
        found += saturated(fit, rules)
    return tuple(dict.fromkeys(found))


def saturated(fit: FitQuality, rules: Rules) -> list[Flag]:
    """A detector over its full scale, or one whose readings stick at their top: the number is too small, by nobody knows how much."""
    readings = [r for r in fit.readings if math.isfinite(r)]
    if not readings:
        return []
    top = max(readings)
    limit = rules.full_scales.get(fit.detector, rules.full_scale)
    name = f"{fit.isotope} on {fit.detector}"
    if limit > 0 and top >= limit:
        text = f"{name}: {top:.6g} fA reaches the full scale of {limit:.6g} fA; its signal is not known"
        return [Flag("saturated", text, fit.detector, fatal=True)]
    longest = run = 0
    for reading in fit.readings:
        run = run + 1 if reading == top else 0
        longest = max(longest, run)
    if top > rules.least_signal and longest >= CLIPPED and longest < len(readings):
        text = f"{name}: {longest} readings one after the other are {top:.6g} fA, the largest: is the amplifier at its limit?"
        return [Flag("clipped", text, fit.detector)]
    return []


def _look(fit: FitQuality, rules: Rules) -> Iterable[Flag]:
    name = fit.isotope
    if not (math.isfinite(fit.value) and math.isfinite(fit.error)):
        yield Flag("no_fit", f"{name} has no intercept", name, fatal=True)
        return
    signal = fit.value - fit.baseline
    size = abs(fit.value)
    if fit.error == 0 and fit.n > 1:
        yield Flag("zero_error", f"{name}: the error of its intercept is zero", name)
    if size >= rules.least_signal:
        yield from _percent(
            "intercept_error", name, "error of the intercept", fit.error / size, rules.intercept_error_pct
        )
        yield from _percent(
            "slope", name, "change over the series", abs(fit.slope) * fit.span / size, rules.slope_pct
        )
        bent = abs(fit.curvature) * fit.span**2 / size
        yield from _percent("curvature", name, "curved part of the change", bent, rules.curvature_pct)
    if fit.n:
        yield from _percent(
            "outliers", name, "points taken out by the filter", (fit.n - fit.fn) / fit.n, rules.outliers_pct
        )
    yield from _ratio("signal_to_baseline", name, "baseline", size, fit.baseline, rules.signal_to_baseline)
    yield from _ratio("signal_to_blank", name, "blank", signal, fit.blank, rules.signal_to_blank)
    if rules.adjusted_r2 and fit.slope and fit.r2_adjusted < rules.adjusted_r2 and _steep(fit):
        text = f"{name}: adjusted R2 {fit.r2_adjusted:.3f} is below {rules.adjusted_r2:g}"
        yield Flag("adjusted_r2", text, name)


def _steep(fit: FitQuality) -> bool:
    """A line that hardly rises explains nothing of its scatter, and need not."""
    return abs(fit.slope) * fit.span > 3 * fit.error


def _percent(code: str, name: str, what: str, share: float, limit: float) -> Iterable[Flag]:
    if limit and share * 100 > limit:
        yield Flag(code, f"{name}: {what} {share * 100:.3g} % is above {limit:g} %", name)


def _ratio(code: str, name: str, what: str, above: float, below: float, limit: float) -> Iterable[Flag]:
    if limit and below > 0 and above < limit * below:
        yield Flag(
            code, f"{name}: signal {above:.4g} is below {limit:g} times its {what} of {below:.4g}", name
        )
