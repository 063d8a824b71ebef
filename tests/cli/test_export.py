"""`pychron export isoplotr`: files, names of rows, and what is refused."""

from click.testing import CliRunner

from pychron.cli.main import main
from tests.pipeline.laboratory import written


def run(*words):
    return CliRunner().invoke(main, ["export", "isoplotr", *map(str, words)], prog_name="pychron")


def test_one_file_for_each_sample_and_none_is_written_over(tmp_path):
    written(tmp_path)
    where = ("--meta", tmp_path / "MetaData", "--repo", tmp_path / "NM-1", "--out", tmp_path / "out")
    done = run(*where)
    assert done.exit_code == 0, done.output
    path = tmp_path / "out" / "70001.csv"
    assert f"{path}: 70001-01, 70001-02, 70001-03; lambda 5.543e-10/a" in done.stdout
    first = path.read_text()
    assert first.startswith("J,err[J],,,,\n0.001,1e-06,,,,\nAr39Ar40,")
    assert len(first.splitlines()) == 6
    refused = run(*where, "--format", 3)
    assert refused.exit_code == 1
    assert "is there already; nothing was written" in " ".join(refused.stderr.split())
    assert path.read_text() == first
    assert run(*where, "--format", 3, "--overwrite").exit_code == 0
    assert path.read_text().splitlines()[2].endswith("Ar39Ar36,errAr39Ar36,Ar39")


def test_what_has_no_age_is_told(tmp_path):
    written(tmp_path)
    done = run(
        "--meta",
        tmp_path / "MetaData",
        "--repo",
        tmp_path / "NM-1",
        "--type",
        "air",
        "--out",
        tmp_path / "out",
    )
    assert done.exit_code == 1
    assert "a-1: not written: no analysis of it has an age" in done.stdout
    assert "a-1-01 is left out: it was not irradiated" in done.stdout
    assert list((tmp_path / "out").iterdir()) == []
