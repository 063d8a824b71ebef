"""What each extraction set free, in mol and for each mg of the sample."""

from __future__ import annotations

from collections.abc import Iterator

from pychron.dvc.layout import step_letters
from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import Row
from pychron.pipeline.tables.columns import Cell, Column

MOL = "0.000E+00"
YIELDS = (
    Column("Group"), Column("Run"), Column("Step"), Column("Extraction", "0.###"), Column("Unit"), Column("Weight (mg)", "0.####"),
    Column("Sensitivity (mol/fA)", MOL), Column("39ArK (mol)", MOL), Column("± 1σ", MOL), Column("40Ar* (mol)", MOL),
    Column("± 1σ", MOL), Column("40Ar (mol)", MOL), Column("40Ar* (%)", "0.00"), Column("± 1σ", "0.00"),
    Column("39ArK (mol/mg)", MOL), Column("40Ar* (mol/mg)", MOL), Column("39ArK released (%)", "0.00"),
    Column("cumulative (%)", "0.00"), Column("Left out because"),
)  # fmt: skip
"""n = s S, with the signal S in fA (39Ar corrected for decay since irradiation and for calcium, 40Ar* = F 39ArK) and the sensitivity s in
mol/fA. Errors one sigma, without that of the sensitivity, which the metadata do not tell."""


def yields(sample: Sample) -> Iterator[list[Cell]]:
    """A row of YIELDS for each analysis of a group. What is not known is empty; what is left out of means has no part in what was released."""
    quantities = Quantities()
    gas = [(quantities.of(row, "k39")[0] or 0.0) if row.good else None for row in sample.rows]
    total, before = sum(one for one in gas if one is not None), 0.0
    for row, one in zip(sample.rows, gas, strict=True):
        part = None if one is None or total <= 0 else 100 * one / total
        before += part or 0.0
        yield [*_line(sample, row, quantities), part, None if part is None else before, _why(row)]


def _line(sample: Sample, row: Row, quantities: Quantities) -> list[Cell]:
    one, reduced = row.analysis, row.reduced
    scale, weight = row.number(reduced.batch.sensitivity), one.extraction.weight_mg
    k39, k39_error = _mol(quantities.of(row, "k39"), scale)
    rad40, rad40_error = _mol(quantities.of(row, "rad40"), scale)
    all40, _ = _mol((row.number(reduced.corrected.signals[0]), None), scale)
    return [
        sample.label, one.record_id, "" if one.increment is None else step_letters(one.increment), one.extraction.value,
        one.extraction.units, weight, scale, k39, k39_error, rad40, rad40_error, all40, *quantities.of(row, "yield"),
        _each(k39, weight), _each(rad40, weight),
    ]  # fmt: skip


def _mol(signal: tuple[float | None, float | None], scale: float | None) -> tuple[float | None, float | None]:
    value, error = signal
    return (None if value is None or scale is None else value * scale, None if error is None or scale is None else error * scale)  # fmt: skip


def _each(amount: float | None, weight_mg: float | None) -> float | None:
    return None if amount is None or not weight_mg or weight_mg < 0 else amount / weight_mg


def _why(row: Row) -> str:
    return "; ".join(flag.text for flag in row.flags if flag.fatal)
