"""`pychron safe`: MAKE SAFE, with each step shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pychron.cli.address import TARGET, node_options, the_node
from pychron.cli.client import Client
from pychron.cli.exits import MEANING, Refused
from pychron.cli.output import as_json, say

EPILOG = f"""\b
Examples:
  pychron safe 192.0.2.50:1061
  pychron safe --root DIR

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("target", required=False, metavar=TARGET)
@click.option("--who", default="", help="Who asks, for the audit (default: the user of this computer).")
@node_options
def safe(target: str | None, who: str, root: Path | None, timeout_s: float, json_: bool) -> None:
    """MAKE SAFE: run the node's park sequence (park.yaml) and show each step.

    The steps go through the node's own interlocks; the first refusal stops them and leaves an alarm. It asks no
    question first: whoever types it is in a hurry.
    """
    node = the_node(target, root)
    # A sequence waits for pumps and settling times: the reply comes when it has ended.
    client = Client(node, max(timeout_s, 120.0))
    reply = client.ask("Safe", who=who or client.who)
    steps = reply.result.get("steps", []) if isinstance(reply.result, dict) else []
    safe_now = not reply.code and not (isinstance(reply.result, dict) and reply.result.get("ok") is False)
    if json_:
        as_json(reply.document)
    else:
        for style, line in step_lines(steps):
            say(line, style)
    if not safe_now:
        why = reply.text or "the last step was refused; what came after it was not done"
        raise Refused(f"{node}: the line is NOT safe: {why}")
    if not json_:
        done = "the line is safe" if steps else "nothing was to be done: its park.yaml has no sequence"
        say(f"{node}: {done}", "bold green" if steps else "bold yellow")


def step_lines(steps: list[Any]) -> list[tuple[str, str]]:
    """Each step, a table with `step`, `ok` and `text`, as (style, line)."""
    rows = [step for step in steps if isinstance(step, dict)]
    width = max((len(str(row.get("step"))) for row in rows), default=0)
    return [
        ("" if row.get("ok") else "red", f"  {row.get('step')!s:<{width}}  {row.get('text') or ''}".rstrip())
        for row in rows
    ]
