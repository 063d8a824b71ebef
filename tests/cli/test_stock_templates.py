"""Every template that comes with the program: what a run that is told nothing leaves alone, and what tables tell of what they cannot read."""

import json
from pathlib import Path

import openpyxl
import pytest

from pychron.config.problems import Report
from pychron.pipeline.templates.klasses import BY_NAME
from pychron.pipeline.templates.template_file import read_template, stock_names
from tests.cli.pipeline_runs import ADA, run, where
from tests.dvc.making import committed, git

TOLD = {
    "bulk_edit": ("BulkEditNode.edits=[{attribute: tag, value: omit}]", "BulkEditNode.reason=a leak"),
    "flux": ("FindFluxMonitorsNode.irradiation=TEST-001", "FindFluxMonitorsNode.level=A"),
}
"""What the templates that write need to be told."""


def writing():
    templates = {name: read_template(name, Report()) for name in stock_names()}
    return sorted(
        name
        for name, template in templates.items()
        if any(BY_NAME[spec.klass].writes for spec in template.flat())
    )


def content(folder):
    """Every file, git's own too, but for what reading may touch."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name != "index"
    }


@pytest.mark.parametrize("name", writing())
def test_a_template_that_writes_writes_nothing_where_it_is_not_told_to(name, place):
    level = place / "MetaData" / "TEST-001" / "A.json"
    level.write_text(level.read_text().replace('"monitor_age"', '"monitor_name": "FC-2", "monitor_age"'))
    committed(place / "MetaData", "Edited level A")
    before = {repo: content(place / repo) for repo in ("NM-1", "MetaData")}
    settings = [word for one in TOLD.get(name, ()) for word in ("--set", one)]
    for more in (["--dry-run"], []):
        done = run(name, *where(place), *settings, *more)
        assert done.exit_code in (0, 1), done.output
        assert "Traceback" not in done.output
        assert "ritten" in done.stdout or "would write" in done.stdout or "nothing to write" in done.stdout
        assert {repo: content(place / repo) for repo in before} == before
        assert git(place / "NM-1", "status", "--porcelain") == ""
        assert (place / "runs").exists() == (not more), "a dry run has no folder"


def test_a_table_tells_interpreted_ages_of_its_own_identifiers_and_what_it_cannot_read(place):
    run("interpreted_age", *where(place), *ADA)
    own = place / "NM-1" / "reduction" / "700" / "ia" / "01_00000.ia.json"
    stranger = place / "NM-1" / "reduction" / "800" / "ia" / "09_00000.ia.json"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(own.read_bytes())
    own.with_name("01_00001.ia.json").write_text("{")
    for more in (["--dry-run"], []):
        done = run("analysis_table_w_ia", *where(place), *more)
        assert done.exit_code == 1
        assert "01_00001.ia.json" in done.stdout
    book = openpyxl.load_workbook(place / "runs" / "analysis_table_w_ia-0001" / "analyses.xlsx")
    head, *rows = book["Interpreted ages"].values
    assert [row[head.index("File")] for row in rows] == ["reduction/700/ia/01_00000.ia.json"]
    preferred = json.loads(own.read_text())["preferred"]
    assert rows[0][head.index("± 1σ with J")] == pytest.approx(preferred["age_err"])
