"""The `pychron` command. Each sub-command is imported when it is asked for, so that it starts quickly on a small machine."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from pychron.cli.exits import MEANING, REFUSED

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("pychron.cli.init:init", "Write a documented starting root for a node."),
    "check": ("pychron.cli.check:check", "Read every file of a root and report every problem."),
    "call": ("pychron.cli.call:call", "Send one request to a node and print its reply."),
    "why": ("pychron.cli.why:why", "Say what blocks a valve, and the remedy of each."),
    "safe": ("pychron.cli.safe:safe", "MAKE SAFE: run a node's park sequence, step by step."),
    "valve": ("pychron.cli.valve:valve", "Tell a node what a person knows of a valve."),
    "watch": ("pychron.cli.watch:watch", "Print what a node broadcasts, as it happens."),
    "dashboard": (
        "pychron.cli.dashboard:dashboard",
        "Show the values of a dashboard, and which conditions hold.",
    ),
    "script": ("pychron.cli.script:script", "Rehearse an extraction script, or run it."),
    "history": ("pychron.cli.history:history", "Show what a node has seen: events and values over time."),
    "incident": ("pychron.cli.incident:incident", "Pack everything around a moment into one archive."),
    "alert": ("pychron.cli.alert:alert", "List, acknowledge and test a node's alerts."),
    "web": ("pychron.cli.web:web", "Make a token for a node's live page."),
    "audit": ("pychron.cli.audit:audit", "Show who moved what, when, and how it ended."),
    "reduce": ("pychron.cli.reduce:reduce", "Make stored numbers again from the readings."),
    "age": ("pychron.cli.age:age", "Compute ages from the stored signals of a repository."),
    "flux": ("pychron.cli.flux:flux", "Compute J of each hole of an irradiation level."),
    "plateau": ("pychron.cli.plateau:plateau", "Compute plateau, mean and integrated age of each sample."),
    "isochron": ("pychron.cli.isochron:isochron", "Compute the isochron of each sample."),
    "figure": ("pychron.cli.figure:figure", "Draw spectra, ideograms, isochrons, series and flux maps."),
    "table": ("pychron.cli.table:table", "Write the analytical table of samples as XLSX or CSV."),
    "explain": ("pychron.cli.explain:explain", "Say where an age comes from, down to the commit."),
    "whatif": ("pychron.cli.whatif:whatif", "Say which ages other constants would move."),
    "pipeline": ("pychron.cli.pipeline:pipeline", "Run a template of nodes on a batch of analyses."),
    "export": ("pychron.cli.export:export", "Write results as files for other programs."),
    "dvc": ("pychron.cli.dvc:dvc", "Look after repositories of analyses and metadata."),
    "simulate": ("pychron.cli.simulate:simulate", "Be an instrument, for a rehearsal without hardware."),
    "demo": ("pychron.cli.demo:demo", "Show a valve opening across two nodes on this machine."),
}
"""Name -> where it stands, and its line in `pychron --help`. In the order in which a newcomer meets them."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, with the nearest name where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from pychron.config.problems import nearest

            ctx.fail(f"there is no command {args[0]}{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **options: Any) -> Any:
        """As click does; output that does not fit on its disk ends the command in one line."""
        try:
            return super().main(*args, **options)
        except OSError as problem:
            if problem.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO) or problem.filename is not None:
                raise
            sys.stderr.write(f"error: the output could not be written: {problem.strerror}\n")
            # What is left in the buffer would fail once more at the end of the interpreter.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(REFUSED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's lines: nothing is imported for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


EPILOG = f"""\b
A first look:
  pychron demo                              a valve opens across two nodes
  pychron init valve DIR --simulated        a root to play with
  twistd -n pyvalve --root DIR              the node, in the foreground
  pychron call 127.0.0.1:1061 'Open A'      ask it, from another terminal

{MEANING}"""


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="pychron-twisted", prog_name="pychron")
def main() -> None:
    """Set up, check, ask and rehearse the nodes of a noble-gas laboratory."""


if __name__ == "__main__":
    main(prog_name="pychron")
