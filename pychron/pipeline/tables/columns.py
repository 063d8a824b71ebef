"""The columns of the analytical table: what Schaen et al. (2021, GSA Bulletin 133, 461) ask that a paper reports of each analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pychron.dvc.layout import step_letters
from pychron.pipeline.ages.group_ages import GroupAge, integrated_age, isochron_age, plateau_age, weighted_age
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import Row
from pychron.reduction.inputs import ARGON

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading with its unit, and how its numbers are written (a spreadsheet's format; empty for texts)."""

    heading: str
    form: str = ""


def _pair(name: str, unit: str, form: str) -> tuple[Column, Column]:
    return Column(f"{name} ({unit})" if unit else name, form), Column("± 1σ", form)


COLUMNS = (
    Column("Sample"),
    Column("Identifier"),
    Column("Run"),
    Column("Step"),
    Column("Extraction", "0.###"),
    Column("Unit"),
    *(column for name in ARGON for column in _pair(f"{name[2:]}Ar", "fA", "0.00000")),
    *_pair("40Ar*/39ArK", "", "0.00000"),
    *_pair("40Ar*", "%", "0.00"),
    *_pair("K/Ca", "", "0.000"),
    *_pair("K/Cl", "", "0.0"),
    Column("39ArK (mol)", "0.00E+00"),
    Column("39ArK released (%, cumulative)", "0.00"),
    Column("Age (Ma)", "0.00000"),
    Column("± 1σ without J", "0.00000"),
    Column("± 1σ with J", "0.00000"),
    Column("J", "0.000000E+00"),
    Column("± 1σ", "0.0E+00"),
    Column("Left out because"),
)
"""One line an analysis. Signals are less baseline and blank, with IC factors, and 39 and 37 corrected for decay; not for interferences."""
SIMPLE = tuple(
    place
    for place, column in enumerate(COLUMNS)
    if column.heading in ("Sample", "Identifier", "Run", "Step", "Extraction", "Unit", "40Ar* (%)", "K/Ca")
    or column.heading.startswith(("Age", "± 1σ with", "Left out"))
)
"""Places of the columns that a person looks at first."""


def lines(sample: Sample) -> list[list[Cell]]:
    """A row of COLUMNS for each analysis of a sample, those left out too."""
    quantities = Quantities()
    gas = [quantities.of(row, "k39")[0] or 0.0 if row.good else 0.0 for row in sample.rows]
    released = np.cumsum(gas) / sum(gas) * 100 if sum(gas) > 0 else np.full(len(gas), np.nan)
    return [_line(row, quantities, float(released[place])) for place, row in enumerate(sample.rows)]


def _line(row: Row, quantities: Quantities, released: float) -> list[Cell]:
    analysis, reduced = row.analysis, row.reduced
    good = row.good
    cells: list[Cell] = [
        analysis.sample,
        analysis.identifier,
        analysis.record_id,
        "" if analysis.increment is None else step_letters(analysis.increment),
        analysis.extraction.value,
        analysis.extraction.units,
    ]
    for name in (*ARGON, "f", "yield", "kca", "kcl"):
        cells += list(quantities.of(row, name))
    cells.append(quantities.of(row, "moles")[0])
    cells.append(released if good and np.isfinite(released) else None)
    cells += [
        row.number(reduced.age_ma) if good else None,
        row.number(reduced.age_err_wo_j) if good else None,
        row.number(reduced.age_err) if good else None,
    ]
    j = row.irradiated.j
    cells += [j.value, j.error] if j is not None else [None, None]
    cells.append("; ".join(flag.text for flag in row.flags if flag.fatal))
    return cells


SUMMARY = (
    Column("Sample"),
    Column("Identifier"),
    Column("Aliquot", "0"),
    Column("Kind"),
    Column("Age (Ma)", "0.00000"),
    Column("± 1σ without J", "0.00000"),
    Column("± 1σ with J", "0.00000"),
    Column("n", "0"),
    Column("of", "0"),
    Column("MSWD", "0.00"),
    Column("p", "0.000"),
    Column("39Ar (%)", "0.0"),
    Column("Steps"),
    Column("Trapped 40Ar/36Ar", "0.0"),
    Column("± 1σ", "0.0"),
    Column("Remark"),
)
"""One line an age of a sample."""


def summary(samples: Sequence[Sample]) -> list[list[Cell]]:
    """Plateau (of what was heated in steps), weighted mean, all gas together, inverse isochron."""
    found: list[list[Cell]] = []
    for sample in samples:
        if sample.is_stepped:
            plateau = plateau_age(sample.rows)
            steps = [step_letters(row.analysis.increment or 0) for row in plateau.rows]
            gas = 100 * plateau.plateau.gas if plateau.rows else None
            found.append(
                _age(sample, "plateau", plateau.age, gas, f"{steps[0]}-{steps[-1]}" if steps else "")
            )
        found.append(_age(sample, "weighted mean", weighted_age(sample.rows)))
        found.append(_age(sample, "all gas", integrated_age(sample.rows)))
        isochron = isochron_age(sample.rows)
        line = isochron.isochron
        found.append(
            _age(
                sample,
                "inverse isochron",
                isochron.age,
                trapped=(_finite(line.trapped), _finite(line.trapped_error)),
            )
        )
    return found


def _age(
    sample: Sample, kind: str, age: GroupAge, gas: float | None = None, steps: str = "",
    trapped: tuple[float | None, float | None] = (None, None),
) -> list[Cell]:  # fmt: skip
    return [
        sample.name, sample.identifier, sample.aliquot, kind, _finite(age.age_ma), _finite(age.error_wo_j),
        _finite(age.error), age.n, len(sample.rows), _finite(age.mswd), _finite(age.probability), gas, steps,
        *trapped, age.why,
    ]  # fmt: skip


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
