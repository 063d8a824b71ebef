"""`pychron web`: what a person needs to use a node's live page."""

from __future__ import annotations

import secrets

import click

from pychron.cli.exits import MEANING
from pychron.cli.output import as_json, say

EPILOG = f"""\b
Examples:
  pychron web token

{MEANING}"""


@click.group()
def web() -> None:
    """Make a token for a node's live page."""


@web.command(epilog=EPILOG)
@click.option("--json", "json_", is_flag=True, help="Print token and hash as JSON.")
def token(json_: bool) -> None:
    """Make a token with which a person may move valves on the live page.

    It is shown once and kept nowhere: the root holds its hash only. Who has the token can do what an operator at a script
    can do, from this machine or through a tunnel to it.
    """
    from pychron.web.access import digest

    made = secrets.token_urlsafe(32)
    if json_:
        as_json({"token": made, "token_sha256": digest(made)})
        return
    say(made, "bold")
    say("")
    say("Into setupfiles/web.yaml:", "dim")
    say(f"actuate: true\ntoken_sha256: {digest(made)}")
