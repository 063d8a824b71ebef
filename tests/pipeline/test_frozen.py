"""What a repository holds fast stands over the metadata; sensitivities and gains are read as they were at the time of a run."""

import json

import pytest

from pychron.dvc.errors import CorruptFile
from pychron.dvc.metadata import open_metadata
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.explain import files as files_of
from pychron.pipeline.running.workspace import open_workspace
from tests.dvc.making import PRODUCTION, Files, analysis, metadata


def reduced(folder, files, meta=None):
    workspace = open_workspace(
        (meta or metadata()).write(folder / "meta"), [files.write(folder / "repository")]
    )
    analyses = [one.analysis for one in workspace.load()]
    how = Arithmetic()
    return workspace, reduce_analyses(analyses, metadata_of(workspace.meta, how, workspace.frozen), how)


def level(j):
    return [{"position": 7, "identifier": "70001", "j": j, "j_err": 2e-6,
             "decay_constants": {"lambda_k_total": 5.543e-10}, "options": {"monitor_age": 28.02}}]  # fmt: skip


@pytest.mark.parametrize("document", [{"A": level(2e-3)}, {"A": {"positions": level(2e-3)}, "B": []}])
def test_a_frozen_j_stands_over_that_of_the_metadata(tmp_path, document):
    files = analysis(1)
    files["TEST-001.json"] = document
    workspace, (row,) = reduced(tmp_path, files)
    assert row.irradiated.j.value == 2e-3
    assert row.good
    named = {one["what"] for one in files_of(workspace.load()[0], workspace.meta)}
    assert "frozen level" in named


def test_a_level_that_is_not_frozen_has_the_j_of_the_metadata(tmp_path):
    files = analysis(1)
    files["TEST-001.json"] = {"B": level(2e-3)}
    assert reduced(tmp_path, files)[1][0].irradiated.j.value == 1e-3


def test_frozen_productions_of_a_level_and_of_one_analysis(tmp_path):
    files = Files({**analysis(1), **analysis(2)})
    files["TEST-001.A.production.json"] = {**PRODUCTION, "K4039": [0.02, 1e-4]}
    own = next(path for path in analysis(2) if "/blanks/" in path)
    files[own.replace("/blanks/", "/productions/").replace(".blan.", ".prod.")] = {
        **PRODUCTION,
        "K4039": [0.05, 1e-4],
    }
    rows = reduced(tmp_path, files)[1]
    assert [row.irradiated.productions.k4039.value for row in rows] == [0.02, 0.05]


def test_a_broken_frozen_file_is_a_fault_and_never_the_metadata_in_its_place(tmp_path):
    files = analysis(1)
    files["TEST-001.json"] = {"positions": level(2e-3)}
    files["TEST-001.A.production.json"] = "{ this"
    (row,) = reduced(tmp_path, files)[1]
    assert not row.good
    assert row.irradiated.j is None
    text = " ".join(flag.text for flag in row.flags)
    assert "it does not say of which level it is" in text
    assert "TEST-001.A.production.json:1: it is no JSON" in text


def sensitivities(**last):
    return [
        {"create_date": "2024-01-01 00:00:00", "sensitivity": 1e-17, "units": "mol/fA"},
        {"create_date": "2025-01-01 00:00:00", "sensitivity": 2e-17, "units": "mol/fA", **last},
        {"create_date": "2026-01-01 00:00:00", "sensitivity": 3e-17, "units": "mol/fA"},
    ]


def test_moles_by_the_sensitivity_of_the_time(tmp_path):
    meta = metadata(**{"spectrometers/sim1.sens.json": sensitivities()})
    (row,) = reduced(tmp_path, analysis(1), meta)[1]
    k39 = row.reduced.value("k39")[row.index]
    assert row.reduced.value("moles")[row.index] == pytest.approx(2e-17 * k39)
    assert open_metadata(tmp_path / "meta").sensitivity("sim1", 0.0) is None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (sensitivities(units="mol/V"), "is in mol/V; mol/fA can be read"),
        (sensitivities(create_date="yesterday"), "create_date: a time is written like"),
    ],
)
def test_without_a_sensitivity_there_are_no_moles_but_an_age(tmp_path, document, said):
    (row,) = reduced(tmp_path, analysis(1), metadata(**{"spectrometers/sim1.sens.json": document}))[1]
    assert row.good
    assert row.number(row.reduced.value("moles")) is None
    assert said in " ".join(flag.text for flag in row.flags)


def test_gains(tmp_path):
    metadata(**{"spectrometers/sim1.gain.json": {"H1": 1.01, "CDD": 0.9}}).write(tmp_path)
    meta = open_metadata(tmp_path)
    assert meta.gains("sim1") == {"H1": 1.01, "CDD": 0.9}
    assert meta.gains("sim2") == {}
    (tmp_path / "spectrometers/sim1.gain.json").write_text(json.dumps({"H1": "high"}))
    with pytest.raises(CorruptFile, match="the gain of H1 must be a number"):
        open_metadata(tmp_path).gains("sim1")
