"""The event bus: later, in order, bounded, and nobody holds up anybody."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.events.bus import CAN_WAIT_S, EventBus


class Bus(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.bus = EventBus(self.clock)

    def test_a_copy_in_a_later_turn_in_order(self):
        one, other = [], []
        self.bus.subscribe(one.append)
        self.bus.subscribe(other.append, int)
        for event in (1, "two", 3):
            self.bus.publish(event)
        self.assertEqual((one, other), ([], []))
        self.clock.advance(0)
        self.assertEqual((one, other), ([1, "two", 3], [1, 3]))

    def test_who_comes_or_goes_between_two_events_of_a_kind(self):
        one, other = [], []
        first = self.bus.subscribe(one.append, str)
        self.bus.publish("a")
        self.bus.subscribe(other.append, str)
        self.bus.publish("b")
        self.clock.advance(0)
        first.cancel()
        self.bus.publish("c")
        self.clock.advance(0)
        self.assertEqual((one, other), (["a", "b"], ["b", "c"]))

    def test_what_can_wait_comes_a_little_later_or_with_what_cannot(self):
        heard = []
        self.bus.subscribe(heard.append)
        self.bus.publish("begins", can_wait=True)
        self.clock.advance(CAN_WAIT_S * 0.9)
        self.assertEqual(heard, [])
        self.clock.advance(CAN_WAIT_S * 0.2)
        self.assertEqual(heard, ["begins"])
        self.bus.publish("begins", can_wait=True)
        self.bus.publish("ends")
        self.bus.publish("begins anew", can_wait=True)
        self.clock.advance(0)
        self.assertEqual(heard, ["begins", "begins", "ends", "begins anew"])

    def test_a_subscriber_that_fails_is_logged_and_the_others_hear(self):
        heard = []
        self.bus.subscribe(lambda event: 1 / 0, what="a broken one")
        self.bus.subscribe(heard.append)
        self.bus.publish(1)
        self.bus.publish(2)
        self.clock.advance(0)
        self.assertEqual(heard, [1, 2])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_a_full_queue_drops_and_counts(self):
        heard = []
        subscription = self.bus.subscribe(heard.append, bound=2, what="slow")
        for event in range(5):
            self.bus.publish(event)
        self.clock.advance(0)
        self.assertEqual((heard, subscription.dropped), ([0, 1], 3))
        self.bus.publish(6)
        self.clock.advance(0)
        self.assertEqual(heard, [0, 1, 6])

    def test_what_is_published_while_delivering_comes_in_the_next_turn(self):
        heard = []

        def echo(event):
            heard.append(event)
            if event < 3:
                self.bus.publish(event + 1)

        self.bus.subscribe(echo)
        self.bus.publish(0)
        for expected in ([0], [0, 1], [0, 1, 2]):
            self.clock.calls[0].reset(0)
            self.run_one_turn()
            self.assertEqual(heard, expected)

    def run_one_turn(self):
        call = self.clock.calls.pop(0)
        call.called = 1
        call.func(*call.args, **call.kw)

    def test_a_cancelled_subscription_hears_nothing_more(self):
        heard = []
        subscription = self.bus.subscribe(heard.append)
        self.bus.publish(1)
        subscription.cancel()
        subscription.cancel()
        self.bus.publish(2)
        self.clock.advance(0)
        self.assertEqual(heard, [])

    def test_cancelling_in_the_middle_of_a_delivery(self):
        heard = []

        def once(event):
            heard.append(event)
            subscription.cancel()

        subscription = self.bus.subscribe(once)
        self.bus.publish(1)
        self.bus.publish(2)
        self.clock.advance(0)
        self.assertEqual(heard, [1])
