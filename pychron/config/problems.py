"""Every problem of a root in one report, each with its file and line and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value stands. Line 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the report: `FILE:LINE: error|warning: text`."""

    place: Place
    severity: Severity
    text: str
    """What is wrong and what to write instead."""
    touches: tuple[str, ...] = ()
    """Names of switches that the problem puts out of service."""
    code: str = ""
    """A short stable name such as `interlock`, used by `--waive NAME:CODE=VALUE` and by --json."""
    value: str = ""
    """What the file says there."""
    costs: str = ""
    """The part of the node that is not started for it, while the rest runs; empty: the node itself."""

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.text}"


@dataclass(slots=True)
class Report:
    """Collects problems while files are read. Paths are shown relative to the root where they are below it."""

    root: Path | None = None
    problems: list[Problem] = field(default_factory=list)

    def place(self, file: Path | str, line: int = 0) -> Place:
        """A place whose file is written relative to the root."""
        path = Path(file)
        if self.root is not None and path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return Place(str(path), line)

    def error(
        self, place: Place, text: str, *, touches: Iterable[str] = (), code: str = "", value: str = ""
    ) -> None:
        self._add(Problem(place, "error", one_line(text), tuple(touches), code, value))

    def warning(
        self, place: Place, text: str, *, touches: Iterable[str] = (), code: str = "", value: str = ""
    ) -> None:
        self._add(Problem(place, "warning", one_line(text), tuple(touches), code, value))

    def add(self, problem: Problem) -> None:
        """Take over a problem of another report, once."""
        self._add(problem)

    def _add(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "warning"]

    def sorted(self) -> list[Problem]:
        """By file and line, errors before warnings on one line."""
        return sorted(self.problems, key=lambda p: (p.place, p.severity, p.text))


def one_line(text: str) -> str:
    """What a parser or a file says, as one line that does nothing to a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" for the nearest known name, or an empty text."""
    choices = sorted(set(known))
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    found = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[found[0]]}?" if found else ""
