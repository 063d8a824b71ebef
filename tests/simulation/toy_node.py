"""A toy node for tests of the virtual laboratory: counts what it is sent on disk, answers, and publishes."""

from __future__ import annotations

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol

from pychron.events.bus import EventBus


class Counter(Protocol):
    """Each byte that comes is written to disk, then answered by the count."""

    def __init__(self, node):
        self.node = node

    def dataReceived(self, data):
        for byte in data:
            self.node.spawn(self.count(bytes([byte])))

    async def count(self, byte):
        count = await self.node.store(byte)
        self.node.bus.publish(("counted", byte, count))
        if self.node.publisher is not None:
            self.node.publisher.send(b"count %d" % count)
        self.transport.write(b"%d\n" % count)


class ToyNode(Service):
    """`valve` serves; `experiment` is only a world to test with."""

    def __init__(self, options, world, emulate, failed):
        self.options = options
        self.world = world
        self.bus = EventBus(world.wire)
        self.publisher = None
        self.running_work = []
        self.heard = []

    def spawn(self, coroutine):
        self.running_work.append(Deferred.fromCoroutine(coroutine))

    def startService(self):
        super().startService()
        if self.options.role == "valve":
            self.spawn(self.serve())

    async def serve(self):
        self.database = await self.world.pool.run(self.open)
        await self.world.streams.tcp_server("0.0.0.0", 1061).listen(
            Factory.forProtocol(lambda: Counter(self))
        )
        self.publisher, _ = self.world.zmq.publisher("0.0.0.0", 5555)
        self.replier, _ = self.world.zmq.replier(
            "0.0.0.0", 5556, lambda frame: b"echo" if frame == b"ping" else b""
        )

    def open(self):
        database = self.world.sqlite(self.options.root / "node.sqlite")
        database.execute("create table if not exists counted (byte blob)")
        database.commit()
        return database

    async def store(self, byte):
        def work():
            self.database.execute("insert into counted values (?)", (byte,))
            self.database.commit()
            return self.database.execute("select count(*) from counted").fetchone()[0]

        return await self.world.pool.run(work)

    def stopService(self):
        super().stopService()
        done = Deferred()
        self.world.wire.callLater(0.01, done.callback, None)
        return done


class Recorder(Protocol):
    """Keeps what came and how it ended."""

    def __init__(self):
        self.data = b""
        self.pieces = []
        self.lost = None
        self.made = False

    def connectionMade(self):
        self.made = True

    def dataReceived(self, data):
        self.data += data
        self.pieces.append(data)

    def connectionLost(self, reason):
        self.lost = type(reason.value).__name__


def recorders(kept):
    """A factory whose protocols are kept."""

    def build():
        kept.append(Recorder())
        return kept[-1]

    return Factory.forProtocol(build)
