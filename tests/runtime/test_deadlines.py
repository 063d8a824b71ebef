"""Deadlines on the wire clock."""

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.runtime.deadlines import DeadlinePassed, sleep, within


class Deadlines(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()

    def bounded(self, work, seconds=2):
        async def run():
            return await within(self.clock, seconds, work, "exchange with pump")

        return Deferred.fromCoroutine(run())

    def test_an_end_in_time(self):
        work = Deferred()
        result = self.bounded(work)
        self.clock.advance(1)
        work.callback("done")
        self.assertEqual(self.successResultOf(result), "done")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_end_cancels_the_work_and_says_what(self):
        cancelled = []
        result = self.bounded(Deferred(cancelled.append))
        self.clock.advance(2)
        error = self.failureResultOf(result, DeadlinePassed).value
        self.assertEqual((error.what, error.seconds, len(cancelled)), ("exchange with pump", 2, 1))
        self.assertEqual(str(error), "exchange with pump: no end after 2 s")

    def test_a_failure_of_the_work_is_its_own(self):
        async def broken():
            raise KeyError("x")

        self.failureResultOf(self.bounded(broken()), KeyError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancelled_from_outside_is_no_deadline(self):
        result = self.bounded(Deferred())
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_coroutine_is_cancelled_where_it_waits(self):
        seen = []

        async def work():
            try:
                await Deferred()
            except CancelledError:
                seen.append("cancelled")
                raise

        result = self.bounded(work())
        self.clock.advance(2)
        self.failureResultOf(result, DeadlinePassed)
        self.assertEqual(seen, ["cancelled"])

    def test_what_ended_before(self):
        self.assertEqual(self.successResultOf(self.bounded(succeed(3))), 3)

    def test_sleep(self):
        done = sleep(self.clock, 3)
        self.clock.advance(2.9)
        self.assertNoResult(done)
        self.clock.advance(0.1)
        self.successResultOf(done)
        cut = sleep(self.clock, 3)
        cut.cancel()
        self.failureResultOf(cut, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
