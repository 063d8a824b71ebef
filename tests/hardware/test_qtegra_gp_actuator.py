from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.channel import Channel
from pychron.hardware.interfaces import NoAnswer, NotBegun, Rejected
from pychron.hardware.qtegra_gp_actuator import QtegraGPActuator, check_address
from tests.hardware.wired import Ends, a_world, pump, start


class QtegraTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.qtegra = QtegraGPActuator("qtegra", Channel(a_world(self.clock), self.ends, "qtegra"))
        pump(self.clock)

    def test_exact_bytes(self):
        for on, verb in ((True, b"Open"), (False, b"Close")):
            done = start(self.qtegra.drive("Valve Ar Inlet", on, lambda: True))
            self.assertEqual(self.ends.wire.take(), verb + b" Valve Ar Inlet\r")
            self.ends.wire.say(b"OK\r\n")
            self.assertEqual(self.successResultOf(done).epoch, 1)

    def test_refused_garbled_and_held_back(self):
        for answer, kind in ((b"Error: could not set 3 to 1\r\n", Rejected), (b"Valve opened\r\n", NoAnswer)):
            done = start(self.qtegra.drive("3", True, lambda: True))
            self.ends.wire.say(answer)
            self.assertIsInstance(self.successResultOf(done), kind)
        pump(self.clock, 0.3)
        done = start(self.qtegra.drive("3", True, lambda: False))
        self.assertIsInstance(self.successResultOf(done), NotBegun)
        self.assertEqual(self.ends.wire.take(), b"")

    def test_only_false_is_closed(self):
        for answer, on in ((b"True", True), (b"False", False), (b"Error", None), (b"OK", None), (b"0", None)):
            done = start(self.qtegra.read(("3",)))
            self.assertEqual(self.ends.wire.take(), b"GetValveState 3\r")
            self.ends.wire.say(answer + b"\r\n")
            self.assertIs(self.successResultOf(done)["3"].on, on)

    def test_a_name_is_one_line(self):
        self.assertEqual(check_address("Valve Ar Inlet"), "")
        self.assertTrue(check_address("3\rOpen 4"))
        self.assertTrue(check_address(" "))
