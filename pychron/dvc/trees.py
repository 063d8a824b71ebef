"""Where files come from: a plain folder, the folder of a git repository, or a revision inside one (`DIR@REV`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from pychron.config.problems import Place
from pychron.dvc.errors import CorruptFile, NoRepository
from pychron.dvc.groups import Group, folder_groups, folder_state, revision_groups
from pychron.dvc.history import Change, all_changes, changes, last_changes

_MANY = 1 << 16


class Tree(Protocol):
    """Files by their path within, with forward slashes."""

    name: str
    """As the person named it."""
    revision: str
    """The commit that is read; empty for a plain folder."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none. Raises CorruptFile where there is one that cannot be had."""

    def paths(self) -> Iterable[str]:
        """Every file, sorted; git's own are left out."""

    def walk(self) -> Iterator[str]:
        """The same in no order, as they are found."""

    def groups(self, now_ns: int) -> dict[str, Group]:
        """The files of analyses as they stand now, by the first letters of their folders; see `pychron.dvc.groups`."""

    def state(self, now_ns: int, *, deep: bool) -> str:
        """A signature of the files in the root, or with `deep` of every file; empty where something changed a moment ago."""

    def commits(self, paths: Iterable[str]) -> dict[str, str]:
        """The commit that last changed each of `paths`, as far as there is one; one walk for all."""

    def history(self, paths: Iterable[str], most: int | None = None) -> list[Change]:
        """The commits that changed any of `paths`, newest first, not more than `most`; none where there is no history."""

    def histories(self, paths: Iterable[str]) -> dict[str, list[Change]]:
        """The commits that changed each of `paths`, newest first, as far as there are any; one walk for all."""

    def at(self, revision: str) -> Tree:
        """The same repository at another revision. Raises NoRepository."""

    def uncommitted(self, paths: Iterable[str]) -> list[str]:
        """Those of `paths` whose content is not that of `revision`; none where there is no history."""


class FolderTree:
    """A plain folder; where it is the working folder of a git repository, its history is known too."""

    def __init__(self, folder: Path, repository: Any = None) -> None:
        self.name = str(folder)
        self._folder = f"{folder}/"
        self._repository = repository
        self.revision = "" if repository is None or repository.head_is_unborn else str(repository.head.target)

    def read(self, path: str) -> bytes | None:
        """As `Tree` says."""
        try:
            return _bytes(self._folder + path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as failed:
            raise CorruptFile(Place(path), f"it cannot be read: {failed.strerror}") from None

    def paths(self) -> Iterable[str]:
        """As `Tree` says."""
        return sorted(self.walk())

    def walk(self) -> Iterator[str]:
        """As `Tree` says."""
        return _walk(self._folder, "")

    def groups(self, now_ns: int) -> dict[str, Group]:
        """As `Tree` says."""
        return folder_groups(self._folder, now_ns)

    def state(self, now_ns: int, *, deep: bool) -> str:
        """As `Tree` says."""
        return folder_state(self._folder, now_ns, deep=deep)

    def commits(self, paths: Iterable[str]) -> dict[str, str]:
        """As `Tree` says; none for a plain folder."""
        if self._repository is None or not self.revision:
            return {}
        return last_changes(self._repository, self.revision, paths)

    def history(self, paths: Iterable[str], most: int | None = None) -> list[Change]:
        """As `Tree` says."""
        if self._repository is None or not self.revision:
            return []
        return changes(self._repository, self.revision, paths, most)

    def histories(self, paths: Iterable[str]) -> dict[str, list[Change]]:
        """As `Tree` says."""
        if self._repository is None or not self.revision:
            return {}
        return all_changes(self._repository, self.revision, paths)

    def at(self, revision: str) -> Tree:
        """As `Tree` says."""
        return _at(f"{self.name}@{revision}", self._repository, revision)

    def uncommitted(self, paths: Iterable[str]) -> list[str]:
        """As `Tree` says."""
        if self._repository is None or not self.revision:
            return []
        import pygit2

        tree = self._repository[self.revision].tree
        found = []
        for path in paths:
            data = self.read(path)
            committed = tree[path].id if path in tree else None
            if (None if data is None else pygit2.hash(data)) != committed:
                found.append(path)
        return found


class RevisionTree:
    """One commit of a git repository, bare or not."""

    def __init__(self, name: str, repository: Any, commit: Any) -> None:
        self.name = name
        self._repository = repository
        self._tree = commit.tree
        self.revision = str(commit.id)

    def read(self, path: str) -> bytes | None:
        """As `Tree` says."""
        try:
            found = self._tree[path]
        except KeyError:
            return None
        import pygit2

        try:
            data: bytes | None = getattr(found, "data", None)
        except (KeyError, ValueError, pygit2.GitError) as damage:
            why = f"git cannot give it: {damage}; run git fsck, and fetch the object from another clone"
            raise CorruptFile(Place(path), why) from None
        return data

    def paths(self) -> Iterable[str]:
        """As `Tree` says."""
        return sorted(self.walk())

    def walk(self) -> Iterator[str]:
        """As `Tree` says."""
        return _blobs(self._tree, "")

    def groups(self, now_ns: int) -> dict[str, Group]:
        """As `Tree` says; what is committed is settled."""
        return revision_groups(self._tree)

    def state(self, now_ns: int, *, deep: bool) -> str:
        """As `Tree` says: the id of the tree, which is of its content."""
        return str(self._tree.id)

    def commits(self, paths: Iterable[str]) -> dict[str, str]:
        """As `Tree` says."""
        return last_changes(self._repository, self.revision, paths)

    def history(self, paths: Iterable[str], most: int | None = None) -> list[Change]:
        """As `Tree` says."""
        return changes(self._repository, self.revision, paths, most)

    def histories(self, paths: Iterable[str]) -> dict[str, list[Change]]:
        """As `Tree` says."""
        return all_changes(self._repository, self.revision, paths)

    def at(self, revision: str) -> Tree:
        """As `Tree` says."""
        return _at(f"{self.name.rpartition('@')[0] or self.name}@{revision}", self._repository, revision)

    def uncommitted(self, paths: Iterable[str]) -> list[str]:
        """As `Tree` says: a revision is all committed."""
        return []


def open_tree(name: str | Path) -> Tree:
    """The tree that a person named: a folder, a git repository, or `DIR@REV`. Raises NoRepository."""
    text = str(name)
    folder, at, revision = text.rpartition("@")
    if at and not Path(text).exists():
        return _revision(text, Path(folder), revision)
    path = Path(text)
    if not path.is_dir():
        raise NoRepository(
            Place(text), "there is no such folder; name a repository, a folder, or DIR@REVISION"
        )
    repository = _git(path)
    if repository is None:
        return FolderTree(path)
    if repository.is_bare:
        if repository.head_is_unborn:
            raise NoRepository(Place(text), "the repository has no commit yet")
        return RevisionTree(text, repository, repository[repository.head.target])
    return FolderTree(path, repository)


def _revision(text: str, folder: Path, revision: str) -> Tree:
    return _at(text, _git(folder) if folder.is_dir() else None, revision)


def _at(text: str, repository: Any, revision: str) -> Tree:
    import pygit2

    if repository is None:
        folder = text.removesuffix(f"@{revision}")
        raise NoRepository(Place(text), f"{folder} is no git repository, so it has no revision {revision}")
    try:
        found = repository.revparse_single(revision).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError):
        branches = ", ".join(sorted(repository.branches.local)) or "none"
        raise NoRepository(Place(text), f"it has no revision {revision}; its branches: {branches}") from None
    return RevisionTree(text, repository, found)


def _git(folder: Path) -> Any:
    """The repository whose own folder this is; None where it is none."""
    if not ((folder / ".git").exists() or (folder / "HEAD").is_file()):
        return None
    import pygit2

    try:
        return pygit2.Repository(str(folder))
    except pygit2.GitError:
        return None


def _bytes(path: str) -> bytes:
    """The bytes of a file; a file object for each of thousands of small files costs as much again as reading them."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = [os.read(handle, _MANY)]
        while parts[-1]:
            if len(parts) == 1 and len(parts[0]) < _MANY:
                break  # a plain file gives less than it is asked for at its end only
            parts.append(os.read(handle, _MANY))
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(handle)


def _walk(folder: str, prefix: str) -> Iterator[str]:
    inner = []
    with os.scandir(folder + prefix) as entries:
        for entry in entries:
            if entry.is_dir():
                inner.append(entry.name)
            else:
                yield prefix + entry.name
    for name in inner:
        if name != ".git":
            yield from _walk(folder, f"{prefix}{name}/")


def _blobs(tree: Any, prefix: str) -> Iterator[str]:
    for entry in tree:
        if entry.type_str == "tree":
            yield from _blobs(entry, f"{prefix}{entry.name}/")
        elif entry.type_str == "blob":
            yield prefix + entry.name
