"""Cosmogenic argon: ages by hand from the files, what is stored judged by json and plain git, and how it is taken back."""

import json

import openpyxl
import pytest
from click.testing import CliRunner

from pychron.cli.main import main
from tests.cli.pipeline_runs import ADA, modifier, run, where
from tests.dvc.making import ARGON, DETECTORS, PRODUCTION, committed, git
from tests.pipeline.laboratory import UNKNOWNS, decay_factor, uuid_of

MADE, TRAPPED = 1.5, 0.1885


def command(place, *words):
    where_ = "--meta", str(place / "MetaData"), "--repo", str(place / "NM-1")
    return CliRunner().invoke(main, [*words, *where_, "--json"], prog_name="pychron")


def ages(place):
    found = json.loads(command(place, "age").stdout)
    return {one["uuid"]: one["F"] for one in found if one["analysis_type"] == "unknown"}


def by_hand(place, number):
    """F of an analysis whose 36Ar is a mixture of two ends, trapped and cosmogenic."""

    def load(name, suffix):
        return json.loads(modifier(place, number, name, suffix).read_text())

    fits, base = load("intercepts", "inte"), load("baselines", "base")
    blanks, factors = load("blanks", "blan"), load("icfactors", "icfa")
    a40, a39, a38, a37, a36 = (
        (fits[n]["value"] - base[DETECTORS[n]]["value"] - blanks[n]["value"]) * factors[DETECTORS[n]]["value"]
        for n in ARGON
    )
    a39 *= decay_factor(UNKNOWNS[number], 7.068e-6)
    a37 *= decay_factor(UNKNOWNS[number], 0.01975)
    k = {name: value[0] for name, value in PRODUCTION.items()}
    k39 = (a39 - k["Ca3937"] * a37) / (1 - k["K3739"] * k["Ca3937"])
    ca37 = a37 - k["K3739"] * k39
    x38 = a38 - k["K3839"] * k39 - k["Ca3837"] * ca37
    x36 = a36 - k["Ca3637"] * ca37
    share = (x38 / x36 - TRAPPED) / (MADE - TRAPPED)
    return (a40 - k["K4039"] * k39 - 295.5 * x36 * (1 - share)) / k39


def test_ages_are_those_by_hand_and_nothing_is_stored_without_being_told(place):
    head = git(place / "NM-1", "rev-parse", "HEAD")
    plain = ages(place)
    done = run("cosmogenic", *where(place), "--json")
    assert done.exit_code == 0, done.output
    found = {one["uuid"]: one["F"] for one in json.loads(done.stdout)["analyses"]}
    assert found == pytest.approx({uuid_of(n): by_hand(place, n) for n in range(3)}, rel=1e-6)
    assert all(abs(found[uuid] / plain[uuid] - 1) > 0.01 for uuid in plain)
    assert git(place / "NM-1", "rev-parse", "HEAD") == head
    assert ages(place) == plain


def test_what_is_stored_is_how_every_age_is_computed_from_then_on_and_is_taken_back(place):
    repo, plain = place / "NM-1", ages(place)
    head = git(repo, "rev-parse", "HEAD")
    run(
        "cosmogenic",
        *where(place),
        *ADA,
        "--identifier",
        "70001-02",
        "--set",
        "CosmogenicNode.cosmogenic3836_err=0.1",
    )
    path = f"reduction/{uuid_of(1)[:5]}/cosmogenic/{uuid_of(1)[5:]}.cosm.json"
    assert git(repo, "diff", "--name-only", head, "HEAD") == path
    subject = (
        "<MANUAL> cosmogenic cosmo_3836=1.5, cosmo_3836_err=0.1, solar_3836=0.1885, solar_3836_err=0.0003"
    )
    assert git(repo, "log", "-1", "--format=%an|%s") == f"Ada L|{subject}"
    assert json.loads(git(repo, "show", f"HEAD:{path}")) == {
        "use_cosmogenic_correction": True, "cosmo_3836": 1.5, "cosmo_3836_err": 0.1, "solar_3836": 0.1885,
        "solar_3836_err": 0.0003,
    }  # fmt: skip
    assert git(repo, "fsck", "--strict") == ""
    verified = CliRunner().invoke(main, ["dvc", "verify", str(repo)])
    assert ": error: " not in verified.stdout
    expected = {**plain, uuid_of(1): by_hand(place, 1)}
    assert ages(place) == pytest.approx(expected, rel=1e-6)
    assert ages(place) == pytest.approx(expected, rel=1e-6), "from what is kept, too"
    explained = json.loads(command(place, "explain", "70001-02").stdout)
    explained = explained[0] if isinstance(explained, list) else explained
    assert path in json.dumps(explained), "an age says where it comes from"
    run("analysis_table", *where(place))
    book = openpyxl.load_workbook(place / "runs" / "analysis_table-0001" / "analyses.xlsx")
    told = {row[0]: row[1:3] for row in book["Metadata"].values}
    assert told["38Ar/36Ar of cosmogenic argon"] == (1.5, 0.1)
    again = run("cosmogenic", *where(place), *ADA, "--identifier", "70001-02", "--set", "CosmogenicNode.cosmogenic3836_err=0.1")  # fmt: skip
    assert "every analysis has it so already" in again.stdout
    off = "--set", "CosmogenicNode.use=false"
    run("cosmogenic", *where(place), *ADA, "--identifier", "70001-02", *off)
    assert git(repo, "log", "-1", "--format=%s") == "<MANUAL> cosmogenic off"
    assert json.loads((repo / path).read_text())["cosmo_3836"] == 1.5, "the numbers stay"
    assert ages(place) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "json"),
        ('{"use_cosmogenic_correction": true}', "cosmo_3836"),
        ('{"use_cosmogenic_correction": true, "cosmo_3836": 1, "solar_3836": 1}', "one other than the other"),
    ],
)
def test_a_file_that_cannot_be_used_costs_its_own_analysis_the_age(content, said, place):
    path = modifier(place, 0, "cosmogenic", "cosm")
    path.parent.mkdir()
    path.write_text(content)
    committed(place / "NM-1", "<IMPORT> of a meteorite")
    found = json.loads(command(place, "age").stdout)
    bad = [one for one in found if one["analysis_type"] == "unknown" and one["age_ma"] is None]
    assert [one["uuid"] for one in bad] == [uuid_of(0)]
    assert said in json.dumps(bad[0]["flags"])
