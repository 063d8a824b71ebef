"""What was set free, by hand from the files; and what was measured last."""

import csv
import json

import openpyxl
import pytest

from tests.cli.pipeline_runs import modifier, run, where
from tests.dvc.making import DETECTORS, PRODUCTION, committed
from tests.pipeline.laboratory import UNKNOWNS, decay_factor, uuid_of

MOL = 3.5e-17


@pytest.fixture
def known(place):
    """Sensitivities before and after, weights of two of three."""
    folder = place / "MetaData" / "spectrometers"
    folder.mkdir()
    rows = [{"create_date": f"{day} 00:00:00", "sensitivity": value, "units": "mol/fA", "mass_spectrometer": "sim1"} for day, value in (("2025-01-01", MOL), ("2025-03-01", 1.0))]  # fmt: skip
    (folder / "sim1.sens.json").write_text(json.dumps(rows))
    for number, weight in ((0, 2.0), (1, 0.5)):
        path = modifier(place, number, "extraction", "extr")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"weight": weight}))
    committed(place / "MetaData", "sensitivity")
    committed(place / "NM-1", "<MANUAL> weights")
    return place


def k39(place, number):
    """39Ar of potassium at the end of irradiation, fA."""
    fits, base, blanks, factors = (
        json.loads(modifier(place, number, name, suffix).read_text())
        for name, suffix in (
            ("intercepts", "inte"),
            ("baselines", "base"),
            ("blanks", "blan"),
            ("icfactors", "icfa"),
        )
    )
    a39, a37 = (
        (fits[n]["value"] - base[DETECTORS[n]]["value"] - blanks[n]["value"]) * factors[DETECTORS[n]]["value"]
        for n in ("Ar39", "Ar37")
    )
    a39 *= decay_factor(UNKNOWNS[number], 7.068e-6)
    a37 *= decay_factor(UNKNOWNS[number], 0.01975)
    r, q = PRODUCTION["Ca3937"][0], PRODUCTION["K3739"][0]
    return (a39 - r * a37) / (1 - q * r)


def rows(place):
    head, *lines = openpyxl.load_workbook(place / "runs" / "yield-0001" / "yields.xlsx")["Yields"].values
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_mol_and_mol_for_each_mg_by_hand(known):
    done = run("yield", *where(known), "--json")
    assert done.exit_code == 0, done.output
    f = [one["F"] for one in json.loads(done.stdout)["analyses"]]
    found = rows(known)
    gas = [k39(known, number) for number in range(3)]
    assert [row["39ArK (mol)"] for row in found] == pytest.approx([one * MOL for one in gas], rel=1e-6)
    assert [row["40Ar* (mol)"] for row in found] == pytest.approx(
        [a * b * MOL for a, b in zip(gas, f, strict=True)], rel=1e-6
    )
    assert [row["Sensitivity (mol/fA)"] for row in found] == [MOL] * 3, (
        "the last before each, not one of later"
    )
    each = [row["40Ar* (mol/mg)"] for row in found]
    assert each[:2] == pytest.approx([gas[0] * f[0] * MOL / 2, gas[1] * f[1] * MOL / 0.5], rel=1e-6)
    assert each[2] is None, "nobody wrote its weight"
    parts = [100 * one / sum(gas) for one in gas]
    assert [row["39ArK released (%)"] for row in found] == pytest.approx(parts, rel=1e-6)
    assert [row["cumulative (%)"] for row in found] == pytest.approx(
        [parts[0], parts[0] + parts[1], 100], rel=1e-6
    )
    share = [100 * row["40Ar* (mol)"] / row["40Ar (mol)"] for row in found]
    assert [row["40Ar* (%)"] for row in found] == pytest.approx(share, rel=1e-9)
    with (known / "runs" / "yield-0001" / "yields.csv").open(newline="") as file:
        assert [float(row["39ArK (mol)"]) for row in csv.DictReader(file)] == pytest.approx(
            [row["39ArK (mol)"] for row in found], rel=1e-14
        )


def test_without_a_sensitivity_there_are_no_mol_and_it_is_told_once(place):
    done = run("yield", *where(place))
    assert done.exit_code == 0, done.output
    assert done.stdout.count("the sensitivity of sim1 is not known: no mol") == 1
    assert {row["39ArK (mol)"] for row in rows(place)} == {None}
    assert all(0 < row["40Ar* (%)"] < 100 for row in rows(place)), "a ratio needs none"


def test_what_is_left_out_has_no_part_in_what_was_released(known):
    tags = modifier(known, 1, "tags", "tags")
    tags.parent.mkdir()
    tags.write_text(json.dumps({"name": "omit", "note": "the laser was off"}))
    committed(known / "NM-1", "<TAG> omit")
    assert run("yield", *where(known)).exit_code == 1
    found = rows(known)
    gas = k39(known, 0), k39(known, 2)
    assert found[1]["39ArK released (%)"] is None
    assert found[1]["Left out because"] == "it is tagged omit: the laser was off"
    assert found[2]["39ArK released (%)"] == pytest.approx(100 * gas[1] / sum(gas), rel=1e-6)


def test_recent_runs_take_what_they_are_given_and_tell_what_has_no_time(place):
    given = run("recent_runs", *where(place), "--identifier", "70001-01", "--json")
    assert [one["record_id"] for one in json.loads(given.stdout)["analyses"]] == ["70001-01"]
    path = place / "NM-1" / uuid_of(0)[:5] / f"{uuid_of(0)[5:]}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"timestamp": "soon"}))
    done = run("recent_runs", *where(place))
    assert done.exit_code == 1
    assert "70001-01 has no time that can be read" in done.stdout


def test_recent_runs_tell_the_flags_of_each(place):
    tags = modifier(place, 1, "tags", "tags")
    tags.parent.mkdir()
    tags.write_text(json.dumps({"name": "omit", "note": "the laser was off"}))
    run("recent_runs", *where(place), "--set", "ReviewNode.intercept_error_pct=0.01")
    with (place / "runs" / "recent_runs-0001" / "analysis_metadata.csv").open(newline="") as file:
        found = {row["record_id"]: row for row in csv.DictReader(file)}
    assert found["70001-02"]["flags"].startswith(
        "it is tagged omit: the laser was off; Ar36: error of the intercept"
    )
    assert found["70001-02"]["tag_note"] == "the laser was off"
    assert "error of the intercept" in found["a-1-01"]["flags"], "an air is looked at, too"
