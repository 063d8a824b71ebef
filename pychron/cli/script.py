"""`pychron script`: rehearse an extraction script, or have the node run it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.address import socket_of
from pychron.cli.client import Client
from pychron.cli.exits import MEANING, REFUSED, Refused, Unreached
from pychron.cli.output import as_json, console, remark, say

if TYPE_CHECKING:
    from pychron.extraction_line.specs import LineSpec
    from pychron.scripting.dry_run_report import DryRunReport

A_DAY_S = 86_400.0
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
ROOT = click.Path(path_type=Path, exists=True, file_okay=False)
CHECK_EPILOG = f"""\b
Examples:
  pychron script check first_valve.py
  pychron script check first_valve.py --root ~/.pychron.experiment
  pychron script check first_valve.py --json | jq .refusals

Exit status 1 where it was refused something, failed, or names what nothing defines.

{MEANING}"""
RUN_EPILOG = f"""\b
Examples:
  pychron script run first_valve.py --root ~/.pychron.experiment

{MEANING}"""


@click.group()
def script() -> None:
    """Rehearse an extraction script, or run it."""


@script.command(epilog=CHECK_EPILOG)
@click.argument("file", type=FILE)
@click.option(
    "--root",
    type=ROOT,
    metavar="DIR",
    help="Rehearse it on this root's line, with its interlocks, all closed.",
)
@click.option("--json", "json_", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def check(ctx: click.Context, file: Path, root: Path | None, json_: bool) -> None:
    """Rehearse a script in virtual time: what it does to which valve, when, and what is refused.

    Nothing moves. It is a rehearsal of one path through the script, not a proof. Where a refusal ends the script, it is rehearsed once more as if that
    had succeeded, and what is refused then is told too. Without --root the line is assumed to have
    every valve that the script names, and no interlocks.
    """
    from pychron.node.script_check import check_script

    line = _line_of(root) if root is not None else None
    try:
        report = check_script(file, line)
    except KeyboardInterrupt:
        raise Refused(f"{file}: stopped before its end") from None
    if json_:
        as_json(_document(report))
    else:
        _show(report)
    if not report.ok:
        ctx.exit(REFUSED)


def _line_of(root: Path) -> LineSpec:
    from pychron.node.root import check_root

    config, report = check_root(root.expanduser().absolute())
    if config is None or config.line is None:
        first = f": {report.errors[0]}" if report.errors else ""
        raise Refused(f"{root} has no line to rehearse on{first}; `pychron check {root}` says more")
    if report.errors:
        many = "an error" if len(report.errors) == 1 else f"{len(report.errors)} errors"
        remark(
            f"{root} has {many}: what they touch may be closed and not opened; `pychron check {root}` lists them"
        )
    return config.line


def _show(report: DryRunReport) -> None:
    from rich.text import Text

    out = console()
    for line in report.lines():
        style = (
            "bold red"
            if line.startswith("!") or ": error: " in line
            else "dim"
            if ": not reached" in line
            else ""
        )
        out.print(Text(line, style=style))


def _document(report: DryRunReport) -> dict[str, Any]:
    return {
        "script": report.name,
        "ok": report.ok,
        "result": str(report.ended.result),
        "reason": report.ended.reason,
        "duration_s": report.duration_s,
        "assumed_line": report.assumed,
        "timeline": [
            {
                "at_s": c.began,
                "command": c.command,
                "target": c.target,
                "result": c.result,
                "place": str(c.at),
            }
            for c in report.timeline
        ],
        "refusals": [
            {"command": c.command, "target": c.target, "why": c.result, "place": str(c.at)}
            for c in report.refusals
        ],
        "further_refusals": [
            {"command": c.command, "target": c.target, "why": c.result, "place": str(c.at)}
            for c in report.further
        ],
        "unknown": [
            {"name": name, "place": str(place), "what": what} for name, place, what in report.unknown
        ],
        "not_reached": [
            {"file": file, "first": first, "last": last} for file, first, last in report.not_reached
        ],
    }


@script.command(epilog=RUN_EPILOG)
@click.argument("file", type=FILE)
@click.option(
    "--root", type=ROOT, required=True, metavar="DIR", help="The root of the pyexperiment that runs it."
)
@click.option("--json", "json_", is_flag=True, help="Print how it ended as JSON.")
def run(file: Path, root: Path, json_: bool) -> None:
    """Have the pyexperiment that runs in --root run a script now, and wait for its end. Valves move.

    Ctrl-C ends the waiting, not the script.
    """
    try:
        node = socket_of(root)
    except Unreached as nobody:
        raise Unreached(f"{nobody.message}: `twistd -n pyexperiment --root {root}` starts one") from None
    remark(f"{file.name} runs on {root}; Ctrl-C ends the waiting, not the script")
    try:
        reply = Client(node, A_DAY_S).ask("RunScript", str(file.absolute()))
    except KeyboardInterrupt:
        raise Refused(f"{file.name} goes on without you; `pychron watch` shows what it does") from None
    if json_:
        as_json(reply.document)
    if reply.code:
        raise Refused(f"{node} refused: {reply.text}")
    ended = reply.result if isinstance(reply.result, dict) else {"result": reply.words}
    words = str(ended.get("result", ""))
    good = words in ("completed", "OK")
    if not json_:
        reason = str(ended.get("reason") or "")
        if ended.get("at"):
            reason += f" at {ended['at']}" + (f": `{ended['source']}`" if ended.get("source") else "")
        say(f"{file.name}: {words}{f': {reason}' if reason else ''}", "bold green" if good else "bold red")
    if not good:
        raise click.exceptions.Exit(REFUSED)
