"""The dashboard's sockets on a clock: order of frames, heartbeat, every request answered, a taken port."""

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.broadcast.frames import Message, read_message, read_snapshot
from pychron.config.problems import Place
from pychron.dashboard.air import DashboardAir
from pychron.dashboard.interfaces import IDashboard
from pychron.dashboard.monitor import Monitor
from pychron.dashboard.server import Dashboard
from pychron.dashboard.specs import DashboardSpec, Dialect, ValueSpec
from pychron.events.bus import EventBus
from pychron.hardware.interfaces import Unavailable
from tests.broadcast.air import Air, world
from tests.dashboard.test_conditions import condition
from tests.dashboard.test_monitor import Instrument, value

FILE = Place("dashboard.yaml")


class Bench:
    """A dashboard of some values, each with an instrument."""

    def __init__(
        self,
        case: SynchronousTestCase,
        *values: ValueSpec,
        clock: Clock | None = None,
        simulated: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self.air = Air(self.clock)
        self.bus = EventBus(self.clock)
        self.instruments = {v.name: Instrument() for v in values}
        spec = DashboardSpec(FILE, "127.0.0.1", 8100, FILE, values, (Dialect.INSTALLED,))
        self.world = world(self.air, simulated=simulated)
        self.dashboard = Dashboard(self.clock, spec)
        sources = {name: instrument.read for name, instrument in self.instruments.items()}
        self.monitor = self.dashboard.monitor = Monitor(self.world, self.bus, values, sources)
        self.server = DashboardAir(self.world, "pyvalve", self.bus, spec, IDashboard(self.dashboard))
        case.addCleanup(self.stop)

    def start(self) -> None:
        self.server.start()
        self.monitor.start()
        self.pass_(0)

    def stop(self) -> None:
        self.monitor.stop()
        self.server.stop()

    def pass_(self, seconds: float) -> None:
        left = seconds
        while left > 0:
            self.clock.advance(min(0.5, left))
            left -= 0.5
        self.clock.advance(0)

    def ask(self, request: bytes) -> bytes:
        return self.air.bound[8101].answer(request)

    def frames(self) -> list[bytes]:
        """Without heartbeats; forgets them."""
        found = [f for f in self.air.sent if b"heartbeat" not in f]
        self.air.sent.clear()
        return found


class DashboardAirTest(SynchronousTestCase):
    def test_a_reading_goes_out_as_installed_clients_know_it_and_as_ours_do(self) -> None:
        bench = Bench(self, value())
        bench.start()
        structured, twin, ours = bench.frames()
        self.assertTrue(structured.startswith(b'dashboard {"device": "Env", "kind": "value_update"'))
        self.assertEqual(twin, b"<Env,temperature> 20.0")
        message = read_message(ours)
        assert isinstance(message, Message)
        self.assertEqual((message.node, message.seq, message.kind), ("pyvalve", 1, "value"))
        self.assertEqual(message.payload["value"], 20.0)

    def test_a_critical_condition_and_its_end(self) -> None:
        bench = Bench(self, value(conditions=(condition("x>30"),)))
        bench.start()
        bench.frames()
        bench.instruments["Env.temperature"].answer = 31.0
        bench.pass_(10)
        frames = bench.frames()
        self.assertIn(b"Env.temperature.x>30 is True. value=31", frames)
        kinds = [m.kind for f in frames if isinstance(m := read_message(f), Message)]
        self.assertEqual(kinds, ["value", "condition", "value"])
        bench.instruments["Env.temperature"].answer = 20.0
        bench.pass_(10)
        messages = [m for f in bench.frames() if isinstance(m := read_message(f), Message)]
        self.assertEqual([m.payload.get("tripped") for m in messages], [None, False, None])
        self.assertIsNone(messages[-1].payload["level"])

    def test_the_heartbeat_has_a_timer_of_its_own(self) -> None:
        bench = Bench(self, value(period_s=60.0))
        bench.start()
        bench.instruments["Env.temperature"].answer = None
        bench.pass_(20)
        beats = [f for f in bench.air.sent if f.startswith(b'dashboard {"kind": "heartbeat"')]
        self.assertEqual(len(beats), 11)
        self.assertEqual(
            beats[1],
            b'dashboard {"kind": "heartbeat", "source": "dashboard.yaml", "state": "polling", "ts": 1002.0}',
        )

    def test_every_request_is_answered(self) -> None:
        bench = Bench(self, value())
        bench.start()
        self.assertEqual(bench.ask(b"ping"), b"echo")
        config = json.loads(bench.ask(b"config_json"))
        self.assertEqual(config["kind"], "config_snapshot")
        self.assertEqual(config["config"]["devices"][0]["values"][0]["tag"], "<Env,temperature>")
        for request in (b"config", b"", b"nope", b"\xff\x00", b"x" * 70_000, b"ping ping"):
            self.assertEqual(bench.ask(request), b"")
        self.assertEqual(bench.ask(b"ping"), b"echo")

    def test_a_snapshot_holds_every_value_and_condition(self) -> None:
        bench = Bench(self, value(conditions=(condition("x>10"),)), value("humidity"))
        bench.instruments["Env.humidity"].answer = Unavailable("no cable")
        bench.start()
        snapshot = read_snapshot(bench.ask(b"snapshot"))
        values = {v["name"]: v for v in snapshot.state["dashboard"]["values"]}
        self.assertEqual(values["Env.temperature"]["state"], "live")
        self.assertEqual(values["Env.temperature"]["level"], "warning")
        self.assertEqual(
            (values["Env.humidity"]["state"], values["Env.humidity"]["why"]), ("error", "no cable")
        )
        (told,) = snapshot.state["dashboard"]["conditions"]
        self.assertEqual((told["condition"], told["tripped"]), ("Env.temperature.x>10", True))

    def test_what_did_not_fit_into_the_queue_is_told_as_it_is_now(self) -> None:
        bench = Bench(self, value(), value("humidity"))
        bench.start()
        bench.frames()
        subscription = next(s for s in bench.bus._subscriptions if s.what == "DashboardServer")
        subscription.bound = 1
        for name in bench.instruments:
            bench.instruments[name].answer = 25.0
        bench.clock.advance(10)
        bench.pass_(0)
        self.assertEqual(bench.server.dropped, 1)
        told = [m.payload for f in bench.frames() if isinstance(m := read_message(f), Message)]
        self.assertEqual(
            {t["name"]: t["value"] for t in told}, {"Env.temperature": 25.0, "Env.humidity": 25.0}
        )

    def test_a_simulated_node_says_so_in_every_structured_frame(self) -> None:
        bench = Bench(self, value(conditions=(condition("x>10"),)), simulated=True)
        bench.start()
        frames = [f for f in bench.air.sent if f.startswith(b"dashboard {")]
        self.assertGreaterEqual(len(frames), 3)
        for frame in frames:
            self.assertIs(json.loads(frame.partition(b" ")[2])["simulated"], True)
        self.assertIn(b"<Env,temperature> 20.0", bench.air.sent)

    def test_a_taken_port_costs_the_sockets_and_is_tried_again(self) -> None:
        bench = Bench(self, value(conditions=(condition("x>10"),)))
        bench.air.taken.add(8101)
        bench.start()
        self.assertEqual((bench.server.port, bench.air.bound), (0, {}))
        self.assertTrue(bench.dashboard.conditions()[0].tripped)
        bench.air.taken.clear()
        bench.pass_(10)
        self.assertEqual((bench.server.port, bench.ask(b"ping")), (8100, b"echo"))

    def test_stopping_frees_the_ports_and_the_clock(self) -> None:
        bench = Bench(self, value())
        bench.start()
        bench.stop()
        bench.pass_(0)
        self.assertEqual((bench.air.bound, bench.clock.getDelayedCalls()), ({}, []))
