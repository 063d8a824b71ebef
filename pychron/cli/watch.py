"""`pychron watch`: a node's broadcasts, a line each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from pychron.cli.address import PUBLISH_PORT, parse
from pychron.cli.exits import MEANING, UNREACHED
from pychron.cli.output import console, json_line, remark

QUIET_S = 6.0
"""A node's heart beats every 2 s: three missing are worth a remark."""
TAGS_WITHOUT_JSON = "text"
EPILOG = f"""\b
Examples:
  pychron watch 192.0.2.50
  pychron watch 192.0.2.50:5555 --json | jq .
  pychron watch 127.0.0.1 --count 1 --seconds 5

Ends with Ctrl-C. Exit status 3 where --seconds passed and nothing was heard.
{MEANING}"""


@click.command(epilog=EPILOG)
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--json", "json_", is_flag=True, help="Print each message as one line of JSON.")
@click.option("--heartbeats", is_flag=True, help="Show heartbeats too.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after so many messages.")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), metavar="S", help="End after so long."
)
@click.pass_context
def watch(
    ctx: click.Context, target: str, json_: bool, heartbeats: bool, count: int | None, seconds: float | None
) -> None:
    """Print what a node broadcasts, as it happens: valves, locks, owners, alarms.

    The publish port is 5555 unless another is named.
    """
    address = parse(target, PUBLISH_PORT)
    if address.path:
        raise click.BadParameter(
            "a broadcast has no Unix socket: write HOST[:PORT]", param_hint="HOST[:PORT]"
        )
    heard = shown = 0
    try:
        for frame in _frames(address.host, address.port, seconds):
            heard += 1
            message = decode(frame)
            if _is_heartbeat(message) and not heartbeats:
                continue
            if json_:
                json_line(message)
            else:
                line, style = readable(message)
                console().print(line, style=style or None, markup=False)
            shown += 1
            if shown == count:
                break
    except KeyboardInterrupt:
        pass
    if seconds is not None and not heard:
        remark(
            f"nothing was heard from {address} within {seconds:g} s: is it the publish port of a node that runs?"
        )
        ctx.exit(UNREACHED)


def _frames(host: str, port: int, seconds: float | None) -> Iterator[bytes]:
    """Each message, until `seconds` have passed; a remark on stderr when it is quiet."""
    import zmq

    ends = None if seconds is None else time.monotonic() + seconds
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    try:
        socket.setsockopt(zmq.LINGER, 0)
        if ":" in host:
            socket.setsockopt(zmq.IPV6, 1)
        socket.subscribe(b"")
        socket.connect(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
        last, remarked = time.monotonic(), False
        while ends is None or time.monotonic() < ends:
            left = 0.5 if ends is None else min(0.5, max(ends - time.monotonic(), 0))
            if socket.poll(int(left * 1000)):
                last, remarked = time.monotonic(), False
                yield socket.recv()
            elif not remarked and time.monotonic() - last >= QUIET_S:
                remarked = True
                remark(f"nothing from {host}:{port} for {QUIET_S:g} s; still listening (Ctrl-C ends it)")
    finally:
        socket.close()
        context.term()


def decode(frame: bytes) -> dict[str, Any]:
    """`TAG payload` as a table: `tag` and the members of its JSON, or `text`."""
    tag, _, payload = frame.decode("utf-8", "replace").partition(" ")
    try:
        members = json.loads(payload)
    except ValueError:
        return {"tag": tag, TAGS_WITHOUT_JSON: payload}
    return {"tag": tag, **members} if isinstance(members, dict) else {"tag": tag, TAGS_WITHOUT_JSON: payload}


def _is_heartbeat(message: dict[str, Any]) -> bool:
    return "heartbeat" in (message.get("kind"), message.get("event"), message.get("type"))


STYLES = {
    "open": "green",
    "unknown": "bold yellow",
    "moving": "cyan",
    "alarm": "bold red",
    "critical": "bold red",
}
HIDDEN = (
    "tag",
    "kind",
    "event",
    "type",
    "node",
    "boot",
    "seq",
    "number",
    "at",
    "time",
    "ts",
    "stamp",
    "read_at",
)


def readable(message: dict[str, Any]) -> tuple[str, str]:
    """One line for a person, and its style."""
    stamp = next(
        (message[k] for k in ("at", "time", "ts", "stamp", "read_at") if _is_time(message.get(k))), None
    )
    when = datetime.fromtimestamp(stamp).strftime("%H:%M:%S.%f")[:-3] if stamp is not None else "-" * 12
    kind = str(message.get("kind") or message.get("event") or message.get("type") or message["tag"])
    node = str(message.get("node") or "")
    told = [
        _member(name, value)
        for name, value in message.items()
        if name not in HIDDEN and value not in (None, "", [])
    ]
    style = next((STYLES[w] for w in (str(message.get("state")), kind) if w in STYLES), "")
    return f"{when}  {node:<12} {kind:<10} {'  '.join(told)}".rstrip(), style


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 4e9


def _member(name: str, value: Any) -> str:
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return (
        str(value) if name in ("valve", "switch", "name", "state", "text", "message") else f"{name}={value}"
    )
