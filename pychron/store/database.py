"""The connection to the node's file. Every method runs in the pool, one at a time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pychron.runtime.values import frozen
from pychron.runtime.world import World
from pychron.store.errors import StoreDamaged, StoreFailed
from pychron.store.records import Record, Restored
from pychron.store.rows import prune, restore, statements
from pychron.store.schema import REMEDY, upgrade

PRUNE_EVERY = 500
"""Transactions between two rounds of forgetting."""
FOLD_AFTER = 200
"""Records in the write-ahead log after which it is folded into the file, as soon as nothing waits."""
ROOM = 1_250_000
"""Bytes of a table that is made and dropped at the start: the write-ahead log then has twice that, what `FOLD_AFTER`
records of actuations take. An fsync that has to grow a file waits for the file system's journal too."""
FOLD_AT_LAST = 5000
"""The same, even if something waits."""
LOOK_EVERY_S = 1.0
"""Between looks whether the file is still in its place: asking the system costs an actuation as much as its rules do."""

_THIS_COMMIT = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)


@frozen
class Written:
    """One transaction. `refused` has, for each commit, why it alone is not in it (empty: it is)."""

    refused: tuple[str, ...]
    sync_s: float
    """What the COMMIT took: writing the log and its fsync."""
    in_log: int
    """Records in the write-ahead log since it was last folded."""


class Database:
    """Opens, writes, folds, closes."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        """Device and inode of the file that was read at the start; None where none can be told."""
        self._looked = 0.0
        """Wire seconds when it was last seen in its place."""
        self._first_seq = 0
        self._opened = 0.0
        self._transactions = 0
        self._in_log = 0

    def open(self) -> Restored:
        """Create or upgrade the file and read it. Raises StoreDamaged, StoreFailed."""
        now = self._world.wire.seconds()
        self._opened = now
        try:
            connection = self._connect()
            upgrade(connection, self._path)
            found = restore(connection, self._world.machine_boot, now)
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM outcomes").fetchone()
            self._first_seq = last + 1
            self._make_room(connection)
            self.fold()
            self._file, self._looked = self._identity(), now
            return found
        except StoreDamaged:
            self._disconnect()
            raise
        except sqlite3.OperationalError as error:
            self._disconnect()
            raise StoreFailed(f"{self._path}: {error}") from error
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            self._disconnect()
            raise StoreDamaged(self._path, f"is damaged: {error}", REMEDY) from error
        except OSError as error:
            raise StoreFailed(f"{self._path}: {error.strerror or error}") from error

    def write(self, commits: Sequence[tuple[Record, ...]]) -> Written:
        """All of `commits` in one transaction; one that no row can hold is left out whole. Raises StoreFailed."""
        boot = self._world.machine_boot
        if not self._in_its_place():
            # SQLite goes on in the file that has no name any more, and the next start would know nothing of it.
            raise StoreFailed(
                f"{self._path}: was deleted or replaced under the running node; put it back, or start the node again "
                "and set locks, claims and manual valves anew"
            )
        try:
            connection = self._connection or self._connect()
            connection.execute("BEGIN IMMEDIATE")
            alone = len(commits) == 1
            refused = tuple(self._write_one(connection, records, boot, alone) for records in commits)
            if self._transactions % PRUNE_EVERY == 0:
                prune(connection, boot, self._world.wire.seconds(), self._first_seq, self._opened)
            before = self._world.wire.seconds()
            connection.execute("COMMIT")
            self._transactions += 1
            self._in_log += sum(len(records) for records in commits)
            return Written(refused, self._world.wire.seconds() - before, self._in_log)
        except (sqlite3.Error, OSError) as error:
            # The connection may hold a half transaction or a file that has gone: the next one starts anew.
            self._disconnect()
            raise StoreFailed(f"{self._path}: {error}") from error

    def fold(self) -> None:
        """Fold the write-ahead log into the file: fsyncs of its own, hence never inside a commit."""
        self._in_log = 0
        if self._connection is None:
            return
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            self._disconnect()

    def close(self) -> None:
        self._disconnect()

    @staticmethod
    def _make_room(connection: sqlite3.Connection) -> None:
        """The log grows once, by a table that goes again. A disk with no room for it is no reason not to start."""
        for sql in (
            "CREATE TABLE IF NOT EXISTS room (bytes BLOB)",
            f"INSERT INTO room VALUES (zeroblob({ROOM}))",  # noqa: S608
            "DROP TABLE room",
        ):
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute(sql)

    def _connect(self) -> sqlite3.Connection:
        connection = self._connection = self._world.sqlite(self._path)
        connection.isolation_level = None
        # The world's opener has set WAL and synchronous=FULL; the virtual world knows no power failure.
        connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()
        connection.execute("PRAGMA busy_timeout=2000").fetchall()
        return connection

    def _in_its_place(self) -> bool:
        now = self._world.wire.seconds()
        if self._file is None or now - self._looked < LOOK_EVERY_S:
            return True
        if self._identity() != self._file:
            return False
        self._looked = now
        return True

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.close()
            except sqlite3.Error:
                pass  # it is given up; what was committed is in the log and is found again

    @staticmethod
    def _write_one(
        connection: sqlite3.Connection, records: tuple[Record, ...], boot: str, alone: bool
    ) -> str:
        """Empty, or why it was left out. One that is alone in its transaction needs no savepoint."""
        if not alone:
            connection.execute("SAVEPOINT one")
        try:
            for record in records:
                for sql, values in statements(record, boot):
                    connection.execute(sql, values)
        except (*_THIS_COMMIT, KeyError, TypeError, ValueError, OverflowError) as error:
            if alone:
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
            else:
                connection.execute("ROLLBACK TO one")
                connection.execute("RELEASE one")
            return f"no row can hold it: {type(error).__name__}: {error}"
        if not alone:
            connection.execute("RELEASE one")
        return ""
