"""Tables into files: XLSX with numbers as numbers, or CSV; written beside and renamed, so that no half table is ever there."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from pychron.pipeline.tables.columns import Cell, Column

FORMATS = ("xlsx", "csv")
Sheets = Mapping[str, tuple[Sequence[Column], Sequence[Sequence[Cell]]]]
"""Title -> columns and rows."""
_GREY = PatternFill("solid", fgColor="E7E7E7")
_EPOCH = datetime(2000, 1, 1)
"""Stands as the time of making, so that the same data give the same file."""


class UnknownTable(ValueError):
    """A table's file must end in one of FORMATS."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: a table ends in .{' or .'.join(FORMATS)}")


def write_tables(sheets: Sheets, path: Path) -> list[Path]:
    """One XLSX with a sheet each, or one CSV each (`FILE.csv`, `FILE-summary.csv`, ...). Raises UnknownTable, OSError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UnknownTable(path)
    if kind == "xlsx":
        buffer = io.BytesIO()
        _workbook(sheets).save(buffer)
        _put(path, buffer.getvalue())
        return [path]
    written = []
    for place, (title, (columns, rows)) in enumerate(sheets.items()):
        one = path if place == 0 else path.with_name(f"{path.stem}-{title.lower()}{path.suffix}")
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([column.heading for column in columns])
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
        _put(one, text.getvalue().encode())
        written.append(one)
    return written


def _workbook(sheets: Sheets) -> Workbook:
    book = Workbook()
    book.properties.created = book.properties.modified = _EPOCH
    book.properties.creator = "pychron"
    first = book.active
    if first is not None:
        book.remove(first)
    for title, (columns, rows) in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append([column.heading for column in columns])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for row in rows:
            sheet.append(list(row))
        for number, column in enumerate(columns, 1):
            letter = get_column_letter(number)
            widest = (
                max((len(str(row[number - 1] or "")) for row in rows), default=0) if not column.form else 11
            )
            sheet.column_dimensions[letter].width = min(max(widest + 1, 9), 60)
            if column.form:
                for cell in sheet[letter][1:]:
                    cell.number_format = column.form
        if columns[-1].heading == "Left out because":
            for cells in sheet.iter_rows(min_row=2):
                if cells[-1].value:
                    for cell in cells:
                        cell.fill = _GREY
        sheet.freeze_panes = "A2"
    return book


def _put(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(data)
    os.replace(beside, path)  # noqa: PTH105 - as every file that must not be found half written
