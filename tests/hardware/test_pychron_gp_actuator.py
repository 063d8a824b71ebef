from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.machine.doubts import Doubt, judge
from pychron.hardware.interfaces import NoAnswer, NotBegun, Rejected, Unavailable
from pychron.hardware.pychron_gp_actuator import PychronGPActuator, check_address
from tests.hardware.wired import Ends, pump, start


class PychronCase(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.server = PychronGPActuator("pyvalve", self.ends, self.clock)

    def drive(self, on=True, name="A", begin=lambda: True, urgent=False):
        done = start(self.server.drive(name, on, begin, urgent))
        pump(self.clock)
        return done

    def reply(self, data, closes=False):
        wire = self.ends.wire
        wire.say(data)
        if closes:
            wire.end(ConnectionDone())
        pump(self.clock)

    def read(self, reply, closes=False):
        done = start(self.server.read(("A",)))
        pump(self.clock)
        self.reply(reply, closes)
        return done


class PychronTest(PychronCase):
    def test_exact_bytes_and_one_connection_a_request(self):
        done = self.drive()
        self.assertEqual(self.ends.wire.take(), b"Open A\r\n")
        self.reply(b"OK\r\n")
        mark = self.successResultOf(done)
        self.assertFalse(self.ends.wire.open)
        done = self.drive(on=False)
        self.assertEqual(self.ends.wire.take(), b"Close A\r\n")
        self.reply(b"ok", closes=True)
        self.assertEqual(self.successResultOf(done).epoch, mark.epoch)
        self.assertEqual(len(self.ends.made), 2)

    def test_every_split_and_every_end_of_a_reply(self):
        for text, closes in ((b"OK\r\n", False), (b"OK", True), (b"OK\n", True), (b"true\r", False)):
            for at in range(len(text) + 1):
                done = self.drive()
                wire = self.ends.wire
                for part in (text[:at], text[at:]):
                    if part and wire.open:
                        wire.say(part)
                if closes:
                    wire.end(ConnectionDone())
                pump(self.clock)
                self.assertEqual(self.successResultOf(done).epoch, 1)

    def test_refusals_are_certain(self):
        for reply in (b"ERROR 015 : Valve A failed to actuate open\r\n", b"False\r\n", b"ERROR: 014\r\n"):
            done = self.drive()
            self.reply(reply)
            self.assertIsInstance(self.successResultOf(done), Rejected)

    def test_no_response_nonsense_and_a_closed_connection_are_not(self):
        for reply in (
            b"ERROR 010 : no response\r\n",
            b"ERROR 004 : invalid arguments: Open A\r\n",
            b"maybe\r\n",
            b"\xff\xfe\r\n",
            b"",
        ):
            done = self.drive()
            self.reply(reply, closes=True)
            self.assertIsInstance(self.successResultOf(done), NoAnswer)

    def test_half_a_reply_of_a_connection_that_breaks_is_none(self):
        done = self.drive()
        self.ends.wire.say(b"O")
        self.ends.wire.end()
        self.assertIsInstance(self.successResultOf(done), NoAnswer)

    def test_silence_ends_and_a_late_reply_is_nobodys(self):
        done = self.drive()
        old = self.ends.wire
        pump(self.clock, 5.1)
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertFalse(old.open)

    def test_words_of_a_read_back(self):
        words = {b"True": True, b"OK": True, b"open": True, b"1": True, b"False": False, b"closed": False}
        for word, on in {**words, b"moving": None, b"ERROR 003 : no such": None}.items():
            done = self.read(word + b"\r\n")
            self.assertEqual(self.ends.wire.take(), b"GetIndicatorState A\r\n")
            self.assertIs(self.successResultOf(done)["A"].on, on)
        self.assertIsInstance(self.successResultOf(self.read(b"", closes=True)), NoAnswer)

    def test_a_healthy_open_settles_at_its_first_read_back(self):
        done = self.drive()
        self.reply(b"OK\r\n")
        mark = self.successResultOf(done)
        reading = self.successResultOf(self.read(b"OK\r\n"))["A"]
        doubt = Doubt(mark.epoch, mark.at, opens=True)
        self.assertIs(judge((doubt,), reading, self.server.late_s, None).settled, True)

    def test_a_silent_open_settles_only_after_late_s_and_twice_alike(self):
        done = self.drive()
        self.reply(b"", closes=True)
        mark = self.successResultOf(done).mark
        doubt = Doubt(mark.epoch, mark.at, opens=True)
        early = judge((doubt,), self.successResultOf(self.read(b"closed\r\n"))["A"], 5.0, None)
        self.assertIsNone(early.settled)
        pump(self.clock, 5, 0.1)
        first = judge((doubt,), self.successResultOf(self.read(b"closed\r\n"))["A"], 5.0, early.alike)
        self.assertIsNone(first.settled)
        second = judge((doubt,), self.successResultOf(self.read(b"closed\r\n"))["A"], 5.0, first.alike)
        self.assertIs(second.settled, False)

    def test_a_read_back_left_without_reply_makes_no_doubt(self):
        done = self.drive()
        self.reply(b"OK\r\n")
        mark = self.successResultOf(done)
        self.read(b"", closes=True)
        reading = self.successResultOf(self.read(b"True\r\n"))["A"]
        self.assertEqual(reading.mark.epoch, mark.epoch)

    def test_a_server_that_is_not_there_is_not_begun(self):
        self.ends.down = True
        begun = []
        done = self.drive(begin=lambda: bool(begun.append(1)) or True)
        failed = self.successResultOf(done)
        self.assertIsInstance(failed, Unavailable)
        self.assertIn("look at its server", failed.text)
        self.assertEqual((begun, self.server.connected), ([], False))

    def test_the_guard_decides_when_the_connection_stands(self):
        done = self.drive(begin=lambda: False)
        self.assertIsInstance(self.successResultOf(done), NotBegun)
        self.assertEqual(self.ends.wire.sent, b"")
        self.assertFalse(self.ends.wire.open)

    def test_an_urgent_close_is_the_next_request(self):
        self.drive()
        self.drive(name="B")
        self.drive(on=False, name="C", urgent=True)
        self.reply(b"OK\r\n")
        self.assertEqual(self.ends.wire.take(), b"Close C\r\n")

    def test_a_name_is_one_word(self):
        self.assertEqual(check_address("A"), "")
        for name in ("", "A B", "A\r\nOpen B", "Ä"):
            self.assertIn("write its name", check_address(name))
        self.assertIsInstance(self.successResultOf(self.drive(name="A\r\nOpen B")), Unavailable)
        self.assertEqual(self.ends.made, [])

    def test_a_closed_one_asks_no_more(self):
        self.successResultOf(start(self.server.close()))
        self.assertIsInstance(self.successResultOf(self.drive()), Unavailable)
        self.assertEqual(self.ends.made, [])


class OnlyReal(PychronCase):
    """A driver of a real node asks its server first what it is."""

    SIMULATED = b'{"name": "pychron-twisted", "simulated": true}\r\n'

    def setUp(self):
        super().setUp()
        self.server = PychronGPActuator("pyvalve", self.ends, self.clock, only_real=True)

    def asks(self):
        return self.ends.wire.take()

    def test_a_simulated_server_is_neither_opened_nor_believed(self):
        for begin in (lambda: self.drive(), lambda: start(self.server.read(("A",)))):
            done = begin()
            pump(self.clock)
            self.assertEqual(self.asks(), b"GetVersion\r\n")
            self.reply(self.SIMULATED)
            refused = self.successResultOf(done)
            self.assertIsInstance(refused, Unavailable)
            self.assertIn("accept_simulated", str(refused))

    def test_one_that_is_real_or_installed_is_asked_once(self):
        for version in (b'{"simulated": false}\r\n', b"ERROR 003 : invalid command: GetVersion", b"", b"1.0"):
            self.setUp()
            done = self.drive()
            self.reply(version, closes=not version.endswith(b"\n"))
            self.assertEqual(self.asks(), b"Open A\r\n")
            self.reply(b"OK\r\n")
            self.successResultOf(done)
            done = self.drive()
            self.assertEqual(self.asks(), b"Open A\r\n")
            self.reply(b"OK\r\n")
            self.successResultOf(done)

    def test_a_close_waits_for_no_such_answer(self):
        self.drive(on=False)
        self.assertEqual(self.asks(), b"Close A\r\n")

    def test_one_that_does_not_say_is_not_opened(self):
        done = self.drive()
        for _ in range(700):
            self.clock.advance(0.01)
        self.assertIsInstance(self.successResultOf(done), Unavailable)

    def test_one_that_was_away_is_asked_again(self):
        done = self.drive()
        self.reply(b'{"simulated": false}\r\n')
        self.reply(b"OK\r\n")
        self.successResultOf(done)
        self.ends.down = True
        self.assertIsInstance(self.successResultOf(self.drive()), Unavailable)
        self.ends.down = False
        self.drive()
        self.assertEqual(self.asks(), b"GetVersion\r\n")
