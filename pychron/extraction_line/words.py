"""State words, lock words, owners words and state checksums, as installed peers exchange them (spec 3). Pure.

Every word ends with a CRC; one that is short, cut or garbled raises BadWord and says nothing about any switch:
what a word does not tell is unknown, never closed.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping

from pychron.extraction_line.states import Kind

CRC_LENGTH = 4
_POLYNOMIAL = 0xA001
_BITS = {"0": False, "1": True}


class BadWord(ValueError):
    """A word that cannot be believed. `word` is the word as it came, `why` what is wrong with it."""

    def __init__(self, word: str, why: str) -> None:
        super().__init__(word, why)
        self.word = word
        self.why = why

    def __str__(self) -> str:
        return f"{self.why}: {self.word!r}"


def _table() -> tuple[int, ...]:
    entries = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ _POLYNOMIAL if value & 1 else value >> 1
        entries.append(value)
    return tuple(entries)


_TABLE = _table()


def crc(text: str) -> str:
    """CRC-16/MODBUS of the character codes, four lower-case hex digits, low byte first (spec 3.1)."""
    value = 0xFFFF
    for byte in text.encode():
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return f"{value & 0xFF:02x}{value >> 8:02x}"


def checked(data: str) -> str:
    """`data` with its CRC behind it."""
    return data + crc(data)


def unchecked(word: str) -> str:
    """What stands before the CRC. Raises BadWord where the CRC is missing or another."""
    word = word.strip()
    data, found = word[:-CRC_LENGTH], word[-CRC_LENGTH:]
    if len(word) < CRC_LENGTH:
        raise BadWord(word, "the word is too short for its checksum")
    if found != crc(data):
        raise BadWord(word, "its checksum is wrong; the word was cut or garbled")
    return data


# ---- states and locks


def state_word(pairs: Iterable[tuple[str, bool]]) -> str:
    """The v0 word: names in load order, True for open (or locked), with its CRC (spec 3.2)."""
    return checked(",".join(f"{name}{'1' if value else '0'}" for name, value in pairs))


def read_state_word(word: str, known: Collection[str] = ()) -> dict[str, bool]:
    """A v0 word, or a v1 word, which holds a bar (spec 3.2, 3.3). Names in the order of the word.

    Without a comma a word is one item or, in the old layout, pairs of two characters: `known` names decide.
    Raises BadWord; a name that the word lacks says nothing about its switch.
    """
    data = unchecked(word)
    if "|" in data:
        return _v1(word, data)
    if not data:
        return {}
    items = data.split(",") if "," in data else _without_comma(data, known)
    found: dict[str, bool] = {}
    for item in items:
        name, value = item[:-1], _BITS.get(item[-1:])
        if not name or value is None:
            raise BadWord(word, f"{item!r} is no name with 0 or 1 behind it")
        if name in found:
            raise BadWord(word, f"{name} stands twice")
        found[name] = value
    return found


def _without_comma(data: str, known: Collection[str]) -> list[str]:
    pairs = [data[i : i + 2] for i in range(0, len(data), 2)]
    paired = all(len(p) == 2 and p[1] in _BITS for p in pairs)
    if len(pairs) == 1 or not paired or data[:-1] in known:
        return [data]
    names = [p[0] for p in pairs]
    if known:
        return pairs if all(n in known for n in names) else [data]
    return pairs if all(n.isalpha() for n in names) else [data]


def _v1(word: str, data: str) -> dict[str, bool]:
    listed, _, digits = data.rpartition("|")
    names = [n[1:-1] if n.startswith("<") and n.endswith(">") else n for n in listed.split(",")]
    try:
        bits = int(digits, 16) if digits.isalnum() else -1
    except ValueError:
        bits = -1
    if bits < 0 or bits >> len(names) or not all(names) or len(dict.fromkeys(names)) != len(names):
        raise BadWord(word, "its names and bits do not fit each other")
    return {name: bool(bits >> (len(names) - 1 - i) & 1) for i, name in enumerate(names)}


# ---- owners


def owner_in_words(owner: str) -> str:
    """An owner as a word can carry it: it may hold no hyphen, colon, comma or bar."""
    return "".join("_" if c in "-:,|" else c for c in owner)


def owners_word(owners: Mapping[str, str]) -> str:
    """Owner by switch name in load order, "" where free: groups sorted by owner, with the CRC (spec 3.4)."""
    groups: dict[str, list[str]] = {}
    for name, owner in owners.items():
        groups.setdefault(owner_in_words(owner), []).append(name)
    parts = (f"{o}-{','.join(groups[o])}" if o else ",".join(groups[o]) for o in sorted(groups))
    return checked(":".join(parts))


def read_owners_word(word: str) -> dict[str, str]:
    """Owner by switch name, "" where free. Raises BadWord."""
    data = unchecked(word)
    found: dict[str, str] = {}
    for group in data.split(":") if data else []:
        owner, hyphen, listed = group.partition("-")
        for name in (listed if hyphen else owner).split(","):
            if not name or name in found:
                raise BadWord(word, f"{name} stands twice" if name else "a name in it is empty")
            found[name] = owner if hyphen else ""
    return found


# ---- checksum

Checked = tuple[Kind, str, bool, bool]
"""Kind, name, open, soft locked (without meaning for a manual valve)."""


def state_checksum(items: Iterable[Checked]) -> int:
    """CRC-32 over the switches in the order of the request; 0 for none (spec 3.5)."""
    text = ""
    for kind, name, is_open, locked in items:
        lock = "" if kind is Kind.MANUAL_VALVE else str(bool(locked))
        text += f"{kind.prefix}-{name}{bool(is_open)}{lock}"
    return zlib.crc32(text.encode()) if text else 0


def checksum_request(names: Iterable[str]) -> tuple[str, ...]:
    """The names to ask an installed server for: sorted, and a single one twice.

    It takes one name letter by letter; two stay a list, and the answer counts the switch twice.
    """
    ordered = tuple(sorted(names))
    return ordered * 2 if len(ordered) == 1 else ordered
