"""`pychron why`: what stands between a valve and its opening, and what to do about each."""

from __future__ import annotations

from pathlib import Path

import click

from pychron.cli.address import TARGET, node_options, split_target
from pychron.cli.client import Client
from pychron.cli.exits import MEANING, REFUSED
from pychron.cli.output import as_json, say
from pychron.extraction_line.states import Action

EPILOG = f"""\b
Examples:
  pychron why 192.0.2.50:1061 A
  pychron why 192.0.2.50 A close
  pychron why --root DIR A

Exit status 1 where something blocks it.

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("words", nargs=-1, metavar=f"{TARGET} VALVE [open|close]")
@node_options
@click.pass_context
def why(ctx: click.Context, words: tuple[str, ...], root: Path | None, timeout_s: float, json_: bool) -> None:
    """Say what blocks a valve from opening (or closing), and the remedy of each.

    Moves nothing. The answer is the node's own: the rules that it would apply now.
    """
    node, rest = split_target(words, root, "a valve, as in A,")
    valve, action = rest[0], Action.OPEN
    if len(rest) > 1:
        if len(rest) > 2 or rest[1] not in ("open", "close"):
            raise click.UsageError(f"after the valve comes open or close, not {' '.join(rest[1:])}")
        action = Action(rest[1])
    blockers = reasons(Client(node, timeout_s).must("Why", f"{valve},{action}"))
    if json_:
        as_json({"valve": valve, "action": str(action), "blockers": blockers})
    elif not blockers:
        say(f"{valve}: nothing blocks it; it would {action} now", "green")
    else:
        say(f"{valve} would not {action} now:", "bold red")
        for blocker in blockers:
            say(f"  {blocker}")
    if blockers:
        ctx.exit(REFUSED)


def reasons(result: object) -> list[str]:
    """The node's answer as a list of sentences."""
    if isinstance(result, list):
        return [str(item) for item in result]
    return [str(result)] if result else []
