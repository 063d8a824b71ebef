"""The notifier: numbers without holes that it did not mean, answers to everything, ports in pairs."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from pychron.broadcast.frames import Message, read_message, read_snapshot
from pychron.broadcast.interfaces import Announcement, INotifier
from pychron.broadcast.notifier import Notifier, PortTaken
from pychron.broadcast.plugin import FILE, BroadcastPlugin, read_spec
from pychron.config.problems import Report
from pychron.events.bus import EventBus
from pychron.runtime.plugin import IPlugin
from tests.broadcast.air import Air, world


@dataclass(frozen=True)
class Changed:
    name: str
    state: str


@dataclass(frozen=True)
class Unspoken:
    """An event that nobody announces."""


def changed(event: Changed) -> Announcement | None:
    if event.name == "quiet":
        return None
    if event.name == "broken":
        raise RuntimeError("cannot say it")
    return Announcement("switch", {"name": event.name, "state": event.state}, 77.5)


class NotifierTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.air = Air(self.clock)
        self.bus = EventBus(self.clock)
        self.notifier = Notifier(world(self.air), "pyvalve")
        self.notifier.announce(Changed, changed)
        self.state: dict[str, str] = {}
        self.notifier.contribute("line", lambda: dict(self.state))
        self.notifier.start("127.0.0.1", 5555, self.bus)
        self.addCleanup(self.notifier.stop)

    def said(self) -> list[tuple[int, str]]:
        found = [read_message(frame) for frame in self.air.sent]
        assert all(isinstance(m, Message) for m in found)
        return [(m.seq, m.kind) for m in found]

    def snapshot(self):
        return read_snapshot(self.air.bound[5556].answer(b"snapshot"))

    def test_interface(self) -> None:
        verifyObject(INotifier, self.notifier)

    def test_events_are_numbered_and_heartbeats_carry_the_present_number(self) -> None:
        self.assertEqual(self.said(), [(0, "heartbeat")])
        self.bus.publish(Changed("A", "open"))
        self.bus.publish(Unspoken())
        self.bus.publish(Changed("quiet", "open"))
        self.clock.advance(0)
        self.clock.advance(2.0)
        self.assertEqual(self.said()[1:], [(1, "switch"), (1, "heartbeat")])
        message = read_message(self.air.sent[1])
        self.assertEqual(message, Message("pyvalve", "b1", 1, 77.5, "switch", {"name": "A", "state": "open"}))

    def test_a_snapshot_and_a_number_are_never_older_than_the_state(self) -> None:
        self.state["A"] = "open"
        self.bus.publish(Changed("A", "closed"))
        self.bus.publish(Changed("A", "open"))
        snapshot = self.snapshot()
        self.assertEqual(
            (snapshot.seq, snapshot.state, snapshot.node), (2, {"line": {"A": "open"}}, "pyvalve")
        )
        self.bus.publish(Changed("A", "closed"))
        self.assertEqual(self.notifier.number(), 3)
        self.assertEqual(self.notifier.publish("alarm", {"key": "k"}), 4)
        self.clock.advance(0)
        self.assertEqual([n for n, _ in self.said()], [0, 1, 2, 3, 4])

    def test_what_cannot_be_said_leaves_a_gap(self) -> None:
        self.bus.publish(Changed("broken", ""))
        self.bus.publish(Changed("A", "open"))
        self.clock.advance(0)
        self.bus.publish(Changed("broken", ""))
        self.assertEqual(self.notifier.number(), 3)
        self.assertEqual([n for n, _ in self.said()], [0, 2])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)

    def test_what_did_not_fit_on_the_bus_leaves_a_gap(self) -> None:
        for n in range(10_050):
            self.bus.publish(Changed("A", str(n)))
        self.clock.advance(0)
        numbers = [n for n, _ in self.said()]
        self.assertEqual(numbers[1:3], [2, 3])

    def test_every_request_is_answered(self) -> None:
        answer = self.air.bound[5556].answer
        self.notifier.handle("config_json", lambda: '{"a": "\u00b5"}')
        self.notifier.handle("broken", lambda: 1 / 0)
        self.assertEqual(answer(b"ping"), b"echo")
        self.assertEqual(answer(b"config_json"), '{"a": "\u00b5"}'.encode())
        for garbage in (b"", b"config", b"\xff\x00\xfe", b"x" * 50_000, b"snapshot now"):
            self.assertEqual(answer(garbage), b"")
        self.assertEqual(answer(b"broken"), b"")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(answer(b"ping"), b"echo")

    def test_an_area_that_fails_gives_an_empty_answer(self) -> None:
        self.notifier.contribute("broken", lambda: 1 / 0)
        self.assertEqual(self.air.bound[5556].answer(b"snapshot"), b"")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_twice_the_same_is_refused(self) -> None:
        for call in (
            lambda: self.notifier.announce(Changed, changed),
            lambda: self.notifier.contribute("line", dict),
            lambda: self.notifier.handle("ping", lambda: b""),
        ):
            self.assertRaises(ValueError, call)

    def test_frames_of_installed_nodes(self) -> None:
        self.notifier.run_added("1234")
        self.notifier.console_message("hello")
        self.assertEqual(self.air.sent[1:], [b"RunAdded 1234", b"ConsoleMessage hello"])

    def test_stop_says_what_waits_and_closes_both(self) -> None:
        self.bus.publish(Changed("A", "open"))
        self.notifier.stop()
        self.notifier.stop()
        self.assertEqual([n for n, _ in self.said()], [0, 1])
        self.assertEqual(self.air.bound, {})
        self.clock.advance(10)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.notifier.publish("x", {})

    def test_a_simulated_node_says_so_in_each_message(self) -> None:
        notifier = Notifier(world(self.air, simulated=True), "pyvalve")
        notifier.start("127.0.0.1", 6000)
        notifier.stop()
        self.assertTrue(json.loads(self.air.sent[-1].partition(b" ")[2])["simulated"])
        self.assertTrue(notifier.snapshot().simulated)


class PortTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.air = Air(Clock())
        self.notifier = Notifier(world(self.air), "n")
        self.addCleanup(self.notifier.stop)

    def test_port_0_takes_a_pair_whose_second_is_free_too(self) -> None:
        self.air.taken = {40_001, 40_003}
        self.assertEqual(self.notifier.start("127.0.0.1", 0), 40_004)
        self.assertEqual(sorted(self.air.bound), [40_004, 40_005])

    def test_a_taken_port_is_named_and_nothing_stays_bound(self) -> None:
        for taken in (5555, 5556):
            self.air.taken = {taken}
            with self.assertRaises(PortTaken) as caught:
                self.notifier.start("127.0.0.1", 5555)
            self.assertEqual(caught.exception.port, taken)
            self.assertIn(
                f"port 127.0.0.1:{taken} cannot be had (Address already in use)", str(caught.exception)
            )
            self.assertEqual(self.air.bound, {})

    def test_no_pair_at_all(self) -> None:
        self.air.taken = set(range(40_000, 41_000))
        self.assertRaises(PortTaken, self.notifier.start, "127.0.0.1", 0)


class PluginTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        (self.root / FILE).parent.mkdir(parents=True)
        self.report = Report(self.root)

    def write(self, text: str) -> None:
        (self.root / FILE).write_text(text)

    def test_without_a_file_loopback_and_5555(self) -> None:
        spec = read_spec(self.root, None, self.report)
        self.assertEqual((spec.host, spec.port), ("127.0.0.1", 5555))
        self.assertEqual(
            [(x.host, x.port) for x in spec.listens()], [("127.0.0.1", 5555), ("127.0.0.1", 5556)]
        )

    def test_the_file_and_the_option_over_it(self) -> None:
        self.write("# ours\nhost: 0.0.0.0\nport: 7000\n")
        spec = read_spec(self.root, None, self.report)
        self.assertEqual((spec.host, spec.port, str(spec.place)), ("0.0.0.0", 7000, f"{FILE}:3"))
        self.assertEqual(spec.key, "port")
        spec = read_spec(self.root, 0, self.report)
        self.assertEqual(
            (spec.host, spec.port, spec.key, spec.listens()), ("0.0.0.0", 0, "--publish-port", ())
        )
        self.assertEqual(self.report.problems, [])

    def test_faults_are_reported_with_their_line(self) -> None:
        self.write("prot: 7000\nport: 99999\n")
        read_spec(self.root, 65535, self.report)
        texts = [str(p) for p in self.report.sorted()]
        self.assertEqual(len(texts), 3)
        self.assertIn(f"{FILE}:1: error: notifier: prot is not a known key; did you mean port?", texts[1])
        self.assertIn(f"{FILE}:2: error: notifier: port: 99999 is out of range", texts[2])
        self.assertIn("--publish-port: 65535 is out of range", texts[0])
        self.report.problems.clear()
        self.write("- 5555\n")
        read_spec(self.root, None, self.report)
        self.assertEqual(len(self.report.errors), 1)

    def test_life(self) -> None:
        air = Air(Clock())
        offered = {}
        context = SimpleNamespace(
            options=SimpleNamespace(root=self.root, publish_port=None, role="valve"),
            report=self.report,
            world=world(air),
            bus=EventBus(air.clock),
            node_name="pyvalve",
            offer=offered.__setitem__,
            counters={},
            listens=[],
        )
        plugin = BroadcastPlugin()
        verifyObject(IPlugin, plugin)
        plugin.check(context)
        self.assertEqual([x.port for x in context.listens], [5555, 5556])
        self.successResultOf(Deferred.fromCoroutine(plugin.setup(context)))
        plugin.bind(context)
        self.assertEqual((plugin.port, sorted(air.bound)), (5555, [5555, 5556]))
        self.assertEqual(context.counters["broadcast_frames_sent"](), 1)
        other = BroadcastPlugin()
        failure = self.failureResultOf(Deferred.fromCoroutine(other.setup(context)), PortTaken)
        self.assertIn(
            f"{FILE}:0: port, or --publish-port: port 127.0.0.1:5555 cannot be had", str(failure.value)
        )
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(plugin.teardown()))
        self.successResultOf(Deferred.fromCoroutine(other.teardown()))
        self.assertEqual(air.bound, {})
        self.assertIn(INotifier, offered)
