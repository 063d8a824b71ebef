"""Answers that come too often, too early or without a question: none settles an exchange that it does not belong to."""

import re

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.agilent_gp_actuator import MOST_STALE, AgilentGPActuator
from pychron.hardware.channel import Channel
from pychron.hardware.interfaces import NoAnswer, Rejected, Unavailable
from tests.hardware.wired import NO_ERROR, Ends, a_world, pump, start


class OutOfStep(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.channel = Channel(a_world(self.clock), self.ends, "bank", 1.0)
        self.agilent = AgilentGPActuator("bank", self.channel)
        pump(self.clock)

    def step_in(self):
        number = re.search(rb"ESE (\d+)", self.ends.wire.take())[1]
        self.ends.wire.say(b"+" + number + b"\n")
        self.ends.wire.say(NO_ERROR)
        return self.ends.wire.take().removeprefix(b"SYST:ERR?\n")

    def ask(self, data=b"Q\n"):
        return start(self.channel.turn(lambda turn: turn.ask(data)))

    def drive(self, address, on=True):
        return start(self.agilent.drive(address, on, lambda: True))

    def test_an_answer_that_came_twice_does_not_acknowledge_the_next_command(self):
        """Both lines are in one segment: the second came before the next command was written."""
        first, second = self.drive("101"), self.drive("102")
        self.assertEqual(self.step_in(), b"ROUT:OPEN (@101)\nSYST:ERR?\n")
        self.ends.wire.say(NO_ERROR + NO_ERROR)
        self.assertEqual(self.successResultOf(first).epoch, 1)
        self.assertNoResult(second)
        self.assertEqual(self.ends.wire.take(), b"", "102 was commanded on a line that is out of step")
        self.assertEqual(self.channel.counters.unsolicited, 1)
        pump(self.clock, 0.5)
        self.assertEqual(self.step_in(), b"ROUT:OPEN (@102)\nSYST:ERR?\n")
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.successResultOf(second).epoch, 2)

    def test_nor_does_one_within_the_same_turn(self):
        answers = []

        async def work(turn):
            answers.append(await turn.ask(b"A\n"))
            answers.append(await turn.ask(b"B\n"))

        done = start(self.channel.turn(work))
        self.ends.wire.say(b"a\na\n")
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertEqual((answers, self.ends.wire.take()), ([b"a"], b"A\n"))
        self.assertEqual(self.channel.counters.garbled, 1)

    def test_half_a_line_too_many_is_out_of_step_too(self):
        async def work(turn):
            await turn.ask(b"A\n")
            return await turn.ask(b"B\n")

        done = start(self.channel.turn(work))
        self.ends.wire.say(b"a\nb")
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertEqual(self.ends.wire.take(), b"A\n")

    def test_several_answers_to_one_question_are_taken_one_by_one_however_they_come(self):
        async def work(turn):
            return [await turn.ask(b"A\n"), await turn.ask(b""), await turn.ask(b"")]

        said = b"1\r\n2\r\n3\r\n"
        for at in range(len(said) + 1):
            done = start(self.channel.turn(work))
            self.ends.wire.say(said[:at])
            self.ends.wire.say(said[at:])
            self.assertEqual(self.successResultOf(done), [b"1", b"2", b"3"])
        self.assertEqual((self.channel.epoch, self.channel.counters.unsolicited), (1, 0))

    def test_what_comes_before_anything_was_asked_is_dropped_and_counted(self):
        self.ends.wire.say(b"34970A ready\n")
        done = self.ask()
        self.ends.wire.say(b"answer\n")
        self.assertEqual(self.successResultOf(done), b"answer")
        self.assertEqual((self.channel.epoch, self.channel.counters.unsolicited), (1, 1))

    def test_what_comes_while_nobody_asks_ends_the_connection(self):
        done = self.ask()
        self.ends.wire.say(b"answer\n")
        self.successResultOf(done)
        self.ends.wire.say(b"and more\n")
        self.assertFalse(self.channel.connected)
        pump(self.clock, 0.5)
        done = self.ask()
        self.ends.wire.say(b"another\n")
        self.assertEqual((self.successResultOf(done), self.channel.epoch), (b"another", 2))

    def test_a_line_that_babbles_is_given_up_and_nothing_is_driven(self):
        done = self.drive("101")
        self.ends.wire.take()
        self.ends.wire.say(b"chatter\n" * (MOST_STALE + 1))
        self.assertIsInstance(self.successResultOf(done), Unavailable)
        self.assertEqual(self.ends.wire.take(), b"")

    def test_an_error_of_something_else_is_no_proof_that_nothing_moved(self):
        """The relay itself is asked: what turned is acknowledged, what did not is refused."""
        for answer, moved in ((b"1\n", True), (b"0\n", False)):
            done = self.drive("101")
            self.ends.wire.take() if self.channel.counters.exchanges > 1 else self.step_in()
            self.ends.wire.say(b'+511,"RS-232 framing error"\n')
            self.ends.wire.say(NO_ERROR)
            self.assertTrue(self.ends.wire.take().endswith(b"ROUT:OPEN? (@101)\nSYST:ERR?\n"))
            self.ends.wire.say(answer + NO_ERROR)
            result = self.successResultOf(done)
            self.assertEqual(isinstance(result, Rejected), not moved, result)

    def test_a_close_does_not_wait_for_a_whole_bank_with_a_bad_address(self):
        reading = start(self.agilent.read(("101", "399")))
        self.assertEqual(self.step_in(), b"ROUT:OPEN? (@101,399)\nSYST:ERR?\n")
        closing = start(self.agilent.drive("102", False, lambda: True, urgent=True))
        self.ends.wire.say(b'-222,"Data out of range"\n')
        self.ends.wire.say(NO_ERROR)
        self.assertEqual(self.ends.wire.take(), b"SYST:ERR?\nROUT:CLOSE (@102)\nSYST:ERR?\n")
        self.ends.wire.say(NO_ERROR)
        self.successResultOf(closing)
        self.assertNoResult(reading)
