"""No coroutine is lost."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from pychron.runtime.spawn import Spawner


class Spawned(SynchronousTestCase):
    def setUp(self):
        self.spawner = Spawner()
        self.ended = []

    async def work(self, name, wait):
        try:
            await wait
        finally:
            self.ended.append(name)

    def test_it_runs_at_once_and_is_counted(self):
        wait = Deferred()
        done = self.spawner.spawn(self.work("a", wait), "a")
        self.assertEqual(self.spawner.running, 1)
        self.assertNoResult(done)
        wait.callback(None)
        self.successResultOf(done)
        self.assertEqual((self.spawner.running, self.ended), (0, ["a"]))

    def test_a_failure_is_logged_and_not_passed_on(self):
        wait = Deferred()
        done = self.spawner.spawn(self.work("a", wait), "opening A")
        wait.errback(ValueError("x"))
        self.successResultOf(done)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_cancelling_is_no_failure_and_keeps_the_order(self):
        for name in "abc":
            self.spawner.spawn(self.work(name, Deferred()), name)
        self.spawner.cancel()
        self.assertEqual((self.ended, self.spawner.running), (["a", "b", "c"], 0))

    def test_who_waits_for_it_is_told_of_its_failure_only(self):
        told = []
        wait, cut = Deferred(), Deferred()
        self.spawner.spawn(self.work("a", None), "a", lambda: told.append("a"))
        self.spawner.spawn(self.work("b", wait), "b", lambda: told.append("b"))
        self.spawner.spawn(self.work("c", cut), "c", lambda: told.append("c"))
        wait.callback(None)
        cut.cancel()
        self.assertEqual(told, ["a", "c"])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)
