"""The table of the made sample, opened again by others: openpyxl and the csv module."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from pychron.cli.main import main
from tests.examples.synthetic import metadata, repository, write


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write(folder / "Synthetic", repository())
    write(folder / "MetaData", metadata())
    return folder


def run(lab, *words):
    where = ["--meta", lab / "MetaData", "--repo", lab / "Synthetic"]
    return CliRunner().invoke(main, [words[0], *map(str, [*where, *words[1:]])], prog_name="pychron")


def rows_of(sheet):
    head, *rest = sheet.iter_rows(values_only=True)
    return head, rest


def test_an_xlsx_holds_numbers_that_are_those_of_the_commands(lab, tmp_path):
    out = tmp_path / "ages.xlsx"
    done = run(lab, "table", "--out", out)
    assert done.exit_code == 0, done.output
    book = load_workbook(out)
    assert book.sheetnames == ["Analyses", "Ages", "Metadata"]
    head, rows = rows_of(book["Analyses"])
    assert len(rows) == 22
    ages = {one["record_id"]: one for one in json.loads(run(lab, "age", "--json").stdout)}
    run_, age, without, with_j = (
        head.index(name) for name in ("Run", "Age (Ma)", "± 1σ without J", "± 1σ with J")
    )
    for row in rows:
        one = ages[row[run_]]
        assert row[age] == pytest.approx(one["age_ma"])
        assert row[without] == pytest.approx(one["age_err_wo_j"])
        assert row[with_j] == pytest.approx(one["age_err"])
    steps = [row for row in rows if row[1] == "66001"]
    released = head.index("39ArK released (%, cumulative)")
    assert steps[-1][released] == pytest.approx(100)
    assert [row[3] for row in steps] == list("ABCDEFGHIJKL")
    assert book["Analyses"].cell(2, age + 1).number_format == "0.00000"


def test_the_ages_are_those_of_the_samples(lab, tmp_path):
    run(lab, "table", "--out", tmp_path / "ages.xlsx")
    head, rows = rows_of(load_workbook(tmp_path / "ages.xlsx")["Ages"])
    found = {(row[1], row[3]): dict(zip(head, row, strict=True)) for row in rows}
    samples = json.loads(run(lab, "plateau", "--json").stdout)
    assert found["66001", "plateau"]["Age (Ma)"] == pytest.approx(samples[0]["plateau"]["age_ma"])
    assert found["66001", "plateau"]["Steps"] == "D-L"
    assert (found["66001", "plateau"]["n"], found["66001", "plateau"]["of"]) == (9, 12)
    assert found["66002", "weighted mean"]["Age (Ma)"] == pytest.approx(samples[1]["mean"]["age_ma"])
    isochron = json.loads(run(lab, "isochron", "--identifier", "66002", "--json").stdout)[0]
    assert found["66002", "inverse isochron"]["Trapped 40Ar/36Ar"] == pytest.approx(isochron["trapped_4036"])


def test_the_metadata_say_how_the_ages_were_made(lab, tmp_path):
    run(lab, "table", "--out", tmp_path / "ages.xlsx")
    _, rows = rows_of(load_workbook(tmp_path / "ages.xlsx")["Metadata"])
    said = {row[0]: row[1:] for row in rows}
    assert said["λ 40K (1/a)"][:2] == (5.463e-10, 1e-11)
    assert said["Monitor FC-2 (Ma)"][0] == 28.201
    assert said["(40/39)K SYN-001 A"][:2] == (0.007614, 1.05e-4)
    assert "2026-01-07 06:00:00" in said["Irradiation SYN-001"][0]


def test_a_csv_is_three_files(lab, tmp_path):
    done = run(lab, "table", "--out", tmp_path / "ages.csv", "--json")
    names = ["ages.csv", "ages-ages.csv", "ages-metadata.csv"]
    assert json.loads(done.stdout) == [str(tmp_path / name) for name in names]
    with (tmp_path / "ages.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    assert float(rows[0]["Age (Ma)"]) > 28


def test_what_is_left_out_stays_with_its_reason(lab, tmp_path):
    files = repository()
    path = next(path for path in files if "/intercepts/" in path)
    files[path] = "{ this is"
    write(tmp_path / "Synthetic", files)
    where = [
        "--meta",
        str(lab / "MetaData"),
        "--repo",
        str(tmp_path / "Synthetic"),
        "--out",
        str(tmp_path / "a.csv"),
    ]
    done = CliRunner().invoke(main, ["table", *where])
    assert done.exit_code == 1
    with (tmp_path / "a.csv").open(newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["Left out because"]]
    assert "it is no JSON" in row["Left out because"]
    assert row["Age (Ma)"] == ""


def test_the_same_data_give_the_same_bytes(lab, tmp_path):
    run(lab, "table", "--out", tmp_path / "one.csv")
    run(lab, "table", "--out", tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize(
    ("out", "said"), [("a.ods", "a table ends in .xlsx or .csv"), ("no/a.csv", "cannot be written")]
)
def test_what_cannot_be_written_is_told(lab, tmp_path, out, said):
    done = run(lab, "table", "--out", tmp_path / out)
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())
