"""`pychron valve`: what a person knows of a valve and the node cannot."""

from __future__ import annotations

from pathlib import Path

import click

from pychron.cli.address import TARGET, node_options, split_target
from pychron.cli.client import Client
from pychron.cli.exits import MEANING
from pychron.cli.output import as_json, say

EPILOG = f"""\b
Examples:
  pychron valve confirm 192.0.2.50:1061 T open --why "tank changed"
  pychron valve confirm --root DIR F closed --why "seen at the valve"

{MEANING}"""


@click.group()
def valve() -> None:
    """Tell a node what a person knows of a valve."""


@valve.command(epilog=EPILOG)
@click.argument("words", nargs=-1, metavar=f"{TARGET} NAME open|closed")
@click.option(
    "--why", required=True, metavar="TEXT", help="What you saw. It stands in the audit beside your name."
)
@click.option("--who", default="", help="Your name (default: the user of this computer).")
@node_options
def confirm(
    words: tuple[str, ...], why: str, who: str, root: Path | None, timeout_s: float, json_: bool
) -> None:
    """Declare a valve open or closed.

    For a valve that is turned by hand, and for one whose state is unknown and cannot be read. Nothing moves: the node
    believes you, and interlocks count on it. Go and look first.
    """
    node, rest = split_target(words, root, "a valve and open or closed, as in T open,")
    if len(rest) != 2 or rest[1] not in ("open", "closed"):
        raise click.UsageError(
            f"a valve and then open or closed are wanted, as in T open, not {' '.join(rest)}"
        )
    if not why.strip():
        raise click.UsageError("--why wants a reason: it is what others will read in the audit")
    name, state = rest
    client = Client(node, timeout_s)
    result = client.must("Confirm", name, state=state, why=why.strip(), who=who or client.who)
    if json_:
        as_json({"valve": name, "state": state, "result": result})
    else:
        say(f"{name}: {state}, declared by {who or client.who}")
