"""Verbs of dashboards, and what the line reads of them."""

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from pychron.dashboard.client import DashboardClient
from pychron.dashboard.interfaces import IDashboard, IDashboardClient
from pychron.dashboard.server import Dashboard, Readings
from pychron.dashboard.verbs import client_verbs, server_verbs
from pychron.events.bus import EventBus
from pychron.extraction_line.permits import IReadings
from pychron.hardware.interfaces import Unavailable
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, Verb
from pychron.trust.rights import Peer, Right
from tests.broadcast.air import Air, world
from tests.dashboard.test_air import Bench
from tests.dashboard.test_client import ADDRESS
from tests.dashboard.test_conditions import condition
from tests.dashboard.test_monitor import value


def ask(verb: Verb, argument: str = ""):
    return verb.handler(Call(verb.name, argument, Peer("10.0.0.5"), 0.0))


class VerbsTest(SynchronousTestCase):
    def test_list_values(self) -> None:
        bench = Bench(self, value(conditions=(condition("x>10"),)))
        (verb,) = server_verbs(IDashboard(bench.dashboard))
        bench.start()
        told = ask(verb)
        self.assertEqual((verb.right, told["faults"]), (Right.OBSERVE, []))
        self.assertEqual(told["values"][0]["value"], 20.0)
        self.assertTrue(told["conditions"][0]["tripped"])

    def test_why_it_does_not_run(self) -> None:
        dashboard = Dashboard(Clock(), None, ("dashboard.yaml:3: wrong",))
        (verb,) = server_verbs(IDashboard(dashboard))
        self.assertEqual(ask(verb), {"faults": ["dashboard.yaml:3: wrong"], "values": [], "conditions": []})
        self.assertEqual(dict(Readings(dashboard).fresh()), {})
        self.assertRaises(KeyError, dashboard.value, "Env.temperature")

    def test_followed_values_and_clear(self) -> None:
        clock = Clock()
        client = DashboardClient(world(Air(clock)), EventBus(clock), [ADDRESS], hold_queue=True)
        followed = client.servers[0].followed
        followed.frame({"kind": "critical", "message": "hot"}, 0.0)
        listed, clear = client_verbs(IDashboardClient(client))
        self.assertEqual(ask(listed), {"error": "hot", "values": []})
        self.assertEqual(clear.right, Right.OPERATE)
        with pytest.raises(Fault):
            ask(clear, "all")
        self.assertEqual(client.error(), "hot")
        self.assertIs(ask(clear), True)
        self.assertEqual(client.error(), "")


class ReadingsTest(SynchronousTestCase):
    def test_fresh_numbers_by_both_names_and_no_valves(self) -> None:
        bench = Bench(
            self,
            value("pressure", source="bone_gauges", attribute="IG"),
            value("humidity"),
            value("A", source="extraction_line"),
        )
        bench.instruments["Env.humidity"].answer = Unavailable("no cable")
        bench.start()
        readings = Readings(bench.dashboard)
        verifyObject(IReadings, readings)
        self.assertEqual(dict(readings.fresh()), {"Env.pressure": 20.0, "bone_gauges.IG": 20.0})

    def test_three_periods_later_it_is_not_there(self) -> None:
        bench = Bench(self, value(period_s=10.0))
        bench.start()
        bench.instruments["Env.temperature"].answer = Unavailable("gone")
        bench.monitor.stop()
        bench.clock.advance(29)
        self.assertIn("Env.temperature", Readings(bench.dashboard).fresh())
        bench.clock.advance(2)
        self.assertEqual(dict(Readings(bench.dashboard).fresh()), {})
