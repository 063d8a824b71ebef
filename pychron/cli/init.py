"""`pychron init`: a root in which every key is explained where it stands."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from pychron.cli.exits import MEANING, Refused
from pychron.cli.output import as_json, say

NODES = {"valve": "pyvalve", "experiment": "pyexperiment", "crunch": "pycrunch"}
"""Role -> the name of its node for twistd."""
EPILOG = f"""\b
Examples:
  pychron init valve ~/.pychron.valve
  pychron init valve DIR --simulated
  pychron init experiment ~/.pychron.experiment
  pychron init crunch ~/.pychron.crunch

{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("role", type=click.Choice(sorted(NODES)))
@click.argument("root", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--simulated", is_flag=True, help="The root says that its instruments are emulated: nothing real moves."
)
@click.option("--json", "json_", is_flag=True, help="Print what was written as JSON.")
def init(role: str, root: Path, simulated: bool, json_: bool) -> None:
    """Write a documented starting root for a node into DIR.

    A file that is there already is never overwritten: then nothing is written at all, and the file is named.
    """
    names = write_root(role, root, simulated)
    if json_:
        as_json({"root": str(root), "role": role, "simulated": simulated, "files": names})
        return
    _next_steps(role, root, names, simulated)


def write_root(role: str, root: Path, simulated: bool = False) -> list[str]:
    """Write a starting root; the names of its files. Raises Refused where one of them is there, or cannot be written."""
    texts = root_files(role, simulated)
    taken = [name for name in texts if (root / name).exists()]
    if taken:
        more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise Refused(f"{root / taken[0]} is there already{more}; nothing was written. Name an empty folder")
    try:
        for name, text in texts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as failed:
        raise Refused(f"{failed.filename or root} cannot be written: {failed.strerror}") from None
    return list(texts)


def root_files(role: str, simulated: bool) -> dict[str, str]:
    """The files of a starting root: path below it -> text."""
    mark = "true" if simulated else "false"
    found: dict[str, str] = {}
    _collect(files("pychron.cli").joinpath("roots", role), "", found)
    return {
        name.removesuffix(".py.txt") + (".py" if name.endswith(".py.txt") else ""): text.replace(
            "@SIMULATED@", mark
        )
        for name, text in sorted(found.items())
    }


def _collect(folder: Traversable, prefix: str, found: dict[str, str]) -> None:
    for item in folder.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                _collect(item, f"{prefix}{item.name}/", found)
        else:
            found[prefix + item.name] = item.read_text("utf-8")


def _next_steps(role: str, root: Path, names: list[str], simulated: bool) -> None:
    say(
        f"{root}: a root for {NODES[role]}" + (", simulated: nothing real moves" if simulated else ""), "bold"
    )
    for name in names:
        say(f"  {name}")
    say("")
    say("Next:", "bold")
    steps = [
        (f"pychron check {root}", "read it all and report every problem"),
        (f"twistd -n {NODES[role]} --root {root}", "start the node in front of you"),
    ]
    if role == "valve":
        steps.append(("pychron call 127.0.0.1:1061 'Open A'", "ask it, from another terminal"))
    elif role == "crunch":
        steps.append((f"pychron age --root {root}", "ages of all that is cloned there"))
    else:
        steps.append(
            (
                f"pychron script check {root}/scripts/extraction/first_valve.py --root {root}",
                "rehearse a script",
            )
        )
    width = max(len(command) for command, _ in steps)
    for command, what in steps:
        say(f"  {command:<{width}}  {what}")
