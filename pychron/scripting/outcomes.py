"""Values that a script's run is made of: what to run, what happened, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pychron.config.problems import Place


@dataclass(frozen=True, slots=True)
class ScriptJob:
    """One script to run. `scripts` is the lab's scripts folder, which no gosub leaves; `root` the folder in which
    the script lies, where its gosubs are looked for first."""

    file: Path
    scripts: Path
    root: Path
    source: str | None = None
    """Runs instead of the file's text."""
    context: Mapping[str, Any] = field(default_factory=dict)
    argv: tuple[Any, ...] = ()
    testing: bool = False

    @property
    def name(self) -> str:
        """As people write it."""
        inside = self.file.is_relative_to(self.scripts)
        return str(self.file.relative_to(self.scripts)) if inside else self.file.name


def job_for(file: Path, context: Mapping[str, Any] | None = None, argv: tuple[Any, ...] = ()) -> ScriptJob:
    """The job for a file: `scripts` is the nearest folder of that name above it, else the file's own folder."""
    folder = file.absolute().parent
    scripts = next((each for each in (folder, *folder.parents) if each.name == "scripts"), folder)
    return ScriptJob(file.absolute(), scripts, folder, context=context or {}, argv=argv)


class Result(StrEnum):
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    """Ended at once, without clean-up."""
    FAILED = "failed"
    """It raised, or does not compile."""
    DIED = "died"
    """Its process ended, or talked nonsense and was ended."""


@dataclass(frozen=True, slots=True)
class ScriptEnded:
    """How a script ended. The run goes on by its policy."""

    result: Result
    reason: str
    """Empty when it completed."""
    at: Place | None = None
    source: str = ""
    """The text of the line at `at`."""
    end_after: bool = False
    """A failed actuation was let pass: the queue ends after this run."""
    cut: bool = False
    """Its clean-up was not carried out to its end: the policy must not count on what the script would have closed."""
    seconds: float = 0.0
    """Lab seconds."""
    unknown: tuple[tuple[str, Place], ...] = ()
    """Dry run: names that nothing defines."""
    not_reached: tuple[tuple[str, int, int], ...] | None = None
    """Dry run: (file, first, last line); None where the script could not tell any more."""

    def __str__(self) -> str:
        where = f" at {self.at}" if self.at else ""
        line = f": `{self.source}`" if self.source else ""
        return f"{self.result}: {self.reason}{where}{line}" if self.reason else str(self.result)


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """One command of a script and what came of it."""

    began: float
    """Lab seconds since the script began."""
    ended: float
    command: str
    target: str
    """The switch's name, or what else the command is about."""
    result: str
    refused: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command gives back to the script (`value`, JSON) and tells people (`text`)."""

    value: Any = None
    target: str = ""
    text: str = "ok"
    refused: bool = False
