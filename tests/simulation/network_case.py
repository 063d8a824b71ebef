"""Two hosts on a virtual network, for tests."""

import random

from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from pychron.simulation.virtual_clock import NodeClock, VirtualClock
from pychron.simulation.virtual_network import Process, VirtualNetwork
from pychron.simulation.virtual_serial import SerialPorts
from pychron.simulation.virtual_streams import VirtualStreams
from pychron.simulation.virtual_trace import Trace
from tests.simulation.toy_node import Recorder, recorders


class NetworkCase(SynchronousTestCase):
    """Two hosts, a and b, a process on each."""

    split = 0.1

    def setUp(self):
        self.clock = VirtualClock()
        self.trace = Trace(self.clock)
        self.network = VirtualNetwork(self.clock, random.Random("net"), self.trace, split=self.split)
        self.hosts = [self.network.add_host("a", "10.0.0.1"), self.network.add_host("b", "10.0.0.2/16")]
        self.ports = [SerialPorts(self.clock, self.trace, host.name) for host in self.hosts]
        self.a, self.b = (self.process(host) for host in self.hosts)
        self.served = []
        self.kept = []

    def process(self, host):
        return Process(self.network, host, NodeClock(self.clock), f"on {host.name}")

    def streams(self, process):
        return VirtualStreams(process, self.ports[self.hosts.index(process.host)])

    def listen(self, port=1061, host="0.0.0.0", factory=None, process=None):
        endpoint = self.streams(process or self.b).tcp_server(host, port)
        return self.successResultOf(endpoint.listen(factory or recorders(self.served)))

    def connect(self, host="10.0.0.2", port=1061, factory=None, process=None, timeout=5):
        endpoint = self.streams(process or self.a).tcp_client(host, port, timeout)
        return endpoint.connect(factory or Factory.forProtocol(Recorder))

    def pair(self, **how):
        """A connection: the client's protocol and the server's."""
        if not self.b.listeners:
            self.listen()
        connecting = self.connect(**how)
        self.clock.advance(0.1)
        return self.successResultOf(connecting), self.served[-1]

    def end(self, process, silent=False):
        self.kept.append(process.end(silent))
