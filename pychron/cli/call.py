"""`pychron call`: one request, one reply."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import click

from pychron.cli.address import TARGET, node_options, split_target
from pychron.cli.client import Client, Form
from pychron.cli.exits import MEANING, REFUSED
from pychron.cli.output import as_json, say

EPILOG = f"""\b
Examples:
  pychron call 192.0.2.50:1061 'Open A'
  pychron call 192.0.2.50 GetValveStates
  pychron call --root DIR 'Unlock A,blank finished'
  pychron call 127.0.0.1 --form framed 'GetValveState A'

The verbs are listed in docs/reference/wire-commands.md.

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("words", nargs=-1, metavar=f"{TARGET} REQUEST")
@click.option(
    "--form",
    type=click.Choice(["json", "plain", "framed"]),
    default="json",
    show_default=True,
    help="How the request is written on the wire. An installed Pychron server understands plain and json.",
)
@node_options
@click.pass_context
def call(
    ctx: click.Context, words: tuple[str, ...], form: Form, root: Path | None, timeout_s: float, json_: bool
) -> None:
    """Send one request to a node and print its reply.

    The command port is 1061 unless another is named. A request in the JSON form carries an identity and the time that
    this command waits: a node drives it once, and never late.
    """
    node, rest = split_target(words, root, "a request (as in 'Open A')")
    request = " ".join(rest)
    if not request.strip() or any(unicodedata.category(c) in ("Cc", "Cs") for c in request):
        raise click.UsageError(
            "the request is one line of text, as in 'Open A': no line ends or other control characters, and UTF-8"
        )
    reply = Client(node, timeout_s).send(request, form)
    if json_:
        as_json(reply.document)
    elif reply.code:
        click.echo(reply.words, err=True)
    else:
        say(reply.words)
    if reply.code:
        ctx.exit(REFUSED)
