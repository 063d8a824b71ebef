from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.channel import LONGEST_REPLY, Channel
from pychron.hardware.interfaces import NoAnswer, Unavailable
from tests.hardware.wired import Ends, a_world, pump, start


class ChannelTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.channel = Channel(a_world(self.clock), self.ends, "box", 1.0)

    def ask(self, data=b"A?\n", urgent=False):
        return start(self.channel.turn(lambda turn: turn.ask(data), urgent))

    def test_who_asks_while_it_connects_waits_for_it(self):
        done = self.ask()
        self.assertNoResult(done)
        pump(self.clock)
        self.assertEqual(self.ends.wire.take(), b"A?\n")
        self.ends.wire.say(b"yes\r\n")
        self.assertEqual(self.successResultOf(done), b"yes")

    def test_a_device_that_refuses_is_told_at_once_and_tried_again(self):
        self.ends.down = True
        channel = Channel(a_world(self.clock), self.ends, "box", 1.0)
        failed = self.successResultOf(start(channel.turn(lambda turn: turn.ask(b"A?\n"))))
        self.assertIsInstance(failed, Unavailable)
        self.assertIn("refused", failed.text)
        self.ends.down = False
        pump(self.clock, 1)
        self.assertTrue(channel.connected)

    def test_a_connection_that_takes_longer_than_an_answer_is_not_waited_for(self):
        self.ends.connect = lambda factory: Deferred()
        channel = Channel(a_world(self.clock), self.ends, "box", 1.0)
        done = start(channel.turn(lambda turn: turn.ask(b"A?\n")))
        self.clock.advance(0.99)
        self.assertNoResult(done)
        self.clock.advance(0.02)
        self.assertIsInstance(self.successResultOf(done), Unavailable)

    def test_every_split_of_an_answer(self):
        pump(self.clock)
        for at in range(7):
            done = self.ask()
            for part in (b"a b c\r\n"[:at], b"a b c\r\n"[at:]):
                self.ends.wire.say(part)
            self.assertEqual(self.successResultOf(done), b"a b c")
        self.assertEqual(self.channel.counters.connects, 1)

    def test_a_timeout_ends_the_connection_and_its_late_answer_finds_nobody(self):
        pump(self.clock)
        done, after = self.ask(), self.ask(b"B?\n")
        old = self.ends.wire
        self.clock.advance(1)
        failed = self.successResultOf(done)
        self.assertIsInstance(failed, NoAnswer)
        self.assertIn("within 1 s", failed.text)
        old.say(b"late\n")
        pump(self.clock, 0.3)
        old.say(b"later\n")
        self.assertEqual(self.ends.wire.take(), b"B?\n")
        self.ends.wire.say(b"b\n")
        self.assertEqual(self.successResultOf(after), b"b")
        self.assertEqual((self.channel.epoch, self.channel.counters.timeouts), (2, 1))

    def test_two_answers_to_one_question_are_out_of_step(self):
        pump(self.clock)
        done = self.ask()
        self.ends.wire.say(b"a\na\n")
        self.assertEqual(self.successResultOf(done), b"a")
        self.assertFalse(self.channel.connected)
        after = self.ask(b"B?\n")
        pump(self.clock, 0.3)
        self.assertEqual(self.ends.wire.take(), b"B?\n")
        self.ends.wire.say(b"b\n")
        self.assertEqual(self.successResultOf(after), b"b")

    def test_half_a_line_that_nobody_asked_for_is_not_the_beginning_of_an_answer(self):
        pump(self.clock)
        self.ask()
        self.ends.wire.say(b"a\nb")
        failed = self.successResultOf(self.ask(b"B?\n"))
        self.assertIsInstance(failed, Unavailable)
        self.assertFalse(self.channel.connected)

    def test_what_is_said_before_the_first_question_is_dropped(self):
        pump(self.clock)
        self.ends.wire.say(b"hello\n")
        done = self.ask()
        self.ends.wire.say(b"a\n")
        self.assertEqual(self.successResultOf(done), b"a")
        self.assertEqual(self.channel.counters.unsolicited, 1)

    def test_an_answer_without_end_is_cut(self):
        pump(self.clock)
        done = self.ask()
        self.ends.wire.say(b"x" * (LONGEST_REPLY + 1))
        self.assertIsInstance(self.successResultOf(done), NoAnswer)

    def test_work_that_is_cancelled_in_mid_exchange_leaves_no_answer_behind(self):
        pump(self.clock)
        work = Deferred.fromCoroutine(self.channel.turn(lambda turn: turn.ask(b"A?\n")))
        after = self.ask(b"B?\n")
        old = self.ends.wire
        work.cancel()
        self.failureResultOf(work, NoAnswer)
        old.say(b"a\n")
        pump(self.clock, 0.3)
        self.ends.wire.say(b"b\n")
        self.assertEqual(self.successResultOf(after), b"b")

    def test_work_after_the_connection_is_gone_writes_nothing(self):
        pump(self.clock)

        async def work(turn):
            await turn.ask(b"A?\n")
            self.ends.wire.end()
            await turn.ask(b"B?\n")

        done = start(self.channel.turn(work))
        self.ends.wire.say(b"a\n")
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertEqual(self.ends.wire.take(), b"A?\n")

    def test_a_closed_channel_connects_no_more_and_lets_everybody_go(self):
        pump(self.clock)
        done, waiting = self.ask(), self.ask()
        closed = Deferred.fromCoroutine(self.channel.close())
        pump(self.clock)
        self.successResultOf(closed)
        self.assertIsInstance(self.successResultOf(done), NoAnswer)
        self.assertIsInstance(self.successResultOf(waiting), Unavailable)
        self.assertIn("closed", self.successResultOf(self.ask()).text)
        self.clock.pump([1] * 30)
        self.assertEqual(len(self.ends.made), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_channel_closes_while_it_connects_while_it_waits_and_where_the_line_hangs(self):
        for state in ("connects", "waits", "hangs"):
            clock = Clock()
            ends = Ends(clock)
            ends.down = state == "waits"
            channel = Channel(a_world(clock), ends, "box", 1.0)
            if state == "hangs":
                pump(clock)
                ends.wire.loseConnection = lambda: None
            closed = Deferred.fromCoroutine(channel.close())
            pump(clock, 1.2)
            self.successResultOf(closed)
            self.assertEqual(clock.getDelayedCalls(), [], state)

    def test_a_device_that_is_gone_for_an_hour_is_tried_every_ten_seconds(self):
        pump(self.clock)
        self.ends.down = True
        self.ends.wire.end()
        pump(self.clock, 3600, 0.5)
        self.assertFalse(self.channel.connected)
        self.ends.down = False
        pump(self.clock, 12, 0.5)
        self.assertTrue(self.channel.connected)
