"""`--engine dask` on a cluster of two processes on this machine: the same bytes as without it, and what a dying worker leaves."""

import json
import os
import sys

import dask
import pytest
from click.testing import CliRunner
from distributed import Client, LocalCluster

from pychron.cli.main import main
from pychron.pipeline.running import chunks
from pychron.pipeline.running.chunks import Lost, all_ages, cut, is_lost
from pychron.pipeline.running.dask_engine import DaskEngine
from tests.dvc.making import Files, an_identity, analysis, metadata


@pytest.fixture(scope="module")
def scheduler():
    """Workers that are started anew when they die, and give a piece up that killed one."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 2)
    files = Files()
    for seed in range(7):
        files.update(analysis(seed, 2, increment=seed))
    files.pop(f"{an_identity(3)[:2]}/blanks/{an_identity(3)[2:]}.blan.json")
    files.write(tmp_path / "NM-1")
    metadata().write(tmp_path / "MetaData")
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="pychron")


def test_ages_are_the_same_bytes(lab, scheduler):
    where = ("age", "--meta", lab / "MetaData", "--repo", lab / "NM-1", "--json")
    plain = run(*where, "--no-cache")
    spread = run(*where, "--engine", "dask", "--scheduler", scheduler)
    assert plain.exit_code == spread.exit_code == 1
    assert spread.stdout == plain.stdout
    assert sum(one["age_ma"] is not None for one in json.loads(plain.stdout)) == 6
    some = ("--identifier", an_identity(2), "--identifier", "70001-05E")
    chosen = run(*where, *some, "--engine", "dask", "--scheduler", scheduler)
    assert chosen.exit_code == 0
    assert chosen.stdout == run(*where, *some, "--no-cache").stdout
    assert len(json.loads(chosen.stdout)) == 2


def test_fits_are_the_same_bytes(lab, scheduler):
    where = ("reduce", "fits", "--repo", lab / "NM-1", "--json")
    plain, spread = run(*where), run(*where, "--engine", "dask", "--scheduler", scheduler)
    assert len(json.loads(plain.stdout)) == 70
    assert (spread.stdout, spread.stderr, spread.exit_code) == (plain.stdout, plain.stderr, plain.exit_code)
    one = run(*where, "--identifier", "7", "--engine", "dask", "--scheduler", scheduler)
    assert one.exit_code == 1
    assert "no analysis has the identifier 7" in one.stderr


def _die_at(piece):
    """Work that ends its process where the piece holds a certain analysis."""
    if an_identity(0) in piece.identities:
        os._exit(7)
    return chunks.ages(piece)


def _raise_at(piece):
    if an_identity(0) in piece.identities:
        raise ZeroDivisionError("by nothing")
    return chunks.ages(piece)


@pytest.mark.parametrize(
    ("work", "why"), [(_die_at, "KilledWorker: "), (_raise_at, "ZeroDivisionError: by nothing")]
)
def test_a_piece_that_fails_loses_its_own_analyses_only(lab, scheduler, monkeypatch, work, why):
    pieces = cut([str(lab / "NM-1")], str(lab / "MetaData"))
    (at,) = (number for number, piece in enumerate(pieces) if an_identity(0) in piece.identities)
    whole = {number: chunks.ages(piece) for number, piece in enumerate(pieces) if number != at}
    with DaskEngine(scheduler) as engine:
        done = dict(engine.each(work, pieces))
        assert isinstance(done[at], Lost)
        assert str(done.pop(at)).startswith(why)
        assert done == whole
        monkeypatch.setattr(chunks, "ages", work)
        lost = [one.uuid for one in all_ages(engine, pieces) if is_lost(one)]
    assert sorted(lost) == sorted(pieces[at].identities)


def test_workers_with_other_code_do_nothing(lab, scheduler, monkeypatch):
    monkeypatch.setattr(chunks, "code", lambda: "another")
    done = run(
        "age", "--meta", lab / "MetaData", "--repo", lab / "NM-1", "--engine", "dask", "--scheduler", scheduler, "--json"
    )  # fmt: skip
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert len(found) == 7
    assert all("the worker runs other code" in one["flags"][0]["text"] for one in found)


def test_a_cluster_of_its_own_ends_with_the_command(lab):
    where = ("age", "--meta", lab / "MetaData", "--repo", lab / "NM-1", "--json")
    own = run(*where, "--engine", "dask", "--workers", "1")
    assert own.stdout == run(*where, "--no-cache").stdout
    with pytest.raises(ValueError, match="No clients found"):
        Client.current()


def test_a_scheduler_that_is_not_there_is_named(lab, monkeypatch):
    monkeypatch.setattr("pychron.pipeline.running.dask_engine.REACH_S", 0.2)
    done = run(
        "reduce", "fits", "--repo", lab / "NM-1", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"
    )
    assert done.exit_code == 3
    assert "no dask scheduler answers at tcp://127.0.0.1:1" in " ".join(done.stderr.split())


def test_without_dask_the_extra_is_named(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run("reduce", "fits", "--repo", lab / "NM-1", "--engine", "dask")
    assert done.exit_code == 1
    assert "pip install 'pychron-twisted[dask]'" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--scheduler", "tcp://127.0.0.1:1"), "are for --engine dask"),
        (("--workers", "2"), "are for --engine dask"),
        (("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "leave one away"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(lab, words, why):
    done = run("reduce", "fits", "--repo", lab / "NM-1", *words)
    assert done.exit_code == 1
    assert why in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "command", [("plateau",), ("plateau", "--rule", "mahon"), ("isochron",), ("isochron", "--normal")]
)
def test_groups_are_the_same_bytes(lab, scheduler, command):
    """Two aliquots and another identifier, some of them in a second repository."""
    more = Files()
    for seed in range(20, 24):
        more.update(analysis(seed, 2, aliquot=77, increment=seed - 20))
    for seed in range(24, 27):
        more.update(analysis(seed, 2, identifier="70002", irradiation_position=7))
    more.write(lab / "NM-2")
    where = (*command, "--meta", lab / "MetaData", "--repo", lab / "NM-1", "--repo", lab / "NM-2", "--json")
    plain = run(*where, "--no-cache")
    spread = run(*where, "--engine", "dask", "--scheduler", scheduler)
    assert (spread.exit_code, spread.stdout) == (plain.exit_code, plain.stdout)
    labels = [one["label"] for one in json.loads(plain.stdout)]
    assert {"70001-77", "70002"} < set(labels)
    words = [word for word in where if word != "--json"]
    assert (
        run(*words, "--engine", "dask", "--scheduler", scheduler).stdout == run(*words, "--no-cache").stdout
    )


def test_a_group_whose_piece_is_lost_is_named(lab, scheduler, monkeypatch):
    monkeypatch.setattr("pychron.pipeline.running.group_chunks.code", lambda: "another version")
    done = run(
        "plateau",
        "--meta",
        lab / "MetaData",
        "--repo",
        lab / "NM-1",
        "--engine",
        "dask",
        "--scheduler",
        scheduler,
    )
    assert done.exit_code == 1
    assert "70001: its piece of work was lost: OtherCode: the worker runs other code" in done.stderr
