"""A file's bytes and text, bounded, with every way to fail reported and none raised."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from pychron.config.problems import Report

LIMIT_BYTES = 1 << 20
"""No file that a person writes for a node is larger."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def read_bytes(path: Path, report: Report) -> bytes | None:
    """The file's bytes without a byte order mark, or None with an error in the report."""
    place = report.place(path)
    try:
        if not path.is_file():
            report.error(place, "no such file" if not path.exists() else "is not a file", code="file")
            return None
        with path.open("rb") as stream:
            data = stream.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as failure:
        why = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
        report.error(place, f"cannot be read: {why}", code="file")
        return None
    if len(data) > LIMIT_BYTES:
        report.error(place, f"is larger than {LIMIT_BYTES} bytes; no file of a root is", code="file")
        return None
    return data.removeprefix(codecs.BOM_UTF8)


def read_text(path: Path, report: Report) -> str | None:
    """The file's text with `\\n` line ends, or None with an error in the report.

    Old files hold degree and micro signs of Latin-1: read as such, with a warning.
    """
    data = read_bytes(path, report)
    if data is None:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as failure:
        line = data[: failure.start].count(b"\n") + 1
        report.warning(
            report.place(path, line), "is not UTF-8, read as Latin-1; save the file as UTF-8", code="text"
        )
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _CONTROL.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        report.error(
            report.place(path, line),
            f"holds the control character {found[0]!r}; is this a text file?",
            code="text",
        )
        return None
    return text
