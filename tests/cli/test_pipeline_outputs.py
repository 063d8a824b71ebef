"""What runs of templates make: figures, tables, exports, interpreted ages."""

import json

import openpyxl
import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import committed, git
from tests.pipeline.laboratory import uuid_of


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("ideogram", {"ideogram-70001.pdf"}),
        ("inverse_isochron", {"isochron-70001-01.pdf", "isochron-70001-02.pdf", "isochron-70001-03.pdf"}),
        ("series", {"series-age.pdf", "series-Ar40.pdf"}),
        ("ratio_series", {"series-Ar40_Ar36.pdf"}),
        ("csv_raw_data_export", {"raw_data.csv"}),
        ("csv_analyses_export", {"analyses.csv", "analyses-ages.csv", "analyses-metadata.csv"}),
        (
            "analysis_table",
            {
                "analyses.xlsx",
                "analyses.csv",
                "analyses-ages.csv",
                "analyses-metadata.csv",
                "audit.json",
                "audit.csv",
            },
        ),
    ],
)
def test_figures_and_exports_are_files_of_the_run(name, files, place):
    done = run(name, *where(place))
    assert done.exit_code == 0, done.output
    found = {p.name for p in (place / "runs" / f"{name}-0001").iterdir()}
    assert files == found - {"run.json", "result.json"}
    assert all((place / "runs" / f"{name}-0001" / one).stat().st_size > 200 for one in files)


def test_the_table_holds_the_ages_of_the_run(place):
    done = run("analysis_table", *where(place), "--set", "XLSXAnalysisTableNode.title=Table 1", "--json")
    assert done.exit_code == 0, done.output
    ages = {one["record_id"]: one["age_ma"] for one in json.loads(done.stdout)["analyses"]}
    book = openpyxl.load_workbook(place / "runs" / "analysis_table-0001" / "analyses.xlsx")
    rows = list(book["Analyses"].values)
    run_, age = rows[0].index("Run"), rows[0].index("Age (Ma)")
    assert {row[run_]: row[age] for row in rows[1:]} == pytest.approx(ages)
    assert list(book["Metadata"].values)[1][:2] == ("Title", "Table 1")


def test_interpreted_ages_are_written_once_and_read_as_a_table(place):
    done = run("interpreted_age", *where(place), *ADA)
    assert done.exit_code == 0, done.output
    repo = place / "NM-1"
    assert git(repo, "log", "-1", "--format=%s") == "<IA> added interpreted age 70001"
    assert git(repo, "diff", "--name-only", "HEAD^", "HEAD") == "reduction/700/ia/01_00000.ia.json"
    document = json.loads((repo / "reduction" / "700" / "ia" / "01_00000.ia.json").read_text())
    ages = json.loads(run("audit", *where(place), "--json").stdout)["analyses"]
    weights = [one["age_err_wo_j"] ** -2 for one in ages]
    mean = sum(w * one["age_ma"] for w, one in zip(weights, ages, strict=True)) / sum(weights)
    preferred = document["preferred"]
    assert preferred["age"] == pytest.approx(mean, rel=1e-9)
    assert preferred["ages"]["weighted_age"] == preferred["age"]
    assert preferred["ages"]["plateau_age"] is None or preferred["ages"]["plateau_age"] > 0
    assert preferred["nanalyses"] == 3
    one = document["analyses"][0]
    assert one["uuid"] == uuid_of(0)
    assert one["age"] == pytest.approx(ages[0]["age_ma"])
    net = one["baseline_corrected_intercepts"]["Ar40"]["value"] - one["blanks"]["Ar40"]["value"]
    assert one["ic_corrected_values"]["Ar40"]["value"] == pytest.approx(net * one["icfactors"]["H1"]["value"])
    values = one["interference_corrected_values"]
    assert values["Ar40"]["value"] < one["ic_corrected_values"]["Ar40"]["value"]
    assert 0 < values["Ar40"]["error"] < 10
    again = run("interpreted_age", *where(place), *ADA)
    assert "no new commit" in again.stdout, "the same numbers are the same interpreted age"
    blanks = modifier(place, 0, "blanks", "blan")
    changed = json.loads(blanks.read_text())
    changed["Ar36"]["value"] *= 2
    blanks.write_text(json.dumps(changed))
    committed(repo, "<BLANKS> again")
    run("interpreted_age", *where(place), *ADA)
    assert git(repo, "diff", "--name-only", "HEAD^", "HEAD") == "reduction/700/ia/01_00001.ia.json"
    none = run(
        "interpreted_age",
        *where(place),
        "--set",
        "InterpretedAgePersistNode.preferred=isochron_age",
        "--set",
        "UnknownNode.uuids=70001-01",
    )
    assert none.exit_code == 1
    assert "70001 has no isochron age" in none.stdout
    done = run("interpreted_age_table", *where(place))
    assert done.exit_code == 0, done.output
    text = (place / "runs" / "interpreted_age_table-0001" / "interpreted_ages.csv").read_text()
    assert len(text.splitlines()) == 3
    assert "weighted age" in text
    verified = CliRunner().invoke(main, ["dvc", "verify", str(repo)])
    assert ": error: " not in verified.stdout
    assert ".ia.json" not in verified.stdout


def test_a_spectrum_needs_steps(place):
    done = run("spectrum", *where(place))
    assert done.exit_code == 1
    assert "it was not heated in steps" in done.stdout
    for number in range(3):
        path = place / "NM-1" / uuid_of(number)[:5] / f"{uuid_of(number)[5:]}.json"
        document = json.loads(path.read_text()) | {"aliquot": 1, "increment": number}
        path.write_text(json.dumps(document))
    done = run("spectrum", *where(place))
    assert done.exit_code == 0, done.output
    assert (place / "runs" / "spectrum-0002" / "spectrum-70001-01.pdf").exists()


def test_what_a_fault_keeps_out_of_means_is_not_written_unless_it_is_told_to(place):
    path = modifier(place, 1, "intercepts", "inte")
    document = json.loads(path.read_text())
    document["Ar39"]["value"] = -5.0
    path.write_text(json.dumps(document))
    committed(place / "NM-1", "<ISOEVO> a fault")
    blanks = [
        modifier(place, number, "blanks", "blan").relative_to(place / "NM-1").as_posix()
        for number in range(3)
    ]
    done = run("blanks", *where(place), *ADA)
    assert done.exit_code == 1
    assert "left as it is: 70001-02: 39Ar or 40Ar is not positive" in done.stdout
    assert git(place / "NM-1", "diff", "--name-only", "HEAD^", "HEAD").split() == sorted(
        [blanks[0], blanks[2]]
    )
    done = run("blanks", *where(place), *ADA, "--set", "BlanksPersistNode.flagged=true", "--new")
    assert "left as it is" not in done.stdout
    assert git(place / "NM-1", "diff", "--name-only", "HEAD^", "HEAD") == blanks[1]


def test_a_tag_is_no_fault(place):
    path = place / "NM-1" / "reduction" / uuid_of(1)[:5] / "tags" / f"{uuid_of(1)[5:]}.tags.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "omit"}')
    committed(place / "NM-1", "<TAG> omit")
    done = run("blanks", *where(place), *ADA)
    assert "3 files of blanks" in done.stdout
