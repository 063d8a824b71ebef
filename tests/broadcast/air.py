"""A ZMQ without libzmq: frames go where the test sends them; nothing is lost unless it says so."""

import random
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from pychron.runtime.deadlines import within
from pychron.runtime.world import World


class Socket:
    def __init__(self, air: "Air", port: int, answer: Callable[[bytes], bytes] | None = None) -> None:
        self.air, self.port, self.answer = air, port, answer

    def send(self, frame: bytes) -> None:
        self.air.sent.append(frame)
        for listener in list(self.air.listeners):
            if listener.port == self.port and frame.startswith(listener.prefixes) and not self.air.deaf:
                listener.received(frame)

    def close(self) -> None:
        self.air.bound.pop(self.port, None)


class Listener:
    def __init__(
        self, air: "Air", port: int, prefixes: tuple[bytes, ...], received: Callable[[bytes], None]
    ) -> None:
        self.air, self.port, self.prefixes, self.received = air, port, prefixes, received
        air.listeners.append(self)

    def close(self) -> None:
        self.air.listeners.remove(self)


class Air:
    """Provides IZmq."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bound: dict[int, Socket] = {}
        self.taken: set[int] = set()
        self.listeners: list[Listener] = []
        self.sent: list[bytes] = []
        self.deaf = False
        self.next_port = 40_000

    def _bind(self, port: int, answer: Callable[[bytes], bytes] | None = None) -> tuple[Socket, int]:
        if port == 0:
            port, self.next_port = self.next_port, self.next_port + 2
        if port in self.bound or port in self.taken:
            raise OSError(98, "Address already in use", str(port))
        self.bound[port] = Socket(self, port, answer)
        return self.bound[port], port

    def publisher(self, host: str, port: int) -> tuple[Socket, int]:
        return self._bind(port)

    def replier(self, host: str, port: int, answer: Callable[[bytes], bytes]) -> tuple[Socket, int]:
        return self._bind(port, answer)

    def subscription(
        self, host: str, port: int, prefixes: tuple[bytes, ...], received: Callable[[bytes], None]
    ) -> Listener:
        return Listener(self, port, prefixes, received)

    async def request(self, host: str, port: int, frame: bytes, timeout_s: float) -> bytes:
        reply: Deferred[bytes] = Deferred()
        socket = self.bound.get(port)
        if socket is not None and socket.answer is not None:
            self.clock.callLater(0.01, lambda: reply.called or reply.callback(socket.answer(frame)))
        return await within(self.clock, timeout_s, reply, "request")


def world(air: Air, boot: str = "b1", simulated: bool = False) -> World:
    clock = air.clock
    return World(
        lab=clock,
        wire=clock,
        wall=lambda: clock.seconds() + 1000.0,
        boot=boot,
        machine_boot="m",
        streams=None,
        pool=None,
        zmq=air,
        scripts=None,
        sqlite=None,
        local_addresses=lambda: (),
        random=random.Random(1),
        simulated=simulated,
    )
