"""The subscriber on a world without libzmq: follows, holds, says when it drops, and stops."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.broadcast.frames import Message, write_message
from pychron.broadcast.notifier import Notifier
from pychron.broadcast.sequence import Apply, Lost, Reset
from pychron.broadcast.subscriber import Subscriber, Told
from tests.broadcast.air import Air, world


class SubscriberTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.air = Air(self.clock)
        self.state: dict[str, int] = {}
        self.notifier = self.start_notifier("b1")
        self.heard: list[Told] = []
        self.subscriber = Subscriber(world(self.air), "127.0.0.1", 5555, self.heard.append, bound=500)
        self.addCleanup(self.subscriber.stop)

    def start_notifier(self, boot: str) -> Notifier:
        notifier = Notifier(world(self.air, boot), "pyvalve")
        notifier.contribute("line", lambda: dict(self.state))
        notifier.start("127.0.0.1", 5555)
        self.addCleanup(notifier.stop)
        return notifier

    def change(self, name: str) -> None:
        self.state[name] = self.state.get(name, 0) + 1
        self.notifier.publish("switch", {name: self.state[name]})

    def run_for(self, seconds: float) -> None:
        for _ in range(round(seconds * 20)):
            self.clock.advance(0.05)

    def table(self) -> dict[str, int]:
        table: dict[str, int] = {}
        for told in self.heard:
            if isinstance(told, Reset):
                table = dict(told.snapshot.state["line"])
            elif isinstance(told, Apply):
                table.update(told.message.payload)
            else:
                table = {}
        return table

    def kinds(self) -> list[str]:
        return [type(told).__name__ for told in self.heard]

    def test_it_follows(self) -> None:
        self.change("A")
        self.subscriber.start()
        self.change("B")
        self.run_for(1)
        self.change("A")
        self.run_for(1)
        self.assertEqual(self.table(), self.state)
        self.assertEqual(self.kinds(), ["Reset", "Apply"])

    def test_a_deaf_spell_is_made_up_for(self) -> None:
        self.subscriber.start()
        self.run_for(1)
        self.air.deaf = True
        self.change("A")
        self.run_for(0.5)
        self.air.deaf = False
        self.run_for(2.5)
        self.assertEqual(self.table(), {"A": 1})
        self.assertEqual((self.kinds(), self.subscriber.follower.missed), (["Reset", "Reset"], 1))

    def test_lost_and_back_with_a_new_boot(self) -> None:
        self.change("A")
        self.subscriber.start()
        self.run_for(1)
        self.notifier.stop()
        self.run_for(6)
        self.assertEqual(self.kinds(), ["Reset", "Lost"])
        self.assertIsInstance(self.heard[-1], Lost)
        self.state.clear()
        self.notifier = self.start_notifier("b2")
        self.change("C")
        self.run_for(1)
        self.assertEqual(self.table(), {"C": 1})
        self.assertEqual(self.subscriber.follower.boot, "b2")

    def test_a_flood_drops_says_so_and_is_made_up_for(self) -> None:
        self.subscriber.start()
        self.run_for(1)
        for _ in range(2000):
            self.change("A")
        self.assertEqual(self.subscriber.dropped, 1500)
        self.run_for(4)
        self.assertEqual(self.table(), self.state)
        self.assertTrue(self.subscriber.follower.synchronous)

    def test_frames_of_installed_nodes_go_to_the_first_tag_that_fits(self) -> None:
        texts: list[tuple[str, str]] = []
        for tag in ("RunAdded", "Run", "ConsoleMessage"):
            self.subscriber.subscribe(tag, lambda text, tag=tag: texts.append((tag, text)))
        self.subscriber.start()
        self.run_for(1)
        self.notifier.run_added("12")
        self.notifier.console_message(" a  b ")
        self.notifier.send_text("Runs", "x")
        self.notifier.send_text("pychronic", "x")
        self.run_for(0.1)
        self.assertEqual(texts, [("RunAdded", "12"), ("ConsoleMessage", "a  b"), ("Run", "s x")])

    def test_bad_frames_are_counted_and_harm_nobody(self) -> None:
        self.subscriber.start()
        self.run_for(1)
        socket = self.air.bound[5555]
        for frame in (b"pychron ", b"pychron {}", b"pychron \xff\xfe", b"pychron [1]"):
            socket.send(frame)
        socket.send(write_message(Message("x", "zz", 3, 0.0, "switch", {})))
        self.change("A")
        self.run_for(1)
        self.assertEqual(self.subscriber.bad, 4)
        self.assertEqual(self.table(), {"A": 1})

    def test_a_callback_that_raises_loses_only_its_own(self) -> None:
        subscriber = Subscriber(world(self.air), "127.0.0.1", 5555, lambda told: 1 / 0)
        subscriber.start()
        self.run_for(1)
        self.change("A")
        self.change("A")
        self.run_for(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertEqual(subscriber.follower.seq, 2)
        subscriber.stop()

    def test_stop_leaves_nothing_behind(self) -> None:
        self.subscriber.start()
        self.change("A")
        self.subscriber.stop()
        self.subscriber.stop()
        self.notifier.stop()
        self.run_for(5)
        self.assertEqual((self.heard, self.air.listeners, self.clock.getDelayedCalls()), ([], [], []))

    def test_nobody_there(self) -> None:
        self.notifier.stop()
        self.subscriber.start()
        self.run_for(7)
        self.assertEqual(self.kinds(), ["Lost"])
        self.assertIn("does not answer", self.subscriber.why_no_snapshot)
