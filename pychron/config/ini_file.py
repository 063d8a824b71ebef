"""`.cfg` and `.ini` files with the line of each key. Every doubled or senseless line is reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pychron.config.fields import Value
from pychron.config.file_text import read_text
from pychron.config.problems import Place, Report

_SECTION = re.compile(r"\[([^\]]+)\]\s*([#;].*)?")
_KEY = re.compile(r"([^=:\s][^=:]*?)\s*[=:]\s*(.*)")


@dataclass(frozen=True, slots=True)
class IniFile:
    """Values by section and key. Keys are in lower case, as installed Pychron reads them; sections as written."""

    place: Place
    sections: Mapping[str, Mapping[str, Value]]
    places: Mapping[str, Place]


def read_ini(path: Path, report: Report) -> IniFile | None:
    """The file, or None where it cannot be read at all. What stands twice is an error; the first counts."""
    text = read_text(path, report)
    return None if text is None else parse_ini(text, path, report)


def parse_ini(text: str, path: Path, report: Report) -> IniFile:
    """As `read_ini`, from text."""
    sections: dict[str, dict[str, Value]] = {}
    places: dict[str, Place] = {}
    section = ""
    key = ""
    skipping = False
    """Inside a doubled section or key, whose continuation lines belong to nobody."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        place = report.place(path, number)
        if not line or line[0] in "#;":
            continue
        if raw[0] in " \t" and key:
            if not skipping:
                before = sections[section][key]
                sections[section][key] = Value(f"{before.text}\n{line}", before.place)
            continue
        head = _SECTION.fullmatch(line)
        if head is not None:
            section, key, skipping = head[1].strip(), "", False
            if section in sections:
                report.error(
                    place,
                    f"[{section}] stands twice, first in line {places[section].line}; join them",
                    code="double_key",
                )
            else:
                sections[section] = {}
                places[section] = place
            continue
        pair = _KEY.fullmatch(line)
        if pair is None:
            report.error(place, f"{line[:60]!r} is neither [section] nor key = value", code="ini")
            key = ""
            continue
        if section not in sections:
            report.error(
                place, f"{pair[1]} stands before any [section]; write [General] above it", code="ini"
            )
            key = ""
            continue
        key = pair[1].lower()
        skipping = key in sections[section]
        if skipping:
            report.error(
                place,
                f"{key} stands twice in [{section}], first in line {sections[section][key].place.line}; keep one",
                code="double_key",
            )
        else:
            sections[section][key] = Value(pair[2].strip(), place)
    return IniFile(report.place(path), sections, places)
