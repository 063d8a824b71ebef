"""Figures of the made sample: what stands in them, in every format, and that the same data give the same bytes."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from pychron.cli.main import main
from pychron.pipeline.figures.style import age_text
from tests.examples.synthetic import metadata, repository, write
from tests.pipeline.texts import texts

HOLDER = "circle,1.0\n0,5\n5,0\n"
KINDS = {
    "spectrum": ("--identifier", "66001"),
    "ideogram": ("--identifier", "66002"),
    "isochron": ("--identifier", "66002"),
    "series": ("--of", "Ar36"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write(folder / "Synthetic", repository())
    write(folder / "MetaData", metadata() | {"irradiation_holders/two.txt": HOLDER})
    return folder


def draw(lab, kind, out, *words):
    where = ["--meta", lab / "MetaData", "--repo", lab / "Synthetic", "--out", out]
    return CliRunner().invoke(main, ["figure", kind, *map(str, [*where, *words])], prog_name="pychron")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_the_same_data_give_the_same_bytes(lab, tmp_path, kind, suffix):
    one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    for path in (one, two):
        done = draw(lab, kind, path, *KINDS[kind])
        assert done.exit_code == 0, done.output
        assert done.stdout.strip() == str(path)
    assert one.read_bytes() == two.read_bytes()
    assert b"/CreationDate" not in one.read_bytes()
    if suffix == "png":
        high, wide, _ = imread(one).shape
        assert wide > 1000
        assert high > 600


def test_a_spectrum_tells_the_plateau_that_the_command_tells(lab, tmp_path):
    draw(lab, "spectrum", tmp_path / "s.svg", "--identifier", "66001")
    where = ["--meta", str(lab / "MetaData"), "--repo", str(lab / "Synthetic")]
    told = CliRunner().invoke(main, ["plateau", *where, "--identifier", "66001", "--json"])
    plateau = json.loads(told.stdout)[0]["plateau"]
    said = texts(tmp_path / "s.svg")
    assert f"plateau {age_text(plateau['age_ma'], plateau['age_err'], 2)}" in said
    assert "9 steps" in said
    assert "1 beyond the scale" in said


def test_an_isochron_tells_age_and_trapped_ratio(lab, tmp_path):
    for words in ((), ("--normal",)):
        draw(lab, "isochron", tmp_path / "i.svg", "--identifier", "66002", *words)
        said = texts(tmp_path / "i.svg")
        assert re.search(r"age 28\.\d+ ± 0\.\d+ Ma", said)
        assert "n 10, MSWD" in said


def test_an_ideogram_by_kernel(lab, tmp_path):
    draw(lab, "ideogram", tmp_path / "k.svg", "--identifier", "66002", "--kernel")
    assert "Kernel density" in texts(tmp_path / "k.svg")


def test_a_figure_a_sample(lab, tmp_path):
    done = draw(lab, "ideogram", tmp_path / "{label}.png", "--json")
    assert sorted(json.loads(done.stdout)) == [str(tmp_path / "66001-01.png"), str(tmp_path / "66002.png")]
    assert all((tmp_path / f"{label}.png").is_file() for label in ("66001-01", "66002"))


@pytest.mark.parametrize(
    ("kind", "out", "words", "said"),
    [
        ("ideogram", "i.svg", (), "2 samples are here (66001-01, 66002); name one"),
        ("spectrum", "i.svg", ("--identifier", "66002"), "was not heated in steps"),
        ("ideogram", "i.gif", ("--identifier", "66002"), "a figure ends in .pdf, .svg, .png"),
        ("ideogram", "no/i.svg", ("--identifier", "66002"), "cannot be written: No such file"),
        ("series", "i.svg", ("--type", "air"), "no analysis here has a number for age"),
    ],
)
def test_what_cannot_be_drawn_is_told(lab, tmp_path, kind, out, words, said):
    done = draw(lab, kind, tmp_path / out, *words)
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())


def test_a_flux_map(lab, tmp_path):
    words = ("--irradiation", "SYN-001", "--level", "A", "--model", "weighted-mean")
    meta = metadata()
    for position in meta["SYN-001/A.json"]["positions"]:
        position["options"]["monitor_name"] = "Never-1"
    write(tmp_path / "MetaData", meta | {"irradiation_holders/two.txt": HOLDER})
    where = [
        "--meta",
        tmp_path / "MetaData",
        "--repo",
        lab / "Synthetic",
        "--holder",
        "two",
        "--out",
        tmp_path / "f.svg",
    ]
    done = CliRunner().invoke(main, ["figure", "flux", *map(str, [*where, *words])], prog_name="pychron")
    assert done.exit_code == 0, done.output
    said = texts(tmp_path / "f.svg")
    assert "SYN-001 A: weighted-mean" in said
    assert len(re.findall(r"[+-]\d+\.\d\d %", said)) == 2


@pytest.mark.parametrize(
    ("age", "error", "text"),
    [
        (28.2012, 0.0231, "28.201 ± 0.046 Ma"),
        (1234.5, 12.0, "1234 ± 24 Ma"),
        (0.12345, 0.00049, "0.12345 ± 0.00098 Ma"),
    ],
)
def test_an_error_has_two_digits(age, error, text):
    assert age_text(age, error, 2) == text
