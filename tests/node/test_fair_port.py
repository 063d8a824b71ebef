"""A port that is stormed takes few connections a turn, and a request that was there is answered between."""

import socket

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from pychron.node.streams import ACCEPTS_A_TURN, RealStreams

STORM = 100


class Counts(Protocol):
    def connectionMade(self):
        self.factory.made.append(self.factory.turn)


class FairPorts(TestCase):
    async def listening(self, host="127.0.0.1", port=0):
        self.factory = Factory.forProtocol(Counts)
        self.factory.made, self.factory.turn = [], 0
        made = await RealStreams(reactor).tcp_server(host, port).listen(self.factory)
        self.addCleanup(made.stopListening)
        return made

    async def test_few_a_turn_and_all_in_the_end(self):
        port = (await self.listening()).getHost().port
        sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(STORM)]
        for one in sockets:
            self.addCleanup(one.close)
        while len(self.factory.made) < STORM:
            turn = Deferred()
            reactor.callLater(0, turn.callback, None)
            await turn
            self.factory.turn += 1
        turns = [self.factory.made.count(turn) for turn in dict.fromkeys(self.factory.made)]
        self.assertLessEqual(max(turns), ACCEPTS_A_TURN)
        self.assertEqual(sum(turns), STORM)

    async def test_a_port_that_is_taken_is_said(self):
        taken = (await self.listening()).getHost().port
        with self.assertRaises(CannotListenError):
            await self.listening(port=taken)

    async def test_the_other_family(self):
        try:
            port = (await self.listening("::1")).getHost().port
        except CannotListenError:
            self.skipTest("this machine has no IPv6")
        socket.create_connection(("::1", port)).close()
