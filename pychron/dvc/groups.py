"""The files of analyses in groups that are looked at, read and kept as one: those whose identities begin alike.

An analysis has its files below folders that are named by the first 2 to 5 letters of its identity. All folders with the same
first two letters, and those with them below `reduction/`, are one group: nothing of an analysis lies outside its group.

A group's signature changes with any change of its files. In a git tree it is made of the ids of its trees, which are made of the
content. In a folder it is made of each file's name, times of change (of content and of inode), size and inode. A file that is
written twice within one tick of a file system's clock has the same times both times: so a group that changed within `SETTLE_NS` before it was
looked at is not `settled`, and nothing may be kept under its signature.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pychron.config.problems import Place
from pychron.dvc import layout
from pychron.dvc.errors import CorruptFile

LETTERS = 2
SETTLE_NS = 3_000_000_000
"""Longer than the coarsest clock of a file system that is in use (FAT: 2 s)."""
READ = ("intercepts", "baselines", "blanks", "icfactors", "extraction", "tags", "productions", "cosmogenic")
"""Modifiers that a record is made of; raw series and scans are read when they are asked for."""

LONGEST = max(*layout.UUID_PREFIXES, 5)


@dataclass(frozen=True, slots=True)
class Group:
    """What lies in the folders of one group."""

    name: str
    """The first letters of its identities."""
    signature: str
    settled: bool
    files: Callable[[], frozenset[str]]
    """Paths of its files, as far as a record is made of them."""

    def identities(self) -> list[str]:
        """Of the analyses in it, sorted."""
        return sorted({layout.identity_of(path) for path in self.files()} - {""})


def folder_groups(folder: str, now_ns: int) -> dict[str, Group]:
    """The groups of a plain folder, which ends with a slash; `now_ns` is the wall clock's time before this is called."""
    seen: dict[str, _Seen] = {}
    for place in ("", "reduction/"):
        for name in sorted(_folders(folder + place)):
            if _may_hold_analyses(name):
                one = seen.setdefault(name[:LETTERS], _Seen([], array("q")))
                _look(folder, f"{place}{name}/", one)
    return {name: seen[name].group(name, now_ns) for name in sorted(seen)}


def revision_groups(tree: Any) -> dict[str, Group]:
    """The groups of a tree of git."""
    parts: dict[str, list[tuple[str, Any]]] = {}
    tops = [("", tree)]
    if "reduction" in tree and tree["reduction"].type_str == "tree":
        tops.append(("reduction/", tree["reduction"]))
    for place, top in tops:
        for entry in top:
            if entry.type_str == "tree" and _may_hold_analyses(entry.name):
                parts.setdefault(entry.name[:LETTERS], []).append((f"{place}{entry.name}/", entry))
    return {name: _of_trees(name, parts[name]) for name in sorted(parts)}


def _of_trees(name: str, trees: list[tuple[str, Any]]) -> Group:
    text = "\n".join(f"{place} {tree.id}" for place, tree in trees)
    signature = hashlib.sha256(text.encode()).hexdigest()
    return Group(
        name, signature, True, lambda: frozenset(path for at, one in trees for path in _below(one, at))
    )


def _below(tree: Any, place: str) -> Iterator[str]:
    for entry in tree:
        if entry.type_str == "tree":
            if entry.name in READ:
                yield from _below(entry, f"{place}{entry.name}/")
        elif entry.type_str == "blob" and entry.name.endswith(".json"):
            yield place + entry.name


@dataclass(slots=True)
class _Seen:
    """A group of a folder while it is looked at."""

    paths: list[str]
    numbers: array[int]
    """Four a path: time of change of the content, of the inode (ns), size, inode."""

    def add(self, path: str, stat: os.stat_result | None) -> None:
        """None: it is no file, or a link to nowhere."""
        self.paths.append(path)
        if stat is not None:
            self.numbers.extend((stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))
        else:
            self.numbers.extend((0, 0, -1, 0))

    def group(self, name: str, now_ns: int) -> Group:
        made = hashlib.sha256("\n".join(self.paths).encode("utf-8", "surrogateescape"))
        made.update(self.numbers.tobytes())
        newest = max(max(self.numbers[0::4], default=0), max(self.numbers[1::4], default=0))
        return Group(name, made.hexdigest(), newest < now_ns - SETTLE_NS, lambda: frozenset(self.paths))


def folder_state(folder: str, now_ns: int, *, deep: bool) -> str:
    """The signature of every file in a folder, or with `deep` below it; empty where one changed within SETTLE_NS. `now_ns` as above."""
    seen = _Seen([], array("q"))
    _look_at_all(folder, "", seen, deep)
    group = seen.group("", now_ns)
    return group.signature if group.settled else ""


def _look_at_all(folder: str, place: str, seen: _Seen, deep: bool) -> None:
    with _listed(folder + place) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir():
                if deep and entry.name != ".git":
                    _look_at_all(folder, f"{place}{entry.name}/", seen, deep)
            else:
                seen.add(place + entry.name, entry.stat(follow_symlinks=True) if entry.is_file() else None)


def _look(folder: str, place: str, seen: _Seen) -> None:
    inner = []
    stats = {}
    with _listed(folder + place) as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(".json"):
                try:
                    stats[name] = entry.stat()
                except OSError:
                    continue  # gone since, or a link to nowhere: it is not there to be read either
            elif name in READ and entry.is_dir():
                inner.append(name)
    for name in sorted(stats):
        seen.add(place + name, stats[name])
    for name in sorted(inner):
        _look(folder, f"{place}{name}/", seen)


def _folders(folder: str) -> list[str]:
    try:
        with _listed(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _listed(folder: str) -> Any:
    """What is in a folder. Raises CorruptFile where it may not be looked into: nobody knows then what is missing."""
    try:
        return os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as failed:
        raise CorruptFile(Place(folder), f"the folder cannot be read: {failed.strerror}") from None


def _may_hold_analyses(name: str) -> bool:
    return LETTERS <= len(name) <= LONGEST and not name.startswith(".")
