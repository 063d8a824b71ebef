"""`pychron audit`: who moved what, when, and how it ended."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pychron.cli.address import state_folders
from pychron.cli.exits import MEANING, Refused
from pychron.cli.output import as_json, console, say

if TYPE_CHECKING:
    from pychron.observability.audit_reader import AuditLine

EPILOG = f"""\b
Examples:
  pychron audit --root ~/.pychron.valve
  pychron audit A --root DIR --last 200
  pychron audit --root DIR --json

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("switch", default="", required=False, metavar="[VALVE]")
@click.option(
    "--root",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="The node's root. The node may run or not; nothing is written.",
)
@click.option(
    "--last", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="How many lines."
)
@click.option("--json", "json_", is_flag=True, help="Print them as JSON.")
def audit(switch: str, root: Path, last: int, json_: bool) -> None:
    """Show who moved what, when, and how it ended: of all valves, or of one."""
    from pychron.observability.audit_reader import node_files, read_audit

    files = node_files(state_folders(root))
    if not files:
        raise Refused(f"no node has run in {root} yet: there is no file of one")
    lines: list[AuditLine] = []
    for path in files:
        try:
            lines += read_audit(path, switch, last)
        except sqlite3.Error as failed:
            raise Refused(f"{path}: cannot be read ({failed}); start the node, which says more") from None
    lines = sorted(lines, key=lambda line: line.wall)[-last:]
    if json_:
        as_json([asdict(line) for line in lines])
    elif not lines:
        say(f"nothing is recorded{f' of {switch}' if switch else ''} yet")
    else:
        _table(lines)


def _table(lines: list[AuditLine]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("when", "valve", "what", "by", "outcome", "why"):
        table.add_column(name, no_wrap=name not in ("why", "outcome"))
    for line in lines:
        when = datetime.fromtimestamp(line.wall).strftime("%Y-%m-%d %H:%M:%S")
        good = line.result == "done"
        outcome = Text(
            line.result or "no outcome", style="" if good else "bold yellow" if not line.result else "red"
        )
        table.add_row(when, Text(line.switch), line.what, Text(line.peer), outcome, Text(line.why))
    console().print(table)
