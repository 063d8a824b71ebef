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
from pychron.pipeline.batch import metadata_of, reduce_analyses
from pychron.pipeline.conversion import Arithmetic
from pychron.pipeline.results import as_object, results
from pychron.pipeline.workspace import open_workspace

MANY = 5_000
ROUNDS = 5


def table(meta: Path, repository: Path, cache: Cache | None) -> list[dict[str, Any]]:
    """What `pychron age --json` does before it prints."""
    with uncollected():
        workspace = open_workspace(meta, [repository], cache)
        loaded = workspace.load()
        arithmetic = Arithmetic()
        of = metadata_of(workspace.meta, arithmetic, workspace.frozen)
        rows = reduce_analyses([one.analysis for one in loaded], of, arithmetic)
        return [as_object(one) for one in results(loaded, rows, arithmetic)]


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
    cold, warm, peer = [], [], []
    for _ in range(ROUNDS):
        peer.append(_timed(lambda: one_by_one(files)))
        shutil.rmtree(cache.folder, ignore_errors=True)
        cold.append(_timed(lambda: table(meta, repository, cache)))
        warm.append(_timed(lambda: table(meta, repository, cache)))
        assert table(meta, repository, cache) == expected
    first, again, bare = (statistics.median(times) * 1e3 for times in (cold, warm, peer))
    return [
        at_most("5,000 analyses from disk to a table, the first time, ms", first, bare, 1.3),
        at_most("the same with what was kept (peer: a fifth of json.load), ms", again, bare / 5, 1.0),
    ]
