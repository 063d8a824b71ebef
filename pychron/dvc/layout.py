"""Where a repository keeps the files of an analysis: every layout that laboratories have had. Pure.

An identity (a uuid4 with dashes, or in older repositories a run id) is split into a folder and the rest of the name:
`09dfef43-e763-...` is `09dfe/f43-e763-....json`, its intercepts `09dfe/intercepts/f43-e763-....inte.json`. The length of
the folder's name has changed over the years, and one repository may hold several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MODIFIERS = {
    ".data": "dat",
    "intercepts": "inte",
    "baselines": "base",
    "blanks": "blan",
    "icfactors": "icfa",
    "peakcenter": "peak",
    "extraction": "extr",
    "monitor": "moni",
    "tags": "tags",
    "cosmogenic": "cosm",
    "productions": "prod",
}
"""Folder -> the letters before `.json`."""

UUID_PREFIXES = (5, 3, 2)
"""In the order in which they are looked for; 2 is what is written today."""

REDUCED = ("tags", "cosmogenic", "ia")
"""Kinds that today stand below `reduction/`; in the older place where they began there."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-f]{40}\.json")
_PRODUCTION = re.compile(r"(.+)\.([^.]+)\.production\.json")
_SUFFIXES = frozenset((*MODIFIERS.values(), "ia", "logs"))


def is_uuid(identity: str) -> bool:
    """Whether it is a uuid with dashes."""
    return bool(_UUID.fullmatch(identity))


def splits(identity: str) -> Iterator[tuple[str, str]]:
    """Folder and rest of an identity, in the order in which they are looked for.

    Run ids: three letters (`262/33-07A`); of one with more than one dash five, or four where its first word is one letter
    (`bu-FC/-J-236`, `a-01/-J-12`). A colon is written as an underscore.
    """
    identity = identity.replace(":", "_")
    if is_uuid(identity):
        lengths: tuple[int, ...] = UUID_PREFIXES
    elif identity.count("-") > 1:
        lengths = (4,) if identity.index("-") == 1 else (5,)
    else:
        lengths = (3,)
    for length in lengths:
        yield identity[:length], identity[length:]


def paths(identity: str, modifier: str = "") -> list[str]:
    """Where a file of an analysis may stand, in the order in which it is looked for. `modifier`: a key of MODIFIERS, or none."""
    return places(splits(identity), modifier)


def places(halves: Iterable[tuple[str, str]], modifier: str = "") -> list[str]:
    """The same of an identity that is split already."""
    if not modifier:
        return [f"{folder}/{rest}.json" for folder, rest in halves]
    suffix = MODIFIERS[modifier]
    names = [f"{folder}/{modifier}/{rest}.{suffix}.json" for folder, rest in halves]
    if modifier in REDUCED:
        return [place for name in names for place in (f"reduction/{name}", name)]
    return names


def identity_of(path: str) -> str:
    """The identity whose main file `path` is; empty for every other file."""
    folder, slash, name = path.partition("/")
    if (
        not slash
        or "/" in name
        or folder == "reduction"
        or folder.startswith(".")
        or not name.endswith(".json")
    ):
        return ""
    rest = name.removesuffix(".json")
    if rest.rpartition(".")[2] in _SUFFIXES:
        return ""
    identity = folder + rest
    return identity if (folder, rest) in splits(identity) else ""


def owner_of(path: str) -> tuple[str, str]:
    """Identity and modifier of a modifier file; two empty texts for every other file."""
    parts = path.removeprefix("reduction/").split("/")
    if len(parts) != 3 or parts[1] not in MODIFIERS:
        return "", ""
    suffix = f".{MODIFIERS[parts[1]]}.json"
    if not parts[2].endswith(suffix):
        return "", ""
    return parts[0] + parts[2].removesuffix(suffix), parts[1]


def is_interpreted_age(path: str) -> bool:
    """`[reduction/]<folder>/ia/<rest>_NNNNN.ia.json`"""
    parts = path.removeprefix("reduction/").split("/")
    return len(parts) == 3 and parts[1] == "ia" and parts[2].endswith(".ia.json")


def is_spectrometer(path: str) -> bool:
    """`<sha1>.json` in the root: settings that runs share."""
    return bool(_SHA1.fullmatch(path))


def frozen_production(path: str) -> tuple[str, str]:
    """Irradiation and level of `<irradiation>.<level>.production.json` in the root; two empty texts for another."""
    match = None if "/" in path else _PRODUCTION.fullmatch(path)
    return (match[1], match[2]) if match else ("", "")


def step_letters(increment: int) -> str:
    """0 is A, 25 Z, 26 AA. Raises ValueError below zero."""
    if increment < 0:
        raise ValueError(f"a step cannot be number {increment}")
    letters = ""
    increment += 1
    while increment:
        increment, digit = divmod(increment - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def run_id(identifier: str, aliquot: int, increment: int | None) -> str:
    """`70001-01C`: identifier, aliquot in two digits, letters of the step."""
    return f"{identifier}-{aliquot:02d}{'' if increment is None else step_letters(increment)}"


def step_number(letters: str) -> int | None:
    """The increment that `letters` stand for, A = 0, Z = 25, AA = 26; None for what is no step."""
    if not letters.isascii() or not letters.isalpha():
        return None
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
