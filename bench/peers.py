"""Processes that a bench runs side by side: our command server, a bare Twisted one, and the load on them.

`python -m bench.peers ours|bare` serves one verb on a free port, prints the port, and answers lines on stdin:
`memory` its resident bytes, `ticks N` the lateness of N ticks of 10 ms. `python -m bench.peers load ...` is the
load: selectors only, no project code.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

REQUEST = b"GetValveState A\r\n"


# ---- the servers


def _resident() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _control(reactor: Any) -> None:
    """Answer what the bench asks on stdin."""
    from twisted.internet.stdio import StandardIO
    from twisted.protocols.basic import LineOnlyReceiver

    class Control(LineOnlyReceiver):
        delimiter = b"\n"

        def lineReceived(self, line: bytes) -> None:
            words = line.decode().split()
            if words[0] == "memory":
                self.sendLine(str(_resident()).encode())
            elif words[0] == "ticks":
                self.left, self.late = int(words[1]), []
                self.due = reactor.seconds() + 0.01
                reactor.callLater(0.01, self.tick)

        def tick(self) -> None:
            self.late.append(reactor.seconds() - self.due)
            if len(self.late) < self.left:
                self.due = reactor.seconds() + 0.01
                reactor.callLater(0.01, self.tick)
            else:
                self.sendLine(json.dumps(self.late).encode())

        def connectionLost(self, reason: object = None) -> None:
            reactor.stop()

    StandardIO(Control())


def serve_bare() -> None:
    """A line server with a dictionary of verbs; it imports what ours imports, so that memory can be compared."""
    from twisted.internet import reactor
    from twisted.internet.protocol import Factory
    from twisted.protocols.basic import LineReceiver

    import pychron.rpc.plugin
    from pychron.node.monotonic import make_monotonic

    assert pychron.rpc.plugin
    make_monotonic(reactor)
    states = {"A": True}
    verbs = {b"GetValveState": lambda name: b"OK" if states[name.decode()] else b"False"}

    class Lines(LineReceiver):
        def lineReceived(self, line: bytes) -> None:
            verb, _, argument = line.partition(b" ")
            self.sendLine(verbs[verb](argument))

    factory = Factory.forProtocol(Lines)
    factory.noisy = False
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    _control(reactor)
    reactor.run()


def serve_ours() -> None:
    """Rights, limits, counters and the audit hook as the plugin sets them; the verb by the way of every verb."""
    from twisted.internet import reactor
    from twisted.internet.endpoints import TCP4ServerEndpoint

    import pychron.rpc.plugin
    from pychron.node.monotonic import make_monotonic
    from pychron.rpc.faults import Fault
    from pychron.rpc.server import RemoteCommandServer
    from pychron.rpc.verbs import Call, Result, Verb, VerbTable
    from pychron.trust.addresses import rights_for
    from pychron.trust.rights import Right

    assert pychron.rpc.plugin
    make_monotonic(reactor)
    states = {"A": True}

    def state(call: Call) -> Result:
        try:
            return states[call.argument]
        except KeyError:
            raise Fault(5, name=call.argument) from None

    verbs = VerbTable()
    verbs.register(Verb("GetValveState", Right.OBSERVE, state, "NAME"))
    server = RemoteCommandServer(reactor, verbs, rights_for("127.0.0.1", None, False, ()))
    audited: list[str] = []
    server.dispatcher.audit = lambda call, why: audited.append(why)
    server.add_tcp(TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"), "", "")
    server.open()
    print(server.ports[0].getHost().port, flush=True)
    _control(reactor)
    reactor.run()


class Server:
    """One of them, in its own process."""

    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.peers", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the server under test ended")
        return line

    def tell(self, text: str) -> None:
        """One line to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text: str) -> Any:
        """One line to it and its JSON answer."""
        self.tell(text)
        return self.answer()

    def answer(self) -> Any:
        """The JSON answer to what it was told."""
        return json.loads(self._line())

    def stop(self) -> None:
        """End it by the end of its input."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """Ours and the bare one."""
    ours, bare = Server("ours"), Server("bare")
    try:
        yield ours, bare
    finally:
        ours.stop()
        bare.stop()


# ---- the load


def start_load(port: int, connections: int, seconds: float, rate: float = 0.0) -> subprocess.Popen[str]:
    """Begin to ask; `finish_load` waits for the result."""
    words = [str(word) for word in ("load", port, connections, seconds, rate)]
    return subprocess.Popen([sys.executable, "-m", "bench.peers", *words], stdout=subprocess.PIPE, text=True)


def finish_load(load: subprocess.Popen[str]) -> dict[str, float]:
    """Requests per second and the p99 of their times in seconds."""
    out, _ = load.communicate(timeout=120)
    if load.returncode:
        raise RuntimeError("the load ended with an error")
    return dict(json.loads(out))


def load_for(port: int, connections: int, seconds: float, rate: float = 0.0) -> dict[str, float]:
    """Both."""
    return finish_load(start_load(port, connections, seconds, rate))


def run_load(port: int, connections: int, seconds: float, rate: float) -> dict[str, float]:
    """Each connection asks again as soon as it is answered; with `rate` all together ask so often a second."""
    selector = selectors.DefaultSelector()
    sockets = []
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setblocking(False)
        sockets.append(one)
        selector.register(one, selectors.EVENT_READ, one)
    return _paced(selector, sockets, seconds, rate) if rate else _flat_out(selector, sockets, seconds)


def _flat_out(
    selector: selectors.BaseSelector, sockets: list[socket.socket], seconds: float
) -> dict[str, float]:
    clock = time.perf_counter
    sent = {one: clock() for one in sockets}
    for one in sockets:
        one.send(REQUEST)
    times: list[float] = []
    began = clock()
    ends = began + seconds
    while (now := clock()) < ends:
        for key, _ in selector.select(1.0):
            one = key.data
            if not one.recv(4096).endswith(b"\n"):
                raise RuntimeError("half a reply")
            now = clock()
            times.append(now - sent[one])
            sent[one] = now
            one.send(REQUEST)
    return _result(times, clock() - began)


def _paced(
    selector: selectors.BaseSelector, sockets: list[socket.socket], seconds: float, rate: float
) -> dict[str, float]:
    clock = time.perf_counter
    due: dict[socket.socket, float] = {}
    times: list[float] = []
    idle = list(sockets)
    began = clock()
    step = 1.0 / rate
    next_at = began
    while (now := clock()) < began + seconds:
        while next_at <= now and idle:
            # Timed from when it was due: a server that holds up the load cannot hide it.
            one = idle.pop(0)
            due[one] = next_at
            one.send(REQUEST)
            next_at += step
        for key, _ in selector.select(max(0.0, min(next_at - clock(), 0.001)) if idle else 0.1):
            one = key.data
            if not one.recv(4096).endswith(b"\n"):
                raise RuntimeError("half a reply")
            times.append(clock() - due[one])
            idle.append(one)
    return _result(times, clock() - began)


def _result(times: list[float], lasted: float) -> dict[str, float]:
    times.sort()
    return {"rate": len(times) / lasted, "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}


@contextmanager
def idle_connections(port: int, count: int) -> Iterator[None]:
    """That many connections which have spoken once."""
    held = []
    try:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(REQUEST)
            one.recv(64)
            held.append(one)
        yield
    finally:
        for one in held:
            one.close()


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "load":
        print(json.dumps(run_load(int(words[0]), int(words[1]), float(words[2]), float(words[3]))))
    else:
        {"ours": serve_ours, "bare": serve_bare}[what]()
