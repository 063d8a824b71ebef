"""DashboardClient on a clock: before the server, after it, through its restart, and what holds a queue."""

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from pychron.config.problems import Place
from pychron.dashboard.client import DashboardClient
from pychron.dashboard.client_file import ServerAddress
from pychron.dashboard.events import Level, ServerChanged, ValueState
from pychron.dashboard.interfaces import IDashboardClient, IHoldsQueue
from pychron.dashboard.specs import ConditionSpec
from pychron.events.bus import EventBus
from tests.broadcast.air import Air, world
from tests.dashboard.test_air import Bench
from tests.dashboard.test_conditions import condition
from tests.dashboard.test_monitor import value

ADDRESS = ServerAddress("valves.lab", 8100, Place("dashboard_client.yaml", 1))


@implementer(IHoldsQueue)
class Recorder:
    """A queue that writes down who holds it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self._held: dict[str, str] = {}

    async def hold(self, key: str, why: str) -> None:
        self.said.append(("hold", why))
        self._held[key] = why

    async def release(self, key: str) -> None:
        self.said.append(("release", key))
        self._held.pop(key, None)

    def holders(self) -> dict[str, str]:
        return dict(self._held)


def critical() -> ConditionSpec:
    warning = condition("x>30")
    return ConditionSpec(
        warning.name, Level.CRITICAL, warning.test, None, 1, 1, warning.on_missing, "", "", (), warning.place
    )


class DashboardClientTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.bench = Bench(self, value(conditions=(critical(),)), clock=self.clock)
        self.bus = EventBus(self.clock)
        self.heard: list[ServerChanged] = []
        self.bus.subscribe(self.heard.append, ServerChanged)  # type: ignore[arg-type]
        self.client = DashboardClient(
            world(self.bench.air, boot="client"), self.bus, [ADDRESS], hold_queue=True
        )
        self.client.start()
        self.addCleanup(self.client.stop)

    def pass_(self, seconds: float) -> None:
        self.bench.pass_(seconds)

    def states(self) -> list[ValueState]:
        return [change.state for change in self.heard]

    def test_interfaces(self) -> None:
        verifyObject(IDashboardClient, self.client)
        verifyObject(IHoldsQueue, Recorder())

    def test_it_works_when_started_before_the_server(self) -> None:
        self.pass_(100)
        self.assertEqual(self.states(), [ValueState.LOST])
        self.assertEqual(self.client.values(), ())
        self.bench.start()
        self.pass_(8)
        (view,) = self.client.values()
        self.assertEqual((view.name, view.value, view.state), ("Env.temperature", 20.0, ValueState.LIVE))
        self.assertEqual(view.server, "valves.lab:8100")
        self.assertEqual(self.states(), [ValueState.LOST, ValueState.LIVE])
        self.bench.instruments["Env.temperature"].answer = 25.0
        self.pass_(10)
        self.assertEqual(self.client.value("Env.temperature").value, 25.0)
        self.assertRaises(KeyError, self.client.value, "Env.humidity")

    def test_a_server_that_falls_silent_is_stale_then_lost_then_back(self) -> None:
        self.bench.start()
        self.pass_(5)
        self.bench.air.deaf = True
        self.pass_(8)
        self.assertEqual(self.client.values()[0].state, ValueState.STALE)
        self.pass_(30)
        self.assertEqual(self.client.values()[0].state, ValueState.LOST)
        self.assertIn("has been silent for", self.client.error())
        self.bench.air.deaf = False
        self.pass_(10)
        self.assertEqual(self.client.values()[0].state, ValueState.LIVE)
        self.assertEqual(self.states(), [ValueState.LIVE, ValueState.STALE, ValueState.LOST, ValueState.LIVE])

    def test_a_client_that_stood_still_takes_that_for_no_silence_of_the_server(self) -> None:
        self.bench.start()
        self.pass_(5)
        # As after a suspended computer: one long step, no frame within it.
        self.bench.air.deaf = True
        self.clock.advance(500)
        self.bench.air.deaf = False
        self.pass_(5)
        self.assertEqual(self.states(), [ValueState.LIVE])

    def test_a_critical_condition_holds_the_queue_and_its_end_releases_it(self) -> None:
        queue = Recorder()
        self.bench.start()
        self.pass_(5)
        self.client.bind_queue(queue)
        self.pass_(1)
        self.assertEqual(queue.said, [])
        self.bench.instruments["Env.temperature"].answer = 31.0
        self.pass_(11)
        self.assertEqual(
            queue.holders(), {"dashboard": "Dashboard error. Env.temperature.x>30: x>30 holds at 31"}
        )
        self.bench.instruments["Env.temperature"].answer = 20.0
        self.pass_(11)
        self.assertEqual((queue.holders(), [word for word, _ in queue.said]), ({}, ["hold", "release"]))

    def test_a_queue_is_held_until_the_server_was_heard(self) -> None:
        queue = Recorder()
        self.client.bind_queue(queue)
        self.pass_(1)
        self.assertIn("has not been heard yet", queue.holders()["dashboard"])
        self.bench.start()
        self.pass_(5)
        self.assertEqual(queue.holders(), {})

    def test_without_use_dashboard_client_nothing_holds_a_queue(self) -> None:
        client = DashboardClient(world(Air(self.clock)), self.bus, [ADDRESS])
        client.start()
        self.addCleanup(client.stop)
        queue = Recorder()
        client.bind_queue(queue)
        self.pass_(100)
        self.assertEqual((queue.said, client.error()), ([], ""))

    def test_an_installed_server(self) -> None:
        """It beats, answers config_json, and knows neither snapshots nor numbers."""
        air = self.bench.air
        publisher, _ = air.publisher("", 8100)
        config = {
            "kind": "config_snapshot",
            "config": {
                "devices": [{"name": "Env", "values": [{"name": "t", "tag": "<Env,t>", "units": "C"}]}]
            },
        }
        air.replier("", 8101, lambda frame: json.dumps(config).encode() if frame == b"config_json" else b"")
        self.pass_(5)
        publisher.send(b'dashboard {"kind": "value_update", "tag": "<Env,t>", "value": 3, "ts": 7}')
        publisher.send(b"<Env,t> 3")
        self.pass_(1)
        (view,) = self.client.values()
        self.assertEqual((view.name, view.value, view.state), ("Env.t", 3.0, ValueState.LIVE))
        publisher.send(b'dashboard {"kind": "critical", "message": "hot", "script": ""}')
        publisher.send(b"error hot")
        self.pass_(1)
        self.assertEqual(self.client.error(), "hot")
        self.client.clear()
        self.assertEqual(self.client.error(), "")
        for garbage in (b"dashboard", b"dashboard {", b"dashboard []", b"dashboard \xff\xff", b"pychron {}"):
            publisher.send(garbage)
        self.pass_(1)
        self.assertEqual(self.client.value("Env.t").value, 3.0)

    def test_a_server_that_answers_nonsense_is_asked_again(self) -> None:
        replies = [b"", b"not json", b"[]"]
        self.bench.air.publisher("", 8100)
        self.bench.air.replier(
            "", 8101, lambda frame: replies.pop() if replies and frame != b"snapshot" else b""
        )
        self.pass_(20)
        self.assertEqual(replies, [])
        self.assertIn("gives no configuration", self.client.servers[0].why_no_config)
