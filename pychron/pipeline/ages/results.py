"""One value an analysis out of reduced batches: what commands print, nodes publish and tables hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pychron.pipeline.ages.conversion import Arithmetic
from pychron.pipeline.batch import Row
from pychron.pipeline.events import AnalysisReduced
from pychron.pipeline.running.workspace import Loaded
from pychron.reduction.inputs import ARGON
from pychron.reduction.interferences import SIGNALS
from pychron.reduction.reduced import Reduced, spread


class Quantities:
    """K/Ca, yield, corrected signals and their ratios, with errors, of rows that may stand in several batches; each batch is asked once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], tuple[list[float | None], list[float | None]]] = {}
        self._reduced: list[Reduced] = []
        """Kept alive as long as their ids are keys."""

    def of(self, row: Row, name: str) -> tuple[float | None, float | None]:
        """Value and one-sigma error; None where it is no number. `name`: one of reduction.quantities.QUANTITIES, f, age, age_wo_j, an isotope or a ratio of two as Ar40/Ar36."""
        key = id(row.reduced), name
        found = self._known.get(key)
        if found is None:
            value, error = self._ask(row, name)
            found = self._known[key] = _numbers(value), _numbers(error)
            self._reduced.append(row.reduced)
        return found[0][row.index], found[1][row.index]

    def _ask(self, row: Row, name: str) -> tuple[np.ndarray, np.ndarray]:
        reduced = row.reduced
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if name == "age":
                return reduced.age_ma, reduced.age_err
            if name == "f":
                return reduced.f, reduced.f_error
            if name == "age_wo_j":
                return reduced.age_ma, reduced.age_err_wo_j
            if name.startswith("Ar"):
                return _measured(reduced, name)
            return reduced.value(name), reduced.error(name)


def _measured(reduced: Reduced, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(N,) a corrected signal A, or r = A/B with dr = dA/B - A dB/B^2: a baseline or factor that both share counts once."""
    top, _, bottom = name.partition("/")
    one = reduced.corrected.signals[ARGON.index(top)]
    slope = {SIGNALS[ARGON.index(top)]: np.ones_like(one)}
    if bottom:
        other = reduced.corrected.signals[ARGON.index(bottom)]
        one, slope[SIGNALS[ARGON.index(top)]] = one / other, 1 / other
        slope[SIGNALS[ARGON.index(bottom)]] = -one / other
    return one, np.sqrt(spread(reduced.batch, reduced.corrected, reduced.ratios, slope))


def _numbers(values: np.ndarray) -> list[float | None]:
    """None where it is not finite."""
    found: list[float | None] = values.tolist()
    for index in np.flatnonzero(~np.isfinite(values)).tolist():
        found[index] = None
    return found


def results(loaded: Sequence[Loaded], rows: Sequence[Row], arithmetic: Arithmetic) -> list[AnalysisReduced]:
    """One result each, in the order given. An analysis that is flagged as fatal has no age here."""
    quantities = Quantities()
    places = {id(one.repository): one for one in loaded}
    where = {key: (one.where, one.repository.tree.revision) for key, one in places.items()}
    name = arithmetic.name
    return [
        _result(row, *where[id(one.repository)], name, quantities)
        for one, row in zip(loaded, rows, strict=True)
    ]


def _result(row: Row, where: str, commit: str, constants: str, quantities: Quantities) -> AnalysisReduced:
    analysis = row.analysis
    good = row.good
    age, error = quantities.of(row, "age") if good else (None, None)
    f, f_error = quantities.of(row, "f")
    return AnalysisReduced(
        repository=where,
        uuid=analysis.uuid,
        record_id=analysis.record_id,
        identifier=analysis.identifier,
        sample=analysis.sample,
        analysis_type=analysis.analysis_type,
        time=analysis.time,
        age_ma=age,
        age_err=error,
        age_err_wo_j=quantities.of(row, "age_wo_j")[1] if good else None,
        kca=quantities.of(row, "kca")[0],
        yield_pct=quantities.of(row, "yield")[0],
        f=f,
        f_err=f_error,
        flags=row.flags,
        commit=commit,
        constants=constants,
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
