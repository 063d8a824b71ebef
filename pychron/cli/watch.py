"""`pychron watch`: a node's broadcasts, a line each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from pychron.broadcast.frames import TAG, Message, read_message
from pychron.cli.address import PUBLISH_PORT, parse
from pychron.cli.exits import MEANING, UNREACHED
from pychron.cli.output import console, json_line, remark
from pychron.cli.seconds import Seconds

QUIET_S = 6.0
"""A node's heart beats every 2 s: three missing are worth a remark."""
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
@click.option("--seconds", type=Seconds(), metavar="S", help="End after so long.")
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
            if isinstance(message, Message) and message.is_heartbeat and not heartbeats:
                continue
            if json_:
                json_line(document(message))
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


def decode(frame: bytes) -> Message | tuple[str, str]:
    """One of our messages, or the tag and the text of another node's."""
    message = read_message(frame)
    if isinstance(message, Message):
        return message
    tag, _, text = frame.decode("utf-8", "replace").partition(" ")
    return tag, text


def document(message: Message | tuple[str, str]) -> dict[str, Any]:
    """As `--json` prints it."""
    if isinstance(message, Message):
        return {"tag": TAG, **asdict(message)}
    return {"tag": message[0], "text": message[1]}


STYLES = {"open": "green", "unknown": "bold yellow", "moving": "cyan"}
FIRST = ("switch", "valve", "name", "state", "text")
"""What a reader looks for first, shown without its name."""


def readable(message: Message | tuple[str, str]) -> tuple[str, str]:
    """One line for a person, and its style."""
    if not isinstance(message, Message):
        return f"{'':12}  {message[0]:<14} {message[1]}", ""
    when = datetime.fromtimestamp(message.time).strftime("%H:%M:%S.%f")[:-3]
    node = f"{message.node}{' (simulated)' if message.simulated else ''}"
    told = _flat(message.payload)
    if message.kind == "valve" and "state" in told:
        words = _valve(told)
        return f"{when}  {node:<14} {message.kind:<14} {words}", STYLES.get(str(told["state"]), "")
    if message.kind == "steps" and isinstance(told.get("steps"), list):
        words = "; ".join(f"{step.get('number')}. {step.get('text')}" for step in told["steps"])
        return f"{when}  {node:<14} {message.kind:<14} {words}", "dim"
    first = [str(told.pop(key)) for key in FIRST if told.get(key) not in (None, "")]
    rest = [f"{key}={value}" for key, value in told.items() if value not in (None, "", [], {})]
    style = (
        "bold red" if "alarm" in message.kind.lower() else next((STYLES[w] for w in first if w in STYLES), "")
    )
    return f"{when}  {node:<14} {message.kind:<14} {'  '.join(first + rest)}".rstrip(), style


def _valve(told: Mapping[str, Any]) -> str:
    """`A  open (relay), was moving; Extraction to turbo; owner 10.0.0.5`: the rest is for --json."""
    evidence = (
        f" ({told['evidence']})" if told.get("evidence") and told["state"] in ("open", "closed") else ""
    )
    before = f", was {told['before']}" if told.get("before") else ""
    uncommanded = "" if told.get("commanded", True) else ", not commanded"
    notes = [str(told.get("description") or "")]
    notes += [f"owner {told['owner']}"] if told.get("owner") else []
    notes += ["locked"] if told.get("lock") not in (None, "", "null") else []
    notes += ["its node is lost"] if told.get("stale") else []
    words = f"{told.get('name')}  {told['state']}{evidence}{before}{uncommanded}"
    return "; ".join([words, *(note for note in notes if note)])


def _flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A view inside the payload is spread out; other tables stay JSON."""
    told: dict[str, Any] = {}
    for key, value in payload.items():
        if key == "view" and isinstance(value, dict):
            told.update(value)
        else:
            told[key] = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
    return told
