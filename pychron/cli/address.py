"""Where a node is: HOST:PORT, unix:PATH, or the Unix socket in the root of a node on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from pychron.cli.exits import Unreached
from pychron.cli.seconds import Seconds

SOCKET = "node.sock"
COMMAND_PORT = 1061
PUBLISH_PORT = 5555
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"unix:{self.path}" if self.path else f"{host}:{self.port}"


def parse(text: str, default_port: int = COMMAND_PORT) -> Address:
    """`HOST`, `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (this machine) or `unix:PATH`. Raises click.BadParameter."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path:
            raise click.BadParameter(
                "unix: wants the path of a socket, as in unix:DIR/.appdata/pyvalve/node.sock"
            )
        return Address(path=path)
    host, port = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(
            f"{text}: the port is a number from 1 to 65535, as in 192.0.2.50:{default_port}"
        )
    found = _as_asked(host)
    if found is None:
        raise click.BadParameter(f"{text!r} is no address: write HOST:PORT, as in 192.0.2.50:{default_port}")
    return Address(host=found or "127.0.0.1", port=int(port) if port else default_port)


def _as_asked(host: str) -> str | None:
    """The name as a resolver is asked for it (in ASCII), or None for what it may not be asked for."""
    if not host.isprintable() or " " in host:
        return None
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def state_folders(root: Path) -> tuple[Path, ...]:
    """Where the nodes of a root keep their own files, by node; simulated ones apart. They need not exist."""
    from pychron.node.known_plugins import NODES
    from pychron.node.root import state_folder

    root = root.expanduser().absolute()
    return tuple(
        state_folder(root, role, simulated=simulated) for role in NODES for simulated in (False, True)
    )


def socket_of(root: Path) -> Address:
    """The Unix socket of the node that runs in `root`. Raises Unreached where none runs, or more than one."""
    there = [folder / SOCKET for folder in state_folders(root) if (folder / SOCKET).exists()]
    alive = [path for path in there if answers(path)]
    if not alive:
        what = "the socket of one that died is there" if there else f"there is no {SOCKET} of one"
        raise Unreached(f"no node runs in {root}: {what}; start it, or name HOST:PORT")
    if len(alive) > 1:
        raise Unreached(
            f"{len(alive)} nodes run in {root}: name one of {', '.join(f'unix:{path}' for path in alive)}"
        )
    return Address(path=str(alive[0]))


def answers(path: Path) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


TARGET = "[HOST[:PORT]|unix:PATH]"
"""How a node is named in --help."""


def split_target(words: tuple[str, ...], root: Path | None, wanted: str) -> tuple[Address, list[str]]:
    """The node that is meant, and the words that follow; `wanted` says in an error what is missing."""
    rest = list(words)
    if root is None and not rest:
        raise click.UsageError(f"name a node (HOST:PORT or --root DIR) and {wanted}")
    node = socket_of(root) if root is not None else parse(rest.pop(0))
    if not rest:
        raise click.UsageError(f"{wanted} is missing")
    return node, rest


def the_node(target: str | None, root: Path | None) -> Address:
    """The node that is meant where a command names nothing else."""
    if target is None and root is None:
        raise click.UsageError("name a node: HOST:PORT or --root DIR")
    if target is not None and root is not None:
        raise click.UsageError("name a node once: HOST:PORT or --root DIR, not both")
    return socket_of(root) if root is not None else parse(target or "")


def node_options(function: F) -> F:
    """The options that every command has that asks a node."""
    for option in (
        click.option("--json", "json_", is_flag=True, help="Print the reply as JSON."),
        click.option(
            "--timeout",
            "timeout_s",
            type=Seconds(),
            default=10.0,
            show_default=True,
            metavar="SECONDS",
            help="How long to wait for the reply.",
        ),
        click.option(
            "--root",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            metavar="DIR",
            help="Ask the node that runs in this root on this machine, through its own Unix socket (right: administer).",
        ),
    ):
        function = option(function)
    return function
