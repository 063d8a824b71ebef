"""How the node's file can fail. Pure."""

from __future__ import annotations

from pathlib import Path


class StoreFailed(Exception):
    """Not known to be on disk: the disk is full, read-only, too slow, or the store is closed.

    After a deadline, or an error at the very end of a transaction, the records may be on disk all the same.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class StoreDamaged(Exception):
    """The file cannot be used as it is. Nothing was changed in it: what it knows (locks, claims, intents) is
    not thrown away by a program."""

    def __init__(self, path: Path, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path = path
        self.why = why
        self.remedy = remedy
