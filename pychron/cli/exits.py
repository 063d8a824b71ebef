"""How a command of `pychron` ends: the exit statuses, and the one-line errors that lead to them."""

from __future__ import annotations

from typing import IO, Any

import click

OK = 0
REFUSED = 1
"""Problems were found, or the node refused."""
USAGE = 2
"""The command line was wrong (click's own status)."""
UNREACHED = 3
"""Nobody answered: the outcome of what was asked may be unknown."""

MEANING = """\b
Exit status: 0 done, 1 refused or problems found, 2 wrong usage, 3 nobody answered."""


class Refused(click.ClickException):
    """The node said no, or a file has problems: one line on stderr that says what to do."""

    exit_code = REFUSED

    def show(self, file: IO[Any] | None = None) -> None:
        """Red where the terminal has colours."""
        from pychron.cli.output import complain

        complain(self.message)


class Unreached(Refused):
    """Nobody answered."""

    exit_code = UNREACHED
