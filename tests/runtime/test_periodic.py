"""A loop that outlives exceptions."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.runtime.periodic import Periodic


class Loops(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ticks = []

    def tick(self):
        self.ticks.append(self.clock.seconds())

    def test_each_period(self):
        loop = Periodic(self.clock, 1, self.tick, "status")
        loop.start()
        self.assertTrue(loop.running)
        self.clock.pump([1, 1, 1])
        loop.stop()
        loop.stop()
        self.clock.pump([1, 1])
        self.assertEqual(self.ticks, [1, 2, 3])
        self.assertFalse(loop.running)

    def test_at_once(self):
        Periodic(self.clock, 1, self.tick, "status").start(now=True)
        self.assertEqual(self.ticks, [0])

    def test_a_tick_that_raises_is_logged_and_the_next_one_comes(self):
        def broken():
            self.tick()
            raise ValueError("x")

        loop = Periodic(self.clock, 1, broken, "status")
        loop.start()
        self.clock.pump([1, 1])
        self.assertEqual((self.ticks, loop.failures), ([1, 2], 2))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_a_coroutine_that_raises_is_logged_and_the_next_tick_comes(self):
        async def broken():
            self.tick()
            raise ValueError("x")

        loop = Periodic(self.clock, 1, broken, "status")
        loop.start()
        self.clock.pump([1, 1])
        self.assertEqual((self.ticks, loop.failures), ([1, 2], 2))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_a_tick_under_way_is_not_doubled(self):
        slow = Deferred()

        async def work():
            self.tick()
            await slow

        loop = Periodic(self.clock, 1, work, "status")
        loop.start()
        self.clock.pump([1, 1, 1])
        self.assertEqual(self.ticks, [1])
        slow.callback(None)
        self.clock.advance(1)
        self.assertEqual(self.ticks, [1, 4])
