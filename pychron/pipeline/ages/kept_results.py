"""A table of results kept whole, for the same question about the same files.

It stands under the signature of everything that it depends on: every file of the metadata, the files of every analysis of the repositories, what
they have frozen, their commits, the question, and the code. Where one of these changed a moment ago, or a file could not be had, nothing is kept.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from typing import Any

from pychron.dvc.json_file import parse, written
from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.events import AnalysisReduced, Flag
from pychron.pipeline.running.chunks import absolute, code
from pychron.pipeline.running.workspace import Workspace

SUFFIX = ".results"
OF_FILES = ("file", "no_chronology", "no_productions", "no_level", "no_sensitivity")
"""Flags that may come from a disk that failed once."""

PLAIN = (
    "repository", "uuid", "record_id", "identifier", "sample", "analysis_type", "time", "age_ma", "age_err", "age_err_wo_j",
    "kca", "yield_pct", "f", "f_err",
)  # fmt: skip
"""The first fields of a result, in their order; flags, commit and constants follow."""
_ROW = attrgetter(*PLAIN)


def kept_results(
    workspace: Workspace,
    arithmetic: Arithmetic,
    asked: str,
    compute: Callable[[], list[AnalysisReduced]],
) -> list[AnalysisReduced]:
    """What `compute` gives, or gave for the same; `asked` says which analyses, and in which order."""
    cache = workspace.cache
    state = workspace.state()
    if cache is None or not state:
        return compute()
    names = [absolute(one.name) for one in workspace.repositories]
    meta = absolute(workspace.meta.name) if workspace.meta is not None else ""
    path = cache.path(*names, f"meta {meta}", repr(arithmetic), asked, suffix=SUFFIX)
    title = f"results {hashlib.sha256(f'{code()} {state}'.encode()).hexdigest()}"
    data = cache.get(path, title)
    if data is not None:
        return [_result(row) for row in parse(bytes(data), str(path))]
    found = compute()
    if not any(math.isnan(one.time) or _of_a_file(one) for one in found):
        with suppress(TypeError, ValueError):  # what JSON cannot hold is computed each time
            cache.put(path, title, [written([_row(one) for one in found])])
    return found


def _of_a_file(one: AnalysisReduced) -> bool:
    return any(flag.code in OF_FILES for flag in one.flags)


def _row(one: AnalysisReduced) -> list[Any]:
    flags = [(flag.code, flag.text, flag.subject, flag.fatal) for flag in one.flags]
    return [*_ROW(one), flags, one.commit, one.constants]


def _result(row: list[Any]) -> AnalysisReduced:
    row[len(PLAIN)] = tuple([Flag(*flag) for flag in row[len(PLAIN)]])
    return AnalysisReduced(*row)
