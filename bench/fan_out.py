"""Fifty subscribers of one publisher: our notifier against stock txZMQ, paced and in one burst.

    python -m bench.fan_out ours|stock             a publisher, as `run` starts it: commands on stdin
    python -m bench.fan_out subscribers PORT N     fifty bare pyzmq sockets, until each has N messages

Ours is the notifier with all that a node does for a message: number, names, JSON. Stock gets bytes that are made. Both
frames have the same length, and the time at which they were asked for. The monotonic clock is one for all processes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import zmq

from bench.rows import Row, at_most_more

SUBSCRIBERS = 50
SIZE = 200
PACED = 2_000
PACE_S = 0.001
BURST = 4_000
ROUNDS = 7
MOST_LATE = 1.2
LEAST_BURST = 0.9
HOST = "127.0.0.1"
SENT = b'"sent":'
QUIET_S = 5.0
"""What has not come for so long is lost."""


def run() -> list[Row]:
    """Rounds by turns, so that both meet the same moments of the machine."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with _publishers() as publishers:
        for number in range(ROUNDS):
            for what, count in (("paced", PACED), ("burst", BURST)):
                order = publishers if number % 2 else publishers[::-1]
                for publisher in order:
                    found.setdefault((publisher.kind, what), []).append(publisher.measure(what, count))
    p99 = _pairs(found, "paced", "p99")
    rate = _pairs(found, "burst", "rate")
    lost = sum(one["lost"] for (kind, _), all_ in found.items() if kind == "ours" for one in all_)
    late, fast = median(o / s for o, s in p99), median(o / s for o, s in rate)
    return [
        Row(
            f"{SUBSCRIBERS} subscribers at 1 kHz, p99 us (stock txZMQ)",
            median(o for o, _ in p99) * 1e6,
            median(s for _, s in p99) * 1e6,
            late,
            MOST_LATE,
            late <= MOST_LATE,
        ),
        Row(
            f"a burst of {BURST:,} to them, deliveries/s (stock txZMQ)",
            median(o for o, _ in rate),
            median(s for _, s in rate),
            fast,
            LEAST_BURST,
            fast >= LEAST_BURST,
        ),
        at_most_more("messages lost on the way to them", lost, 0.0, 0.0),
    ]


def _pairs(found: Any, what: str, key: str) -> list[tuple[float, float]]:
    return [(o[key], s[key]) for o, s in zip(found["ours", what], found["stock", what], strict=True)]


class _Publisher:
    """One of the two in its process."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.fan_out", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the publisher {self.kind} ended")
        return line

    def measure(self, what: str, count: int) -> dict[str, float]:
        """Subscribe fifty times anew, publish, and wait for the last message."""
        command = [sys.executable, "-m", "bench.fan_out", "subscribers", self.port, str(count)]
        subscribers = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert subscribers.stdout is not None and self.process.stdin is not None
        subscribers.stdout.readline()
        self.process.stdin.write(f"{what} {count}\n")
        self.process.stdin.flush()
        out, _ = subscribers.communicate(timeout=120)
        return dict(json.loads(out))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def _publishers() -> Iterator[tuple[_Publisher, _Publisher]]:
    ours, stock = _Publisher("ours"), _Publisher("stock")
    try:
        yield ours, stock
    finally:
        ours.stop()
        stock.stop()


def publish(kind: str) -> None:
    """Print the port; publish what stdin orders, until killed."""
    from twisted.internet import reactor
    from twisted.internet.stdio import StandardIO
    from twisted.protocols.basic import LineOnlyReceiver

    port, send = _ours(reactor) if kind == "ours" else _stock()

    def paced(left: int, due: float) -> None:
        send()
        if left > 1:
            reactor.callLater(max(0.0, due + PACE_S - time.monotonic()), paced, left - 1, due + PACE_S)

    class Orders(LineOnlyReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:
            what, count = line.decode().split()
            if what == "paced":
                paced(int(count), time.monotonic())
                return
            for _ in range(int(count)):
                send()

    StandardIO(Orders())
    print(port, flush=True)
    reactor.run()


def _ours(reactor: Any) -> tuple[int, Callable[[], None]]:
    from pychron.broadcast.frames import Message, write_message
    from pychron.broadcast.notifier import Notifier
    from pychron.node.real_world import build_world

    world = build_world(reactor)
    notifier = Notifier(world, "pyvalve")
    empty = Message(
        "pyvalve", world.boot, 1000, world.wall(), "bench", {"sent": time.monotonic(), "fill": ""}
    )
    fill = "x" * (SIZE - len(write_message(empty)))
    port = notifier.start(HOST, 0)

    def send() -> None:
        notifier.publish("bench", {"sent": time.monotonic(), "fill": fill})

    return port, send


def _stock() -> tuple[int, Callable[[], None]]:
    from txzmq import ZmqEndpoint, ZmqFactory, ZmqPubConnection

    connection = ZmqPubConnection(ZmqFactory(), ZmqEndpoint("bind", f"tcp://{HOST}:*"))
    port = int(connection.socket.get(zmq.LAST_ENDPOINT).rstrip(b"\0").rpartition(b":")[2])

    def send() -> None:
        text = b'{"sent":%.6f,"fill":"' % time.monotonic()
        connection.publish(text + b"x" * (SIZE - len(text) - 10) + b'"}', b"pychron")

    return port, send


def subscribe(port: int, count: int) -> None:
    """Say when all are connected; take `count` messages each; print p99 of their seconds and deliveries a second."""
    context = zmq.Context()
    poller = zmq.Poller()
    left = {}
    for _ in range(SUBSCRIBERS):
        socket = context.socket(zmq.SUB)
        socket.set(zmq.RCVHWM, 0)
        socket.subscribe(b"pychron")
        socket.connect(f"tcp://{HOST}:{port}")
        poller.register(socket, zmq.POLLIN)
        left[socket] = count
    time.sleep(0.7)  # A bare subscription says nothing when it is heard.
    print("ready", flush=True)
    clock, took, first, last = time.monotonic, [], 0.0, 0.0
    ends = clock() + QUIET_S
    while clock() < ends and any(left.values()):
        for socket, _ in poller.poll(100):
            while True:
                try:
                    frame = socket.recv(zmq.NOBLOCK)
                except zmq.Again:
                    break
                if SENT not in frame:
                    continue  # A heartbeat.
                at = frame.index(SENT) + len(SENT)
                sent = float(frame[at : frame.index(b",", at)])
                last = clock()
                first = first or sent
                took.append(last - sent)
                left[socket] -= 1
                ends = last + QUIET_S
    took.sort()
    print(
        json.dumps(
            {
                "p99": took[int(len(took) * 0.99)],
                "rate": len(took) / (last - first),
                "lost": sum(left.values()),
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "subscribers":
        subscribe(int(sys.argv[2]), int(sys.argv[3]))
    else:
        publish(sys.argv[1])
