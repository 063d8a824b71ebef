"""What the rules look at, from a record and its series."""

import math

from pychron.dvc.repository import open_repository
from pychron.pipeline.fitting.qualities import qualities
from pychron.reduction.inputs import ErrorType, Fit, FitSpec
from pychron.reduction.series import Series, fit_all
from tests.dvc import making


def opened(folder, files):
    repository = open_repository(files.write(folder))
    (analysis,) = repository.analyses()
    return repository, analysis


def test_numbers_are_those_of_the_files(tmp_path):
    files = making.analysis(1)
    repository, analysis = opened(tmp_path, files)
    series, problems = repository.series(analysis)
    assert problems == []
    found = {one.isotope: one for one in qualities(analysis, series)}
    assert sorted(found) == sorted(making.ARGON)
    one = found["Ar40"]
    stored = next(doc for path, doc in files.items() if path.endswith(".inte.json"))["Ar40"]
    assert (one.value, one.error, one.n, one.fn) == (stored["value"], stored["error"], 40, 40)
    assert one.detector == "H1"
    assert (len(one.readings), one.span) == (40, 127.0)
    assert one.blank == 8.0
    assert math.isnan(one.r2_adjusted)
    assert one.slope == 0.0


def test_without_series_the_stored_counts_hold_and_there_are_no_readings(tmp_path):
    _, analysis = opened(tmp_path, making.analysis(1))
    one = qualities(analysis)[0]
    assert (one.n, one.fn, one.readings, one.span) == (40, 40, (), 0.0)


def test_a_fit_made_again_brings_slope_and_curvature(tmp_path):
    repository, analysis = opened(tmp_path, making.analysis(1))
    series, _ = repository.series(analysis)
    raw = next(one for one in series if one.kind == "signal" and one.isotope == "Ar40")
    (fit,) = fit_all(
        [Series(raw.t.astype(float), raw.y.astype(float))], [FitSpec(Fit("parabolic"), ErrorType("SEM"))]
    )
    one = next(q for q in qualities(analysis, series, {"Ar40": fit}) if q.isotope == "Ar40")
    assert (one.value, one.error, one.slope, one.curvature) == (
        fit.value,
        fit.error,
        fit.slope,
        fit.curvature,
    )
    assert one.slope != 0.0


def test_an_isotope_without_a_fit_is_left_out(tmp_path):
    files = making.analysis(1)
    next(doc for path, doc in files.items() if path.endswith(".inte.json")).pop("Ar38")
    _, analysis = opened(tmp_path, files)
    assert sorted(one.isotope for one in qualities(analysis)) == ["Ar36", "Ar37", "Ar39", "Ar40"]
