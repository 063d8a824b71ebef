"""What the page asks of the history, and what it is told where that fails."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.states import State
from pychron.observability.history.interfaces import Bucket, Entry, HistoryFailed, Series, Then, ValveThen
from pychron.web.access import Forbidden
from pychron.web.past import ANSWER_S, DAY_S, MOST_EVENTS, MOST_POINTS, Past

NOW = 1_000_000.0
THEN = Then(
    500.0,
    {"A": ValveThen("A", "open", "relay", 400.0, True, "Ana"), "B": ValveThen("B", "unknown", None, None)},
    {"line.IG": (1e-8, 499.0)},
)


class History:
    """Keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.fails = None

    def _say(self, answer, *asked):
        self.asked.append(asked)
        return self.fails or succeed(answer)

    def tags(self):
        return self._say(("line.IG",), "tags")

    def values(self, tag, start, end, points=500):
        found = Series(tag, "torr", 10.0, (Bucket(0.0, 3, 1.0, 2.0, 3.0),))
        return self._say(found, "values", tag, start, end, points)

    def events(self, start, end, kinds=(), limit=1000, subject=""):
        found = (Entry(1, 5.0, "valve", "A", "A closed -> open"),)
        return self._say(found, "events", start, end, kinds, limit)

    def state_at(self, time):
        return self._say(THEN, "then", time)

    def note(self, text, who, time=None):
        return self._say(Entry(2, NOW if time is None else time, "note", who, text), "note", text, who, time)


class PastTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.history = History()
        self.coloured = []
        self.past = Past(self.history, self.colours, self.clock, lambda: NOW)

    def colours(self, states):
        self.coloured.append(dict(states))
        return {"edges": {}}

    def ask(self, what, **query):
        return self.successResultOf(Deferred.fromCoroutine(self.past.answer(what, query)))

    def refused(self, what, **query):
        return self.failureResultOf(Deferred.fromCoroutine(self.past.answer(what, query)), Forbidden).value

    def test_the_line_as_it_was_has_its_colours_too(self):
        then = self.ask("then", time="500")
        self.assertEqual(self.history.asked, [("then", 500.0)])
        self.assertEqual(self.coloured, [{"A": State.OPEN, "B": State.UNKNOWN}])
        self.assertEqual(
            [(one["name"], one["state"], one["locked"], one["owner"]) for one in then["valves"]],
            [("A", "open", True, "Ana"), ("B", "unknown", False, "")],
        )
        self.assertEqual(then["values"], {"line.IG": [1e-8, 499.0]})

    def test_values_come_as_low_mean_and_high(self):
        found = self.ask("values", tag="line.IG", start="0", end="100", points="10")
        self.assertEqual(self.history.asked, [("values", "line.IG", 0.0, 100.0, 10)])
        self.assertEqual((found["unit"], found["buckets"]), ("torr", [[0.0, 1.0, 2.0, 3.0]]))

    def test_without_a_span_it_is_the_last_day(self):
        self.ask("events")
        self.assertEqual(self.history.asked, [("events", NOW + 1 - DAY_S, NOW + 1, (), 500)])

    def test_nobody_asks_for_more_than_a_page_can_hold(self):
        self.ask("events", limit="1e9", kinds="valve,note")
        self.ask("values", tag="x", points="-4")
        self.ask("values", tag="x", points="1e9")
        self.assertEqual(self.history.asked[0][3:], (("valve", "note"), MOST_EVENTS))
        self.assertEqual([one[4] for one in self.history.asked[1:]], [1, MOST_POINTS])

    def test_what_is_no_number_is_refused(self):
        for text in ("x", "nan", "inf"):
            self.assertEqual(self.refused("then", time=text).status, 400)
        self.assertEqual(self.history.asked, [])

    def test_another_name_is_no_page(self):
        self.assertEqual(self.refused("passwords").status, 404)

    def test_a_history_that_fails_says_why(self):
        self.history.fails = fail(HistoryFailed("the disk is full"))
        problem = self.refused("tags")
        self.assertEqual((problem.status, "the disk is full" in problem.why), (503, True))

    def test_a_history_that_hangs_is_given_up(self):
        self.history.fails = Deferred()
        asked = Deferred.fromCoroutine(self.past.answer("tags", {}))
        self.clock.advance(ANSWER_S)
        self.assertEqual(self.failureResultOf(asked, Forbidden).value.status, 503)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_note_is_a_line_of_the_log(self):
        noted = self.successResultOf(Deferred.fromCoroutine(self.past.note("pump was loud", "Ana", 400.0)))
        self.assertEqual(self.history.asked, [("note", "pump was loud", "Ana", 400.0)])
        self.assertEqual((noted["kind"], noted["subject"], noted["time"]), ("note", "Ana", 400.0))
