"""Values of dashboards on their way to the page."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from pychron.config.problems import Place
from pychron.dashboard.events import ConditionView, Level, ValueRead, ValueState, ValueView
from pychron.dashboard.interfaces import IDashboard
from pychron.events.bus import EventBus
from pychron.web.values import Values

IG = ValueView("line.IG", "line", "IG", "<line,IG>", "torr", 1e-8, 5.0, 0.0, ValueState.LIVE)
READ = ValueRead("line.IG", "line", "IG", "<line,IG>", 1e-8, "torr", 5.0, Place("dashboard.yaml", 1))


TRIPPED = ConditionView(
    "line.IG.x>1e-7", "line.IG", Level.WARNING, "x>1e-7", True, 6.0, "too high", "call Ana", Place("d", 1)
)


@implementer(IDashboard)
class Board:
    def __init__(self, *views):
        self.views = list(views)
        self.stand = []

    def conditions(self):
        return tuple(self.stand)

    def values(self):
        return tuple(self.views)


class Standing:
    def __init__(self, told):
        self.told = told

    def standing(self):
        return self.told


class ValuesTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.bus = EventBus(self.clock)
        self.woken = []
        self.board = Board(
            IG, replace(IG, name="room.T", device="room", value_name="T", units="C", value=21.5)
        )
        self.values = Values([self.board], self.bus, lambda: self.woken.append(1))
        self.values.news(look=True)

    def tell(self):
        self.bus.publish(READ)
        self.clock.advance(0)

    def test_all_are_there_for_a_page_that_opens(self):
        self.assertEqual([one["name"] for one in self.values.all()], ["line.IG", "room.T"])
        self.assertEqual(self.values.all()[0]["state"], "live")

    def test_only_what_differs_is_told(self):
        self.board.views[0] = replace(IG, value=2e-8, time=6.0)
        self.assertEqual(self.values.news(), {}, "no event has come yet")
        self.tell()
        self.assertEqual(self.woken, [1])
        self.assertEqual(
            [(one["name"], one["value"]) for one in self.values.news()["values"]], [("line.IG", 2e-8)]
        )
        self.assertEqual(self.values.news(), {})

    def test_a_condition_that_trips_is_news_though_the_number_is_the_same(self):
        self.board.views[0] = replace(IG, level=Level.CRITICAL)
        self.tell()
        self.assertEqual([one["level"] for one in self.values.news()["values"]], ["critical"])

    def test_conditions_that_hold_are_told_when_one_trips_and_when_one_clears(self):
        worse = replace(TRIPPED, condition="line.IG.x>1e-5", level=Level.CRITICAL)
        self.board.stand = [TRIPPED, worse, replace(TRIPPED, tripped=False)]
        self.tell()
        self.assertEqual([one["level"] for one in self.values.news()["conditions"]], ["critical", "warning"])
        self.tell()
        self.assertNotIn("conditions", self.values.news())
        self.board.stand = []
        self.tell()
        self.assertEqual(self.values.news()["conditions"], [])

    def test_an_alert_stands_in_place_of_its_condition(self):
        told = {
            "key": TRIPPED.condition, "title": "line.IG", "level": "warning", "began": 6.0, "why": "too high", "guidance": "",
            "phase": "acknowledged", "by": "Ben", "node": "pyvalve",
        }  # fmt: skip
        self.board.stand = [TRIPPED, replace(TRIPPED, condition="other")]
        values = Values([self.board], self.bus, lambda: None, Standing([told]))
        self.assertEqual(
            [(one["condition"], one["phase"], one["by"]) for one in values.tripped()],
            [(TRIPPED.condition, "acknowledged", "Ben"), ("other", "", "")],
        )

    def test_what_grew_old_without_an_event_is_told_at_a_look(self):
        self.board.views[1] = replace(self.board.views[1], state=ValueState.STALE, why="no reading for 12 s")
        self.assertEqual(self.values.news(), {})
        self.assertEqual([one["state"] for one in self.values.news(look=True)["values"]], ["stale"])

    def test_this_nodes_own_and_a_servers_value_of_one_name_are_two(self):
        both = Values([self.board, Board(replace(IG, server="pi:8100"))], self.bus, lambda: None)
        self.assertEqual([one["server"] for one in both.all()], ["", "", "pi:8100"])

    def test_without_dashboards_nothing_is_followed_and_nothing_fails(self):
        none = Values([], self.bus, lambda: None)
        self.assertEqual((none.all(), none.tripped(), none.news(look=True)), ([], [], {}))
        none.stop()

    def test_stopped_it_hears_nothing(self):
        self.values.stop()
        self.tell()
        self.assertEqual(self.woken, [])
