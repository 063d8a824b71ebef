"""Automatic reduction on a clock: when it looks, what it publishes, what it waits for, and that nothing is left when it stops."""

import dataclasses
import json
from pathlib import Path

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.broadcast.notifier import Notifier
from pychron.config.problems import Report
from pychron.dvc.locations import read_locations
from pychron.events.bus import EventBus
from pychron.extraction_line.events import PeerChanged
from pychron.pipeline.events import (
    AnalysisReduced,
    ControlPointAdded,
    Following,
    RepositoryFollowed,
    RunMissing,
    RunningSampleChanged,
)
from pychron.pipeline.following.automatic import FILE, GIVE_UP_S, AutomaticReduction
from pychron.pipeline.settings import read_settings
from tests.broadcast.air import Air, world
from tests.dvc.making import Files, analysis
from tests.pipeline.laboratory import blank, stamp, uuid_of, written


class Pool:
    """Runs at once; or holds every call until it is let go."""

    def __init__(self):
        self.held = None

    def run(self, function, *args):
        if self.held is None:
            return maybeDeferred(function, *args)
        waits = Deferred()
        waits.addCallback(lambda _: function(*args))
        self.held.append(waits)
        return waits

    def let_go(self):
        held, self.held = self.held, None
        for one in held:
            one.callback(None)


class Reduces(SynchronousTestCase):
    def setUp(self):
        self.root = Path(self.mktemp()).absolute()
        self.root.mkdir()
        (self.root / "setupfiles").mkdir()
        (self.root / "setupfiles" / "pipeline.yaml").write_text("host: 127.0.0.1\nport: 5555\npoll: 30\n")
        (self.root / "setupfiles" / "dvc.yaml").write_text("meta: MetaData\nrepositories: repositories\n")
        self.lab = self.root / "repositories"
        self.lab.mkdir()
        written(self.root)
        (self.root / "NM-1").rename(self.lab / "NM-1")
        self.clock = Clock()
        self.air = Air(self.clock)
        self.pool = Pool()
        self.events = []
        self.made = []

    def begin(self):
        found = dataclasses.replace(world(self.air), pool=self.pool)
        bus = EventBus(self.clock)
        bus.subscribe(self.events.append)
        report = Report(self.root)
        self.reduction = AutomaticReduction(
            found, bus, read_locations(self.root, report), read_settings(self.root, report), self.root
        )
        self.made.append(self.reduction)
        self.reduction.start()
        self.clock.advance(0.01)
        self.assertEqual(report.problems, [])

    def tearDown(self):
        for one in self.made:
            one.stop()
        self.clock.advance(0)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def add(self, seed, hour, **changes):
        Files(analysis(seed, identifier="70001", timestamp=stamp(hour), **changes)).write(self.lab / "NM-1")
        return uuid_of(seed)

    def test_a_first_look_knows_all_and_tells_the_running_sample(self):
        self.begin()
        self.assertEqual(self.told(AnalysisReduced), [])
        self.assertEqual(len(self.told(RunningSampleChanged)), 1)
        self.assertEqual(
            [one.uuid for one in self.reduction.current().analyses], [uuid_of(n) for n in range(3)]
        )
        self.assertEqual({one.name for one in self.reduction.panels()}, {"spectrum", "isochron", "ideogram"})
        self.assertTrue(self.reduction.charts())
        self.assertEqual([one.state for one in self.reduction.repositories()], [Following.LOCAL] * 2)
        self.assertEqual(self.reduction.reduced, 11)

    def test_the_poll_finds_what_is_new_and_tells_it_once(self):
        self.begin()
        uuid = self.add(50, 7)
        self.clock.advance(29)
        self.assertEqual(self.told(AnalysisReduced), [])
        self.clock.advance(1.1)
        self.clock.advance(0.01)
        (told,) = self.told(AnalysisReduced)
        self.assertEqual((told.uuid, told.repository, told.flags), (uuid, "NM-1", ()))
        self.clock.pump([30] * 3)
        self.assertEqual(len(self.told(AnalysisReduced)), 1)
        self.assertEqual(len(self.told(RunningSampleChanged)), 2)
        self.assertEqual(self.reduction.reduced, 12, "only what is new was reduced")

    def test_run_added_is_looked_for_at_once(self):
        self.begin()
        uuid = self.add(50, 7)
        for listener in self.air.listeners:
            listener.received(f"RunAdded {uuid}".encode())
        self.clock.pump([0.01] * 3)
        self.assertEqual([one.uuid for one in self.told(AnalysisReduced)], [uuid])

    def test_what_is_announced_before_it_is_there_is_looked_for_again(self):
        self.begin()
        self.reduction.announced(uuid_of(50))
        looks = self.reduction.looks
        self.clock.pump([0.5] * 5)
        self.assertEqual(self.reduction.looks, looks + 1, "after two seconds")
        self.add(50, 7)
        self.clock.pump([0.5] * 9)
        self.assertEqual([one.uuid for one in self.told(AnalysisReduced)], [uuid_of(50)])

    def test_what_never_comes_is_told_as_missing_once(self):
        self.begin()
        self.reduction.announced(uuid_of(99).upper())
        self.clock.pump([1.0] * int(GIVE_UP_S - 5))
        self.assertEqual(self.told(RunMissing), [])
        self.clock.pump([1.0] * 120)
        (missing,) = self.told(RunMissing)
        self.assertEqual(missing.uuid, uuid_of(99))
        self.assertIn("is its repository cloned there, and pushed?", missing.why)
        self.clock.pump([30.0] * 5)
        self.assertEqual(len(self.told(RunMissing)), 1)

    def test_what_is_no_uuid_is_left_alone(self):
        self.begin()
        looks = self.reduction.looks
        for text in ("", "../../etc", "27257-05", "x" * 5000):
            self.reduction.announced(text)
        self.assertEqual(self.reduction.looks, looks)

    def test_news_during_a_look_makes_another_one_follow_and_never_two_at_once(self):
        self.begin()
        self.pool.held = []
        self.reduction.look()
        self.assertEqual(len(self.pool.held), 1)
        uuid = self.add(50, 7)
        for _ in range(5):
            self.reduction.announced(uuid)
        self.assertEqual(len(self.pool.held), 1)
        looks = self.reduction.looks
        self.pool.let_go()
        self.assertEqual(self.reduction.looks, looks + 1)
        self.clock.advance(0.01)
        self.assertEqual([one.uuid for one in self.told(AnalysisReduced)], [uuid])

    def test_a_changed_j_is_told_for_every_age_that_it_moves(self):
        self.begin()
        path = self.root / "MetaData" / "TEST-001" / "A.json"
        document = json.loads(path.read_text())
        document["positions"][0]["j"] *= 1.01
        path.write_text(json.dumps(document))
        self.clock.advance(30)
        self.clock.advance(0.01)
        self.assertEqual([one.uuid for one in self.told(AnalysisReduced)], [uuid_of(n) for n in range(3)])

    def test_metadata_that_are_none_are_a_state_with_the_reason_and_come_back(self):
        aside = self.root / "aside.txt"
        (self.root / "MetaData" / "TEST-001" / "chronology.txt").rename(aside)
        self.begin()
        (state,) = [one for one in self.told(RepositoryFollowed) if one.repository == "MetaData"]
        self.assertEqual(state.state, Following.ABSENT)
        self.assertIn("is this the metadata repository?", state.why)
        self.assertIsNone(self.reduction.current().analyses[0].age_ma)
        self.clock.pump([30, 0.01] * 3)
        self.assertEqual(
            len([one for one in self.told(RepositoryFollowed) if one.repository == "MetaData"]), 1
        )
        aside.rename(self.root / "MetaData" / "TEST-001" / "chronology.txt")
        self.clock.pump([30, 0.01])
        self.assertEqual(self.told(RepositoryFollowed)[-1].state, Following.LOCAL)
        self.assertTrue(all(one.age_ma for one in self.told(AnalysisReduced)))
        self.assertEqual(len(self.told(AnalysisReduced)), 3)

    def test_a_blank_is_a_point_of_its_charts(self):
        self.begin()
        blank(60, "blank_unknown", 8.0, 0.012, 9).write(self.lab / "NM-1")
        self.clock.advance(30)
        self.clock.advance(0.01)
        points = {one.chart: one for one in self.told(ControlPointAdded)}
        self.assertEqual(sorted(points), [f"blank_unknown Ar{n}, sim1" for n in (36, 37, 38, 39, 40)])
        self.assertAlmostEqual(points["blank_unknown Ar40, sim1"].point.value, 0.012 * 800 - 0.001)
        self.assertIsNotNone(points["blank_unknown Ar40, sim1"].centre)

    def test_a_repository_that_goes_is_a_state_and_its_results_stay(self):
        self.begin()
        (self.lab / "NM-1").rename(self.root / "aside")
        self.clock.advance(30)
        self.clock.advance(0.01)
        gone = self.told(RepositoryFollowed)[-1]
        self.assertEqual((gone.repository, gone.state), ("NM-1", Following.ABSENT))
        self.assertIn("clone it again", gone.why)
        self.assertEqual(len(self.reduction.current().analyses), 3)
        self.clock.advance(30)
        self.clock.advance(0.01)
        self.assertEqual(self.told(RepositoryFollowed)[-1], gone, "it is told once")

    def test_the_pyexperiment_that_is_lost_and_comes_back_is_told(self):
        experiment = Notifier(world(self.air, boot="e1"), "pyexperiment")
        experiment.start("127.0.0.1", 5555)
        self.begin()
        self.clock.pump([0.25] * 8)
        self.assertEqual([one.connected for one in self.told(PeerChanged)], [True])
        self.assertEqual(self.reduction.following(), {"host": "127.0.0.1", "port": 5555, "heard": True})
        experiment.stop()
        self.clock.pump([0.25] * 60)
        self.assertEqual([one.connected for one in self.told(PeerChanged)], [True, False])
        uuid = self.add(50, 7)
        again = Notifier(world(self.air, boot="e2"), "pyexperiment")
        again.start("127.0.0.1", 5555)
        self.clock.pump([0.25] * 20)
        self.assertEqual([one.connected for one in self.told(PeerChanged)], [True, False, True])
        self.assertEqual(
            [one.uuid for one in self.told(AnalysisReduced)], [uuid], "it may not have been heard"
        )
        again.stop()

    def test_a_damaged_memory_is_no_memory(self):
        (self.root / FILE).write_text("{")
        self.begin()
        self.assertEqual(self.told(AnalysisReduced), [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_stopped_in_the_middle_of_a_look_nothing_follows(self):
        self.begin()
        self.add(50, 7)
        self.pool.held = []
        self.reduction.look()
        self.reduction.stop()
        self.pool.let_go()
        self.clock.pump([30] * 3)
        self.assertEqual(self.told(AnalysisReduced), [])
        self.reduction.announced(uuid_of(50))
        self.clock.advance(0)
