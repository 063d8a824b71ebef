"""The recorder: in batches, bounded, and it goes on when its database comes back."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.observability.history import recorder as recorders
from pychron.observability.history.database import Sqlite
from pychron.observability.history.history_file import HistorySpec
from pychron.observability.history.interfaces import HistoryFailed
from pychron.observability.history.recorder import Recorder


class AtOnce:
    """A pool whose jobs end at once."""

    def run(self, function, *args):
        return maybeDeferred(function, *args)


class RecorderTests(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.shared = sqlite3.connect(":memory:")
        self.broken = ""
        self.writes = 0
        world = SimpleNamespace(wire=self.clock, wall=lambda: 1000.0 + self.clock.seconds(), pool=AtOnce())
        self.recorder = Recorder(world, HistorySpec(write_every_s=5.0), self.connect)
        self.recorder.start()

    def connect(self):
        if self.broken:
            raise sqlite3.OperationalError(self.broken)
        test = self

        class Counted(Sqlite):
            def commit(self):
                test.writes += 1
                super().commit()

            def close(self):
                pass

        return Counted(self.shared)

    def events(self):
        return self.successResultOf(self.recorder.events(0.0, 1e9))

    def test_what_happens_in_five_seconds_is_one_transaction(self):
        for n in range(50):
            self.recorder.event("valve", {"name": "A", "state": "open"}, 1000.0 + n)
            self.recorder.reading("T", "C", 1000.0 + n, n)
        self.clock.advance(5.0)
        self.assertEqual(self.writes, 1)
        self.assertEqual(self.recorder.written, 100)
        self.assertEqual(self.recorder.waiting, 0)

    def test_who_asks_gets_what_is_not_written_yet(self):
        self.recorder.event("lock", {"name": "A", "lock": {}, "who": "Ana", "why": "leak"}, 1000.0)
        (one,) = self.events()
        self.assertEqual((one.subject, one.text), ("A", "A unlocked by Ana: leak"))

    def test_a_database_that_is_down_loses_nothing_and_is_told_once(self):
        self.broken = "disk I/O error"
        self.recorder._connection = None
        self.recorder.event("valve", {"name": "A", "state": "open"}, 1000.0)
        self.clock.pump([5.0, 5.0, 5.0])
        self.assertEqual(self.recorder.failing, "disk I/O error")
        self.failureResultOf(self.recorder.tags(), HistoryFailed)
        self.broken = ""
        self.clock.advance(5.0)
        self.assertEqual(self.recorder.failing, "")
        self.assertEqual([one.text for one in self.events()], ["A open"])

    def test_its_queue_is_bounded_and_what_is_lost_is_counted(self):
        self.broken = "down"
        self.recorder._connection = None
        self.patch(recorders, "MOST", 10)
        for n in range(15):
            self.recorder.reading("T", "C", float(n), n)
        self.assertEqual((self.recorder.waiting, self.recorder.dropped), (10, 5))

    def test_what_is_no_number_is_no_reading(self):
        self.recorder.reading("T", "C", 1.0, float("nan"))
        self.recorder.reading("T", "C", 1.0, float("inf"))
        self.assertEqual(self.recorder.waiting, 0)

    def test_a_note_is_on_disk_when_it_returns(self):
        note = self.successResultOf(self.recorder.note("smells of oil", "Ana", 1234.0))
        self.assertEqual(
            (note.wall, note.kind, note.subject, note.text), (1234.0, "note", "Ana", "smells of oil")
        )

    def test_at_the_end_what_is_gathered_is_written(self):
        self.recorder.event("valve", {"name": "A", "state": "open"}, 1000.0)
        from twisted.internet.defer import Deferred

        self.successResultOf(Deferred.fromCoroutine(self.recorder.stop()))
        self.assertEqual(self.writes, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
