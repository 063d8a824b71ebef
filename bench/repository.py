"""A repository of 5,000 analyses from disk to a table: the first time, and with what the first time kept; against `json.load`."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.repository_made import make, read_files
from bench.rows import Row, at_most
from pychron.dvc.cache import Cache, uncollected
from pychron.dvc.groups import SETTLE_NS
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.ages.kept_results import kept_results
from pychron.pipeline.ages.results import as_object, results
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.events import AnalysisReduced
from pychron.pipeline.running.workspace import open_workspace

MANY = 5_000
ROUNDS = 5


def table(
    meta: Path, repository: Path, cache: Cache | None, with_results: bool = True
) -> list[dict[str, Any]]:
    """What `pychron age --json` does before it prints; without `with_results` what the other commands do, which keep records alone."""
    with uncollected():
        workspace = open_workspace(meta, [repository], cache)
        arithmetic = Arithmetic()

        def compute() -> list[AnalysisReduced]:
            loaded = workspace.load()
            of = metadata_of(workspace.meta, arithmetic, workspace.frozen)
            rows = reduce_analyses([one.analysis for one in loaded], of, arithmetic)
            return results(loaded, rows, arithmetic)

        if with_results:
            return [as_object(one) for one in kept_results(workspace, arithmetic, "all", compute)]
        return [as_object(one) for one in compute()]


def one_by_one(files: list[Path]) -> None:
    """The peer: it knows which files there are, and makes nothing of them."""
    for path in files:
        with path.open() as file:
            json.load(file)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run() -> list[Row]:
    """The rows of a repository."""
    with tempfile.TemporaryDirectory(prefix="bench-repository-", dir=".") as folder:
        meta, repository = make(Path(folder), MANY)
        files = read_files(repository)
        time.sleep(SETTLE_NS / 1e9 + 0.5)
        return _rows(meta, repository, files, Cache(Path(folder) / "cache"))


def _rows(meta: Path, repository: Path, files: list[Path], cache: Cache) -> list[Row]:
    expected = table(meta, repository, None)
    assert len(expected) == MANY
    assert all(one["age_ma"] > 0 for one in expected)
    one_by_one(files)
    cold, warm, records, peer = [], [], [], []
    for _ in range(ROUNDS):
        peer.append(_timed(lambda: one_by_one(files)))
        shutil.rmtree(cache.folder, ignore_errors=True)
        cold.append(_timed(lambda: table(meta, repository, cache)))
        warm.append(_timed(lambda: table(meta, repository, cache)))
        records.append(_timed(lambda: table(meta, repository, cache, with_results=False)))
        assert (
            table(meta, repository, cache) == table(meta, repository, cache, with_results=False) == expected
        )
    first, again, anew, bare = (statistics.median(times) * 1e3 for times in (cold, warm, records, peer))
    return [
        at_most("5,000 analyses from disk to a table, the first time, ms", first, bare, 1.3),
        at_most("the same with a warm cache (peer: a fifth of json.load), ms", again, bare / 5, 1.0),
        at_most("with kept records alone, for another question (a third), ms", anew, bare / 3, 1.0),
    ]
