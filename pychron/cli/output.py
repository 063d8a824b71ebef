"""What goes to the terminal: colours that respect NO_COLOR, JSON for programs, errors on stderr."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns of a table that goes to a file or another program."""


def console(stderr: bool = False) -> Console:
    """A rich console; it leaves colours out where NO_COLOR is set or nobody looks, and then cuts no column of a table."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = WIDE
    return found


def say(text: str, style: str = "") -> None:
    """One line on stdout. `text` is printed as it is: brackets in it mean nothing."""
    console().print(text, style=style or None, markup=False)


def complain(text: str) -> None:
    """One line on stderr."""
    from rich.text import Text

    console(stderr=True).print(Text.assemble(("error: ", "bold red"), text))


def remark(text: str) -> None:
    """A line on stderr that is no error: progress, or what is being waited for."""
    console(stderr=True).print(text, style="dim", markup=False)


def as_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def json_line(value: Any) -> None:
    """One JSON document on one line, written at once: for streams."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[], None]]:
    """A bar on stderr for `total` steps of long work, where a terminal looks; call what it gives after each step."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
