"""Reads the audit out of a node's file, running or not, without ever writing to it."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pychron.store.schema import APPLICATION

_HEADER = b"SQLite format 3\x00"
_APPLICATION_AT = 68
"""Offset of SQLite's application_id in the file's header."""

_QUERY = """
SELECT wall, peer, what, switch, why FROM (
    SELECT wall, seq, peer, what, switch, why FROM audit
    UNION ALL SELECT wall, -1, peer, action || ': ', switch, '' FROM intents)
WHERE ?1 = '' OR switch = ?1 ORDER BY wall DESC, seq DESC LIMIT ?2
"""
"""An intent stays in its table until its outcome is committed; then its audit entry is there too."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """What somebody did, and how it ended."""

    wall: float
    """Seconds since the epoch when it ended, or began where it has no outcome."""
    peer: str
    what: str
    """`open`, `close`, `lock`, ..."""
    switch: str
    result: str
    """`done`, the name of an error, or empty: begun and without an outcome."""
    why: str


def node_files(folders: Iterable[Path]) -> tuple[Path, ...]:
    """The files of nodes in the folders that nodes keep for themselves, in their order."""
    found = []
    for path in (p for folder in folders for p in sorted(folder.glob("*")) if p.is_file()):
        with path.open("rb") as file:
            header = file.read(100)
        if header.startswith(_HEADER) and len(header) == 100:
            (application,) = struct.unpack_from(">I", header, _APPLICATION_AT)
            if application == APPLICATION:
                found.append(path)
    return tuple(found)


def read_audit(path: Path, switch: str = "", limit: int = 50) -> list[AuditLine]:
    """The latest `limit` lines, oldest first; of one switch where it is named. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return list(_lines(connection.execute(_QUERY, (switch, limit))))[::-1]


def _lines(rows: sqlite3.Cursor) -> Iterator[AuditLine]:
    for wall, peer, what, switch, why in rows:
        deed, parted, result = what.partition(":")
        yield AuditLine(wall, peer, deed, switch, result.strip() if parted else "done", why)
