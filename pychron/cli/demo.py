"""`pychron demo`: a valve opens across two real nodes on this machine, an interlock refuses, a node dies and returns."""

from __future__ import annotations

import tempfile
import time
from itertools import pairwise
from pathlib import Path

import click

from pychron.cli.demo_nodes import Laboratory, NotHappened
from pychron.cli.exits import REFUSED
from pychron.cli.output import complain, say

STEPS = {
    1: "the script calls open('A')",
    2: "the script's command goes to the extraction line manager",
    3: "the manager looks up A",
    4: "A belongs to another node: RemoteExtractionLineManager",
    5: "it is sent over TCP to the valve controller",
    6: "RemoteCommandServer on pyvalve takes the request",
    7: "it is dispatched to pyvalve's ExtractionLineManager",
    8: "which looks up the actuator of A",
    9: "whose driver sends the command to the hardware",
    10: "the change is broadcast, and pyexperiment hears it",
}
EPILOG = """\b
Everything runs on this machine and ends with the demo: an emulated Agilent 34970A on a pseudo-terminal,
pyvalve and pyexperiment as twistd processes, a script, a kill -9.

\b
Examples:
  pychron demo
  pychron demo --keep DIR      keep the roots, logs and the relays' log there"""


@click.command(epilog=EPILOG)
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep its files in DIR."
)
def demo(keep: Path | None) -> None:
    """Show the main job: a script on the acquisition computer opens a valve on the valve controller."""
    began = time.monotonic()
    try:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            _show(keep.absolute(), began)
        else:
            with tempfile.TemporaryDirectory(prefix="pychron-demo-") as folder:
                _show(Path(folder), began)
    except NotHappened as problem:
        complain(f"the demo did not go as it must: {problem}")
        raise click.exceptions.Exit(REFUSED) from problem


def _show(folder: Path, began: float) -> None:
    with Laboratory(folder) as lab:
        _title("Two nodes and an instrument")
        lab.start_instrument()
        say(f"  an Agilent 34970A, emulated, on {lab.serial_port}")
        lab.start_valve()
        say(f"  pyvalve       commands on 127.0.0.1:{lab.valve.port}, broadcasts on {lab.valve.publish}")
        say(f"                its live page is http://127.0.0.1:{lab.valve.web}/ while the demo runs")
        lab.start_experiment()
        say(f"  pyexperiment  its line is pyvalve's; broadcasts on {lab.experiment.publish}")
        lab.wait_for_state("A", "closed", 15)
        say(f"  pyexperiment knows A: closed, {lab.evidence('A')}")
        _a_valve_opens(lab)
        _an_interlock_refuses(lab)
        _a_node_dies(lab)
    _title(f"All of it happened, in {time.monotonic() - began:.1f} s")


def _title(text: str) -> None:
    say(f"\n{text}", "bold")


def _a_valve_opens(lab: Laboratory) -> None:
    _title("A script on pyexperiment opens A")
    lab.watch.clear()
    zero = time.time()
    ended = lab.run_script("open_a.py", "def main():\n    info('open A')\n    open('A')\n")
    if ended.get("result") != "completed":
        raise NotHappened(f"the script ended {ended.get('result')}: {ended.get('reason')}")
    steps = lab.steps_of_open("A", 5.0)
    for number, text in STEPS.items():
        if number not in steps:
            raise NotHappened(f"step {number} ({text}) was not seen")
        wall, node, said = steps[number]
        say(f"  {number:>2}. {(wall - zero) * 1000:>7.1f} ms  {node:<13} {text}")
        if said:
            say(f"                              {said}", "dim")
    order = [steps[n][0] for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    if any(later < earlier - 0.005 for earlier, later in pairwise(order)):
        raise NotHappened("the steps came out of order")
    if lab.relays() != [("101", True)]:
        raise NotHappened(f"the instrument's relays moved otherwise: {lab.relays()}")
    say("  The instrument's own log: relay 101 moved, once.", "green")


def _an_interlock_refuses(lab: Laboratory) -> None:
    _title("Opening F beside the open A is refused")
    ended = lab.run_script("open_f.py", "def main():\n    open('F')\n")
    reason = str(ended.get("reason", ""))
    if ended.get("result") == "completed" or "interlock" not in reason.lower():
        raise NotHappened(f"it was not refused for its interlock: {ended}")
    say(f"  the script: {ended['result']}, {reason}")
    for text in lab.why("F"):
        say(f"  pychron why: {text}")
    if len(lab.relays()) != 1:
        raise NotHappened("a relay moved")


def _a_node_dies(lab: Laboratory) -> None:
    _title("pyvalve is killed, and comes back")
    began = time.monotonic()
    lab.valve.kill()
    lab.wait_for_state("A", "unknown", 10)
    killed = time.monotonic() - began
    say(f"  kill -9; pyexperiment shows A unknown {killed:.2f} s later")
    lab.start_valve()
    began = time.monotonic()
    lab.wait_for_state("A", "open", 15)
    back = time.monotonic() - began
    say(f"  started again; pyexperiment shows A open after {back:.2f} s, {lab.evidence('A')}")
    if len(lab.relays()) != 1:
        raise NotHappened(f"a relay moved: {lab.relays()}")
    say("  The instrument's own log: nothing moved.", "green")
