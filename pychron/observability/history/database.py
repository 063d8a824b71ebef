"""The tables of the history, in SQLite or PostgreSQL. Every function runs in the pool, on one connection."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pychron.observability.history.history_file import DAY_S, HistorySpec
from pychron.observability.history.interfaces import Bucket, Entry, Series, Then, ValveThen

MINUTE_S = 60.0
# By time first: what is written together lies together, so that a batch changes few pages of an SD card.
_TABLES = """
CREATE TABLE IF NOT EXISTS tags (id {serial}, tag TEXT NOT NULL UNIQUE, unit TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS readings (
    tag INTEGER NOT NULL, wall DOUBLE PRECISION NOT NULL, value DOUBLE PRECISION NOT NULL, PRIMARY KEY (wall, tag)){compact};
CREATE TABLE IF NOT EXISTS minutes (
    tag INTEGER NOT NULL, start DOUBLE PRECISION NOT NULL, n INTEGER NOT NULL, low DOUBLE PRECISION NOT NULL,
    total DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, PRIMARY KEY (start, tag)){compact};
CREATE TABLE IF NOT EXISTS events (
    id {serial}, wall DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_time ON events (wall);
"""

Reading = tuple[str, str, float, float]
"""Tag, unit, wall seconds, value"""
Event = tuple[float, str, str, str, str]
"""Wall seconds, kind, subject, text, data as JSON"""


class Connection(Protocol):
    """What both databases have in common; `?` marks a value."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any: ...

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class Sqlite:
    """A file of the node."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.isolation_level = None
        # A power failure may cost the last seconds; the file stays whole. What must not be lost is no history.
        connection.execute("PRAGMA synchronous=NORMAL").fetchall()
        for statement in _TABLES.format(serial="INTEGER PRIMARY KEY", compact=" WITHOUT ROWID").split(";"):
            connection.execute(statement)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql, values)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


class ReadOnly(Sqlite):
    """A node's file for somebody who only looks: nothing is written, not even where the node does not run."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


class Postgresql:
    """A server; needs the extra `postgresql`."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5, client_encoding="UTF8")
        for statement in filter(
            str.strip, _TABLES.format(serial="BIGSERIAL PRIMARY KEY", compact="").split(";")
        ):
            self._connection.execute(statement.encode())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(sql.replace("?", "%s").encode(), values)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(sql.replace("?", "%s").encode(), rows)

    def begin(self) -> None:
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def write(connection: Connection, readings: Sequence[Reading], events: Sequence[Event]) -> None:
    """All of it in one transaction; minutes are kept up as readings come."""
    connection.begin()
    try:
        connection.many("INSERT INTO events (wall, kind, subject, text, data) VALUES (?, ?, ?, ?, ?)", events)
        for tag, unit in dict.fromkeys((tag, unit) for tag, unit, _, _ in readings):
            connection.execute(
                "INSERT INTO tags (tag, unit) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET unit = excluded.unit",
                (tag, unit),
            )
        if readings:
            ids = dict(connection.execute("SELECT tag, id FROM tags").fetchall())
            rows = [(ids[tag], wall, value) for tag, _, wall, value in readings]
            connection.many(
                "INSERT INTO readings VALUES (?, ?, ?) ON CONFLICT (wall, tag) DO UPDATE SET value = excluded.value",
                rows,
            )
            connection.many(
                "INSERT INTO minutes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (start, tag) DO UPDATE SET n = minutes.n + excluded.n, "
                "low = CASE WHEN excluded.low < minutes.low THEN excluded.low ELSE minutes.low END, "
                "total = minutes.total + excluded.total, "
                "high = CASE WHEN excluded.high > minutes.high THEN excluded.high ELSE minutes.high END",
                _minutes(rows),
            )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _minutes(rows: Sequence[tuple[int, float, float]]) -> list[tuple[int, float, int, float, float, float]]:
    found: dict[tuple[int, float], list[float]] = {}
    for tag, wall, value in rows:
        found.setdefault((tag, math.floor(wall / MINUTE_S) * MINUTE_S), []).append(value)
    return [(tag, start, len(v), min(v), sum(v), max(v)) for (tag, start), v in found.items()]


def forget(connection: Connection, spec: HistorySpec, wall: float) -> None:
    """What is older than the file keeps."""
    for table, column, days in (
        ("readings", "wall", spec.raw_days), ("minutes", "start", spec.minute_days), ("events", "wall", spec.event_days),
    ):  # fmt: skip
        connection.execute(f"DELETE FROM {table} WHERE {column} < ?", (wall - days * DAY_S,))  # noqa: S608


def tags(connection: Connection) -> list[str]:
    """Every value, sorted."""
    return sorted(tag for (tag,) in connection.execute("SELECT tag FROM tags").fetchall())


def values(connection: Connection, tag: str, start: float, end: float, points: int) -> Series:
    """Readings where there are few, else buckets of them; minutes where readings are forgotten."""
    row = connection.execute("SELECT id, unit FROM tags WHERE tag = ?", (tag,)).fetchone()
    if row is None:
        return Series(tag, "", 0.0, ())
    number, unit = row
    found = connection.execute(
        "SELECT wall, value FROM readings WHERE tag = ? AND wall >= ? AND wall < ? ORDER BY wall",
        (number, start, end),
    ).fetchall()
    since = found[0][0] if found else end
    minutes = connection.execute(
        "SELECT start, n, low, total, high FROM minutes WHERE tag = ? AND start >= ? AND start < ? ORDER BY start",
        (number, start, math.floor(since / MINUTE_S) * MINUTE_S),
    ).fetchall()
    pieces = [Bucket(at, n, low, total / n, high) for at, n, low, total, high in minutes]
    pieces += [Bucket(wall, 1, value, value, value) for wall, value in found]
    if len(pieces) <= points:
        return Series(tag, unit, MINUTE_S if minutes else 0.0, tuple(pieces))
    width = (end - start) / points
    gathered: dict[int, list[Bucket]] = {}
    for piece in pieces:
        gathered.setdefault(int((piece.start - start) // width), []).append(piece)
    return Series(
        tag, unit, width, tuple(_joined(start + n * width, some) for n, some in sorted(gathered.items()))
    )


def _joined(start: float, some: Sequence[Bucket]) -> Bucket:
    count = sum(one.count for one in some)
    mean = sum(one.mean * one.count for one in some) / count
    return Bucket(start, count, min(one.low for one in some), mean, max(one.high for one in some))


def events(
    connection: Connection, start: float, end: float, kinds: Sequence[str], limit: int, subject: str
) -> list[Entry]:
    """The latest `limit`, oldest first."""
    where, marks = "wall >= ? AND wall < ?", [start, end]
    asked: list[Any] = list(marks)
    if kinds:
        where += f" AND kind IN ({','.join('?' * len(kinds))})"
        asked += kinds
    if subject:
        where += " AND subject = ?"
        asked.append(subject)
    rows = connection.execute(
        f"SELECT id, wall, kind, subject, text, data FROM events WHERE {where} ORDER BY wall DESC, id DESC LIMIT ?",  # noqa: S608
        [*asked, limit],
    ).fetchall()
    return [
        Entry(number, wall, kind, of, text, json.loads(data))
        for number, wall, kind, of, text, data in reversed(rows)
    ]


def state_at(connection: Connection, time: float) -> Then:
    """Valves by their last event before `time`, values by their last reading."""
    rows = connection.execute(
        "SELECT e.subject, e.wall, e.data FROM events e JOIN (SELECT subject, max(id) AS last FROM events "
        "WHERE kind IN ('valve', 'lock') AND wall <= ? GROUP BY subject) l ON e.id = l.last",
        (time,),
    ).fetchall()
    valves = {}
    for name, wall, data in sorted(rows):
        payload = json.loads(data)
        evidence = payload.get("evidence")
        valves[name] = ValveThen(
            name, str(payload.get("state") or "unknown"), evidence, wall, bool(payload.get("lock")),
            str(payload.get("owner") or ""),
        )  # fmt: skip
    last = connection.execute(
        "SELECT t.tag, r.value, r.wall FROM tags t JOIN readings r ON r.tag = t.id JOIN (SELECT tag, max(wall) AS wall "
        "FROM readings WHERE wall <= ? GROUP BY tag) l ON l.tag = r.tag AND l.wall = r.wall",
        (time,),
    ).fetchall()
    return Then(time, valves, {tag: (value, wall) for tag, value, wall in sorted(last)})
