"""A node that stood still: what was sent meanwhile is marked, what comes afterwards is not."""

from twisted.trial.unittest import SynchronousTestCase

from pychron.rpc.arrival import LARGEST_READ
from tests.rpc.bench_of_verbs import BenchOfVerbs


class Standstill(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()
        self.bench.watch.start()
        self.talk, self.link = self.bench.talk()
        self.run_for(1.0)

    def run_for(self, seconds: float) -> None:
        """The loop runs: ticks come in time."""
        for _ in range(int(seconds / 0.05)):
            self.bench.clock.rightNow += 0.05
            self.bench.turn()

    def stand_still(self, seconds: float) -> None:
        """SIGSTOP, SIGCONT: time passes, and the first thing after it is a read."""
        self.bench.clock.rightNow += seconds

    def ask(self, text: str = "State A\n") -> bool:
        self.bench.say(self.talk, text)
        return self.bench.calls[-1].stood_still

    def test_a_healthy_loop_marks_nothing(self) -> None:
        for _ in range(40):
            self.assertFalse(self.ask())
            self.run_for(0.2)
        self.assertEqual(self.bench.watch.standstills, 0)

    def test_what_is_read_first_after_five_seconds_is_marked_and_dated_back(self) -> None:
        before = self.bench.clock.seconds()
        self.stand_still(5.0)
        self.assertTrue(self.ask())
        self.assertLessEqual(self.bench.calls[-1].received_at, before)
        self.assertEqual(self.bench.watch.standstills, 1)

    def test_all_connections_and_new_ones_are_marked_until_the_sockets_are_drained(self) -> None:
        self.stand_still(5.0)
        self.assertTrue(self.ask())
        self.bench.turn()
        self.talk, _ = self.bench.talk()
        self.assertTrue(self.ask())
        for _ in range(5):
            self.bench.turn()
        self.assertFalse(self.ask())
        self.assertFalse(self.bench.watch.settling)

    def test_a_tick_that_comes_first_does_not_hide_it(self) -> None:
        self.stand_still(5.0)
        self.bench.turn()
        self.assertTrue(self.ask())

    def test_a_socket_that_was_not_emptied_stays_marked(self) -> None:
        self.stand_still(5.0)
        lines = LARGEST_READ // len("State A\n")
        self.talk.received(b"State A\n" * lines, self.bench.clock.seconds())
        for _ in range(lines // 50 + 2):
            self.bench.turn()
        self.assertFalse(self.bench.watch.settling)
        self.assertEqual(self.link.log, ["stop", "go"])
        self.assertTrue(self.ask())
        self.assertFalse(self.ask())

    def test_half_a_second_is_no_standstill(self) -> None:
        self.stand_still(0.5)
        self.assertFalse(self.ask())

    def test_what_lay_in_an_unread_socket_is_as_old_as_the_pause(self) -> None:
        self.ask("Open A\n" + "State A\n" * 70)
        self.assertEqual(self.link.log, ["stop"])
        paused_at = self.bench.clock.seconds()
        self.run_for(3.0)
        self.bench.ends["Open A"].callback(True)
        self.bench.turn()
        self.assertEqual(self.link.log, ["stop", "go"])
        self.assertFalse(self.ask())
        self.assertEqual(self.bench.calls[-1].received_at, paused_at)
        self.ask()
        self.assertEqual(self.bench.calls[-1].received_at, self.bench.clock.seconds())

    def test_a_standstill_during_the_pause_is_remembered(self) -> None:
        self.ask("Open A\n" + "State A\n" * 70)
        self.stand_still(5.0)
        self.run_for(3.0)
        self.bench.ends["Open A"].callback(True)
        self.bench.turn()
        self.assertTrue(self.ask())
        self.assertFalse(self.ask())

    def test_a_socket_that_was_empty_after_the_pause_doubts_nothing_later(self) -> None:
        self.ask("Open A\n" + "State A\n" * 70)
        self.run_for(3.0)
        self.bench.ends["Open A"].callback(True)
        self.run_for(1.0)
        self.ask()
        self.assertEqual(self.bench.calls[-1].received_at, self.bench.clock.seconds())
