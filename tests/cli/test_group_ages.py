"""`pychron plateau` and `pychron isochron` on a sample heated in steps, made by hand."""

import json

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.dvc.making import Files, analysis, metadata

AIR = 295.5


def run(lab, *words):
    where = ["--meta", lab / "MetaData", "--repo", lab / "NM-1"]
    return CliRunner().invoke(main, [words[0], *map(str, [*where, *words[1:]])], prog_name="pychron")


def step(number, potassium, air36, f=20.0):
    """A step of pure potassium and air, without blanks or interferences, so that a hand can work out its age."""
    files = analysis(
        200 + number,
        identifier="66001",
        aliquot=2,
        increment=number,
        timestamp=f"2025-02-03T{number:02d}:00:00",
    )
    signals = {
        "Ar40": f * potassium + AIR * air36, "Ar39": potassium, "Ar38": AIR / 1575 * air36, "Ar37": 0.0, "Ar36": air36,
    }  # fmt: skip
    for path, document in list(files.items()):
        document = json.loads(json.dumps(document)) if isinstance(document, dict) else document
        if "/intercepts/" in path:
            for name, value in signals.items():
                document[name].update(value=value, error=max(abs(value) * 1e-3, 1e-4))
        elif "/baselines/" in path or "/blanks/" in path:
            for one in document.values():
                one.update(value=0.0, error=0.0)
        files[path] = document
    return files


@pytest.fixture
def lab(tmp_path):
    files = Files()
    for number, (potassium, air36, f) in enumerate(
        [(5, 0.05, 60), (20, 0.03, 20), (50, 0.02, 20), (30, 0.06, 20), (40, 0.01, 20), (9, 0.02, 20)]
    ):
        files.update(step(number, potassium, air36, f))
    files.update(analysis(1))
    files.write(tmp_path / "NM-1")
    nothing = {"K4039": [0, 0], "K3839": [0, 0], "K3739": [0, 0], "Ca3937": [0, 0], "Ca3837": [0, 0],
               "Ca3637": [0, 0], "Cl3638": [0, 0], "Ca_K": [1.96, 0], "Cl_K": [0.227, 0]}  # fmt: skip
    metadata(**{"TEST-001/productions/TRIGA.json": nothing}).write(tmp_path / "MetaData")
    return tmp_path


def test_a_plateau_and_its_steps(lab):
    done = run(lab, "plateau", "--identifier", "66001", "--json")
    assert done.exit_code == 0, done.output
    (one,) = json.loads(done.stdout)
    assert (one["label"], one["aliquot"]) == ("66001-02", 2)
    plateau = one["plateau"]
    assert [step_["step"] for step_ in plateau["steps"]] == list("BCDEF")
    assert plateau["gas_pct"] == pytest.approx(100 * 149 / 154)
    ages = {row["record_id"]: row["age_ma"] for row in json.loads(run(lab, "age", "--json").stdout)}
    assert plateau["age_ma"] == pytest.approx(ages["66001-02B"], rel=1e-4)
    assert one["integrated"]["age_ma"] > plateau["age_ma"]
    assert plateau["age_err"] > plateau["age_err_wo_j"] > 0
    words = run(lab, "plateau").stdout
    assert "B-F, 97 % of the 39Ar" in words
    assert "70001" in words


def test_steps_chosen_by_a_person_must_agree_too(lab):
    (one,) = json.loads(run(lab, "plateau", "--identifier", "66001", "--steps", "A-D", "--json").stdout)
    assert "the steps chosen do not agree" in one["plateau"]["why"]
    assert one["plateau"]["age_ma"] is None
    (one,) = json.loads(run(lab, "plateau", "--identifier", "66001", "--steps", "c-e", "--json").stdout)
    assert [step_["step"] for step_ in one["plateau"]["steps"]] == list("CDE")
    (one,) = json.loads(run(lab, "plateau", "--identifier", "66001", "--steps", "X-Z", "--json").stdout)
    assert "0 steps chosen" in one["plateau"]["why"]
    wrong = run(lab, "plateau", "--steps", "4-2")
    assert wrong.exit_code == 2
    assert "the letters of the first and the last step" in wrong.stderr


@pytest.mark.parametrize("words", [(), ("--normal",)])
def test_an_isochron_meets_the_air_that_is_in_it(lab, words):
    bad = next(path for path in step(0, 5, 0.05) if "/intercepts/" in path)
    (lab / "NM-1" / bad).write_text("[]")
    done = run(lab, "isochron", "--identifier", "66001", *words, "--json")
    assert done.exit_code == 1, "the step whose file is broken is said"
    (one,) = json.loads(done.stdout)
    assert one["n"] == 5
    assert one["trapped_4036"] == pytest.approx(AIR, abs=3 * one["trapped_4036_err"])
    assert abs(one["F"] - 20.0) < 0.1
    assert [row["step"] for row in one["left_out"]] == ["A"]
    assert "66001-02A is left out" in run(lab, "isochron", "--identifier", "66001", *words).stdout


def test_nothing_to_group_is_said(lab):
    done = run(lab, "plateau", "--type", "air")
    assert done.exit_code == 1
    assert "no analysis of this type is here" in done.stderr
