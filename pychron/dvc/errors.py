"""What can be wrong with a repository, for the person who must act. Pure."""

from __future__ import annotations

from pychron.config.problems import Place


class DvcError(Exception):
    """Something named cannot be read. `place`: repository or file and line; `text`: what is wrong and what to do."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(f"{place}: {text}" if place.line else f"{place.file}: {text}")
        self.place = place
        self.text = text


class NoRepository(DvcError):
    """There is nothing that could hold analyses, or no such revision."""


class MissingFile(DvcError):
    """A file that must be there is not."""


class CorruptFile(DvcError):
    """A file is no JSON, or not of the form that it must have."""
