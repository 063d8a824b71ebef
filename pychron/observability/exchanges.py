"""What instruments were asked and what they answered: a compressed file a day, bounded in days and in what is written at once."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from pychron.hardware.channel import Channel
from pychron.runtime.periodic import Periodic
from pychron.runtime.world import World

FOLDER = "exchanges"
MOST = 200
"""Different exchanges of one device that are kept of one batch; of the rest, how many they were."""
LONGEST = 500
"""Bytes of a question or an answer that are kept."""
DAY_S = 86_400.0

HEADER = b"\x1f\x8b\x08\x00"
"""Begins a member of gzip (RFC 1952, 2.3) as Python writes it."""

Kind = tuple[str, bytes, bytes | None, str]
"""Device, what was sent, what it answered, why there is no sensible answer."""


@dataclass(slots=True)
class _Seen:
    first: float
    last: float
    times: int = 1


class ExchangeLog:
    """Follows channels; equal exchanges of one batch are one line with their number. A kill loses the last batch."""

    log = Logger()

    def __init__(self, world: World, folder: Path, days: float, write_every_s: float) -> None:
        self._world = world
        self._folder = folder
        self._days = days
        self._batch: dict[Kind, _Seen] = {}
        self._many: dict[str, int] = {}
        self._left_out: dict[str, int] = {}
        self._writer = Periodic(world.wire, write_every_s, self.flush, "writing exchanges with instruments")
        self._channels: list[Channel] = []
        self.failing = ""

    def follow(self, device: str, channel: Channel) -> None:
        """Hear every exchange of this channel from now on."""
        channel.heard = partial(self._heard, device)
        self._channels.append(channel)
        if not self._writer.running:
            self._writer.start()

    def _heard(self, device: str, sent: bytes, answer: bytes | None, failed: str) -> None:
        kind = (device, sent, answer, failed)
        wall = self._world.wall()
        seen = self._batch.get(kind)
        if seen is not None:
            seen.last, seen.times = wall, seen.times + 1
        elif self._many.get(device, 0) < MOST:
            self._batch[kind] = _Seen(wall, wall)
            self._many[device] = self._many.get(device, 0) + 1
        else:
            self._left_out[device] = self._left_out.get(device, 0) + 1

    async def flush(self) -> None:
        """Write what was heard since the last time. What cannot be written is lost here, and said once."""
        lines = [_line(kind, seen) for kind, seen in self._batch.items()]
        wall = self._world.wall()
        lines += [
            {"wall": wall, "device": device, "left_out": many} for device, many in self._left_out.items()
        ]
        if not lines:
            return
        self._batch, self._many, self._left_out = {}, {}, {}
        try:
            await self._world.pool.run(_append, self._folder, lines, wall, self._days)
        except OSError as problem:
            why = f"{self._folder}: {problem.strerror or problem}"
            if why != self.failing:
                self.log.error(
                    "exchanges with instruments cannot be kept: {why}; free space or set exchange_days: 0",
                    why=why,
                )
            self.failing = why
        else:
            self.failing = ""

    async def stop(self) -> None:
        """Hear no more, write what is gathered."""
        for channel in self._channels:
            channel.heard = None
        if self._writer.running:
            self._writer.stop()
        await self.flush()


def _line(kind: Kind, seen: _Seen) -> dict[str, Any]:
    device, sent, answer, failed = kind
    line: dict[str, Any] = {"wall": seen.first, "device": device, "sent": _text(sent)}
    if answer is not None:
        line["answer"] = _text(answer)
    if failed:
        line["failed"] = failed
    if seen.times > 1:
        line["times"], line["last"] = seen.times, seen.last
    return line


def _text(data: bytes) -> str:
    return data[:LONGEST].decode("ascii", "backslashreplace") + ("..." if len(data) > LONGEST else "")


def _append(folder: Path, lines: list[dict[str, Any]], wall: float, days: float) -> None:
    """One member of gzip more on the day's file; days that are over go. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path = folder / f"{_day(wall)}.jsonl.gz"
    new = not path.exists()
    with path.open("ab") as file:
        file.write(gzip.compress(text.encode(), 6))
    if not new:
        return
    oldest = _day(wall - days * DAY_S)
    for other in folder.glob("*.jsonl.gz"):
        if other.name.removesuffix(".jsonl.gz") < oldest:
            other.unlink(missing_ok=True)


def _day(wall: float) -> str:
    """In UTC: a file of a day never has another's hours."""
    return f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d}"


def read(folder: Path, start: float, end: float) -> Iterator[dict[str, Any]]:
    """What was exchanged from `start` to `end` (wall seconds), a line as it was written. Raises OSError.

    A batch that a power failure cut off ends its member; what stands after it is read all the same.
    """
    for path in sorted(folder.glob("*.jsonl.gz")):
        if not _day(start) <= path.name.removesuffix(".jsonl.gz") <= _day(end + DAY_S):
            continue
        for member in _members(path.read_bytes()):
            for text in member.splitlines():
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if line["wall"] <= end and line.get("last", line["wall"]) >= start:
                    yield line


def _members(data: bytes) -> Iterator[bytes]:
    while data:
        unpack = zlib.decompressobj(wbits=31)
        try:
            text = unpack.decompress(data)
        except zlib.error:
            text = b""
        yield text
        if unpack.eof:
            data = unpack.unused_data
            continue
        after = data.find(HEADER, 1)
        data = data[after:] if after > 0 else b""
