"""`pychron dashboard`: the values of a dashboard server in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from pychron.cli.address import parse
from pychron.cli.exits import MEANING, UNREACHED
from pychron.cli.output import console, json_line, remark
from pychron.cli.seconds import Seconds

if TYPE_CHECKING:
    from rich.table import Table

    from pychron.dashboard.events import ValueView
    from pychron.dashboard.following import Followed

ASK_S = 1.0
REFRESH_S = 5.0
"""A snapshot is asked for so often, and at once where a number is missing."""
DRAW_S = 0.25
PORT = 8100
EPILOG = f"""\b
Examples:
  pychron dashboard watch 192.0.2.50
  pychron dashboard watch 192.0.2.50:8100 --once
  pychron dashboard watch 192.0.2.50 --json | jq .

A table that is live in a terminal; elsewhere, and with --json, a line for each change. NO_COLOR is
respected. Ends with Ctrl-C. Exit status 3 where --seconds or --once passed and nothing was heard.

{MEANING}"""
STYLES = {"live": "green", "stale": "yellow", "lost": "bold red", "error": "bold red", "waiting": "dim"}
LEVELS = {"warning": "yellow", "critical": "bold red"}


@click.group()
def dashboard() -> None:
    """Follow the values of a dashboard."""


@dashboard.command(epilog=EPILOG)
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--json", "json_", is_flag=True, help="Print each value that changes as one line of JSON.")
@click.option("--once", is_flag=True, help="Print every value once and end.")
@click.option("--seconds", type=Seconds(), metavar="S", help="End after so long.")
@click.pass_context
def watch(ctx: click.Context, target: str, json_: bool, once: bool, seconds: float | None) -> None:
    """Show the values of a dashboard server, installed ones included, and which conditions hold.

    The publish port is 8100 unless another is named; requests go to the next one.
    """
    address = parse(target, PORT)
    if address.path:
        raise click.BadParameter(
            "a dashboard has no Unix socket: write HOST[:PORT]", param_hint="HOST[:PORT]"
        )
    if once and seconds is None:
        seconds = 10.0
    watcher = Watcher(address.host, address.port)
    screen = console()
    try:
        if once:
            _once(watcher, seconds or 10.0, json_)
        elif json_ or not screen.is_terminal:
            _lines(watcher, seconds, json_)
        else:
            _live(watcher, seconds)
    except KeyboardInterrupt:
        pass
    finally:
        watcher.close()
    if watcher.followed.last is None and (seconds is not None):
        remark(f"nothing was heard from {address} within {seconds:g} s: is it the port of a dashboard?")
        ctx.exit(UNREACHED)


def _once(watcher: Watcher, seconds: float, json_: bool) -> None:
    ends = time.monotonic() + seconds
    for _ in watcher.looks(seconds):
        views = watcher.views()
        if watcher.complete or (views and all(v.value is not None for v in views)):
            break
        if time.monotonic() > ends:
            break
    if json_:
        for view in watcher.views():
            json_line(document(view))
    elif watcher.followed.last is not None:
        console().print(table(watcher.followed, watcher.now(), live=False))


def _lines(watcher: Watcher, seconds: float | None, json_: bool) -> None:
    """One line for each value whose number, state or level is another one."""
    told: dict[str, Any] = {}
    for _ in watcher.looks(seconds):
        for view in watcher.views():
            key = (view.value, view.time, view.state, view.why, view.level)
            if told.get(view.tag) == key or view.state == "waiting":
                continue
            told[view.tag] = key
            if json_:
                json_line(document(view))
            else:
                console().print(line(view), markup=False)


def _live(watcher: Watcher, seconds: float | None) -> None:
    from rich.live import Live

    with Live(table(watcher.followed, watcher.now()), console=console(), auto_refresh=False) as live:
        for _ in watcher.looks(seconds):
            live.update(table(watcher.followed, watcher.now()), refresh=True)


def document(view: ValueView) -> dict[str, Any]:
    """A value as `--json` prints it."""
    from pychron.dashboard.wire import view_json

    return view_json(view)


def line(view: ValueView) -> str:
    """A value on one line."""
    number = "-" if view.value is None else f"{view.value:g}"
    level = f"  {view.level}" if view.level is not None else ""
    why = f"  {view.why}" if view.why else ""
    return plain(f"{view.name:<28} {number:>12} {view.units:<6} {view.state}{level}{why}")


def plain(text: str) -> str:
    """Without what a terminal would obey: names and reasons come from another computer."""
    return "".join(c if c.isprintable() else "?" for c in text)


def table(followed: Followed, now: float, live: bool = True) -> Table:
    """Every value: number, age, state, the worst condition that holds on it."""
    from rich.table import Table
    from rich.text import Text

    state, why = followed.state(now), followed.why(now)
    emulated = ("  SIMULATED", "bold magenta") if followed.simulated else ""
    title = Text.assemble(
        f"{followed.server}  ", (str(state), STYLES[state]), f"  {plain(why)}" if why else "", emulated
    )
    shown = Table(title=title, title_justify="left")
    for column, justify in (("value", "left"), ("number", "right"), ("units", "left"), ("age", "right")):
        shown.add_column(column, justify=justify)  # type: ignore[arg-type]
    for column in ("state", "condition", "why"):
        shown.add_column(column)
    for view in followed.views(now):
        level = "" if view.level is None else str(view.level)
        shown.add_row(
            Text(plain(view.name)),
            Text("-" if view.value is None else f"{view.value:g}"),
            Text(plain(view.units)),
            Text("-" if view.age_s is None else f"{view.age_s:.0f} s"),
            Text(str(view.state), STYLES[view.state]),
            Text(level, LEVELS.get(level, "")),
            Text(plain(view.why)),
        )
    if live and not followed.values:
        shown.caption = "waiting for its configuration; Ctrl-C ends it"
    return shown


class Watcher:
    """A client on plain sockets: installed servers and ours, also before they are there."""

    def __init__(self, host: str, port: int) -> None:
        import zmq

        from pychron.dashboard.following import Followed

        self._zmq = zmq
        self._host, self._port = host, port
        self.followed = Followed(f"{host}:{port}", time.monotonic())
        self._context = zmq.Context()
        self._sub = self._socket(zmq.SUB, port)
        for prefix in (b"dashboard ", b"pychron "):
            self._sub.subscribe(prefix)
        self._req: Any = None
        self._pending: tuple[bytes, float] | None = None
        self._due: dict[bytes, float] = {b"config_json": 0.0, b"snapshot": 0.0}
        self._boot, self._seq = "", -1
        self.complete = False
        """A snapshot has come: every value is known as its server knows it."""

    def now(self) -> float:
        """Seconds of this machine that are never set."""
        return time.monotonic()

    def views(self) -> list[ValueView]:
        """Every value."""
        return self.followed.views(self.now())

    def close(self) -> None:
        """Close what is open."""
        self._sub.close()
        if self._req is not None:
            self._req.close()
        self._context.term()

    def looks(self, seconds: float | None) -> Iterator[None]:
        """Once after each burst of messages, and DRAW_S after the last look at the latest."""
        ends = None if seconds is None else self.now() + seconds
        while ends is None or self.now() < ends:
            self._ask()
            poller = self._zmq.Poller()
            poller.register(self._sub, self._zmq.POLLIN)
            if self._req is not None:
                poller.register(self._req, self._zmq.POLLIN)
            ready = dict(poller.poll(int(DRAW_S * 1000)))
            if self._req in ready:
                self._answered(self._req.recv())
            for _ in range(200):
                if not self._sub.poll(0):
                    break
                self._heard(self._sub.recv())
            yield

    def _socket(self, kind: int, port: int) -> Any:
        socket = self._context.socket(kind)
        socket.setsockopt(self._zmq.LINGER, 0)
        if ":" in self._host:
            socket.setsockopt(self._zmq.IPV6, 1)
        host = f"[{self._host}]" if ":" in self._host else self._host
        socket.connect(f"tcp://{host}:{port}")
        return socket

    def _ask(self) -> None:
        """One request at a time; a socket that got no answer is thrown away, as REQ demands."""
        now = self.now()
        if self._pending is not None:
            if now - self._pending[1] < ASK_S:
                return
            self._req.close()
            self._req = self._pending = None
        for request, due in self._due.items():
            if now >= due:
                self._req = self._req or self._socket(self._zmq.REQ, self._port + 1)
                self._req.send(request)
                self._pending = (request, now)
                self._due[request] = now + REFRESH_S
                return

    def _answered(self, reply: bytes) -> None:
        from pychron.broadcast.frames import Snapshot, read_snapshot
        from pychron.dashboard.wire import read_config

        request = self._pending[0] if self._pending else b""
        self._pending = None
        if request == b"config_json":
            values = read_config(reply)
            if values is not None:
                self.followed.configure(values)
        elif request == b"snapshot" and reply:
            snapshot = read_snapshot(reply)
            if isinstance(snapshot, Snapshot) and (snapshot.boot != self._boot or snapshot.seq >= self._seq):
                self._boot, self._seq = snapshot.boot, snapshot.seq
                self.followed.snapshot(snapshot.state, self.now(), snapshot.simulated)
                self.complete = True

    def _heard(self, frame: bytes) -> None:
        from pychron.broadcast.frames import Message, read_message
        from pychron.dashboard.wire import read_object

        tag, _, text = frame.partition(b" ")
        if tag == b"dashboard":
            self.followed.frame(read_object(text.decode("utf-8", "replace")), self.now())
            return
        message = read_message(frame)
        if not isinstance(message, Message):
            return
        if message.boot == self._boot and not message.is_heartbeat and message.seq <= self._seq:
            return
        behind = message.boot != self._boot or message.seq > self._seq + (not message.is_heartbeat)
        if behind:
            self._due[b"snapshot"] = 0.0
        if message.boot == self._boot and not message.is_heartbeat:
            self._seq = message.seq
            self.followed.message(message.kind, message.payload, self.now())
