"""Reports, metadata, simple tables, recent runs and levels over each other, as files of a run."""

import csv
import json
import re

import openpyxl
import pytest

from tests.cli.pipeline_runs import ADA, run, where
from tests.dvc.making import committed
from tests.pipeline.laboratory import UNKNOWNS, lab, stamp, uuid_of, written
from tests.pipeline.test_nodes import nodes, ran


@pytest.fixture
def place(tmp_path):
    written(tmp_path)
    committed(tmp_path / "NM-1")
    committed(tmp_path / "MetaData", "Labnumber Entry Save")
    return tmp_path


def test_a_report_is_one_page_with_ages_and_figures(place):
    done = run("report", *where(place), "--set", "ReportNode.title=Fish & <Canyon>")
    assert done.exit_code == 0, done.output
    page = (place / "runs" / "report-0001" / "report.html").read_text()
    assert "<h1>Fish &amp; &lt;Canyon&gt;</h1>" in page
    assert page.count("<svg") == 1
    assert not re.search(r"(src|href)=\"?(http|file)", page.replace("http://www.w3.org", "")), (
        "it needs no other file"
    )
    ages = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    for one in ages:
        assert f"<td>{one['record_id']}<td>5<td>{one['age_ma']:.6g}" in page
    assert "weighted mean" in page


def test_what_is_left_out_stands_in_the_report_with_its_reason(tmp_path):
    files = lab()
    path = next(p for p in files if uuid_of(1)[:5] in p and p.endswith(".inte.json"))
    files[path]["Ar39"]["value"] = -5.0
    (tmp_path / "out").mkdir()
    ran(written(tmp_path, files), nodes("klass: ReportNode"), dry=False)
    row = re.search(r"<tr class=out><td>70001-02.*", (tmp_path / "out" / "report.html").read_text())
    assert "is not positive" in row[0]


def test_the_metadata_of_every_analysis(place):
    assert run("analysis_metadata", *where(place)).exit_code == 0
    with (place / "runs" / "analysis_metadata-0001" / "analysis_metadata.csv").open() as file:
        rows = {row["uuid"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(UNKNOWNS) + 8, "every type, not the unknowns alone"
    one = rows[uuid_of(0)]
    assert (one["record_id"], one["extract_device"], one["extract_value"], one["hole"]) == (
        "70001-01",
        "CO2",
        "5.0",
        "7",
    )
    assert (one["sample"], one["material"], one["project"], one["repository"]) == (
        "FC-2",
        "sanidine",
        "monitors",
        "NM-1",
    )
    assert len(one["commit"]) == 40


def test_a_simple_table_has_what_is_looked_at_first(place):
    assert run("simple_analysis_table", *where(place)).exit_code == 0
    book = openpyxl.load_workbook(place / "runs" / "simple_analysis_table-0001" / "analyses.xlsx")
    rows = list(book["Analyses"].values)
    assert rows[0] == (
        "Sample", "Identifier", "Run", "Step", "Extraction", "Unit", "40Ar* (%)", "K/Ca", "Age (Ma)", "± 1σ without J",
        "± 1σ with J", "Left out because",
    )  # fmt: skip
    ages = {
        one["record_id"]: one["age_ma"]
        for one in json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    }
    assert {row[2]: row[8] for row in rows[1:]} == pytest.approx(ages)


def test_a_table_with_the_interpreted_ages_of_its_samples(place):
    run("interpreted_age", *where(place), *ADA)
    assert run("analysis_table_w_ia", *where(place)).exit_code == 0
    book = openpyxl.load_workbook(place / "runs" / "analysis_table_w_ia-0001" / "analyses.xlsx")
    heads, *rows = book["Interpreted ages"].values
    assert [(row[heads.index("Identifier")], row[heads.index("n")]) for row in rows] == [("70001", 3)]
    document = json.loads((place / "NM-1" / "reduction" / "700" / "ia" / "01_00000.ia.json").read_text())
    assert rows[0][heads.index("Age (Ma)")] == pytest.approx(document["preferred"]["age"])


def test_recent_runs_count_back_from_the_newest(tmp_path):
    newest, _ = ran(written(tmp_path), "nodes:\n  - {klass: RecentUnknownsNode, hours: 0.6}\n")
    times = [newest.one(uuid).analysis.time for uuid in newest.unknowns]
    every = sorted(one.analysis.time for one in newest.everything())
    assert times == [time for time in every if time >= every[-1] - 0.6 * 3600]
    two, _ = ran(tmp_path, "nodes:\n  - {klass: RecentUnknownsNode, most: 2, analysis_types: [unknown]}\n")
    assert two.unknowns == (uuid_of(1), uuid_of(2))
    assert stamp(UNKNOWNS[2])
    _, ended = ran(tmp_path, "nodes:\n  - {klass: RecentUnknownsNode, mass_spectrometer: none}\n")
    assert ended.run.reports[-1].text == "no analysis matches what the node asks for"


def test_levels_over_each_other(tmp_path):
    (tmp_path / "out").mkdir()
    folder = written(tmp_path) / "MetaData" / "TEST-001"
    level = json.loads((folder / "A.json").read_text())
    level["positions"][0]["options"]["monitor_name"] = "FC-2"
    (folder / "A.json").write_text(json.dumps({**level, "z": 4.5}))
    (folder / "B.json").write_text(json.dumps(level["positions"]))
    text = "nodes:\n  - {klass: VerticalFluxNode, irradiation: TEST-001, monitor: fc-renne-1998}\n"
    _, ended = ran(tmp_path, text, dry=False)
    assert [one.partition(":")[0] for one in ended.faults] == ["B"]
    rows = list(csv.DictReader((tmp_path / "out" / "vertical-flux-TEST-001.csv").read_text().splitlines()))
    assert [(row["level"], float(row["z_mm"]), row["hole"], row["n"]) for row in rows] == [
        ("A", 4.5, "7", "3")
    ]
    flux = "nodes:\n  - {klass: FindFluxMonitorsNode, irradiation: TEST-001, level: A}\n  - {klass: FitFluxNode, monitor: fc-renne-1998}\n"
    state, _ = ran(tmp_path, flux)
    assert float(rows[0]["mean_j"]) == next(one for one in state.holes if one.hole == 7).mean[0]
    _, ended = ran(tmp_path, "nodes:\n  - {klass: VerticalFluxNode, irradiation: NO-1}\n")
    assert ended.run.reports[-1].text == "NO-1 has no such level"
