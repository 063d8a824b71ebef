"""From an event in one process to its delivery in a subscriber's process, p99, against raw pyzmq between the same
two processes.

    python -m bench.broadcast_latency publisher|subscriber PORT...       one of the two, as `run` starts them

Both phases send the same number of events of the same size at the same pace; each carries the monotonic clock,
which the processes of one machine share.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import zmq

from bench.rows import Row, at_most

EVENTS = 2000
PACE_S = 0.002
WARM_UP = 100
LIMIT = 3.0
HOST = "127.0.0.1"
TEXT = "x" * 60


@dataclass(frozen=True, slots=True)
class Changed:
    """The event."""

    n: int
    sent: float


def run() -> list[Row]:
    command = [sys.executable, "-m", "bench.broadcast_latency"]
    publisher = subprocess.Popen([*command, "publisher"], stdout=subprocess.PIPE, text=True)
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
    found = json.loads(done.stdout)
    ours, peer = p99(found["ours"]), p99(found["peer"])
    return [at_most("event to a subscriber's process, p99 us (raw pyzmq)", ours * 1e6, peer * 1e6, LIMIT)]


def p99(values: list[float]) -> float:
    return sorted(values[WARM_UP:])[int((len(values) - WARM_UP) * 0.99)]


def publish() -> None:
    """Raw first, in a loop of its own; then the notifier on the node's bus."""
    context = zmq.Context()
    pub, go = context.socket(zmq.PUB), context.socket(zmq.REP)
    raw_port = pub.bind_to_random_port(f"tcp://{HOST}")
    go_port = go.bind_to_random_port(f"tcp://{HOST}")

    from twisted.internet import reactor
    from twisted.internet.task import LoopingCall

    from pychron.broadcast.interfaces import Announcement
    from pychron.broadcast.notifier import Notifier
    from pychron.events.bus import EventBus
    from pychron.node.real_world import build_world

    world = build_world(reactor)
    bus = EventBus(reactor)
    notifier = Notifier(world, "bench")
    notifier.announce(
        Changed, lambda e: Announcement("switch", {"n": e.n, "sent": e.sent, "text": TEXT}, 0.0)
    )
    print(raw_port, go_port, notifier.start(HOST, 0, bus), flush=True)

    while not go.poll(10):
        pub.send(b"raw warm-up")
    go.recv()
    go.send(b"")
    for n in range(EVENTS):
        fields = {"n": n, "sent": time.monotonic(), "text": TEXT}
        pub.send(b"raw " + json.dumps(fields).encode())
        time.sleep(PACE_S)

    number = iter(range(EVENTS))

    def tick() -> None:
        n = next(number, None)
        if n is None:
            sending.stop()
        else:
            bus.publish(Changed(n, time.monotonic()))

    sending = LoopingCall(tick)

    def wait() -> None:
        go.recv()
        reactor.callFromThread(sending.start, PACE_S)

    threading.Thread(target=wait, daemon=True).start()
    reactor.run()


def subscribe(raw_port: int, go_port: int, port: int) -> None:
    context = zmq.Context()
    sub, go = context.socket(zmq.SUB), context.socket(zmq.REQ)
    sub.subscribe(b"raw ")
    sub.connect(f"tcp://{HOST}:{raw_port}")
    go.connect(f"tcp://{HOST}:{go_port}")
    sub.recv()
    go.send(b"")
    go.recv()
    peer: list[float] = []
    while len(peer) < EVENTS:
        frame = sub.recv()
        now = time.monotonic()
        if frame != b"raw warm-up":
            peer.append(now - json.loads(frame[4:])["sent"])

    from twisted.internet import reactor

    from pychron.broadcast.sequence import Apply, Reset
    from pychron.broadcast.subscriber import Subscriber, Told
    from pychron.node.real_world import build_world

    ours: list[float] = []

    def told(output: Told) -> None:
        now = time.monotonic()
        if isinstance(output, Reset) and not ours:
            go.send(b"")
        elif isinstance(output, Apply):
            ours.append(now - output.message.payload["sent"])
            if len(ours) == EVENTS:
                print(json.dumps({"ours": ours, "peer": peer}))
                reactor.stop()

    subscriber = Subscriber(build_world(reactor), HOST, port, told)
    reactor.callWhenRunning(subscriber.start)
    reactor.run()


if __name__ == "__main__":
    if sys.argv[1] == "publisher":
        publish()
    else:
        subscribe(*map(int, sys.argv[2:]))
