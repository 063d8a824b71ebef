"""`pychron history`: what a node has seen, from its own file; the node may run or not."""

from __future__ import annotations

import csv
import sqlite3
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.address import state_folders
from pychron.cli.exits import MEANING, Refused
from pychron.cli.moments import moment
from pychron.cli.output import as_json, console, say

if TYPE_CHECKING:
    from pychron.observability.history.database import Connection

EVENTS = "events --root DIR --since 'yesterday 22:00' --kind valve --kind alarm"
VALUES = "values Bone.pressure --root DIR --since '12h ago' --csv"


def _epilog(*examples: str) -> str:
    lines = "\n".join(f"  pychron history {one}" for one in examples)
    return f"\b\nExamples:\n{lines}\n\n{MEANING}"


@click.group(epilog=_epilog(EVENTS, VALUES))
def history() -> None:
    """Show what a node has seen: events and values over time."""


def _range_options(command: Any) -> Any:
    for option in (
        click.option("--csv", "csv_", is_flag=True, help="Print CSV."),
        click.option("--json", "json_", is_flag=True, help="Print JSON."),
        click.option("--until", default="now", show_default=True, metavar="TIME", help="As --since."),
        click.option("--since", default="24h ago", show_default=True, metavar="TIME",
                     help="2026-11-26 03:12, 03:12, yesterday 03:12, 90m ago."),
        click.option("--root", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False),
                     metavar="DIR", help="The node's root. Nothing is written."),
    ):  # fmt: skip
        command = option(command)
    return command


@history.command(epilog=_epilog(EVENTS))
@_range_options
@click.option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="As valve, alarm, alert, peer. May be repeated."
)
@click.option(
    "--of", "subject", default="", metavar="NAME", help="Only those about this valve, value or peer."
)
@click.option(
    "--last", type=click.IntRange(1), default=1000, show_default=True, metavar="N", help="How many."
)
def events(
    root: Path,
    since: str,
    until: str,
    kinds: tuple[str, ...],
    subject: str,
    last: int,
    json_: bool,
    csv_: bool,
) -> None:
    """List events, oldest first."""
    from pychron.observability.history import database

    with closing(open_history(root)) as connection:
        found = database.events(connection, moment(since), moment(until), kinds, last, subject)
    if json_:
        as_json([asdict(one) for one in found])
    elif csv_:
        _csv(
            ("wall", "kind", "subject", "text"),
            [(one.wall, one.kind, one.subject, one.text) for one in found],
        )
    else:
        for one in found:
            console().print(f"{_time(one.wall)}  {one.kind:<9} {one.text}", markup=False)
        if not found:
            say("nothing is recorded in that time")


@history.command(epilog=_epilog(VALUES))
@click.argument("tag", default="", required=False, metavar="[VALUE]")
@_range_options
@click.option(
    "--points", type=click.IntRange(1), default=500, show_default=True, metavar="N", help="At most so many."
)
def values(tag: str, root: Path, since: str, until: str, points: int, json_: bool, csv_: bool) -> None:
    """Show one value over time; without a name, which values there are."""
    from pychron.config.problems import nearest
    from pychron.observability.history import database

    with closing(open_history(root)) as connection:
        known = database.tags(connection)
        if not tag:
            as_json(known) if json_ else say("\n".join(known) or "no value is recorded yet")
            return
        if tag not in known:
            raise Refused(f"no value {tag} is recorded{nearest(tag, known)}")
        found = database.values(connection, tag, moment(since), moment(until), points)
    if json_:
        as_json(asdict(found))
    elif csv_:
        rows = [(one.start, one.count, one.low, one.mean, one.high) for one in found.buckets]
        _csv(("wall", "count", "low", "mean", "high"), rows)
    else:
        for one in found.buckets:
            reach = f"  {one.low:g} to {one.high:g}, {one.count} readings" if one.count > 1 else ""
            console().print(f"{_time(one.start)}  {one.mean:g} {found.unit}{reach}", markup=False)
        if not found.buckets:
            say("nothing is recorded in that time")


def open_history(root: Path) -> Connection:
    """The history of a root, read only. Raises Refused."""
    from pychron.config.problems import Report
    from pychron.observability.history.database import Postgresql, ReadOnly
    from pychron.observability.history.history_file import read_history
    from pychron.observability.history.plugin import NAME

    spec = read_history(root, Report(root))
    if spec.database:
        try:
            return Postgresql(spec.database)
        except ImportError:
            raise Refused("the history is in PostgreSQL; pip install 'pychron-twisted[postgresql]'") from None
    files = [folder / NAME for folder in state_folders(root) if (folder / NAME).is_file()]
    if not files:
        raise Refused(f"no node has kept a history in {root} yet")
    try:
        return ReadOnly(files[0])
    except sqlite3.Error as problem:
        raise Refused(f"{files[0]} cannot be read: {problem}") from None


def _csv(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(head)
    writer.writerows(rows)


def _time(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall):%Y-%m-%d %H:%M:%S}"
