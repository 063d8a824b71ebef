"""`pychron flux` as a person types it."""

import json

import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.dvc.making import Files, analysis, metadata

HOLDER = "circle,1.0\n0,5\n5,0\n0,-5\n-5,0\n3,3\n-3,3\n2,2\n"


@pytest.fixture
def lab(tmp_path):
    positions = [
        {"position": number, "identifier": str(70000 + number), "decay_constants": {"lambda_k_total": 5.543e-10},
         "options": {"monitor_age": 28.02, "monitor_name": "FC-2"}}
        for number in (1, 2, 3, 4, 7)
    ]  # fmt: skip
    files = Files()
    for number in (1, 2, 3, 4):
        for step in range(2):
            where = {"irradiation_position": number, "identifier": str(70000 + number)}
            files.update(analysis(10 * number + step, **where))
    files.write(tmp_path / "NM-1")
    metadata(**{"TEST-001/A.json": {"positions": positions}, "irradiation_holders/seven.txt": HOLDER}).write(
        tmp_path / "MetaData"
    )
    return tmp_path


def run(lab, *words, level="A"):
    where = [
        "--meta",
        lab / "MetaData",
        "--repo",
        lab / "NM-1",
        "--irradiation",
        "TEST-001",
        "--level",
        level,
    ]
    return CliRunner().invoke(main, ["flux", *map(str, [*where, *words])], prog_name="pychron")


def test_json_has_an_object_a_hole(lab):
    done = run(lab, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [one["position"] for one in found] == [1, 2, 3, 4, 7]
    assert [one["n"] for one in found] == [2, 2, 2, 2, 0]
    keys = {"identifier", "position", "n", "mean_j", "mean_j_err", "mean_j_mswd"}
    assert all(keys <= one.keys() for one in found)
    assert found[0]["mean_j"] > 0
    assert found[4]["mean_j"] is None


@pytest.mark.parametrize("model", ["plane", "nearest", "bracketing", "weighted-mean"])
def test_a_model_predicts_the_holes_without_monitors(lab, model):
    done = run(lab, "--model", model, "--holder", "seven", "--json")
    assert done.exit_code == 0, done.output
    assert all(one["j"] > 0 and one["j_err"] > 0 for one in json.loads(done.stdout))
    (lab / "own.txt").write_text(HOLDER)
    same = run(lab, "--model", model, "--holder", lab / "own.txt", "--json")
    assert same.stdout == done.stdout
    assert "by model" in run(lab, "--model", model, "--holder", "seven").stdout


@pytest.mark.parametrize(
    ("words", "level", "said"),
    [
        ((), "B", "TEST-001 has no level B; it has A"),
        (("--model", "plane"), "A", "add --holder NAME or FILE"),
        (("--model", "plane", "--holder", "nine"), "A", "there is no holder irradiation_holders/nine.txt"),
        (("--model", "plane", "--holder", "24_hole"), "A", "the holder has no hole 4, 7"),
        (("--monitor", "fc-kuiper"), "A", "did you mean fc-kuiper-2008?"),
    ],
)
def test_what_cannot_be_had_is_told_with_the_remedy(lab, words, level, said):
    done = run(lab, *words, level=level)
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())


def test_a_monitor_with_a_fault_is_named_and_the_status_says_so(lab):
    bad = next(path for path in analysis(10) if "/intercepts/" in path)
    (lab / "NM-1" / bad).write_text("{ this is")
    done = run(lab)
    assert done.exit_code == 1
    assert f"is left out: {bad}:1: it is no JSON" in done.stdout
    assert "TEST-001 A: 7 monitors in 4 holes" in done.stdout
