"""Ratios as the program IsoplotR reads them (Vermeesch 2018, Geosci. Front. 9, 1479; its `read.data`, method Ar-Ar).

A file is CSV of equally long rows: `J,err[J]`, their values, the names of the columns, then one row an analysis. Errors are one sigma, absolute
(`ierr=1`). Columns by format, as its own examples ArAr1.csv to ArAr3.csv and its reader have them (its help text names those of format 2 the other way round):

    1   39/36, err, 40/36, err, rho, 39
    2   39/40, err, 36/40, err, rho, 39
    3   39/40, err, 36/40, err, 39/36, err, 39

39 is 39ArK, 36 trapped argon, 40 without that of potassium: the coordinates of an isochron. One file has one J.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pychron.pipeline.ages.results import Quantities
from pychron.pipeline.ages.samples import Sample
from pychron.pipeline.batch import Row

COLUMNS = {
    1: ("Ar39Ar36", "errAr39Ar36", "Ar40Ar36", "errAr40Ar36", "rho", "Ar39"),
    2: ("Ar39Ar40", "errAr39Ar40", "Ar36Ar40", "errAr36Ar40", "rho", "Ar39"),
    3: ("Ar39Ar40", "errAr39Ar40", "Ar36Ar40", "errAr36Ar40", "Ar39Ar36", "errAr39Ar36", "Ar39"),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """The file of one sample, or why there is none."""

    label: str
    text: str
    """The file"""
    written: tuple[str, ...]
    """record_ids, in the order of the rows: the file itself has no place for them"""
    left_out: tuple[tuple[str, str], ...]
    """record_id and reason"""
    lambda_k: float = math.nan
    """Per year, of the J: IsoplotR must be told the same"""
    why: str = ""


def export(sample: Sample, form: int) -> Exported:
    """One sample in one of the formats. An analysis that is flagged, or has no finite ratio, is left out with its reason."""
    left_out = [
        (row.analysis.record_id, "; ".join(flag.text for flag in row.flags if flag.fatal))
        for row in sample.rows
        if not row.good
    ]
    rows, lines = [], []
    quantities = Quantities()
    for row in sample.good:
        values = _values(row, form, quantities)
        if values is None:
            left_out.append((row.analysis.record_id, "a ratio of it is no finite number"))
        else:
            rows.append(row)
            lines.append(values)
    names = tuple(row.analysis.record_id for row in rows)
    if not rows:
        return Exported(sample.label, "", (), tuple(left_out), why="no analysis of it has an age")
    js = {_j(row) for row in rows}
    if len(js) > 1 or len({row.reduced.lambda_k.value for row in rows}) > 1:
        return Exported(
            sample.label,
            "",
            (),
            tuple(left_out),
            why="its analyses have several J, and a file has one; name fewer",
        )
    (j,) = js
    return Exported(
        sample.label, _text(j, lines, form), names, tuple(left_out), rows[0].reduced.lambda_k.value
    )


def _j(row: Row) -> tuple[float, float]:
    scalars = row.reduced.batch.j
    assert scalars is not None, "a good row has a J"
    return float(scalars.value[row.index]), float(scalars.error[row.index])


def _values(row: Row, form: int, quantities: Quantities) -> list[float] | None:
    top, bottom = ("x_normal", "y_normal") if form == 1 else ("x", "y")
    (x, sx), (y, sy) = quantities.of(row, top), quantities.of(row, bottom)
    gas, _ = quantities.of(row, "k39")
    if x is None or y is None or sx is None or sy is None or gas is None:
        return None
    if form == 3:
        ratio, error = quantities.of(row, "x_normal")
        return None if ratio is None or error is None else [x, sx, y, sy, ratio, error, gas]
    return [x, sx, y, sy, _rho(row, top, bottom, sx * sy), gas]


def _rho(row: Row, top: str, bottom: str, scale: float) -> float:
    covariance = row.reduced.covariance(np.array([row.index]), top, bottom)
    return float(covariance[0, 0]) / scale if scale > 0 else 0.0


def _text(j: tuple[float, float], lines: Sequence[Sequence[float]], form: int) -> str:
    columns = COLUMNS[form]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    pad = [""] * (len(columns) - 2)
    writer.writerow(["J", "err[J]", *pad])
    writer.writerow([repr(j[0]), repr(j[1]), *pad])
    writer.writerow(columns)
    writer.writerows([repr(value) for value in line] for line in lines)
    return out.getvalue()
