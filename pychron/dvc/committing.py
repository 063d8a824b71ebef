"""Writes files of a repository and commits them, on trees: nothing but those files changes, and nothing of anybody is discarded.

Order: objects into git, files into the working folder (temporary name, fsync, rename), then the branch, then the index. A power cut leaves
either the old commit or the new one; between the two the files stand there as uncommitted changes, and the same call again commits them.
libgit2 fsyncs neither objects nor refs by itself, so it is told to.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pychron.config.problems import Place
from pychron.dvc.errors import DvcError

PERSON = re.compile(r"\s*([^<>\n]*[^<>\s])\s*<([^<>\s@]+@[^<>\s@]+)>\s*")
SHOWN = 3
FILE = 0o100644


class NotCommitted(DvcError):
    """It was refused, and nothing was changed. The text says what a person does about it."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who answers for a commit."""

    name: str
    mail: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"


def read_author(text: str) -> Author:
    """`Name <mail>`. Raises ValueError."""
    found = PERSON.fullmatch(text)
    if found is None:
        raise ValueError(f"a commit names a person: write 'Name <mail@host>', this is {text!r}")
    return Author(found[1], found[2])


def as_bytes(document: Any) -> bytes:
    """JSON as repositories have it: indented by four, keys sorted. Raises ValueError for NaN."""
    return json.dumps(document, indent=4, sort_keys=True, allow_nan=False).encode()


def commit_files(
    folder: Path, files: Mapping[str, bytes], message: str, author: Author, time: float
) -> str | None:
    """Write `files` (path within -> content) and commit them; the commit, or None where all of it is committed already.

    `time`: wall seconds. Raises NotCommitted: a bare repository, no branch, a merge under way, or changes that somebody has not committed.
    """
    import pygit2

    repository = _opened(folder)
    reference, tip = _branch(repository, folder)
    _refuse_changes(repository, folder, files)
    tree = repository[tip].peel(pygit2.Tree) if tip is not None else None
    new = _tree(repository, tree, _nested(files))
    _write_all(folder, files)
    if tree is not None and new == tree.id:
        _take_into_index(repository, files)
        return None
    who = pygit2.Signature(author.name, author.mail, int(time), 0)
    try:
        made = repository.create_commit(reference, who, who, message, new, [tip] if tip is not None else [])
    except pygit2.GitError as failed:
        raise NotCommitted(
            Place(str(folder)),
            f"{reference} could not be moved: {failed}; the files are written, run it again",
        ) from None
    _take_into_index(repository, files)
    return str(made)


def refuse_unclean(folder: Path) -> None:
    """Raises NotCommitted where `commit_files` would refuse whatever it is handed: to be told before long work."""
    repository = _opened(folder)
    _branch(repository, folder)
    _refuse_changes(repository, folder, {})


def _opened(folder: Path) -> Any:
    import pygit2

    if not (folder / ".git").exists():
        bare = (folder / "HEAD").is_file()
        why = (
            "it is a bare repository: clone it, and write in the clone"
            if bare
            else "it is no git repository, so there is nothing to commit to: git init, or clone it"
        )
        raise NotCommitted(Place(str(folder)), why)
    # Before the repository is opened: the backend of its refs takes the setting over when it is made.
    pygit2.settings.enable_fsync_gitdir(True)
    try:
        return pygit2.Repository(str(folder))
    except pygit2.GitError as failed:
        raise NotCommitted(Place(str(folder)), f"git cannot open it: {failed}") from None


def _branch(repository: Any, folder: Path) -> tuple[str, Any]:
    """Name of the branch that HEAD is on, and its commit; None before the first."""
    where = Place(str(folder))
    git = Path(repository.path)
    if repository.head_is_detached:
        raise NotCommitted(where, "HEAD is on no branch: git checkout BRANCH")
    begun = [
        name
        for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
        if (git / name).exists()
    ]
    if begun:
        raise NotCommitted(where, f"a merge or rebase is under way ({begun[0]}): end it, git status says how")
    if (git / "index.lock").exists():
        raise NotCommitted(
            where, f"another git is at work: wait for it; if none runs, remove {git / 'index.lock'}"
        )
    reference = repository.lookup_reference("HEAD").target
    return reference, None if repository.head_is_unborn else repository.head.target


def _refuse_changes(repository: Any, folder: Path, files: Mapping[str, bytes]) -> None:
    """Uncommitted changes are refused, but for those that are what is to be written anyway."""
    from pygit2.enums import FileStatus

    changed, untracked = [], []
    for path, status in sorted(repository.status(untracked_files="all").items()):
        if status in (FileStatus.CURRENT, FileStatus.IGNORED):
            continue
        if path in files and not status & FileStatus.CONFLICTED and _is(folder / path, files[path]):
            continue
        if status == FileStatus.WT_NEW:
            if path in files or path.endswith(".json"):
                untracked.append(path)
        else:
            changed.append(path)
    untracked += [path for path in files if _is_ignored_and_other(repository, folder, path, files[path])]
    if changed or untracked:
        some = [*changed, *untracked]
        more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
        what = "has changes that are not committed" if changed else "has files that are not committed"
        raise NotCommitted(
            Place(str(folder)),
            f"{what}: {', '.join(some[:SHOWN])}{more}; look at git diff, then commit them or set them aside "
            "(git stash --include-untracked)",
        )


def _is_ignored_and_other(repository: Any, folder: Path, path: str, content: bytes) -> bool:
    """A file that git was told to leave alone is somebody's too."""
    there = folder / path
    return (
        there.exists()
        and repository.path_is_ignored(path)
        and not _tracked(repository, path)
        and not _is(there, content)
    )


def _tracked(repository: Any, path: str) -> bool:
    return path in repository.index


def _is(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _nested(files: Mapping[str, bytes]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = content
    return root


def _tree(repository: Any, old: Any, changes: Mapping[str, Any]) -> Any:
    """A tree that is `old` but for `changes`; only the folders on their way are built anew."""
    import pygit2
    from pygit2.enums import FileMode

    builder = repository.TreeBuilder(old) if old is not None else repository.TreeBuilder()
    for name, change in changes.items():
        entry = old[name] if old is not None and name in old else None
        if isinstance(change, bytes):
            mode = entry.filemode if isinstance(entry, pygit2.Blob) else FILE
            if mode == FileMode.LINK:
                mode = FILE
            builder.insert(name, repository.create_blob(change), mode)
        else:
            below = entry if isinstance(entry, pygit2.Tree) else None
            builder.insert(name, _tree(repository, below, change), FileMode.TREE)
    return builder.write()


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    folders: dict[Path, None] = {}
    for path, content in files.items():
        target = folder / path
        if not _is(target, content):
            write_durably(target, content)
            folders[target.parent] = None
    for one in folders:
        _sync_folder(one)


def write_durably(target: Path, content: bytes) -> None:
    """A file that is there whole or not at all: temporary name, fsync, rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_into_index(repository: Any, files: Mapping[str, bytes]) -> None:
    """So that git status is clean. Where a power cut comes first, the next call does it."""
    index = repository.index
    index.read()
    for path in files:
        index.add(path)
    index.write()
