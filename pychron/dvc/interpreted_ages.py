"""Interpreted ages: what a person made of a group of analyses, kept beside them. Where they stand, and what they say. Pure.

`reduction/<3 letters>/ia/<rest>_NNNNN.ia.json`, in older repositories without `reduction/`; identifier and number make the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pychron.dvc.json_file import listing, mapping, number

SPLIT = 3
_NAME = re.compile(r"(?:reduction/)?([^/]+)/ia/(.+)_(\d+)\.ia\.json")


@dataclass(frozen=True, slots=True)
class InterpretedAge:
    """One, as far as a table tells it; ages in Ma, errors one sigma."""

    path: str
    name: str
    uuid: str
    identifier: str
    sample: str
    kind: str
    """`weighted_age`, `plateau_age`, `isochron_age`, `integrated_age`, or what the program that wrote it says"""
    age_ma: float
    age_err: float
    mswd: float | None
    n: int
    uuids: tuple[str, ...]
    """Of its analyses"""
    date: str


def identifier_of(path: str) -> str:
    """Whose interpreted age a path is; empty for another file."""
    found = _NAME.fullmatch(path)
    return found[1] + found[2] if found else ""


def number_of(path: str) -> int:
    """The number in a path; -1 for another file."""
    found = _NAME.fullmatch(path)
    return int(found[3]) if found else -1


def next_path(identifier: str, paths: Iterable[str]) -> str:
    """Where the next one of an identifier goes, among the paths of the repository: in the older place where others stand there."""
    own = [path for path in paths if identifier_of(path) == identifier]
    count = max((number_of(path) for path in own), default=-1) + 1
    older = any(not path.startswith("reduction/") for path in own)
    start = "" if older else "reduction/"
    return f"{start}{identifier[:SPLIT]}/ia/{identifier[SPLIT:]}_{count:05d}.ia.json"


def read_interpreted_age(document: Any, path: str) -> InterpretedAge:
    """A file. Raises CorruptFile."""
    one = mapping(document, path)
    preferred = mapping(one.get("preferred"), path, "preferred")
    sample = one.get("sample_metadata")
    sample = sample if isinstance(sample, Mapping) else {}
    session = one.get("session_metadata")
    kinds = [kind for kind in preferred.get("preferred_kinds") or () if isinstance(kind, Mapping)]
    mswd = preferred.get("mswd")
    analyses = [mapping(item, path, "an analysis") for item in listing(one.get("analyses"), path, "analyses")]
    return InterpretedAge(
        path,
        str(one.get("name") or ""),
        str(one.get("uuid") or ""),
        identifier_of(path),
        str(sample.get("sample") or sample.get("name") or ""),
        next((str(kind.get("kind") or "") for kind in kinds if kind.get("attr") == "age"), ""),
        number(preferred.get("age"), path, "the preferred age"),
        number(preferred.get("age_err"), path, "the error of the preferred age"),
        None if mswd is None else number(mswd, path, "mswd"),
        int(number(preferred.get("nanalyses", len(analyses)), path, "nanalyses")),
        tuple(str(item.get("uuid") or "") for item in analyses),
        str(session.get("date") or "") if isinstance(session, Mapping) else "",
    )
