"""`pychron incident`: everything around a moment in one archive, to look at later or to send to somebody."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import click

from pychron.cli.address import state_folders
from pychron.cli.exits import MEANING, Refused
from pychron.cli.history import open_history
from pychron.cli.moments import moment, span
from pychron.cli.output import as_json, remark, say

EPILOG = f"""\b
Examples:
  pychron incident --root DIR --at 'yesterday 03:12'
  pychron incident --root DIR --at 03:12 --window 30m --out night.tar.gz

Passwords, tokens and keys are left out; the manifest names each place. Read it before you send it on.

{MEANING}"""


@click.command(epilog=EPILOG)
@click.option(
    "--root",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="The node's root. Nothing is written there.",
)
@click.option(
    "--at", "at", required=True, metavar="TIME", help="2026-11-26 03:12, 03:12, yesterday 03:12, 90m ago."
)
@click.option(
    "--window", default="10m", show_default=True, metavar="TIME", help="So much before it and after it."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The archive (default: incident-DATE.tar.gz here).",
)
@click.option("--json", "json_", is_flag=True, help="Print the manifest.")
def incident(root: Path, at: str, window: str, out: Path | None, json_: bool) -> None:
    """Pack events, values, states, exchanges with instruments, audit and configuration around a moment into one archive."""
    from pychron.observability.audit_reader import node_files, read_audit
    from pychron.observability.exchanges import FOLDER, read
    from pychron.observability.incident import pack

    when, width = moment(at), span(window)
    path = out or _free(f"incident-{datetime.fromtimestamp(when):%Y%m%d-%H%M}")
    audit = []
    for file in node_files(state_folders(root)):
        try:
            audit += read_audit(file, "", 100_000)
        except sqlite3.Error as problem:
            remark(f"{file}: its audit cannot be read and is not packed ({problem})")
    try:
        history = open_history(root)
    except Refused as no:
        remark(f"without history: {no.message}")
        history = None
    exchanges = []
    for folder in state_folders(root):
        try:
            exchanges += list(read(folder / FOLDER, when - width, when + width))
        except OSError as problem:
            remark(f"{folder / FOLDER}: exchanges cannot be read and are not packed ({problem.strerror})")
    exchanges.sort(key=lambda line: line["wall"])
    about = {"root": root.name, "code": version("pychron-twisted")}
    try:
        if history is None:
            manifest = pack(path, root, None, audit, when, width, about, exchanges)
        else:
            with closing(history):
                manifest = pack(path, root, history, audit, when, width, about, exchanges)
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem.strerror or problem}") from None
    if json_:
        as_json({"archive": str(path), **manifest})
        return
    say(f"{path}: {len(manifest['files'])} files")
    for text in manifest["left_out"]:
        say(f"  left out: {text}", "yellow")


def _free(stem: str) -> Path:
    """A name that is not taken: the archive of another root, or an earlier one of the same minute, is kept."""
    path, number = Path(f"{stem}.tar.gz"), 1
    while path.exists():
        number += 1
        path = Path(f"{stem}-{number}.tar.gz")
    return path
