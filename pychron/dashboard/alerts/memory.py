"""What alerts remember over a death of the node: episodes, and letters that nobody has taken yet. One SQLite file, used in the pool."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import DeferredLock

from pychron.dashboard.alerts.episodes import Episode, Forget, Keep, Kind, Outputs, Phase, Send
from pychron.dashboard.events import Level
from pychron.runtime.world import World

T = TypeVar("T")
SCHEMA = """
CREATE TABLE IF NOT EXISTS episodes (key TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, wall REAL NOT NULL);
"""


UNSAVED = 0
"""The number of a letter that could not be written down."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One alert for one channel."""

    id: int
    channel: str
    kind: Kind
    episode: Episode
    wall: float
    """When it was written"""


class Memory:
    """Every method is a transaction, one at a time, fsynced before it returns."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._path = path
        self._lock = DeferredLock()
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> tuple[tuple[Episode, ...], tuple[Letter, ...]]:
        """Create the file, or read what a node that died has left. Raises sqlite3.Error, OSError."""
        return await self._run(_read)

    async def take(self, outputs: Outputs, wall: float) -> tuple[Letter, ...]:
        """All of it in one transaction; the letters that are to be sent now."""
        return await self._run(lambda connection: _take(connection, outputs, wall))

    async def taken(self, letter: Letter) -> None:
        """The receiver has it: strike it out. One that never was on disk has no number."""
        if letter.id == UNSAVED:
            return
        await self._run(lambda connection: _strike(connection, letter.id))

    async def close(self) -> None:
        """After what is under way."""

        def end(connection: sqlite3.Connection) -> None:
            connection.close()
            self._connection = None

        if self._connection is not None:
            await self._run(end)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def job() -> T:
            if self._connection is None:
                self._connection = self._world.sqlite(self._path)
                self._connection.executescript(SCHEMA)
            return work(self._connection)

        await self._lock.acquire()
        try:
            return await self._world.pool.run(job)
        finally:
            self._lock.release()


def unsaved(outputs: Outputs, wall: float) -> tuple[Letter, ...]:
    """The letters of `outputs` where the disk fails: better sent from memory than not at all."""
    sends = [one for one in outputs if isinstance(one, Send)]
    return tuple(
        Letter(UNSAVED, channel, one.kind, one.episode, wall) for one in sends for channel in one.channels
    )


def _read(connection: sqlite3.Connection) -> tuple[tuple[Episode, ...], tuple[Letter, ...]]:
    episodes = tuple(
        _episode(text) for (text,) in connection.execute("SELECT text FROM episodes ORDER BY rowid")
    )
    rows = connection.execute("SELECT id, channel, kind, text, wall FROM letters ORDER BY id")
    letters = tuple(
        Letter(number, channel, Kind(kind), _episode(text), wall)
        for number, channel, kind, text, wall in rows
    )
    return episodes, letters


def _take(connection: sqlite3.Connection, outputs: Sequence[Any], wall: float) -> tuple[Letter, ...]:
    letters = []
    with connection:
        for output in outputs:
            match output:
                case Keep(episode):
                    connection.execute(
                        "INSERT OR REPLACE INTO episodes VALUES (?, ?)", (episode.key, _text(episode))
                    )
                case Forget(episode):
                    connection.execute("DELETE FROM episodes WHERE key = ?", (episode.key,))
                case Send(episode, kind, channels):
                    for channel in channels:
                        row = (channel, str(kind), _text(episode), wall)
                        done = connection.execute(
                            "INSERT INTO letters (channel, kind, text, wall) VALUES (?, ?, ?, ?)", row
                        )
                        letters.append(Letter(int(done.lastrowid or 0), channel, kind, episode, wall))
    return tuple(letters)


def _strike(connection: sqlite3.Connection, number: int) -> None:
    with connection:
        connection.execute("DELETE FROM letters WHERE id = ?", (number,))


def _text(episode: Episode) -> str:
    return json.dumps(
        {key: str(v) if isinstance(v, Level | Phase) else v for key, v in asdict(episode).items()}
    )


def _episode(text: str) -> Episode:
    known = {field.name for field in fields(Episode)}
    values = {key: value for key, value in json.loads(text).items() if key in known}
    return Episode(**{**values, "level": Level(values["level"]), "phase": Phase(values["phase"])})
