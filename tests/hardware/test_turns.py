from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.turns import Turns


class TurnsTest(SynchronousTestCase):
    def setUp(self):
        self.turns, self.order, self.held = Turns(), [], {}

    def ask(self, name, urgent=False, quick=False):
        async def work():
            await self.turns.take(urgent)
            try:
                self.order.append(name)
                if not quick:
                    self.held[name] = Deferred()
                    await self.held[name]
            finally:
                self.turns.give()

        return Deferred.fromCoroutine(work())

    def test_first_come_first_served_urgent_ones_before_in_their_own_order(self):
        for name, urgent in (("a", False), ("b", False), ("c", True), ("d", True), ("e", False)):
            self.ask(name, urgent)
        for name in "acdbe":
            self.assertEqual(self.order[-1], name)
            self.held[name].callback(None)
        self.assertFalse(self.turns.busy)

    def test_who_is_cancelled_in_the_queue_blocks_nobody(self):
        self.ask("a")
        b = self.ask("b")
        self.ask("c")
        b.cancel()
        self.failureResultOf(b, CancelledError)
        self.held["a"].callback(None)
        self.assertEqual(self.order, ["a", "c"])

    def test_who_is_cancelled_in_its_turn_gives_it(self):
        a = self.ask("a")
        self.ask("b")
        a.cancel()
        self.failureResultOf(a, CancelledError)
        self.assertEqual(self.order, ["a", "b"])

    def test_two_thousand_quick_ones_do_not_exhaust_the_stack(self):
        self.ask("first")
        done = [self.ask(n, quick=True) for n in range(2000)]
        self.held["first"].callback(None)
        self.assertEqual(self.order, ["first", *range(2000)])
        self.assertTrue(all(d.called for d in done))

    def test_one_who_comes_in_the_middle_of_a_change_does_not_jump_the_queue(self):
        self.ask("a")
        b = self.ask("b", quick=True)
        b.addCallback(lambda _: self.ask("late", quick=True))
        self.ask("c", quick=True)
        self.held["a"].callback(None)
        self.assertEqual(self.order, ["a", "b", "c", "late"])
