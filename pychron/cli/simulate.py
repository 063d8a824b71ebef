"""`pychron simulate`: an instrument that is not there, for a node that does not know."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from pychron.cli.exits import MEANING, Refused
from pychron.cli.output import say

HOST = "pychron.node.emulator_process"
"""Its `main(pty, link, tcp_port, log, started, faults)` serves until it is ended; `started` is told where, once."""
EPILOG = f"""\b
Examples:
  pychron simulate agilent --pty --link agilent --log relays.log
  pychron simulate agilent --tcp 5025
  pychron simulate agilent --pty --link agilent --fault late=0.05 --fault garbled=0.01 --seed 7

Write the name of the link (or host and port) into devices/switch_controller.yaml. Ends with Ctrl-C.

{MEANING}"""


@click.group()
def simulate() -> None:
    """Be an instrument, for a rehearsal without hardware."""


@simulate.command(epilog=EPILOG)
@click.option("--pty", is_flag=True, help="Be at the far end of a new pseudo-terminal, as on a serial port.")
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="With --pty: a name that leads to it, made and removed.",
)
@click.option(
    "--tcp",
    "tcp_port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Listen on 127.0.0.1; 0 = any free port.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append each movement of a relay as a line of JSON: the truth about what moved.",
)
@click.option(
    "--fault",
    multiple=True,
    metavar="KIND[=SHARE]",
    help="Go wrong in a share of the exchanges, as in late=0.05: silent, late, twice, never, garbled, rejects, drops.",
)
@click.option("--seed", type=int, default=0, metavar="N", help="With --fault: where it goes wrong.")
@click.option(
    "--invert", is_flag=True, help="For a device file that says invert: all relays open at the start."
)
def agilent(
    pty: bool,
    link: Path | None,
    tcp_port: int | None,
    log: Path | None,
    fault: tuple[str, ...],
    seed: int,
    invert: bool,
) -> None:
    """Be an Agilent 34970A with relay cards (34903A): it answers SCPI as the real one, and its relays keep their state."""
    if pty == (tcp_port is not None):
        raise click.UsageError("say --pty or --tcp PORT, one of them")
    if link is not None and not pty:
        raise click.UsageError("--link names a pseudo-terminal: say --pty too")

    from pychron.simulation.relay_faults import BadFault, read_faults

    try:
        faults = read_faults(fault)
    except BadFault as bad:
        raise click.UsageError(str(bad)) from None

    def started(where: str) -> None:
        say(f"an emulated 34970A is on {where}; Ctrl-C ends it")

    try:
        import_module(HOST).main(
            pty=pty,
            link=link,
            tcp_port=tcp_port,
            log=log,
            started=started,
            faults=faults,
            seed=seed,
            invert=invert,
        )
    except OSError as failed:
        raise Refused(
            f"{failed.filename or tcp_port or 'a pseudo-terminal'}: {failed.strerror or failed}"
        ) from None
    except KeyboardInterrupt:
        return
