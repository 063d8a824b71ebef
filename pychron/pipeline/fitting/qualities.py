"""What the rules look at, gathered from a record and its raw series. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pychron.dvc.records import Analysis, Isotope, RawSeries
from pychron.pipeline.fitting.review import FitQuality
from pychron.reduction.series import FitResult


def qualities(
    analysis: Analysis,
    series: Iterable[RawSeries] = (),
    refitted: Mapping[str, FitResult] | None = None,
) -> list[FitQuality]:
    """One for each isotope that has a fit. Slope and curvature are known where it was `refitted` (by isotope key)."""
    readings = {raw.isotope: raw for raw in series if raw.kind == "signal"}
    return [
        _quality(isotope, readings.get(isotope.key), (refitted or {}).get(isotope.key))
        for isotope in analysis.isotopes.values()
        if isotope.intercept is not None
    ]


def _quality(isotope: Isotope, raw: RawSeries | None, fit: FitResult | None) -> FitQuality:
    stored = isotope.intercept
    assert stored is not None
    used = stored.used
    n = stored.n if stored.n is not None else len(raw.y) if raw is not None else 0
    fn = stored.fn if stored.fn is not None else n - len(stored.outlier_excluded) - len(stored.user_excluded)
    return FitQuality(
        isotope=isotope.name,
        detector=isotope.detector,
        value=used.value if fit is None else fit.value,
        error=used.error if fit is None else fit.error,
        n=n if fit is None else fit.n,
        fn=fn if fit is None else fit.fn,
        slope=0.0 if fit is None else fit.slope,
        curvature=0.0 if fit is None else fit.curvature,
        r2_adjusted=float("nan") if fit is None else fit.r2_adjusted,
        span=float(raw.t.max()) if raw is not None and len(raw.t) else 0.0,
        baseline=isotope.baseline.used.value if isotope.baseline is not None else 0.0,
        blank=isotope.blank.value if isotope.blank is not None else 0.0,
        readings=tuple(float(y) for y in raw.y) if raw is not None else (),
    )
