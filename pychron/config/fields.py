"""Typed reading of one table of a file: each wrong value is reported where it stands, none raises.

Values of all formats arrive here as texts with places; what a word means (a number, a flag) is decided by who
asks for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pychron.config.problems import Place, Report, nearest
from pychron.config.words import read_flag

_HOST = re.compile(r"[A-Za-z0-9_.:%\[\]-]{1,255}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Value:
    """A text as a file has it, and where."""

    text: str
    place: Place


@dataclass(slots=True)
class Fields:
    """The keys of one table. Each getter reports what it cannot read and then gives the default."""

    values: Mapping[str, Sequence[Value]]
    place: Place
    report: Report
    what: str = ""
    """Begins each text: `valve A`, `[Communications]`."""
    touches: tuple[str, ...] = ()
    """Switches that a wrong value puts out of service."""
    asked: set[str] = field(default_factory=set)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def place_of(self, key: str) -> Place:
        """Where the key stands, or the table."""
        found = self.values.get(key)
        return found[0].place if found else self.place

    def wrong(self, key: str, text: str, place: Place | None = None, value: str | None = None) -> None:
        """Report an error of this key."""
        prefix = f"{self.what}: " if self.what else ""
        if value is None:
            value = next((v.text.strip() for v in self.values.get(key, ())), "")
        self.report.error(
            place or self.place_of(key), prefix + text, touches=self.touches, code=key, value=value
        )

    def doubtful(self, key: str, text: str, place: Place | None = None) -> None:
        """Report a warning of this key."""
        prefix = f"{self.what}: " if self.what else ""
        self.report.warning(place or self.place_of(key), prefix + text, touches=self.touches, code=key)

    def text(self, key: str, default: str = "") -> str:
        """The value as written, stripped. Twice the same key is an error; the first counts."""
        self.asked.add(key)
        found = self.values.get(key)
        if not found:
            return default
        if len(found) > 1:
            self.wrong(key, f"{key} stands more than once; keep one", found[1].place)
        return found[0].text.strip() or default

    def texts(self, key: str) -> tuple[Value, ...]:
        """All values of a key that may be repeated, empty ones left out, doubled ones once."""
        self.asked.add(key)
        seen: dict[str, Value] = {}
        for value in self.values.get(key, ()):
            word = value.text.strip()
            if word in seen:
                self.doubtful(key, f"{key} {word} stands twice", value.place)
            elif word:
                seen[word] = Value(word, value.place)
        return tuple(seen.values())

    def flag(self, key: str, default: bool) -> bool:
        """true, yes, on, 1 ... or false, no, off, 0 ..."""
        word = self.text(key)
        if not word:
            return default
        value = read_flag(word)
        if value is None:
            self.wrong(key, f"{key}: {word!r} is neither true nor false; write true or false")
            return default
        return value

    def number(
        self,
        key: str,
        default: float,
        *,
        minimum: float = -math.inf,
        maximum: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        """A finite number within its limits; `above` is a limit that it must exceed."""
        word = self.text(key)
        if not word:
            return default
        value = float(word) if _NUMBER.fullmatch(word) else math.nan
        if not math.isfinite(value):
            self.wrong(key, f"{key}: {word!r} is not a number; write one such as {default:g}")
            return default
        if value <= above or value < minimum or value > maximum:
            self.wrong(key, f"{key}: {word} is out of range; {_range(minimum, maximum, above)}")
            return default
        return value

    def integer(self, key: str, default: int, *, minimum: int, maximum: int) -> int:
        """A whole number within its limits."""
        word = self.text(key)
        if not word:
            return default
        if not _INTEGER.fullmatch(word):
            self.wrong(key, f"{key}: {word!r} is not a whole number; write one such as {default}")
            return default
        value = int(word)
        if not minimum <= value <= maximum:
            self.wrong(key, f"{key}: {word} is out of range; {_range(minimum, maximum, -math.inf)}")
            return default
        return value

    def port(self, key: str = "port", default: int = 0, *, zero: bool = False) -> int:
        """A TCP or UDP port; 0 (any free port) only where `zero`."""
        return self.integer(key, default, minimum=0 if zero else 1, maximum=65535)

    def seconds(self, key: str, default: float, *, maximum: float = 86400.0) -> float:
        """A time above zero."""
        return self.number(key, default, above=0.0, maximum=maximum)

    def host(self, key: str = "host", default: str = "") -> str:
        """A host name or address; whether it answers is found out later."""
        word = self.text(key, default)
        if word and not _HOST.fullmatch(word):
            self.wrong(key, f"{key}: {word!r} is no host name or address")
            return default
        return word

    def choice(self, key: str, default: str, choices: Collection[str]) -> str:
        """One of `choices`, whatever its case, as `choices` writes it."""
        word = self.text(key)
        if not word:
            return default
        folded = {c.casefold(): c for c in choices}
        if word.casefold() not in folded:
            self.wrong(key, f"{key}: {word!r} is not known; write {_either(choices)}{nearest(word, choices)}")
            return default
        return folded[word.casefold()]

    def required(self, key: str) -> str:
        """As `text`; absence is an error."""
        word = self.text(key)
        if not word:
            self.wrong(key, f"has no {key}; write one")
        return word

    def unknown(self, known: Iterable[str] = (), *, near_is_error: bool = False) -> None:
        """Report each key that nobody asked for and that is not `known`.

        With `near_is_error` one that looks like a misspelt known key is an error: it was meant to say something.
        """
        all_known = self.asked | set(known)
        for key, found in self.values.items():
            if key in all_known or not found:
                continue
            guess = nearest(key, all_known)
            if guess and near_is_error:
                self.wrong(key, f"{key} is not a known key{guess}", found[0].place)
            else:
                self.doubtful(key, f"{key} is not a known key and is ignored{guess}", found[0].place)


def _range(minimum: float, maximum: float, above: float) -> str:
    low = f"above {above:g}" if above > -math.inf else f"at least {minimum:g}" if minimum > -math.inf else ""
    high = f"at most {maximum:g}" if maximum < math.inf else ""
    return "write a number " + " and ".join(part for part in (low, high) if part)


def _either(choices: Collection[str]) -> str:
    *most, last = sorted(choices)
    return f"{', '.join(most)} or {last}" if most else last
