"""The made sample is what its text says: its true age comes out, and the same seed gives the same files."""

import json

from click.testing import CliRunner

from pychron.cli.main import main
from tests.examples import synthetic


def test_the_true_age_is_found_again(tmp_path, capsys):
    synthetic.main(tmp_path)
    assert "true age 28.20 Ma" in capsys.readouterr().out
    where = ["--meta", str(tmp_path / "MetaData"), "--repo", str(tmp_path / "Synthetic")]
    steps, grains = json.loads(CliRunner().invoke(main, ["plateau", *where, "--json"]).stdout)
    for age in (steps["plateau"], grains["mean"]):
        assert abs(age["age_ma"] - 28.20) < 3 * age["age_err"]
    assert [step["step"] for step in steps["plateau"]["steps"]] == list("DEFGHIJKL")


def test_the_same_seed_gives_the_same_files():
    assert synthetic.repository() == synthetic.repository()
    assert synthetic.repository(5) != synthetic.repository()
