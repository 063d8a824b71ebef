"""Production ratios from made calcium salts into the metadata: held against what the salts were made with, json and plain git."""

import json
import shutil

import pytest

from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import ARGON, DETECTORS, PRODUCTION, committed, git
from tests.pipeline.laboratory import UNKNOWNS, decay_factor, uuid_of

TRUE = {"Ca3637": 2.71e-4, "Ca3837": 3.3e-5, "Ca3937": 7.05e-4}
AIR36 = 1e-4
"""fA of air's 36Ar in each"""


def salts(place, ar37=900.0):
    """The gas of three calcium salts, through decay, blanks and baselines back to intercepts."""
    for number in range(3):
        made = ar37 * (1 + number)
        gas = {
            "Ar40": 295.5 * AIR36,
            "Ar39": TRUE["Ca3937"] * made / decay_factor(UNKNOWNS[number], 7.068e-6),
            "Ar38": TRUE["Ca3837"] * made + AIR36 * 295.5 / 1575,
            "Ar37": made / decay_factor(UNKNOWNS[number], 0.01975),
            "Ar36": TRUE["Ca3637"] * made + AIR36,
        }
        path = modifier(place, number, "intercepts", "inte")
        fits, base, blanks = (
            json.loads(modifier(place, number, name, suffix).read_text())
            for name, suffix in (("intercepts", "inte"), ("baselines", "base"), ("blanks", "blan"))
        )
        for name in ARGON:
            value = gas[name] + base[DETECTORS[name]]["value"] + blanks[name]["value"]
            fits[name].update(value=value, error=1e-4 * gas[name] + 1e-6)
        path.write_text(json.dumps(fits))
    committed(place / "NM-1", "<ISOEVO> of salts")


def test_the_ratios_that_the_salts_were_made_with_are_written_and_every_other_stays(place):
    salts(place)
    meta = place / "MetaData"
    before = git(meta, "rev-parse", "HEAD")
    told = run("ca_correction_factors", *where(place))
    assert told.exit_code == 0, told.output
    assert "not written: 1 files of production ratios" in told.stdout
    assert git(meta, "rev-parse", "HEAD") == before
    repo = git(place / "NM-1", "rev-parse", "HEAD")
    done = run("ca_correction_factors", *where(place), *ADA)
    assert "wrote 1 files of production ratios" in done.stdout, done.output
    subject = "updated production ratios TRIGA of TEST-001: Ca3637, Ca3837, Ca3937"
    assert git(meta, "log", "-1", "--format=%an|%s") == f"Ada L|{subject}"
    assert git(meta, "diff", "--name-only", before, "HEAD") == "TEST-001/productions/TRIGA.json"
    assert git(place / "NM-1", "rev-parse", "HEAD") == repo
    assert git(meta, "fsck", "--strict") == ""
    document = json.loads(git(meta, "show", "HEAD:TEST-001/productions/TRIGA.json"))
    for key, value in TRUE.items():
        found, error = document[key]
        assert abs(found - value) < 3 * error
        assert found == pytest.approx(value, rel=0.02)
        assert 0 < error < 0.05 * value or key == "Ca3837"
    assert {key: document[key] for key in PRODUCTION if key not in TRUE} == {
        key: pair for key, pair in PRODUCTION.items() if key not in TRUE
    }
    again = run("ca_correction_factors", *where(place), *ADA)
    assert "no new commit" in again.stdout


def test_ratios_of_the_whole_laboratory_stay_and_the_irradiation_gets_its_own(place):
    salts(place)
    meta = place / "MetaData"
    (meta / "productions").mkdir()
    (meta / "TEST-001" / "productions" / "TRIGA.json").rename(meta / "productions" / "TRIGA.json")
    committed(meta, "Labnumber Entry Save")
    done = run("ca_correction_factors", *where(place), *ADA)
    assert "wrote 1 files of production ratios" in done.stdout, done.output
    assert git(meta, "diff", "--name-status", "HEAD^", "HEAD") == "A\tTEST-001/productions/TRIGA.json"
    assert json.loads((meta / "productions" / "TRIGA.json").read_text())["Ca3637"] == PRODUCTION["Ca3637"]


def test_a_sanidine_is_no_salt_and_nothing_of_it_is_written(place):
    before = git(place / "MetaData", "rev-parse", "HEAD")
    done = run("ca_correction_factors", *where(place), *ADA)
    assert done.exit_code == 1
    assert "is no such factor; are these analyses of a calcium salt?" in done.stdout
    assert "no factor that could be one was found, nothing to write" in done.stdout
    assert git(place / "MetaData", "rev-parse", "HEAD") == before


def test_where_they_go_is_said_or_known(place):
    salts(place)
    none = run(
        "ca_correction_factors", *where(place), "--set", "CorrectionFactorsPersistNode.name=HANFORD", *ADA
    )
    assert none.exit_code == 1
    assert "TEST-001 has no production ratios HANFORD" in none.stdout
    path = place / "NM-1" / uuid_of(2)[:5] / f"{uuid_of(2)[5:]}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"irradiation": "TEST-002"}))
    committed(place / "NM-1", "<MANUAL> irradiation")
    left_out = run("ca_correction_factors", *where(place), "--new")
    assert "70001-03 is left out" in left_out.stdout
    assert "not written: 1 files of production ratios" in left_out.stdout, "of the irradiation of the others"
    shutil.copytree(place / "MetaData" / "TEST-001", place / "MetaData" / "TEST-002")
    committed(place / "MetaData", "Labnumber Entry Save")
    two = run("ca_correction_factors", *where(place), "--new", *ADA)
    assert "the salts are of several irradiations: TEST-001, TEST-002; write `irradiation:`" in two.stdout


def test_metadata_with_changes_are_refused_before_the_work(place):
    (place / "MetaData" / "TEST-001" / "A.json").write_text("{}")
    done = run("ca_correction_factors", *where(place), *ADA)
    assert done.exit_code != 0
    assert "has changes that are not committed" in done.output
    assert not (place / "runs").exists()
