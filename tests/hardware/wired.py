"""An instrument played by the test: what the driver wrote, and what comes back, byte by byte, on a Clock."""

import random

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, ConnectionRefusedError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from pychron.runtime.world import World

NO_ERROR = b'+0,"No error"\n'


class Wire:
    """One connection."""

    disconnecting = False

    def __init__(self, clock, protocol):
        self.clock, self.protocol, self.sent, self.open = clock, protocol, b"", True

    def write(self, data):
        assert self.open
        self.sent += data

    def take(self):
        """What was written since."""
        sent, self.sent = self.sent, b""
        return sent

    def say(self, data):
        self.protocol.dataReceived(data)

    def loseConnection(self):
        self.clock.callLater(0, self.end, ConnectionDone())

    def abortConnection(self):
        self.clock.callLater(0, self.end, ConnectionAborted())

    def end(self, reason=None):
        if self.open:
            self.open = False
            self.protocol.connectionLost(Failure(reason or ConnectionLost()))


@implementer(IStreamClientEndpoint)
class Ends:
    """Connections as they come. `down` refuses them."""

    def __init__(self, clock):
        self.clock, self.made, self.down = clock, [], False

    def connect(self, factory):
        if self.down:
            return fail(ConnectionRefusedError())
        done = Deferred(lambda _: timer.cancel() if timer.active() else None)
        timer = self.clock.callLater(0.001, self._connect, factory, done)
        return done

    def _connect(self, factory, done):
        protocol = factory.buildProtocol(None)
        self.made.append(Wire(self.clock, protocol))
        protocol.makeConnection(self.made[-1])
        done.callback(protocol)

    @property
    def wire(self):
        return self.made[-1]


def a_world(clock=None, streams=None):
    clock = clock or Clock()
    return World(
        lab=clock,
        wire=clock,
        wall=clock.seconds,
        boot="boot",
        machine_boot="machine",
        streams=streams,
        pool=None,
        zmq=None,
        scripts=None,
        sqlite=None,
        local_addresses=lambda: (),
        random=random.Random(1),
    )


def start(coroutine):
    """Its Deferred, with what it failed with as a result."""
    return Deferred.fromCoroutine(coroutine).addErrback(lambda failure: failure.value)


def pump(clock, seconds=0.01, step=0.001):
    for _ in range(round(seconds / step)):
        clock.advance(step)
