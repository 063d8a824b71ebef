"""The tables of the node's file, and how an older file becomes a new one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pychron.store.errors import StoreDamaged

APPLICATION = 0x70794368
"""SQLite's application_id: says that the file is a node's."""

_FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE intents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, request_id TEXT, peer TEXT NOT NULL,
    switch TEXT NOT NULL, action TEXT NOT NULL, steps TEXT NOT NULL, wall REAL NOT NULL, wire REAL NOT NULL,
    machine_boot TEXT NOT NULL);
CREATE TABLE outcomes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, result TEXT NOT NULL, changed INTEGER NOT NULL,
    why TEXT NOT NULL, count INTEGER NOT NULL, wall REAL NOT NULL, wire REAL NOT NULL, request_id TEXT,
    peer TEXT NOT NULL, switch TEXT NOT NULL, action TEXT NOT NULL, failed_children TEXT NOT NULL,
    machine_boot TEXT NOT NULL);
CREATE TABLE locks (
    switch TEXT PRIMARY KEY, who TEXT NOT NULL, why TEXT NOT NULL, wall REAL NOT NULL);
CREATE TABLE manual_states (
    switch TEXT PRIMARY KEY, open INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, wall REAL NOT NULL);
CREATE TABLE counts (
    key TEXT PRIMARY KEY, start TEXT NOT NULL, start_count INTEGER NOT NULL, count INTEGER NOT NULL,
    timestamp TEXT NOT NULL);
CREATE TABLE pipettes (
    name TEXT PRIMARY KEY, counts INTEGER NOT NULL, last_shot TEXT NOT NULL, armed INTEGER NOT NULL);
CREATE TABLE claims (
    session TEXT PRIMARY KEY, address TEXT NOT NULL, switches TEXT NOT NULL, token INTEGER NOT NULL,
    lease_s REAL NOT NULL, require TEXT NOT NULL, orphaned INTEGER NOT NULL);
CREATE TABLE last_states (
    switch TEXT PRIMARY KEY, state TEXT NOT NULL, evidence TEXT NOT NULL, wall REAL NOT NULL);
CREATE TABLE disabled (
    switch TEXT PRIMARY KEY, why TEXT NOT NULL, who TEXT NOT NULL, wall REAL NOT NULL);
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, wall REAL NOT NULL, peer TEXT NOT NULL, what TEXT NOT NULL,
    switch TEXT NOT NULL, why TEXT NOT NULL);
"""

STEPS = (_FIRST,)
"""Each makes the schema one version newer; `user_version` says how many a file has had."""


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Create or upgrade the tables, all in one transaction. Raises StoreDamaged for a file that is not ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (tables or version):
        raise StoreDamaged(path, "is a database of another program", "move it away and start again")
    if version > len(STEPS):
        raise StoreDamaged(
            path,
            f"was written by a newer version (its schema is {version}, this program knows {len(STEPS)})",
            "start the newer version again",
        )
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StoreDamaged(path, f"is damaged: {verdict}", REMEDY)
    if version == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    for step in STEPS[version:]:
        for statement in step.split(";"):
            if statement.strip():
                connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION}")
    connection.execute(f"PRAGMA user_version={len(STEPS)}")
    connection.execute("COMMIT")


REMEDY = (
    "it holds locks, claims and counts, so it is not replaced by itself: restore a copy, or try "
    "`sqlite3 FILE .recover`, or move it away, confirm the state of each valve by hand and start again"
)
