"""`pychron safe`: MAKE SAFE, with each step shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pychron.cli.address import node_options, parse, socket_of
from pychron.cli.client import Client
from pychron.cli.exits import MEANING, Refused
from pychron.cli.output import as_json, say

EPILOG = f"""\b
Examples:
  pychron safe 192.0.2.50:1061
  pychron safe --root DIR

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("target", required=False, metavar="[HOST[:PORT]|unix:PATH]")
@click.option("--who", default="", help="Who asks, for the audit (default: the user of this computer).")
@node_options
def safe(target: str | None, who: str, root: Path | None, timeout_s: float, json_: bool) -> None:
    """MAKE SAFE: run the node's park sequence (park.yaml) and show each step.

    The steps go through the node's own interlocks; the first refusal stops them and leaves an alarm. It asks no
    question first: whoever types it is in a hurry.
    """
    if target is None and root is None:
        raise click.UsageError("name a node: HOST:PORT or --root DIR")
    if target is not None and root is not None:
        raise click.UsageError("name a node once: HOST:PORT or --root DIR, not both")
    node = socket_of(root) if root is not None else parse(target or "")
    # A sequence waits for pumps and settling times: the reply comes when it has ended.
    client = Client(node, max(timeout_s, 120.0))
    reply = client.ask("Safe", who=who or client.who)
    if json_:
        as_json(reply.document)
    else:
        for style, line in step_lines(reply.result):
            say(line, style)
    if reply.code:
        raise Refused(f"{node}: the line is NOT safe: {reply.text}")
    if not json_:
        say(f"{node}: the line is safe", "bold green")


def step_lines(result: Any) -> list[tuple[str, str]]:
    """Each step as (style, line). A step is a text, or a table with `step` (or `what`) and how it ended."""
    steps = result.get("steps", []) if isinstance(result, dict) else result
    found = []
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            what = str(step.get("step") or step.get("what") or step)
            ended = str(step.get("outcome") or step.get("result") or "")
            bad = bool(step.get("error")) or ended.lower() in ("refused", "failed", "false")
            why = step.get("error") or step.get("why") or ""
            found.append(
                ("red" if bad else "", f"  {what:<40} {ended}{': ' + str(why) if why else ''}".rstrip())
            )
        else:
            found.append(("", f"  {step}"))
    return found
