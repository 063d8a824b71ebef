"""`pychron check`: every file of a root read, every problem in one report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.exits import MEANING, REFUSED
from pychron.cli.output import as_json, console, say

if TYPE_CHECKING:
    from pychron.config.problems import Problem, Report

ROLES = ("valve", "experiment", "furpi", "crunch")
EPILOG = f"""\b
Examples:
  pychron check ~/.pychron.valve
  pychron check DIR --role experiment --strict
  pychron check DIR --json | jq '.problems[].text'
  pychron check DIR --waive F:interlock=X

Each line is FILE:LINE: error|warning: what is wrong and what to write instead. Files are named
from DIR on. Exit status 1 where there are errors; with --strict also where there are warnings.

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("root", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--role", type=click.Choice(ROLES), help="Which node the root is for (default: what its files say)."
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--lenient", is_flag=True, help="As a node started with --lenient: errors take switches out of service."
)
@click.option(
    "--waive", multiple=True, metavar="NAME:FAULT", help="Put up with one fault, as in F:interlock=X."
)
@click.option("--simulated", is_flag=True, help="As a node started with --simulated: no driver is needed.")
@click.option("--json", "json_", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def check(
    ctx: click.Context,
    root: Path,
    role: str | None,
    strict: bool,
    lenient: bool,
    waive: tuple[str, ...],
    simulated: bool,
    json_: bool,
) -> None:
    """Read every file of the root DIR and report every problem.

    Touches no device and writes nothing.
    """
    from pychron.node.checking import check_node
    from pychron.node.root import blocking

    config, report = check_node(root.expanduser().absolute(), role, waive=waive, simulated=simulated)
    problems, notes = report.sorted(), config.notes if config is not None else ()
    startable = config is not None and not blocking(report, lenient=lenient)
    good = startable and (lenient or not report.errors) and not (strict and problems)
    shown_role = config.role if config is not None else role
    if json_:
        as_json(
            {
                "root": str(root),
                "role": shown_role,
                "ok": good,
                "errors": len(report.errors),
                "warnings": len(report.warnings),
                "problems": [_document(problem) for problem in problems],
                "notes": list(notes),
            }
        )
    else:
        _show(problems, notes)
        say(
            _summary(root, shown_role, report, startable),
            "bold" if good else "bold red",
        )
    if not good:
        ctx.exit(REFUSED)


def _document(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "severity": problem.severity,
        "code": problem.code,
        "text": problem.text,
        "touches": list(problem.touches),
    }


def _show(problems: list[Problem], notes: tuple[str, ...]) -> None:
    from rich.text import Text

    out = console()
    for problem in problems:
        colour = "bold red" if problem.severity == "error" else "yellow"
        parts = (f"{problem.place}: ", (problem.severity, colour), f": {problem.text}")
        out.print(Text.assemble(*parts))
    for note in notes:
        out.print(Text.assemble(("note", "cyan"), f": {note}"))
    if problems or notes:
        out.print()


def _summary(root: Path, role: str | None, report: Report, startable: bool) -> str:
    what = f"{root}{f' ({role})' if role else ''}"
    errors, warnings = len(report.errors), len(report.warnings)
    if not errors and not warnings:
        return f"{what}: no problems"
    counted = ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    )
    lost = dict.fromkeys(problem.costs for problem in report.errors)
    if not errors:
        end = ""
    elif not startable:
        end = "; the node would not start"
    elif "" in lost:
        end = "; it starts, what they touch is out of service"
    else:
        end = f"; it starts without {' and '.join(lost)}"
    return f"{what}: {counted}{end}"
