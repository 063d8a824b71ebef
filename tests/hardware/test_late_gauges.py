"""A gauge's answer that comes late over a serial line is no other gauge's: a permit may rest on it."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.hardware.channel import Channel
from pychron.hardware.driver import Setting
from pychron.hardware.interfaces import HardwareError, NoAnswer
from pychron.hardware.readables import readable_driver
from tests.hardware.wired import Ends, a_world, pump, start


class LateGauges(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)

    def make(self, klass, line_end=None, one_line=True, **sections):
        world = a_world(self.clock)
        more = {} if line_end is None else {"line_end": line_end}
        channel = Channel(world, self.ends, "gauges", 1.0, one_line=one_line, **more)
        device = DeviceFile("gauges", klass, Place("devices/gauges.cfg"), sections)
        gauges = readable_driver(klass).make(
            Setting(world, device, lambda *line_end: channel, lambda: self.ends)
        )
        pump(self.clock)
        return gauges

    def timed_out(self, gauges, name):
        silent = start(gauges.read(name))
        pump(self.clock, 1.3)
        self.assertIsInstance(self.successResultOf(silent), NoAnswer)
        self.ends.wire.take()

    def test_it_is_not_the_next_gauges(self):
        gauges = self.make("MicroIonController")
        self.timed_out(gauges, "IG")
        asked = start(gauges.read("CG1"))
        pump(self.clock)
        self.ends.wire.say(b"1.20E-09\r\n")
        pump(self.clock, 1.5)
        if self.ends.wire.take():
            self.ends.wire.say(b"7.60E+02\r\n")
        self.assertIsInstance(self.successResultOf(asked), HardwareError)
        again = start(gauges.read("CG1"))
        pump(self.clock, 1.1)
        self.assertEqual(self.ends.wire.take(), b"#01DS CG1\r")
        self.ends.wire.say(b"7.60E+02\r\n")
        self.assertEqual(self.successResultOf(again), 760.0)

    def test_nothing_is_waited_for_once_the_line_was_quiet(self):
        gauges = self.make("MicroIonController")
        self.timed_out(gauges, "IG")
        for wait in (1.1, 0.0):
            asked = start(gauges.read("IG"))
            pump(self.clock, wait)
            self.assertEqual(self.ends.wire.take(), b"#01DS IG\r")
            self.ends.wire.say(b"1.20E-09\r\n")
            self.assertEqual(self.successResultOf(asked), 1.2e-9)

    def test_a_reader_without_patience_does_not_make_it_wait_for_ever(self):
        gauges = self.make("MicroIonController")
        self.timed_out(gauges, "IG")
        for _ in range(3):
            asked = start(gauges.read("IG"))
            pump(self.clock, 0.2)
            asked.cancel()
        asked = start(gauges.read("IG"))
        pump(self.clock, 0.5)
        self.assertEqual(self.ends.wire.take(), b"#01DS IG\r")

    def test_a_new_tcp_connection_has_no_old_answers(self):
        gauges = self.make("MicroIonController", one_line=False)
        self.timed_out(gauges, "IG")
        start(gauges.read("IG"))
        self.assertEqual(self.ends.wire.take(), b"#01DS IG\r")

    def test_nor_does_it_shift_the_answers_of_a_controller_with_units(self):
        gauges = self.make("MKSController", rb";FF[\r\n]*")
        first = start(gauges.read("1"))
        self.ends.wire.say(b"@253ACKTORR;FF")
        self.ends.wire.say(b"@253ACK1.2E-9;FF")
        self.assertEqual(self.successResultOf(first), 1.2e-9)
        self.timed_out(gauges, "1")
        waiting = [start(gauges.read(name)) for name in "123"]
        late = [b"@253ACK1.2E-9;FF"]  # of the one that timed out
        for _ in range(4000):
            sent = self.ends.wire.take()
            for question in filter(None, sent.split(b";FF")):
                late.append(
                    b"@253ACKTORR;FF" if question == b"@253U?" else b"@253ACK%s.0E2;FF" % question[-2:-1]
                )
            if late and self.ends.wire.open:
                self.ends.wire.say(late.pop(0))
            pump(self.clock, 0.001)
        for name, asked in zip("123", waiting, strict=True):
            found = self.successResultOf(asked)
            self.assertIn(found if isinstance(found, float) else None, (None, float(name) * 100))
