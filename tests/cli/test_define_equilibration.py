"""Equilibration and signal told apart anew: what is written is read back with json, base64 and struct, and held against plain git."""

import base64
import json
import shutil
import struct

import numpy as np
import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import ARGON, committed, git
from tests.pipeline.laboratory import uuid_of
from tests.pipeline.test_nodes import REAL

AT = "--set", "DefineEquilibrationNode.time_s=30"
ONE = "--identifier", "70001-02"


def points(place, number, group, isotope):
    document = json.loads(modifier(place, number, ".data", "dat").read_text())
    blob = next(one["blob"] for one in document[group] if one["isotope"] == isotope)
    return list(struct.iter_unpack(">ff", base64.b64decode(blob)))


def line(readings):
    """Intercept and its error by numpy alone (Draper & Smith, 1.4)."""
    t, y = np.array(readings).T
    found, covariance = np.polyfit(t, y, 1, cov=True)
    return found[1], covariance[1, 1] ** 0.5


def without_filter(place):
    """So that numpy, which has no outlier filter, fits the same readings."""
    for number in range(3):
        path = modifier(place, number, "intercepts", "inte")
        document = json.loads(path.read_text())
        for one in document.values():
            one["filter_outliers_dict"] = {"filter_outliers": False}
        document["Ar40"]["user_excluded"] = [8, 20]
        path.write_text(json.dumps(document))
    committed(place / "NM-1", "<ISOEVO> by hand")


def test_readings_are_moved_none_is_changed_and_what_that_changes_is_fitted_again(place):
    without_filter(place)
    repo = place / "NM-1"
    before = git(repo, "rev-parse", "HEAD")
    old = {name: (points(place, 1, "sniffs", name), points(place, 1, "signals", name)) for name in ARGON}
    baselines = json.loads(modifier(place, 1, ".data", "dat").read_text())["baselines"]
    told = run("define_equilibration", *where(place), *ONE, *AT)
    assert told.exit_code == 0, told.output
    assert "not written: 1 files of equilibrations" in told.stdout
    assert git(repo, "rev-parse", "HEAD") == before, "nothing is committed without being told"
    done = run("define_equilibration", *where(place), *ONE, *AT, *ADA)
    assert "5 equilibrations end at 30 s now" in done.stdout
    assert git(repo, "log", "--format=%s", f"{before}..HEAD").splitlines() == [
        "<ISOEVO>.intercepts fits=Ar36(Linear_SEM),Ar37(Linear_SEM),Ar38(Linear_SEM),Ar39(Linear_SEM),Ar40(Linear_SEM)",
        "<DEFINE EQUIL> Ar36=30s, Ar37=30s, Ar38=30s, Ar39=30s, Ar40=30s",
    ]
    assert git(repo, "log", "-1", "--format=%an <%ae>") == "Ada L <ada@example.org>"
    assert len(git(repo, "diff", "--name-only", before, "HEAD").split()) == 2
    assert git(repo, "fsck", "--strict") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert json.loads(modifier(place, 1, ".data", "dat").read_text())["baselines"] == baselines
    assert ": error: " not in CliRunner().invoke(main, ["dvc", "verify", str(repo)]).stdout
    stored = json.loads(modifier(place, 1, "intercepts", "inte").read_text())
    for name in ARGON:
        sniff, signal = points(place, 1, "sniffs", name), points(place, 1, "signals", name)
        assert sorted(sniff + signal) == sorted(old[name][0] + old[name][1]), (
            "not a bit of a reading is another"
        )
        assert [t for t, _ in signal] == sorted(t for t, _ in signal)
        assert max(t for t, _ in sniff) < 30 <= min(t for t, _ in signal)
        assert len(signal) == 33, "of 40 from 10 s on, one every 3 s, 7 lie before 30 s"
        kept = (
            signal if name != "Ar40" else [one for place_, one in enumerate(signal) if place_ not in (1, 13)]
        )
        assert (stored[name]["value"], stored[name]["error"]) == pytest.approx(line(kept), rel=1e-6)
    assert stored["Ar40"]["user_excluded"] == [1, 13], "the readings that a person took out are the same ones"


def test_a_second_time_changes_nothing_and_the_way_back_gives_the_readings_back(place):
    run("define_equilibration", *where(place), *ONE, *AT, *ADA)
    moved = points(place, 1, "signals", "Ar40")
    head = git(place / "NM-1", "rev-parse", "HEAD")
    again = run("define_equilibration", *where(place), *ONE, *AT, *ADA)
    assert "0 equilibrations end at 30 s now" in again.stdout
    assert git(place / "NM-1", "rev-parse", "HEAD") == head
    run("define_equilibration", *where(place), *ONE, "--set", "DefineEquilibrationNode.time_s=5", *ADA)
    back = points(place, 1, "signals", "Ar40")
    assert len(back) == 43 - len([t for t, _ in points(place, 1, "sniffs", "Ar40")])
    assert set(moved) < set(back)


def test_without_a_time_nothing_is_moved_or_fitted(place):
    head = git(place / "NM-1", "rev-parse", "HEAD")
    done = run("define_equilibration", *where(place), *ADA)
    assert "0 series fitted" in done.stdout
    assert git(place / "NM-1", "rev-parse", "HEAD") == head


def test_the_way_back_brings_readings_and_fits_back_to_the_bit(place):
    files = [modifier(place, 1, ".data", "dat"), modifier(place, 1, "intercepts", "inte")]
    first = [path.read_bytes() for path in files]
    run("define_equilibration", *where(place), *ONE, *AT, *ADA)
    assert all(path.read_bytes() != old for path, old in zip(files, first, strict=True))
    done = run("revert_history", *where(place), *ONE, *ADA)
    assert done.exit_code == 0, done.output
    assert [path.read_bytes() for path in files] == first


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repositories are not here")
def test_readings_of_a_real_laboratory_go_and_come_back_and_give_its_own_fits(tmp_path):
    """Its equilibrations end before 19 s, its signals begin after that."""
    for name in ("Irradiation-NM-313", "MetaData"):
        shutil.copytree(REAL / name, tmp_path / name, copy_function=shutil.copyfile)
        committed(tmp_path / name)
    repo = tmp_path / "Irradiation-NM-313"
    places = "--meta", tmp_path / "MetaData", "--repo", repo, "--out", tmp_path / "runs"
    before = {path: json.loads(path.read_text()) for path in sorted(repo.glob("*/.data/*.json"))}
    fits = {path: json.loads(path.read_text()) for path in sorted(repo.glob("*/intercepts/*.json"))}
    assert len(before) == 37
    there = run("define_equilibration", *places, "--set", "DefineEquilibrationNode.time_s=60", *ADA)
    assert "222 equilibrations end at 60 s now" in there.stdout
    assert len(git(repo, "diff", "--name-only", "HEAD~2", "HEAD").split()) == 74
    far = [
        abs(one["value"] - fits[path][key]["value"]) / fits[path][key]["error"]
        for path in fits
        for key, one in json.loads(path.read_text()).items()
    ]
    assert max(far) > 1, "fewer readings give other intercepts"
    back = run("define_equilibration", *places, "--set", "DefineEquilibrationNode.time_s=18.5", *ADA)
    assert "222 equilibrations end at 18.5 s now" in back.stdout
    for path, old in before.items():
        new = json.loads(path.read_text())
        for group in ("signals", "sniffs", "baselines"):
            assert _blobs(new[group]) == _blobs(old[group]), "every reading is where it was, to the bit"
    for path, old in fits.items():
        for key, one in json.loads(path.read_text()).items():
            assert abs(one["value"] - old[key]["value"]) < 1e-3 * old[key]["error"]
            assert one["error"] == pytest.approx(old[key]["error"], rel=1e-3)
    assert git(repo, "fsck", "--strict") == ""


def _blobs(entries):
    return {(one.get("isotope"), one["detector"]): base64.b64decode(one["blob"] or "") for one in entries}


def test_a_time_after_every_reading_and_a_damaged_series_move_nothing(place):
    late = run(
        "define_equilibration", *where(place), *ONE, "--set", "DefineEquilibrationNode.time_s=1000", *ADA
    )
    assert late.exit_code == 1
    assert "70001-02: Ar40 has no reading from 1000 s on; its equilibration stays as it was" in late.stdout
    path = modifier(place, 1, ".data", "dat")
    document = json.loads(path.read_text())
    document["signals"][0]["blob"] = document["signals"][0]["blob"][:-8]
    path.write_text(json.dumps(document))
    head = committed(place / "NM-1", "a disk that failed")
    cut = run("define_equilibration", *where(place), *ONE, *AT, *ADA)
    assert cut.exit_code == 1
    assert "70001-02: no reading of it is moved" in cut.stdout
    assert git(place / "NM-1", "rev-parse", "HEAD") == head


def test_a_run_that_stopped_remembers_what_it_defined(place):
    stop = "--set", "ReviewNode.policy=stop", "--set", "ReviewNode.intercept_error_pct=0.001"
    first = run("define_equilibration", *where(place), *ONE, *AT, *stop, *ADA)
    assert "go on with --resume" in first.stdout
    head = git(place / "NM-1", "rev-parse", "HEAD")
    done = run("define_equilibration", *where(place), *ONE, *AT, *stop, *ADA, "--resume")
    assert git(place / "NM-1", "rev-list", "--count", f"{head}..HEAD") == "2", done.output
    assert min(t for t, _ in points(place, 1, "signals", "Ar40")) >= 30
    assert uuid_of(1) in (place / "runs" / "define_equilibration-0001" / "run.json").read_text()
