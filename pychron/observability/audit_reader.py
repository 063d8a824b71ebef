"""Reads the audit out of a node's file, running or not, without ever writing to it."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pychron.store.schema import APPLICATION

_HEADER = b"SQLite format 3\x00"
_APPLICATION_AT = 68
"""Offset of SQLite's application_id in the file's header."""

_ACTUATIONS = """
SELECT i.wall, i.peer, i.action AS what, i.switch, coalesce(o.result, ''), coalesce(o.why, ''), coalesce(o.wall, 0)
FROM intents i LEFT JOIN outcomes o ON o.key = i.key
UNION ALL
SELECT o.wall, o.peer, o.action, o.switch, o.result, o.why, o.wall
FROM outcomes o WHERE NOT EXISTS (SELECT 1 FROM intents i WHERE i.key = o.key)
"""
_DEEDS = "SELECT wall, peer, what, switch, 'done', why, wall FROM audit"


@dataclass(frozen=True, slots=True)
class AuditLine:
    """What somebody did, and how it ended."""

    wall: float
    """Seconds since the epoch when it was begun."""
    peer: str
    what: str
    """`open`, `close`, `lock`, ..."""
    switch: str
    result: str
    """`done`, the name of an error, or empty: begun and without an outcome."""
    why: str
    took_s: float
    """0 where it is not known."""


def node_files(root: Path) -> tuple[Path, ...]:
    """The files of the nodes that ever ran in `root`, by path."""
    found = []
    for path in sorted(p for p in root.glob(".appdata/**/*") if p.is_file()):
        with path.open("rb") as file:
            header = file.read(100)
        if header.startswith(_HEADER) and len(header) == 100:
            (application,) = struct.unpack_from(">I", header, _APPLICATION_AT)
            if application == APPLICATION:
                found.append(path)
    return tuple(found)


def read_audit(path: Path, switch: str = "", limit: int = 50) -> list[AuditLine]:
    """The latest `limit` lines, oldest first; of one switch where it is named. Raises sqlite3.Error."""
    query = f"SELECT * FROM ({_ACTUATIONS} UNION ALL {_DEEDS}) WHERE ?1 = '' OR switch = ?1 ORDER BY wall DESC LIMIT ?2"  # noqa: S608 (constants)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return list(_lines(connection.execute(query, (switch, limit))))[::-1]


def _lines(rows: sqlite3.Cursor) -> Iterator[AuditLine]:
    for wall, peer, what, switch, result, why, ended in rows:
        yield AuditLine(wall, peer, what, switch, result, why, max(0.0, ended - wall) if ended else 0.0)
