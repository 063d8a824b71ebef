"""Which commits changed which files of a git repository.

Only the ways to the files that are asked for are compared, by the ids of their trees: a whole difference of two commits costs as much for
one file as for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Union

Nested = dict[str, Union["Nested", None]]
"""Names in a folder, those of folders with a slash behind them; None for a file."""


@dataclass(frozen=True, slots=True)
class Change:
    """A commit that changed some file."""

    commit: str
    subject: str
    """The first line of its message"""
    time: float
    """Wall seconds"""


def last_changes(repository: Any, revision: str, paths: Iterable[str]) -> dict[str, str]:
    """For each path the newest commit up to `revision` whose file differs from all of that commit's parents."""
    wanted = _nested(paths)
    found: dict[str, str] = {}
    for commit in _walk(repository, revision):
        if not wanted:
            break
        for path in _changed(commit, wanted):
            found[path] = str(commit.id)
            _drop(wanted, path)
    return found


def changes(repository: Any, revision: str, paths: Iterable[str], most: int | None = None) -> list[Change]:
    """The commits up to `revision` in which a file of `paths` differs from all of the commit's parents, newest first."""
    wanted = _nested(paths)
    found: list[Change] = []
    for commit in _walk(repository, revision):
        if most is not None and len(found) >= most:
            break
        if _changed(commit, wanted):
            found.append(_change(commit))
    return found


def all_changes(repository: Any, revision: str, paths: Iterable[str]) -> dict[str, list[Change]]:
    """The same of each of `paths` by itself."""
    wanted = _nested(paths)
    found: dict[str, list[Change]] = {}
    for commit in _walk(repository, revision):
        for path in _changed(commit, wanted):
            found.setdefault(path, []).append(_change(commit))
    return found


def _walk(repository: Any, revision: str) -> Iterator[Any]:
    import pygit2

    order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.TIME
    found: Iterator[Any] = repository.walk(revision, order)
    return found


def _change(commit: Any) -> Change:
    subject = commit.message.strip().partition("\n")[0]
    return Change(str(commit.id), subject, float(commit.commit_time))


def _nested(paths: Iterable[str]) -> Nested:
    root: Nested = {}
    for path in paths:
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(f"{folder}/", {})  # type: ignore[assignment]
        place[name] = None
    return root


def _drop(wanted: Nested, path: str) -> None:
    folder, slash, rest = path.partition("/")
    name = folder + slash
    below = wanted[name]
    if below is not None:
        _drop(below, rest)
        if below:
            return
    del wanted[name]


def _changed(commit: Any, wanted: Nested) -> list[str]:
    """Those of `wanted` that differ from every parent; of the first commit those that it has."""
    new = commit.tree
    parents = [parent.tree for parent in commit.parents] or [None]
    first, *others = (list(_differing(old, new, wanted, "")) for old in parents)
    for other in others:
        same = frozenset(other)
        first = [path for path in first if path in same]
    return first


def _differing(old: Any, new: Any, wanted: Nested, prefix: str) -> Iterator[str]:
    for name in _names(old, new, wanted):
        below = wanted[name]
        before, after = _entry(old, name.removesuffix("/")), _entry(new, name.removesuffix("/"))
        if (None if before is None else before.id) == (None if after is None else after.id):
            continue
        if below is None:
            yield prefix + name
        else:
            yield from _differing(before, after, below, prefix + name)


def _names(old: Any, new: Any, wanted: Nested) -> Iterable[str]:
    """Those of `wanted` to look at: where many are, those that either tree has."""
    trees = [tree for tree in (old, new) if tree is not None and tree.type_str == "tree"]
    if len(wanted) <= sum(len(tree) for tree in trees):
        return wanted
    there = dict.fromkeys(entry.name for tree in trees for entry in tree)
    return [key for name in there for key in (name, f"{name}/") if key in wanted]


def _entry(tree: Any, name: str) -> Any:
    """None where there is no such entry, or no tree."""
    if tree is None or tree.type_str != "tree":
        return None
    try:
        return tree[name]
    except KeyError:
        return None
