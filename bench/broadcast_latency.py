"""From a relay that the line has confirmed to its event in a subscriber's process, p99, against raw pyzmq between the
same two processes.

    python -m bench.broadcast_latency publisher FOLDER|subscriber PORT...   one of the two, as `run` starts them

The publisher turns a dummy relay by the real manager; the time is taken when the manager puts the change on its bus,
which is after its commit. Between two actuations it sends the same fields by a bare PUB socket, so that both meet the
same moments of the machine. The monotonic clock is one for all processes of a machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zmq

from bench.rows import Row, at_most

EVENTS = 1000
PACE_S = 0.002
WARM_UP = 50
LIMIT = 3.0
HOST = "127.0.0.1"
SETTLED = ("open", "closed")


def run() -> list[Row]:
    command = [sys.executable, "-m", "bench.broadcast_latency"]
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        found = _both(command, folder)
    ours, peer = p99(found["ours"]), p99(found["peer"])
    return [at_most("relay confirmed to a subscriber, p99 us (raw pyzmq)", ours * 1e6, peer * 1e6, LIMIT)]


def _both(command: list[str], folder: str) -> dict[str, list[float]]:
    publisher = subprocess.Popen([*command, "publisher", folder], stdout=subprocess.PIPE, text=True)
    try:
        ports = publisher.stdout.readline().split() if publisher.stdout else []
        done = subprocess.run(
            [*command, "subscriber", *ports], capture_output=True, text=True, timeout=120, check=True
        )
    finally:
        publisher.kill()
        publisher.wait()
        if publisher.stdout:
            publisher.stdout.close()
    return dict(json.loads(done.stdout))


def p99(values: list[float]) -> float:
    return sorted(values[WARM_UP:])[int((len(values) - WARM_UP) * 0.99)]


def publish(folder: Path) -> None:
    """Serve until killed; `go` gets one request to begin and one for the times of what was published."""
    context = zmq.Context()
    pub, go = context.socket(zmq.PUB), context.socket(zmq.REP)
    raw_port = pub.bind_to_random_port(f"tcp://{HOST}")
    go_port = go.bind_to_random_port(f"tcp://{HOST}")

    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from bench.a_line import SWITCH, open_line
    from pychron.extraction_line.events import SwitchChanged
    from pychron.node.real_world import build_world
    from pychron.runtime.deadlines import sleep

    world = build_world(reactor)
    confirmed: list[float] = []

    async def work() -> None:
        bench = await open_line(world, folder)
        published = bench.bus.publish

        def publish(event: Any, can_wait: bool = False) -> None:
            if isinstance(event, SwitchChanged) and str(event.view.state) in SETTLED:
                confirmed.append(time.monotonic())
            published(event, can_wait)

        bench.bus.publish = publish  # type: ignore[method-assign]
        print(raw_port, go_port, bench.port, flush=True)
        await world.pool.run(go.recv)
        go.send(b"")
        for n in range(EVENTS):
            await bench.turn(world, n)
            await sleep(world.wire, PACE_S)
            fields = {**bench.line.picture.valve(SWITCH), "sent": time.monotonic()}
            pub.send(b"raw " + json.dumps(fields).encode())
            await sleep(world.wire, PACE_S)
        await world.pool.run(go.recv)
        go.send(json.dumps(confirmed).encode())

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(work()).addErrback(lambda f: f.printTraceback()))
    reactor.run()


def subscribe(raw_port: int, go_port: int, port: int) -> None:
    """Begin when both subscriptions are heard; print the seconds of each delivery."""
    from twisted.internet import reactor

    from pychron.broadcast.sequence import Apply, Reset
    from pychron.broadcast.subscriber import Subscriber, Told
    from pychron.node.real_world import build_world

    context = zmq.Context()
    sub, go = context.socket(zmq.SUB), context.socket(zmq.REQ)
    sub.subscribe(b"raw ")
    sub.connect(f"tcp://{HOST}:{raw_port}")
    go.connect(f"tcp://{HOST}:{go_port}")
    peer: list[float] = []
    arrived: list[float] = []

    def listen() -> None:
        while len(peer) < EVENTS:
            frame = sub.recv()
            now = time.monotonic()
            peer.append(now - json.loads(frame[4:])["sent"])

    def end() -> None:
        raw.join()
        go.send(b"times")
        ours = [at - sent for at, sent in zip(arrived, json.loads(go.recv()), strict=True)]
        print(json.dumps({"ours": ours, "peer": peer}))
        reactor.stop()

    begun: list[bool] = []

    def told(output: Told) -> None:
        now = time.monotonic()
        if isinstance(output, Reset) and not begun:
            begun.append(True)
            go.send(b"begin")
            go.recv()
        elif isinstance(output, Apply) and output.message.payload.get("state") in SETTLED:
            arrived.append(now)
            if len(arrived) == EVENTS:
                end()

    raw = threading.Thread(target=listen)
    raw.start()
    subscriber = Subscriber(build_world(reactor), HOST, port, told)
    # A bare subscription says nothing when it is heard: it has had half a second by then.
    reactor.callLater(0.5, subscriber.start)
    reactor.run()


if __name__ == "__main__":
    if sys.argv[1] == "publisher":
        publish(Path(sys.argv[2]))
    else:
        subscribe(*map(int, sys.argv[2:]))
