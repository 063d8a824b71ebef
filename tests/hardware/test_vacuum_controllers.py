"""MKS 937B and MaxiGauge: exact bytes, and nothing that is no pressure."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.device_file import DeviceFile
from pychron.config.problems import Place
from pychron.hardware.channel import LINE_END, Channel
from pychron.hardware.driver import Setting
from pychron.hardware.interfaces import NoAnswer
from pychron.hardware.readable import NoValue
from pychron.hardware.readables import readable_driver
from tests.hardware.wired import Ends, a_world, pump, start


class Bench(SynchronousTestCase):
    def make(self, klass, **sections):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        world = a_world(self.clock)
        device = DeviceFile("gauges", klass, Place("devices/gauges.cfg"), sections)

        def channel(line_end=LINE_END):
            return Channel(world, self.ends, "gauges", line_end=line_end)

        readable = readable_driver(klass).make(Setting(world, device, channel, lambda: self.ends))
        pump(self.clock)
        return readable

    def talk(self, readable, name, *exchange):
        """`exchange`: what is asked and what is answered, in turn. The end of the reading."""
        done = start(readable.read(name))
        for asked, answer in zip(exchange[::2], exchange[1::2], strict=True):
            self.assertEqual(self.ends.wire.take(), asked)
            self.ends.wire.say(answer)
        self.assertEqual(self.ends.wire.take() if self.ends.wire.open else b"", b"")
        return self.successResultOf(done)


class MksTest(Bench):
    def mks(self, **general):
        return self.make("MKSController", general={"address": "3", **general})

    def test_the_unit_is_asked_once_a_connection(self):
        mks = self.mks()
        self.assertEqual(list(mks.names()), ["1", "2", "3", "4", "5", "6"])
        unit = (b"@003U?;FF", b"@003ACKTORR;FF")
        self.assertEqual(self.talk(mks, "1", *unit, b"@003PR1?;FF", b"@003ACK7.602E+2;FF"), 760.2)
        self.assertEqual(self.talk(mks, "2", b"@003PR2?;FF", b"003ACK1.5E-9;FF\r"), 1.5e-9)

    def test_another_unit_gives_no_number(self):
        problem = self.talk(self.mks(), "1", b"@003U?;FF", b"@003ACKMBAR;FF")
        self.assertIsInstance(problem, NoValue)
        self.assertIn("is set to MBAR and its file says torr; write units: mbar", problem.text)
        mks = self.mks(units="pascal")
        unit = (b"@003U?;FF", b"@003ACKPASCAL;FF")
        self.assertEqual(self.talk(mks, "1", *unit, b"@003PR1?;FF", b"@003ACK1.0E+5;FF"), 1e5)

    def test_status_words_are_no_numbers(self):
        mks = self.mks()
        unit = (b"@003U?;FF", b"@003ACKTORR;FF")
        self.talk(mks, "1", *unit, b"@003PR1?;FF", b"@003ACK1.0E-9;FF")
        for word in (b"LO<E-11", b"NO_GAUGE", b"NOGAUGE", b"PROT_OFF", b"OFF", b"WAIT", b"MISCONN", b""):
            self.assertIsInstance(self.talk(mks, "1", b"@003PR1?;FF", b"@003ACK" + word + b";FF"), NoValue)
        problem = self.talk(mks, "1", b"@003PR1?;FF", b"@003NAK160;FF")
        self.assertIn("NAK160", problem.text)

    def test_an_answer_of_another_address_is_no_answer(self):
        self.assertIsInstance(self.talk(self.mks(), "1", b"@003U?;FF", b"@004ACKTORR;FF"), NoAnswer)

    def test_byte_by_byte(self):
        mks = self.mks()
        done = start(mks.read("1"))
        for answer in (b"@003ACKTORR;FF", b"@003ACK7.602E+2;FF"):
            self.ends.wire.take()
            for at in range(len(answer)):
                self.ends.wire.say(answer[at : at + 1])
        self.assertEqual(self.successResultOf(done), 760.2)


class MaxiGaugeTest(Bench):
    UNIT = (b"UNI\r", b"\x06\r\n", b"\x05", b"0\r\n")

    def test_a_pressure(self):
        maxi = self.make("MaxiGaugeController")
        exchange = (b"PR1\r", b"\x06\r\n", b"\x05", b"0,8.3400E-03\r\n")
        self.assertEqual(self.talk(maxi, "1", *self.UNIT, *exchange), 8.34e-3)
        self.assertEqual(self.talk(maxi, "1", *exchange), 8.34e-3)

    def test_only_status_0_is_a_pressure(self):
        maxi = self.make("MaxiGaugeController", gauges={"names": "gate", "channels": "2"})
        ask = (b"PR2\r", b"\x06\r\n", b"\x05")
        self.assertEqual(self.talk(maxi, "gate", *self.UNIT, *ask, b"0,1.0E-8\r\n"), 1e-8)
        for status, words in (
            (1, "below"),
            (2, "above"),
            (3, "error"),
            (4, "off"),
            (5, "no sensor"),
            (6, "ident"),
        ):
            problem = self.talk(maxi, "gate", *ask, b"%d,1.0E-8\r\n" % status)
            self.assertIsInstance(problem, NoValue)
            self.assertIn(words, problem.text)
        for nonsense in (b"9,1.0E-8\r\n", b"1.0E-8\r\n", b"0,\r\n", b"0,nan\r\n"):
            self.assertIsInstance(self.talk(maxi, "gate", *ask, nonsense), NoValue)

    def test_a_command_that_is_refused(self):
        maxi = self.make("MaxiGaugeController")
        problem = self.talk(maxi, "1", b"UNI\r", b"\x15\r\n", b"\x05", b"4096,0\r\n")
        self.assertIn("refused UNI (error word 4096,0)", problem.text)

    def test_another_unit_and_no_acknowledgement(self):
        maxi = self.make("MaxiGaugeController")
        problem = self.talk(maxi, "1", b"UNI\r", b"\x06\r\n", b"\x05", b"2\r\n")
        self.assertIn("is set to pa and its file says mbar", problem.text)
        self.assertIsInstance(self.talk(maxi, "1", b"UNI\r", b"hello\r\n"), NoAnswer)
