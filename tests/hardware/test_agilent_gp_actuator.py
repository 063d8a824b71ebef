import re

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.agilent_gp_actuator import AgilentGPActuator
from pychron.hardware.channel import Channel
from pychron.hardware.interfaces import NoAnswer, NotBegun, Rejected, Unavailable
from tests.hardware.wired import NO_ERROR, Ends, a_world, pump, start


class AgilentTest(SynchronousTestCase):
    invert = False

    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.channel = Channel(a_world(self.clock), self.ends, "bank", 1.0)
        self.agilent = AgilentGPActuator("bank", self.channel, self.invert)
        pump(self.clock)

    def step_in(self):
        """The beginning of a connection."""
        sent = self.ends.wire.take()
        number = re.fullmatch(rb"\*ESE (\d+)\n\*ESE (\d+)\n\*ESE\?\n", sent)[2]
        self.ends.wire.say(b"+" + number + b"\n")
        self.assertEqual(self.ends.wire.take(), b"SYST:ERR?\n")
        self.ends.wire.say(NO_ERROR)
        return number

    def drive(self, on=True, begin=lambda: True, urgent=False, address="101"):
        return start(self.agilent.drive(address, on, begin, urgent))

    def test_an_open_is_commanded_and_acknowledged(self):
        done = self.drive()
        self.step_in()
        self.assertEqual(self.ends.wire.take(), b"ROUT:OPEN (@101)\nSYST:ERR?\n")
        self.assertNoResult(done)
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.successResultOf(done).epoch, 1)

    def test_a_connection_is_stepped_in_once(self):
        done = self.drive()
        self.step_in()
        self.ends.wire.say(NO_ERROR)
        self.successResultOf(done)
        self.ends.wire.take()
        self.drive(on=False)
        self.assertEqual(self.ends.wire.take(), b"ROUT:CLOSE (@101)\nSYST:ERR?\n")

    def test_a_refusal_is_a_certain_end_and_the_queue_is_emptied(self):
        done = self.drive()
        self.step_in()
        self.ends.wire.say(b'-222,"Data out of range"\n')
        self.ends.wire.say(NO_ERROR)
        self.ends.wire.say(b"0\n" + NO_ERROR)  # The relay is asked: it did not turn.
        refused = self.successResultOf(done)
        self.assertIsInstance(refused, Rejected)
        self.assertIn("-222", refused.text)
        self.assertTrue(self.channel.connected)

    def test_an_error_of_something_else_does_not_hide_that_the_relay_turned(self):
        done = self.drive()
        self.step_in()
        self.ends.wire.say(b'+512,"RS-232 framing error"\n')
        self.ends.wire.say(NO_ERROR)
        self.ends.wire.say(b"1\n" + NO_ERROR)
        self.assertEqual(self.successResultOf(done).epoch, 1)

    def test_old_errors_are_nobodys(self):
        done = self.drive()
        number = re.search(rb"ESE (\d+)", self.ends.wire.take())[1]
        self.ends.wire.say(number + b"\n")
        self.ends.wire.say(b'-113,"Undefined header"\n')
        self.ends.wire.say(NO_ERROR)
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.successResultOf(done).epoch, 1)

    def test_the_whole_bank_in_one_question_at_every_split(self):
        answer = b"1,0,1\r\n" + NO_ERROR
        for at in range(len(answer) + 1):
            done = start(self.agilent.read(("101", "102", "103")))
            if at == 0:
                self.step_in()
            self.assertEqual(self.ends.wire.take(), b"ROUT:OPEN? (@101,102,103)\nSYST:ERR?\n")
            for part in (answer[:at], answer[at:]):
                self.ends.wire.say(part)
            found = self.successResultOf(done)
            self.assertEqual([found[a].on for a in ("101", "102", "103")], [True, False, True])
        done = start(self.agilent.read(("101", "102", "103")))
        for at in range(len(answer)):
            self.ends.wire.say(answer[at : at + 1])
        self.assertEqual(len(self.successResultOf(done)), 3)

    def test_one_address_that_does_not_exist_hides_no_other(self):
        done = start(self.agilent.read(("101", "899", "no address")))
        self.step_in()
        self.assertEqual(self.ends.wire.take(), b"ROUT:OPEN? (@101,899)\nSYST:ERR?\n")
        self.ends.wire.say(b'-222,"Data out of range"\n')
        self.ends.wire.say(NO_ERROR)
        self.ends.wire.say(b"1\n" + NO_ERROR)
        self.ends.wire.say(b'-222,"Data out of range"\n')
        self.ends.wire.say(NO_ERROR)
        self.assertEqual({a: r.on for a, r in self.successResultOf(done).items()}, {"101": True})
        self.ends.wire.take()
        start(self.agilent.read(("101", "899")))
        self.assertEqual(self.ends.wire.take(), b"ROUT:OPEN? (@101)\nSYST:ERR?\n")

    def test_silence_is_unknown_and_the_next_exchange_has_another_epoch(self):
        done = self.drive()
        self.step_in()
        pump(self.clock, 1.1)
        silent = self.successResultOf(done)
        self.assertIsInstance(silent, NoAnswer)
        self.assertEqual(silent.mark.epoch, 1)
        pump(self.clock, 0.3)
        done = self.drive(on=False)
        # The late answer, and one more of nobody's, come before the new one: neither is taken for it.
        number = re.search(rb"ESE (\d+)", self.ends.wire.take())[1]
        self.ends.wire.say(NO_ERROR + b"1,0,1,0\n")
        self.assertEqual(self.ends.wire.take(), b"")
        self.ends.wire.say(b"+" + number + b"\n")
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.ends.wire.take(), b"SYST:ERR?\nROUT:CLOSE (@101)\nSYST:ERR?\n")
        self.assertNoResult(done)
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.successResultOf(done).epoch, 2)

    def test_the_answer_of_the_step_before_is_not_that_of_this_one(self):
        self.drive()
        first = re.search(rb"ESE (\d+)", self.ends.wire.take())[1]
        pump(self.clock, 1.3)
        done = self.drive()
        second = re.search(rb"ESE (\d+)", self.ends.wire.take())[1]
        self.assertNotEqual(first, second)
        self.ends.wire.say(first + b"\n")
        self.assertEqual(self.ends.wire.take(), b"")
        self.ends.wire.say(second + b"\n")
        self.assertEqual(self.ends.wire.take(), b"SYST:ERR?\n")
        self.assertNoResult(done)

    def test_a_silent_beginning_moves_nothing_and_says_so(self):
        begun = []
        done = self.drive(begin=lambda: bool(begun.append(1)) or True)
        pump(self.clock, 1.1)
        failed = self.successResultOf(done)
        self.assertIsInstance(failed, Unavailable)
        self.assertIn("nothing was sent to a relay", failed.text)
        self.assertEqual(begun, [])

    def test_garbage_in_place_of_the_acknowledgement_is_no_answer(self):
        for garbage in (b"1\n", b"\xff\xfe\x00\n", b'+0,"No er~or\n', b"HEWLETT-PACKARD,34970A,0,1\n"):
            done = self.drive()
            self.step_in()
            self.ends.wire.say(garbage)
            self.assertIsInstance(self.successResultOf(done), NoAnswer)
            pump(self.clock, 0.3)

    def test_a_list_of_the_wrong_length_is_no_answer(self):
        done = start(self.agilent.read(("101", "102")))
        self.step_in()
        self.ends.wire.say(b"1\n")
        self.assertIsInstance(self.successResultOf(done), NoAnswer)

    def test_the_guard_decides_just_before_the_first_byte(self):
        done = self.drive(begin=lambda: False)
        self.step_in()
        self.assertIsInstance(self.successResultOf(done), NotBegun)
        self.assertEqual(self.ends.wire.take(), b"")

    def test_a_guard_that_raises_sends_nothing_and_holds_nobody_up(self):
        def begin():
            raise ZeroDivisionError

        done = self.drive(begin=begin)
        self.step_in()
        self.assertIsInstance(self.successResultOf(done), ZeroDivisionError)
        self.assertEqual(self.ends.wire.take(), b"")
        self.drive()
        self.assertEqual(self.ends.wire.take(), b"ROUT:OPEN (@101)\nSYST:ERR?\n")

    def test_an_unplugged_line_in_mid_exchange_is_no_answer_and_a_new_one_is_used(self):
        done = self.drive()
        self.step_in()
        self.ends.wire.end()
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertFalse(self.agilent.connected)
        done = self.drive(on=False)
        pump(self.clock, 0.5)
        self.step_in()
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.successResultOf(done).epoch, 2)

    def test_an_urgent_close_is_the_next_exchange(self):
        self.drive()
        self.drive(address="102")
        self.drive(on=False, address="103", urgent=True)
        self.step_in()
        self.ends.wire.take()
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.ends.wire.take(), b"ROUT:CLOSE (@103)\nSYST:ERR?\n")

    def test_what_is_no_address_is_not_sent(self):
        done = self.drive(address="101)\n*RST")
        self.assertIsInstance(self.successResultOf(done), Unavailable)
        self.assertEqual(self.ends.wire.take(), b"")


class InvertedTest(SynchronousTestCase):
    def test_open_and_close_are_exchanged_and_one_still_means_open(self):
        clock = Clock()
        ends = Ends(clock)
        agilent = AgilentGPActuator("bank", Channel(a_world(clock), ends, "bank"), invert=True)
        pump(clock)
        done = start(agilent.drive("101", True, lambda: True))
        number = re.search(rb"ESE (\d+)", ends.wire.take())[1]
        ends.wire.say(number + b"\n")
        ends.wire.say(NO_ERROR)
        self.assertEqual(ends.wire.take(), b"SYST:ERR?\nROUT:CLOSE (@101)\nSYST:ERR?\n")
        ends.wire.say(NO_ERROR)
        self.successResultOf(done)
        read = start(agilent.read(("101",)))
        self.assertEqual(ends.wire.take(), b"ROUT:CLOSE? (@101)\nSYST:ERR?\n")
        ends.wire.say(b"1\n" + NO_ERROR)
        self.assertIs(self.successResultOf(read)["101"].on, True)
