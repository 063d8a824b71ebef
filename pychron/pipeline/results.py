"""One value an analysis out of reduced batches: what commands print, nodes publish and tables hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pychron.pipeline.batch import Row
from pychron.pipeline.conversion import Arithmetic
from pychron.pipeline.events import AnalysisReduced
from pychron.pipeline.workspace import Loaded


class Quantities:
    """K/Ca, yield and the like, with errors, of rows that may stand in several batches; each batch is asked once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]] = {}

    def of(self, row: Row, name: str) -> tuple[float | None, float | None]:
        """Value and one-sigma error; None where it is no number. `name`: one of reduction.quantities.QUANTITIES, f or age."""
        key = id(row.reduced), name
        if key not in self._known:
            self._known[key] = self._ask(row, name)
        value, error = self._known[key]
        return row.number(value), row.number(error)

    def _ask(self, row: Row, name: str) -> tuple[np.ndarray, np.ndarray]:
        reduced = row.reduced
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if name == "age":
                return reduced.age_ma, reduced.age_err
            if name == "f":
                return reduced.f, reduced.f_error
            return reduced.value(name), reduced.error(name)


def results(loaded: Sequence[Loaded], rows: Sequence[Row], arithmetic: Arithmetic) -> list[AnalysisReduced]:
    """One result each, in the order given. An analysis that is flagged as fatal has no age here."""
    quantities = Quantities()
    return [_result(one, row, arithmetic, quantities) for one, row in zip(loaded, rows, strict=True)]


def _result(loaded: Loaded, row: Row, arithmetic: Arithmetic, quantities: Quantities) -> AnalysisReduced:
    analysis, reduced = row.analysis, row.reduced
    good = row.good
    age, error = quantities.of(row, "age") if good else (None, None)
    f, f_error = quantities.of(row, "f")
    return AnalysisReduced(
        repository=loaded.where,
        uuid=analysis.uuid,
        record_id=analysis.record_id,
        identifier=analysis.identifier,
        sample=analysis.sample,
        analysis_type=analysis.analysis_type,
        time=analysis.time,
        age_ma=age,
        age_err=error,
        age_err_wo_j=row.number(reduced.age_err_wo_j) if good else None,
        kca=quantities.of(row, "kca")[0],
        yield_pct=quantities.of(row, "yield")[0],
        f=f,
        f_err=f_error,
        flags=row.flags,
        commit=loaded.repository.tree.revision,
        constants=arithmetic.name,
    )


def as_object(result: AnalysisReduced) -> dict[str, Any]:
    """For JSON, with the names that the commands promise (`F` and `F_err` in capitals)."""
    return {
        "record_id": result.record_id,
        "uuid": result.uuid,
        "identifier": result.identifier,
        "sample": result.sample,
        "repository": result.repository,
        "analysis_type": result.analysis_type,
        "age_ma": result.age_ma,
        "age_err": result.age_err,
        "age_err_wo_j": result.age_err_wo_j,
        "kca": result.kca,
        "yield_pct": result.yield_pct,
        "F": result.f,
        "F_err": result.f_err,
        "flags": [flag_object(flag) for flag in result.flags],
        "commit": result.commit,
        "constants": result.constants,
    }


def flag_object(flag: Any) -> Mapping[str, Any]:
    """A flag for JSON."""
    return {"code": flag.code, "text": flag.text, "subject": flag.subject, "fatal": flag.fatal}
