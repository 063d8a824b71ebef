"""From files to ages: what is shared, what is flagged, and that one bad analysis stops nobody."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from uncertainties import ufloat, umath

from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.results import as_object, results
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.running.workspace import open_workspace
from pychron.reduction.constants import NAMED
from tests.dvc.making import ARGON, SIZES, Files, analysis, metadata

REAL = Path(__file__).parents[2].parent / "shared" / "real" / "dvc"
ARITHMETIC = Arithmetic()


def reduced(folder, *analyses, meta=None, arithmetic=ARITHMETIC):
    files = Files()
    for one in analyses:
        files.update(one)
    workspace = open_workspace(
        (meta or metadata()).write(folder / "meta"), [files.write(folder / "repository")]
    )
    loaded = workspace.load()
    rows = reduce_analyses(
        [one.analysis for one in loaded], metadata_of(workspace.meta, arithmetic), arithmetic
    )
    return rows, results(loaded, rows, arithmetic)


def changed(seed, modifier, **keys):
    files = analysis(seed)
    path = next(p for p in files if f"/{modifier}/" in p)
    document = json.loads(json.dumps(files[path]))
    for key, value in keys.items():
        document[key].update(value)
    files[path] = document
    return files


def fatal(result):
    return [flag.code for flag in result.flags if flag.fatal]


def test_an_age_by_hand_with_uncertainties(tmp_path):
    """The whole chain for one analysis, written again on `uncertainties` from the files' own numbers."""
    files = analysis(1)
    rows, (result,) = reduced(tmp_path, files)
    by = {p.split("/")[1]: d for p, d in files.items() if p.count("/") == 2}
    detectors = dict(zip(ARGON, ("H1", "AX", "L1", "L2", "CDD"), strict=True))

    def number(table, key):
        return ufloat(by[table][key]["value"], by[table][key]["error"])

    a = {
        n: (number("intercepts", n) - number("baselines", detectors[n]) - number("blanks", n))
        * number("icfactors", detectors[n])
        for n in ARGON
    }
    row = rows[0]
    a["Ar39"] *= row.reduced.batch.decay39[0]
    a["Ar37"] *= row.reduced.batch.decay37[0]
    p = {k: ufloat(*v) for k, v in metadata()["TEST-001/productions/TRIGA.json"].items()}
    air40, air38 = ufloat(295.5, 0.5), ufloat(1575.0, 2.0)
    k39 = (a["Ar39"] - p["Ca3937"] * a["Ar37"]) / (1 - p["K3739"] * p["Ca3937"])
    ca37 = a["Ar37"] - p["K3739"] * k39
    m = p["Cl3638"] * 6.308e-9 * row.reduced.batch.days[0]
    x38 = a["Ar38"] - p["K3839"] * k39 - p["Ca3837"] * ca37
    atm36 = (a["Ar36"] - p["Ca3637"] * ca37 - m * x38) / (1 - m * air40 / air38)
    f = (a["Ar40"] - p["K4039"] * k39 - air40 * atm36) / k39
    age = umath.log(1 + ufloat(1e-3, 1e-6) * f) / 5.543e-10 / 1e6
    assert result.f == pytest.approx(f.n, rel=1e-9)
    assert result.f_err == pytest.approx(f.s, rel=1e-6)
    assert (result.age_ma, result.age_err) == (pytest.approx(age.n, rel=1e-9), pytest.approx(age.s, rel=1e-6))
    assert result.age_err > result.age_err_wo_j > 0
    assert result.kca == pytest.approx((k39 / ca37 / p["Ca_K"]).n, rel=1e-9)
    assert result.flags == ()


def test_a_blank_of_the_same_references_is_one_variable(tmp_path):
    rows, _ = reduced(tmp_path, analysis(1), analysis(2), changed(3, "blanks", Ar40={"value": 9.0}))
    assert len({id(row.reduced) for row in rows}) == 1
    batch = rows[0].reduced.batch
    by_uuid = {row.analysis.uuid: row.index for row in rows}
    one, two, other = (by_uuid[next(iter(analysis(s).values()))["uuid"]] for s in (1, 2, 3))
    assert batch.blanks.ids[0, one] == batch.blanks.ids[0, two] != batch.blanks.ids[0, other]
    assert batch.blanks.ids[1, one] == batch.blanks.ids[1, other]
    assert batch.j.ids[one] == batch.j.ids[two]
    covariance = rows[0].reduced.covariance([one, two])
    assert covariance[0, 1] > 0
    assert np.sqrt(covariance[0, 0]) == pytest.approx(rows[0].reduced.f_error[one])


def test_two_isotopes_on_one_detector_share_its_baseline_and_factor(tmp_path):
    files = analysis(1)
    main = next(iter(files.values()))
    main["isotopes"]["Ar38"]["detector"] = "AX"
    rows, _ = reduced(tmp_path, files)
    batch = rows[0].reduced.batch
    assert batch.baselines.ids[1, 0] == batch.baselines.ids[2, 0] >= 0
    assert batch.ic_factors.ids[1, 0] == batch.ic_factors.ids[2, 0] != batch.ic_factors.ids[0, 0]


BAD = {
    "a corrupt file": (lambda f: f | {k: "{" for k in f if "/intercepts/" in k}, "file"),
    "a missing file": (lambda f: {k: v for k, v in f.items() if "/blanks/" not in k}, "file"),
    "NaN": (lambda f: f | {k: '{"Ar40": {"value": NaN, "error": 1}}' for k in f if "/blanks/" in k}, "file"),
    "an omitted one": (lambda f: f | {k.replace("intercepts", "tags").replace("inte", "tags"): {"name": "omit"} for k in f if "/intercepts/" in k}, "tag"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_analysis_is_flagged_and_the_others_go_on(what, tmp_path):
    spoil, code = BAD[what]
    _, found = reduced(tmp_path, analysis(1), Files(spoil(analysis(2))), analysis(3))
    bad = next(r for r in found if r.uuid == next(iter(analysis(2).values()))["uuid"])
    assert code in fatal(bad)
    assert bad.age_ma is None
    assert sorted(fatal(r) for r in found if r is not bad) == [[], []]
    assert all(r.age_ma > 0 for r in found if r is not bad)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Ar39": {"value": -4.0}}, "signal_negative"),
        ({"Ar36": {"value": -40.0}}, "signal_negative"),
        ({"Ar40": {"error": 0.0}}, "error_zero"),
    ],
)
def test_signals_that_mean_nothing_are_flagged(change, code, tmp_path):
    _, (result,) = reduced(tmp_path, changed(1, "intercepts", **change))
    assert code in [flag.code for flag in result.flags]
    if code == "signal_negative":
        assert result.age_ma is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TEST-001/chronology.txt": "1.0,2025-01-10 19:00:00,2025-01-10 09:00:00\n"}, "chronology"),
        ({"TEST-001/chronology.txt": "1.0,2026-01-10 09:00:00,2026-01-10 19:00:00\n"}, "no_decay"),
        ({"TEST-001/chronology.txt": "now and then\n"}, "no_chronology"),
        ({"TEST-001/productions.json": {}}, "no_productions"),
        ({"TEST-001/A.json": "{"}, "no_level"),
        ({"TEST-001/A.json": {"positions": [{"position": 7, "decay_constants": {}}]}}, "no_j"),
    ],
)
def test_metadata_that_say_nothing_are_the_reason(changes, code, tmp_path):
    _, (result,) = reduced(tmp_path, analysis(1), meta=metadata(**changes))
    assert code in fatal(result)
    assert result.age_ma is None
    assert not any(isinstance(v, float) and math.isnan(v) for v in as_object(result).values())


def test_constants_other_than_those_of_j_are_refused_or_converted(tmp_path):
    _, (own,) = reduced(tmp_path / "a", analysis(1))
    strict = Arithmetic(NAMED["min-2000"], follow_j=False)
    _, (refused,) = reduced(tmp_path / "b", analysis(1), arithmetic=strict)
    assert fatal(refused) == ["j_of_other_constants"]
    assert "--convert" in refused.flags[0].text
    convert = Arithmetic(NAMED["min-2000"], follow_j=False, convert=True)
    _, (converted,) = reduced(tmp_path / "c", analysis(1), arithmetic=convert)
    # Renne et al. (1998) eq. 5: the same F against the same monitor, whose age is 28.02 and 28.201 Ma.
    r = math.expm1(5.543e-10 * own.age_ma * 1e6) / math.expm1(5.543e-10 * 28.02e6)
    expected = math.log(r * math.expm1(5.463e-10 * 28.201e6) + 1) / 5.463e-10 / 1e6
    assert converted.age_ma == pytest.approx(expected, rel=1e-9)


def test_analyses_with_different_constants_stand_in_batches_of_their_own(tmp_path):
    meta = metadata()
    positions = meta["TEST-001/A.json"]["positions"]
    positions.append({**positions[0], "position": 8, "identifier": "70002", "decay_constants": {"lambda_k_total": 5.463e-10}})  # fmt: skip
    other = analysis(2, irradiation_position=8, identifier="70002")
    rows, _ = reduced(tmp_path, analysis(1), other, meta=meta)
    assert {row.reduced.lambda_k.value for row in rows} == {5.543e-10, 5.463e-10}


def test_blanks_are_reduced_without_a_blank_and_without_a_complaint_about_it(tmp_path):
    blank = analysis(4, analysis_type="blank_unknown", irradiation="NoIrradiation")
    rows, (result,) = reduced(tmp_path, blank)
    assert fatal(result) == ["no_irradiation"]
    signal = rows[0].reduced.corrected.signals[0, 0]
    assert signal == pytest.approx(SIZES["Ar40"], rel=0.2)


def test_nothing_at_all_is_no_failure(tmp_path):
    assert reduce_analyses([], metadata_of(None, ARITHMETIC), ARITHMETIC) == []


@pytest.mark.skipif(not REAL.is_dir(), reason="the laboratory's repository is not beside this checkout")
def test_monitors_of_a_laboratory_have_the_age_of_their_monitor():
    workspace = open_workspace(REAL / "MetaData", [REAL / "Irradiation-NM-313"])
    loaded = workspace.load()
    rows = reduce_analyses([o.analysis for o in loaded], metadata_of(workspace.meta, ARITHMETIC), ARITHMETIC)
    ages = [r.age_ma for r in results(loaded, rows, ARITHMETIC) if not fatal(r)]
    assert len(ages) == 37
    assert np.mean(ages) == pytest.approx(28.201, abs=0.03)
