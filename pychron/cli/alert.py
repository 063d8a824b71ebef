"""`pychron alert`: what stands, who has it, and whether letters arrive."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pychron.cli.address import TARGET, node_options, split_target, the_node
from pychron.cli.client import Client
from pychron.cli.exits import MEANING, REFUSED
from pychron.cli.output import as_json, console, say


def _epilog(*examples: str) -> str:
    lines = "\n".join(f"  pychron alert {one}" for one in examples)
    return f"\b\nExamples:\n{lines}\n\n{MEANING}"


LIST, ACK, TEST = (
    "list --root DIR",
    "ack --root DIR 'Env.temperature.x>30' --note 'on my way'",
    "test --root DIR",
)


@click.group(epilog=_epilog(LIST, ACK, TEST))
def alert() -> None:
    """List, acknowledge and test a node's alerts."""


@alert.command("list", epilog=_epilog(LIST))
@click.argument("target", required=False, metavar=TARGET)
@node_options
@click.pass_context
def list_(ctx: click.Context, target: str | None, root: Path | None, timeout_s: float, json_: bool) -> None:
    """List every alert that stands or waits to be acknowledged; status 1 where there is one."""
    found: list[dict[str, Any]] = Client(the_node(target, root), timeout_s).must("Alerts")
    if json_:
        as_json(found)
    elif not found:
        say("no alert stands", "green")
    else:
        _table(found)
    if found:
        ctx.exit(REFUSED)


@alert.command(epilog=_epilog(ACK))
@click.argument("words", nargs=-1, metavar=f"{TARGET} ALERT")
@click.option("--note", default="", metavar="TEXT", help="What you are going to do.")
@click.option("--who", default="", help="Your name (default: the user of this computer).")
@node_options
def ack(
    words: tuple[str, ...], note: str, who: str, root: Path | None, timeout_s: float, json_: bool
) -> None:
    """Say that you have an alert: it is neither repeated nor escalated. One that is over is forgotten."""
    node, rest = split_target(words, root, "the name of an alert, as `pychron alert list` has it,")
    if len(rest) != 1:
        raise click.UsageError("the name of one alert is wanted, as `pychron alert list` has it")
    client = Client(node, timeout_s)
    client.must("Acknowledge", rest[0], who=who or client.who, note=note)
    if json_:
        as_json({"alert": rest[0], "who": who or client.who})
    else:
        say(f"{rest[0]}: {who or client.who} has it")


@alert.command(epilog=_epilog(TEST))
@click.argument("target", required=False, metavar=TARGET)
@node_options
def test(target: str | None, root: Path | None, timeout_s: float, json_: bool) -> None:
    """Send a test to every channel. What does not get through is tried again, and the node's log says why."""
    client = Client(the_node(target, root), timeout_s)
    channels = client.must("TestAlerts", "", who=client.who)
    if json_:
        as_json(channels)
    else:
        say(
            f"a test is on its way to {', '.join(channels)}"
            if channels
            else "setupfiles/alerts.yaml names no channel"
        )


def _table(found: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("since", "level", "alert", "how it stands", "why"):
        table.add_column(name)
    for one in found:
        critical = one["level"] == "critical"
        stands = f"{one['phase']} by {one['by']}" if one["by"] else one["phase"]
        table.add_row(
            f"{datetime.fromtimestamp(one['began']).astimezone():%m-%d %H:%M}",
            Text(one["level"], style="bold red" if critical else "yellow"), one["key"], stands, one["why"],
        )  # fmt: skip
        if one["guidance"]:
            table.add_row("", "", Text(one["guidance"], style="dim"))
    console().print(table)
