"""Notifier and subscriber on real sockets against plain pyzmq, which knows nothing of Twisted."""

import json
import os
import random
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from twisted.internet import reactor
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from pychron.broadcast.frames import (
    Message,
    Snapshot,
    read_message,
    read_snapshot,
    write_message,
    write_snapshot,
)
from pychron.broadcast.notifier import Notifier, PortTaken
from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.broadcast.subscriber import Subscriber, Told
from pychron.broadcast.txzmq_sockets import RealZmq
from pychron.runtime.deadlines import DeadlinePassed, sleep
from pychron.runtime.world import World

HOST = "127.0.0.1"


class Peer:
    """Plain pyzmq with a context of its own."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.sockets: list[zmq.Socket] = []

    def socket(self, kind: int, **options: int) -> zmq.Socket:
        made = self.context.socket(kind)
        made.setsockopt(zmq.LINGER, 0)
        made.setsockopt(zmq.RCVTIMEO, 5000)
        for name, value in options.items():
            made.setsockopt(getattr(zmq, name), value)
        self.sockets.append(made)
        return made

    def bound_pair(self) -> tuple[zmq.Socket, zmq.Socket, int]:
        """PUB on P and REP on P + 1, as an installed notifier has them."""
        while True:
            pub, rep = self.socket(zmq.PUB), self.socket(zmq.REP)
            port = pub.bind_to_random_port(f"tcp://{HOST}")
            try:
                rep.bind(f"tcp://{HOST}:{port + 1}")
            except zmq.ZMQError:
                continue
            return pub, rep, port

    def close(self) -> None:
        for made in self.sockets:
            made.close()
        self.context.term()


class SocketTests(TestCase):
    def setUp(self) -> None:
        self.zmq = RealZmq(reactor)
        self.peer = Peer()
        self.addCleanup(self.peer.close)

    def world(self, boot: str = "") -> World:
        return World(
            lab=reactor,
            wire=reactor,
            wall=time.time,
            boot=boot or uuid.uuid4().hex,
            machine_boot="m",
            streams=None,
            pool=None,
            zmq=self.zmq,
            scripts=None,
            sqlite=None,
            local_addresses=lambda: (),
            random=random.Random(1),
        )

    def notifier(self, host: str = HOST) -> tuple[Notifier, int]:
        notifier = Notifier(self.world(), "pyvalve")
        port = notifier.start(host, 0)
        self.addCleanup(notifier.stop)
        return notifier, port

    def notifier_among_quiet_ports(self) -> tuple[Notifier, int]:
        """Where nobody takes the next ports meanwhile: below those that the system gives to whoever asks for any."""
        for below in range(20_000 + os.getpid() % 3_000 * 4, 32_700, 4):
            notifier = Notifier(self.world(), "pyvalve")
            try:
                with socket.socket() as probe:
                    probe.bind((HOST, below))
                port = notifier.start(HOST, below + 1)
            except (OSError, PortTaken):
                continue
            self.addCleanup(notifier.stop)
            return notifier, port
        raise AssertionError("no three ports are free")

    async def until(self, true: Callable[[], Any], seconds: float = 15.0) -> None:
        for _ in range(round(seconds / 0.02)):
            if true():
                return
            await sleep(reactor, 0.02)
        self.fail("it did not become true")

    def subscriber(self, port: int, told: Callable[[Told], None] | None) -> Subscriber:
        subscriber = Subscriber(self.world(), HOST, port, told)
        self.addCleanup(subscriber.stop)
        return subscriber

    # ---- our notifier, plain peers

    async def test_a_plain_sub_gets_single_frames_of_tag_and_payload(self) -> None:
        notifier, port = self.notifier()
        sub = self.peer.socket(zmq.SUB)
        sub.subscribe(b"")
        sub.connect(f"tcp://{HOST}:{port}")

        def first() -> list[bytes]:
            return sub.recv_multipart()

        beat = await deferToThread(first)
        self.assertEqual(read_message(beat[0]).kind, "heartbeat")
        notifier.publish("switch", {"name": "A", "state": "open"})
        notifier.run_added("00000000-0000-0000-0000-000000000006")
        notifier.console_message("console 6")
        frames = [await deferToThread(first) for _ in range(3)]
        self.assertTrue(all(len(parts) == 1 and b"\0" not in parts[0] for parts in frames))
        message = read_message(frames[0][0])
        self.assertEqual((message.seq, message.payload), (1, {"name": "A", "state": "open"}))
        self.assertEqual(
            frames[1:], [[b"RunAdded 00000000-0000-0000-0000-000000000006"], [b"ConsoleMessage console 6"]]
        )

    async def test_whatever_is_asked_is_answered(self) -> None:
        notifier, port = self.notifier()
        notifier.contribute("line", lambda: {"A": "open"})
        notifier.handle("broken", lambda: 1 / 0)
        notifier.handle("config_json", lambda: "{}")
        req = self.peer.socket(zmq.REQ)
        req.connect(f"tcp://{HOST}:{port + 1}")

        def ask(*parts: bytes) -> list[bytes]:
            req.send_multipart(parts)
            return req.recv_multipart()

        garbage = [b"", b"config", b"\x00\xff", b"x" * 60_000, b"broken", b"nonsense"]
        for request in garbage:
            self.assertEqual(await deferToThread(ask, request), [b""])
            self.assertEqual(await deferToThread(ask, b"ping"), [b"echo"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(await deferToThread(ask, b"ping", b"", b"more"), [b""])
        self.assertEqual(await deferToThread(ask, b"config_json"), [b"{}"])
        snapshot = read_snapshot((await deferToThread(ask, b"snapshot"))[0])
        self.assertEqual((snapshot.node, snapshot.state), ("pyvalve", {"line": {"A": "open"}}))

    async def test_a_peer_without_manners_harms_no_other(self) -> None:
        _, port = self.notifier()
        dealer = self.peer.socket(zmq.DEALER)
        dealer.connect(f"tcp://{HOST}:{port + 1}")
        for parts in ([b"ping"], [b"a", b"b"], [b"", b"ping"], [b""], [b"", b"", b""], [b"", b"x" * 100_000]):
            dealer.send_multipart(parts)
        raw = socket.create_connection((HOST, port + 1))
        self.addCleanup(raw.close)
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 50)
        req = self.peer.socket(zmq.REQ)
        req.connect(f"tcp://{HOST}:{port + 1}")

        def ask() -> bytes:
            req.send(b"ping")
            return req.recv()

        for _ in range(3):
            self.assertEqual(await deferToThread(ask), b"echo")

    async def test_ports_are_free_when_it_stopped_and_a_taken_one_is_named(self) -> None:
        notifier, port = self.notifier_among_quiet_ports()
        other = Notifier(self.world(), "n")
        for taken in (port, port - 1):
            error = self.assertRaises(PortTaken, other.start, HOST, taken)
            self.assertIn(f"port {HOST}:{port} cannot be had (Address already in use)", str(error))
        notifier.stop()
        for _ in range(20):
            again = Notifier(self.world(), "n")
            self.assertEqual(again.start(HOST, port), port)
            again.stop()
            with socket.socket() as probe:
                probe.bind((HOST, port))
        error = self.assertRaises(PortTaken, other.start, "192.0.2.1", 5555)
        self.assertIn("192.0.2.1:5555", str(error))
        error = self.assertRaises(PortTaken, other.start, "no-such-host.invalid", 5555)
        self.assertIn("there is no host no-such-host.invalid", str(error))

    async def test_ipv6(self) -> None:
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            raise SkipTest("this machine has no IPv6 loopback") from None
        _, port = self.notifier("::1")
        told: list[Told] = []
        subscriber = Subscriber(self.world(), "::1", port, told.append)
        subscriber.start()
        self.addCleanup(subscriber.stop)
        await self.until(lambda: told)
        self.assertIsInstance(told[0], Reset)

    async def test_a_slow_subscriber_costs_bounded_memory(self) -> None:
        notifier, port = self.notifier()
        slow = self.peer.socket(zmq.SUB, RCVHWM=1, RCVBUF=4096)
        slow.subscribe(b"")
        slow.connect(f"tcp://{HOST}:{port}")
        await deferToThread(slow.recv)
        before = resident()
        text = "x" * 1000
        for _ in range(100):
            for _ in range(1000):
                notifier.send_text("ConsoleMessage", text)
            await sleep(reactor, 0)
        self.assertLess(resident() - before, 40e6, "100 MB were sent to a peer that reads nothing")

    # ---- our subscriber, plain peers

    async def test_it_follows_a_plain_publisher(self) -> None:
        pub, rep, port = self.peer.bound_pair()
        told: list[Told] = []
        texts: list[str] = []
        subscriber = self.subscriber(port, told.append)
        subscriber.subscribe("RunAdded", texts.append)
        subscriber.start()
        self.assertEqual(await deferToThread(rep.recv), b"snapshot")
        rep.send(write_snapshot(Snapshot("v", "b", 3, 0.0, {"A": 1})))
        await self.until(lambda: told)
        self.assertEqual(told[0].snapshot.state, {"A": 1})
        frame = write_message(Message("v", "b", 4, 0.0, "switch", {"A": 2}))
        while len(told) < 2:  # the subscription itself takes a moment to arrive
            pub.send(frame)
            await sleep(reactor, 0.02)
        self.assertEqual(told[1], Apply(read_message(frame)))
        pub.send(b"RunAdded 12")
        pub.send(b"pychron garbage")
        pub.send(b"\xff\xfe")
        pub.send_multipart([b"RunAdded 13", write_message(Message("v", "b", 5, 0.0, "switch", {}))])
        await self.until(lambda: len(told) == 3)
        self.assertEqual((texts, subscriber.bad), (["12", "13"], 1))

    async def test_a_request_that_nobody_answers_has_an_end(self) -> None:
        _, rep, port = self.peer.bound_pair()
        for asked in (port + 1, 1):
            try:
                await self.zmq.request(HOST, asked, b"ping", 0.2)
            except DeadlinePassed as passed:
                self.assertIn(str(asked), str(passed))
            else:
                self.fail("it has an answer")
        rep.recv()
        rep.send(b"echo")
        waiting = self.zmq.request(HOST, port + 1, b"ping", 5)
        answered = deferToThread(lambda: (rep.recv(), rep.send_multipart([b"echo", b"more"])))
        self.assertEqual(await waiting, b"echo")
        await answered

    async def test_a_flood_leaves_the_reactor_to_the_others(self) -> None:
        script = Path(__file__).with_name("flooding_publisher.py")
        flood = subprocess.Popen(  # noqa: ASYNC220 (begins at once)
            [sys.executable, str(script), "200000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(end, flood)
        port = int(await deferToThread(flood.stdout.readline))
        last = [0]

        def told(output: Told) -> None:
            assert not isinstance(output, Lost), output
            at = output.snapshot.seq if isinstance(output, Reset) else output.message.seq
            assert at >= last[0]
            last[0] = at

        subscriber = self.subscriber(port, told)
        subscriber.start()
        await self.until(lambda: subscriber.follower.synchronous)
        late: list[float] = []
        due = [reactor.seconds() + 0.01]

        def tick() -> None:
            late.append(reactor.seconds() - due[0])
            due[0] = reactor.seconds() + 0.01

        ticks = LoopingCall(tick)
        ticks.start(0.01).addErrback(lambda failure: None)
        flood.stdin.write("go\n")
        flood.stdin.flush()
        await self.until(lambda: last[0] == 200_000 and subscriber.follower.synchronous, 60)
        ticks.stop()
        late.sort()
        # A stock txZMQ subscriber stands still for about a second here; other work on this machine may take a core.
        self.assertLess(late[int(len(late) * 0.99)], 0.1)
        self.assertLess(late[-1], 0.5)

    async def test_a_publisher_that_comes_back_is_found_again(self) -> None:
        notifier, port = self.notifier()
        told: list[Told] = []
        subscriber = self.subscriber(port, told.append)
        subscriber.start()
        await self.until(lambda: told)
        notifier.stop()
        again = Notifier(self.world(), "pyvalve")
        again.contribute("line", lambda: {"A": "closed"})
        again.start(HOST, port)
        self.addCleanup(again.stop)
        await self.until(lambda: len(told) > 1)
        self.assertEqual(told[-1].snapshot.state, {"line": {"A": "closed"}})


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def resident() -> float:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096.0


def test_json_of_a_plain_client() -> None:
    """A client of another language reads the frame with nothing but split and a JSON parser."""
    frame = write_message(Message("pyvalve", "b", 1, 2.0, "switch", {"name": "A \u00b5"}))
    tag, payload = frame.decode().split(" ", 1)
    assert (tag, json.loads(payload)["payload"]) == ("pychron", {"name": "A \u00b5"})
