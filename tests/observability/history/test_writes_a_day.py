"""How much a busy day writes to an SD card: counted in the pages and log frames that SQLite hands to the system."""

from __future__ import annotations

import sqlite3

from pychron.observability.history import database
from pychron.observability.history.database import Sqlite
from pychron.observability.history.history_file import HistorySpec

VALUES, PERIOD_S, HOURS = 50, 10.0, 2
EVENTS_A_DAY = 5_000
A_DAY = 200e6
FOLD_AFTER = 1000
"""Pages of the log after which SQLite folds it, as it does by itself."""


def pages(path):
    """Each page of the file as it stands."""
    data = path.read_bytes()
    return [data[at : at + 4096] for at in range(0, len(data), 4096)]


def test_a_day_of_fifty_values_and_a_busy_line_stays_below_200_mb(tmp_path):
    """Each commit appends whole pages to the log, and folding writes each changed page once more: both are counted."""
    path = tmp_path / "h.sqlite"
    wal = path.with_name(path.name + "-wal")
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA journal_mode=WAL").fetchall()
    connection = Sqlite(raw)
    raw.execute("PRAGMA wal_autocheckpoint=0").fetchall()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    every = HistorySpec().write_every_s
    written, before = 0, pages(path)
    for batch in range(int(HOURS * 3600 / every)):
        times = [batch * every + n * PERIOD_S for n in range(int(every / PERIOD_S))]
        readings = [(f"V{n}", "C", wall, 20.0 + n) for wall in times for n in range(VALUES)]
        many = round((batch + 1) * every * EVENTS_A_DAY / 86_400) - round(
            batch * every * EVENTS_A_DAY / 86_400
        )
        data = '{"name": "A", "state": "open", "evidence": "relay", "description": "Extraction to turbo"}'
        database.write(
            connection, readings, [(times[0], "valve", "A", "A closed -> open (relay)", data)] * many
        )
        if wal.stat().st_size > FOLD_AFTER * 4096:
            written, before = _fold(raw, path, wal, written, before)
    written, before = _fold(raw, path, wal, written, before)
    connection.close()
    a_day = written * 24 / HOURS
    assert a_day < A_DAY, f"{a_day / 1e6:.0f} MB a day"


def _fold(raw, path, wal, written, before):
    written += wal.stat().st_size
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    now = pages(path)
    changed = sum(one != other for one, other in zip(now, before, strict=False)) + max(
        len(now) - len(before), 0
    )
    return written + changed * 4096, now
