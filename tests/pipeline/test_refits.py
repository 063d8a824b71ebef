"""Readings fitted again give what a real laboratory stored, and the command says where they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import statsmodels.api as sm
from click.testing import CliRunner

from pychron.cli.main import main
from pychron.dvc.repository import open_repository
from pychron.pipeline.fitting.refits import refit
from tests.dvc.making import Files, an_identity, analysis

REAL = Path(__file__).parents[3] / "shared" / "real" / "dvc" / "Irradiation-NM-313"


@pytest.mark.skipif(not REAL.is_dir(), reason="the real laboratory's repository is not here")
def test_every_stored_fit_of_a_real_repository_is_made_again():
    repository = open_repository(REAL)
    rows, faults = refit(repository, repository.identities())
    assert faults == []
    assert len(rows) == 444
    for row in rows:
        assert abs(row.value - row.stored_value) <= 1e-3 * row.stored_error
        assert abs(row.error - row.stored_error) <= 1e-3 * row.stored_error


def run(*arguments):
    return CliRunner().invoke(main, ["reduce", "fits", *map(str, arguments)])


def refitted(folder, *more):
    result = run("--repo", folder, "--json", *more)
    return result.exit_code, {
        (row["uuid"], row["kind"], row["isotope"]): row for row in json.loads(result.stdout)
    }


def test_json_has_a_row_a_fit_with_what_is_stored_beside_it(tmp_path):
    status, rows = refitted(analysis(1).write(tmp_path))
    assert status == 1
    assert len(rows) == 10
    one = rows[an_identity(1), "signal", "Ar40"]
    assert list(one)[:12] == [
        "uuid", "record_id", "isotope", "kind", "fit", "error_type", "n", "value", "error", "stored_value",
        "stored_error", "why",
    ]  # fmt: skip
    assert one["n"] == 40
    assert one["stored_error"] == 0.8


def test_a_time_zero_offset_moves_the_intercept(tmp_path):
    files = analysis(1)
    for path, document in files.items():
        if "inte" in path:
            for one in document.values():
                one["filter_outliers_dict"] = {"filter_outliers": False}
    _, plain = refitted(files.write(tmp_path / "plain"))
    files[next(iter(files))]["time_zero_offset"] = 25.0
    _, moved = refitted(files.write(tmp_path / "moved"))
    (raw, *_), _ = (repository := open_repository(tmp_path / "plain")).series(next(repository.analyses()))
    line = sm.OLS(raw.y.astype(float), sm.add_constant(raw.t.astype(float) - 25.0)).fit()
    key = an_identity(1), "signal", "Ar40"
    assert moved[key]["value"] == pytest.approx(line.params[0], rel=1e-10)
    assert moved[key]["error"] == pytest.approx(line.bse[0], rel=1e-8)
    assert plain[key]["value"] != moved[key]["value"]


def test_a_damaged_series_is_said_and_the_others_go_on(tmp_path):
    files = Files({**analysis(1), **analysis(2)})
    data = files[next(path for path in analysis(1) if "/.data/" in path)]
    data["signals"][0]["blob"] = None
    data["signals"][1]["blob"] = data["signals"][1]["blob"][:-8]
    data["baselines"][0]["blob"] = "?"
    result = run("--repo", files.write(tmp_path))
    assert result.exit_code == 1
    assert "was cut short" in result.stderr
    assert "cannot be decoded" in result.stderr
    assert "the series has no point" in result.stdout
    assert "of 2 analyses" in result.stdout
    assert "Traceback" not in result.output


def test_only_one_identifier(tmp_path):
    files = Files({**analysis(1), **analysis(2, identifier="70002")})
    folder = files.write(tmp_path)
    _, rows = refitted(folder, "--identifier", "70002")
    assert {uuid for uuid, _, _ in rows} == {an_identity(2)}
    assert "identifier 7" in run("--repo", folder, "--identifier", "7").stderr


def test_no_repository_is_one_line(tmp_path):
    result = run("--repo", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "no such folder" in result.stderr
