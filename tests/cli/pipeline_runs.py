"""Runs of `pychron pipeline` for the tests."""

from click.testing import CliRunner

from pychron.cli.main import main
from tests.pipeline.laboratory import uuid_of

ADA = ("--persist", "--author", "Ada L <ada@example.org>")


def run(*words):
    return CliRunner().invoke(main, ["pipeline", "run", *map(str, words)], prog_name="pychron")


def where(place):
    return "--meta", place / "MetaData", "--repo", place / "NM-1", "--out", place / "runs"


def modifier(place, number, name, suffix):
    uuid = uuid_of(number)
    return place / "NM-1" / uuid[:5] / name / f"{uuid[5:]}.{suffix}.json"
