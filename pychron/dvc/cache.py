"""What was read of repositories, kept in a folder, so that the next command need not read thousands of files again.

A file a repository. It is only a copy: it may be deleted at any time, and what is wrong with it is said and mended by reading again.
Nothing in it is believed that does not prove itself: the first line names the format and the very code that made records out of files, the
second is the SHA-256 of the rest, and each group of analyses (`pychron.dvc.groups`) stands under the signature of its files. The
signature is taken before the files are read: a change while they are read is seen the next time. A group with a fault in it is not kept:
the fault may be the disk's, not the file's.

J, chronologies, production ratios and what a repository has frozen are not kept here: they are read each time.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pychron.dvc import (
    argon,
    json_file,
    kept_rows,
    layout,
    metadata,
    modifiers,
    quick,
    records,
    repository,
    times,
)
from pychron.dvc.argon import SIZE, Numbers
from pychron.dvc.groups import Group
from pychron.dvc.json_file import parse, written
from pychron.dvc.kept_rows import Text, analysis_of, row_of
from pychron.dvc.records import Analysis
from pychron.dvc.repository import Repository

FORMAT = 1
"""Raised when the file is laid out otherwise."""
SUFFIX = ".records"
UNFINISHED = ".new"
MOST = 64
"""Files of each kind: repositories, and questions."""
DAY_NS = 86_400_000_000_000
DIGEST = 64
"""Characters of a SHA-256."""
READERS = (argon, json_file, kept_rows, layout, metadata, modifiers, quick, records, repository, times)
"""Modules that decide what a record holds: what one version of them made is nothing to another."""


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/pychron/records`, or `~/.cache/pychron/records`."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home else Path.home() / ".cache") / "pychron" / "records"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of kept records."""

    folder: Path
    say: Callable[[str], object] = lambda _: None
    """Told in a sentence what was wrong with a file here."""
    now_ns: Callable[[], int] = time.time_ns
    """The wall clock, nanoseconds since 1970."""

    def path(self, *names: str, suffix: str = SUFFIX) -> Path:
        """The file of a repository, by the name that a person gives it, or of something that is told by several words."""
        whole = [os.path.abspath(names[0]), *names[1:]]  # noqa: PTH100 - `DIR@REV` is no path, and links stay as they are
        return self.folder / (hashlib.sha256(os.fsencode("\n".join(whole))).hexdigest()[:32] + suffix)

    def get(self, path: Path, title: str) -> memoryview | None:
        """What `put` kept there under this title; None where there is nothing, or of another title. What is damaged is told."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            self.say(f"{path}: what is kept cannot be read ({problem.strerror}); the files are read instead")
            return None
        line = data[:1024].partition(b"\n")[0]
        if not line.startswith(b"pychron-kept "):
            self.say(f"{path}: this is nothing that was kept; the files are read again")
            return None
        if line != f"pychron-kept {title}".encode():
            return None
        start = len(line) + 1
        rest = memoryview(data)[start + DIGEST + 1 :]
        if hashlib.sha256(rest).hexdigest().encode() != data[start : start + DIGEST]:
            self.say(f"{path}: what was kept is damaged; the files are read again")
            return None
        return rest

    def put(self, path: Path, title: str, parts: Sequence[bytes | memoryview]) -> None:
        """Keep `parts` there. A reader finds the old file or the new one."""
        made = hashlib.sha256()
        for part in parts:
            made.update(part)
        head = f"pychron-kept {title}\n{made.hexdigest()}\n".encode()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=path.stem, suffix=UNFINISHED, dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.writelines((head, *parts))
                os.replace(name, path)  # noqa: PTH105
            except OSError:
                os.unlink(name)  # noqa: PTH108
                raise
            self._prune(path.suffix)
        except OSError as problem:
            self.say(
                f"{path}: nothing can be kept ({problem.strerror}); name another folder with --cache DIR"
            )

    def _prune(self, suffix: str) -> None:
        """Of each kind the newest MOST stay, and what a command that was killed had begun goes after a day."""
        ages = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.endswith((suffix, UNFINISHED)):
                    with suppress(FileNotFoundError):  # another command was faster
                        ages.append((entry.stat().st_mtime_ns, entry.path))
        ages.sort(reverse=True)
        finished = [path for _, path in ages if not path.endswith(UNFINISHED)]
        begun = [path for at, path in ages if path.endswith(UNFINISHED) and at < self.now_ns() - DAY_NS]
        for path in (*finished[MOST:], *begun):
            with suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108


class Records:
    """The analyses of one repository, from the cache as far as nothing changed, else from their files."""

    def __init__(self, repository: Repository, cache: Cache | None = None) -> None:
        self._repository = repository
        self._cache = cache
        self._groups = repository.tree.groups(cache.now_ns() if cache else 0)
        self._found: dict[str, _Chunk] | None = None

    @property
    def _kept(self) -> dict[str, _Chunk]:
        """What the cache has, read when it is looked for."""
        if self._found is None:
            cache = self._cache
            self._found = {} if cache is None else _read(cache, cache.path(self._repository.name))
        return self._found

    def state(self) -> str:
        """A signature of all that was looked at; empty where something changed a moment ago."""
        if not all(group.settled for group in self._groups.values()):
            return ""
        text = "\n".join(f"{name} {group.signature}" for name, group in self._groups.items())
        return hashlib.sha256(text.encode()).hexdigest()

    def count(self) -> int:
        """How many there are."""
        return sum(
            kept.many if (kept := self._of(group)) else len(group.identities())
            for group in self._groups.values()
        )

    def load(self, advance: Callable[[], object]) -> list[Analysis]:
        """All of them, by identity within each group; `advance` is called after each."""
        found: list[Analysis] = []
        chunks: dict[str, _Chunk] = {}
        with uncollected():
            for group in self._groups.values():
                kept = self._of(group)
                some = [] if kept else list(self._repository.analyses_of(group))
                if self._cache and group.settled:
                    chunk = kept or (None if any(one.problems for one in some) else _packed(group, some))
                    if chunk is not None:
                        chunks[group.name] = chunk
                        some = _unpacked(chunk)  # a tenth of the memory
                for analysis in some:
                    found.append(analysis)
                    advance()
        if self._cache and chunks != self._kept:
            _write(self._cache, self._cache.path(self._repository.name), chunks)
        return found

    def _of(self, group: Group) -> _Chunk | None:
        kept = self._kept.get(group.name)
        return kept if kept is not None and kept.signature == group.signature else None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The kept records of a group, in `data`: rows from `start`, numbers from `numbers`, texts from `texts` to `stop`."""

    signature: str
    many: int
    data: bytes | memoryview = field(repr=False, compare=False)
    start: int = field(compare=False)
    numbers: int = field(compare=False)
    texts: int = field(compare=False)
    stop: int = field(compare=False)


def _packed(group: Group, analyses: list[Analysis]) -> _Chunk | None:
    """None where JSON cannot hold what is in them: that group is read each time."""
    rows, numbers, texts = [], [], []
    at = 0
    try:
        for analysis in analyses:
            row, one, text = row_of(analysis)
            rows.append([at, at + len(text), row])
            numbers.append(one.data)
            texts.append(text)
            at += len(text)
        head = written(rows)
    except (TypeError, ValueError):
        return None
    data = b"".join((head, *numbers, *texts))
    middle = len(head)
    return _Chunk(group.signature, len(rows), data, 0, middle, middle + SIZE * len(rows), len(data))


def _unpacked(chunk: _Chunk) -> list[Analysis]:
    data, texts = chunk.data, chunk.texts
    rows = parse(bytes(data[chunk.start : chunk.numbers]), "a kept record")
    numbers = bytes(data[chunk.numbers : texts])
    places = range(0, len(numbers), SIZE)
    return [
        analysis_of(row, Numbers(numbers[at : at + SIZE]), Text(data, texts + one, texts + other))
        for at, (one, other, row) in zip(places, rows, strict=True)
    ]


@cache
def code() -> str:
    """What made the records: this format, these modules, this Python (its hash of numbers stands in the rows)."""
    made = hashlib.sha256(repr((FORMAT, sys.version_info[:2], sys.hash_info.width)).encode())
    for module in READERS:
        made.update(Path(str(module.__file__)).read_bytes())
    return made.hexdigest()


def _read(cache: Cache, path: Path) -> dict[str, _Chunk]:
    data = cache.get(path, f"records {code()}")
    if data is None:
        return {}
    size = int.from_bytes(data[:8], "little")
    index = parse(bytes(data[8 : 8 + size]), str(path))
    behind = data[8 + size :]
    return {
        name: _Chunk(signature, many, behind, *places) for name, (signature, many, *places) in index.items()
    }


def _write(cache: Cache, path: Path, chunks: dict[str, _Chunk]) -> None:
    index: dict[str, Any] = {}
    at = 0
    for name, one in chunks.items():
        by = at - one.start
        index[name] = [one.signature, one.many, at, one.numbers + by, one.texts + by, one.stop + by]
        at = one.stop + by
    head = written(index)
    size = len(head).to_bytes(8, "little")
    parts = [size, head, *(one.data[one.start : one.stop] for one in chunks.values())]
    cache.put(path, f"records {code()}", parts)


@contextmanager
def uncollected() -> Iterator[None]:
    """Records live on and hold no cycles; a collector that looks through them again and again takes longer than reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
