"""Streams to browsers: gathered, bounded, dropped when nobody reads."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyChannel, DummyRequest

from pychron.web.streams import BEAT_S, GATHER_S, MOST_WAITING, Streams, frame


class Browser(DummyRequest):
    """A request whose producer is kept, and whose connection can be cut."""

    def __init__(self):
        DummyRequest.__init__(self, [b"events"])
        self.channel = DummyChannel()
        self.channel.forceAbortClient = self._cut
        self.cut = False

    def registerProducer(self, producer, streaming):
        self.producer = producer

    def unregisterProducer(self):
        self.producer = None

    def _cut(self):
        self.cut = True

    @property
    def text(self):
        return b"".join(self.written).decode()


class StreamsTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.streams = Streams(self.clock, lambda: {"seq": 3})
        self.streams.start()
        self.browser = Browser()
        self.done = self.streams.add(self.browser, [("state", {"node": "pyvalve"})])

    def test_the_state_comes_first_and_changes_go_out_together(self):
        self.assertIn('event: state\ndata: {"node": "pyvalve"}\n\n', self.browser.text)
        before = len(self.browser.written)
        for n in range(10):
            self.streams.say("change", {"n": n})
        self.clock.advance(GATHER_S)
        self.assertEqual(len(self.browser.written), before + 1)
        self.assertEqual(self.browser.text.count("event: change"), 10)

    def test_colours_are_worked_out_once_for_many_changes(self):
        worked = []
        self.streams.before = lambda: worked.append(1) or [("colours", {})]
        for n in range(10):
            self.streams.say("change", {"n": n})
        self.clock.advance(GATHER_S)
        self.assertEqual(len(worked), 1)
        self.assertTrue(self.browser.text.endswith(frame("colours", {}).decode()))

    def test_what_only_before_tells_goes_out_after_a_wake_and_nothing_else_does(self):
        self.streams.wake()
        self.clock.advance(GATHER_S)
        self.assertEqual(self.browser.text.count("event:"), 1)
        self.streams.before = lambda: [("values", {"values": [1]})]
        self.streams.wake()
        self.clock.advance(GATHER_S)
        self.assertTrue(self.browser.text.endswith(frame("values", {"values": [1]}).decode()))

    def test_it_beats(self):
        self.clock.pump([BEAT_S, GATHER_S])
        self.assertIn('event: beat\ndata: {"seq": 3}', self.browser.text)

    def test_a_browser_that_stops_reading_costs_bounded_memory(self):
        self.browser.producer.pauseProducing()
        other = Browser()
        self.streams.add(other, [])
        line = {"text": "x" * 1000}
        while not self.browser.cut:
            self.streams.say("change", line)
            self.clock.advance(GATHER_S)
        self.assertEqual(self.streams.dropped, 1)
        self.assertEqual(self.streams.browsers, 1)
        self.assertLess(len(other.text), MOST_WAITING + 10_000)
        self.assertEqual(self.browser.text.count("event: change"), 0)

    def test_one_that_reads_again_gets_what_waited_in_order(self):
        self.browser.producer.pauseProducing()
        for n in range(3):
            self.streams.say("change", {"n": n})
            self.clock.advance(GATHER_S)
        self.assertNotIn("event: change", self.browser.text)
        self.browser.producer.resumeProducing()
        numbers = [self.browser.text.index(f'{{"n": {n}}}') for n in range(3)]
        self.assertEqual(numbers, sorted(numbers))

    def test_one_that_leaves_is_forgotten(self):
        self.browser.processingFailed(Exception("gone"))
        self.assertEqual(self.streams.browsers, 0)
        self.streams.say("change", {})
        self.clock.advance(GATHER_S)

    def test_at_the_end_every_stream_is_closed(self):
        self.streams.stop()
        self.assertEqual(self.successResultOf(self.done), b"")
        self.assertEqual(self.streams.browsers, 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
