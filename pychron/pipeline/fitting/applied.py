"""An analysis with what nodes fitted anew in the place of what is stored, and its signals on the way to an age. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pychron.dvc.records import Analysis, Isotope
from pychron.pipeline.batch import Override
from pychron.reduction.inputs import Measured


def applied(analysis: Analysis, override: Override | None) -> Analysis:
    """The same analysis, overridden."""
    if override is None:
        return analysis
    isotopes = {
        key: replace(
            one,
            intercept=override.intercepts.get(key, one.intercept),
            baseline=override.baselines.get(one.detector, one.baseline),
            blank=override.blanks.get(key, one.blank),
            ic_factor=override.ic_factors.get(one.detector, one.ic_factor),
        )
        for key, one in analysis.isotopes.items()
    }
    return replace(analysis, isotopes=isotopes, baselines={**analysis.baselines, **override.baselines})


def merged(old: Override | None, new: Override) -> Override:
    """Both; the newer stands over the older."""
    if old is None:
        return new
    return Override(
        {**old.intercepts, **new.intercepts},
        {**old.baselines, **new.baselines},
        {**old.blanks, **new.blanks},
        {**old.ic_factors, **new.ic_factors},
    )


def net(isotope: Isotope, *, blank: bool) -> Measured | None:
    """Intercept less baseline, and less its blank where `blank`; None where one of them is missing.

    The baseline's error counts where the intercept says so (spec 5.2), as in the reduction itself.
    """
    if isotope.intercept is None or isotope.baseline is None:
        return None
    intercept, baseline = isotope.intercept.used, isotope.baseline.used
    value, variance = intercept.value - baseline.value, intercept.error**2
    if isotope.intercept.include_baseline_error:
        variance += baseline.error**2
    if blank:
        if isotope.blank is None:
            return None
        value -= isotope.blank.value
        variance += isotope.blank.error**2
    return Measured(value, math.sqrt(variance)) if math.isfinite(value) else None


def by_detector(analysis: Analysis) -> Mapping[tuple[str, str], Isotope]:
    """(name, detector) -> isotope; one isotope may be measured on several detectors."""
    return {(one.name, one.detector): one for one in analysis.isotopes.values()}
