"""Serial lines of the virtual world."""

from twisted.internet.error import ConnectError
from twisted.internet.protocol import Factory

from pychron.runtime.world import SerialSettings
from tests.simulation.network_case import NetworkCase
from tests.simulation.toy_node import Recorder


class Serial(NetworkCase):
    def setUp(self):
        super().setUp()
        self.instrument = Recorder()
        self.ports[1].plug("/dev/ttyUSB0", self.instrument)

    def open(self, port="/dev/ttyUSB0", **settings):
        opening = (
            self.streams(self.b)
            .serial(port, SerialSettings(**settings))
            .connect(Factory.forProtocol(Recorder))
        )
        self.clock.advance(0.1)
        return opening

    def test_bytes_take_their_time(self):
        near = self.successResultOf(self.open(baudrate=1000))
        near.transport.write(b"0123456789")
        self.clock.advance(0.1)
        self.assertEqual(self.instrument.data, b"")
        self.clock.advance(0.1)
        self.assertEqual(self.instrument.data, b"0123456789")
        self.instrument.transport.write(b"ok")
        self.clock.advance(1)
        self.assertEqual(near.data, b"ok")

    def test_what_was_on_the_line_when_the_node_died_still_arrives(self):
        near = self.successResultOf(self.open())
        near.transport.write(b"CLOS (@101)\n")
        self.kept.append(self.ports[1].close_all(self.b))
        self.end(self.b)
        self.clock.advance(1)
        self.assertEqual((self.instrument.data, self.instrument.lost), (b"CLOS (@101)\n", None))
        self.b = self.process(self.hosts[1])
        self.successResultOf(self.open())

    def test_absent_busy_and_unplugged(self):
        self.failureResultOf(self.open("/dev/ttyUSB9"), ConnectError)
        near = self.successResultOf(self.open())
        self.failureResultOf(self.open(), ConnectError)
        self.ports[1].unplug("/dev/ttyUSB0")
        self.assertEqual(near.lost, "ConnectionLost")
        self.failureResultOf(self.open(), ConnectError)
        self.ports[1].plug("/dev/ttyUSB0", self.instrument)
        near = self.successResultOf(self.open())
        near.transport.loseConnection()
        self.clock.advance(0)
        self.assertEqual(near.lost, "ConnectionDone")
        self.successResultOf(self.open())
