"""The life of a node: set up in order, rolled back in reverse, stopped step by step."""

import tempfile
from pathlib import Path

from twisted.application.service import Service
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import directlyProvides

from pychron.node import lifecycle
from pychron.node.lifecycle import NotOffered
from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.plugin import INodeStop, IPlugin
from tests.node.toy_plugins import IPower, IWater, Toy, build, waiting


class LifeCase(SynchronousTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.told = []
        self.failures = []

    def toy(self, name, **how):
        return Toy(name, self.told, **how)

    def three(self, **how):
        """Plant, Pump and Garden: each needs the one before. `how` goes to the Pump."""
        return [
            self.toy("Plant", offers=(IPower,)),
            self.toy("Pump", needs=(IPower,), offers=(IWater,), **how),
            self.toy("Garden", needs=(IWater,)),
        ]

    def begin(self, plugins, **how):
        service, clock = build(plugins, self.folder, set_up_failed=self.failures.append, **how)
        self.told.clear()
        service.startService()
        return service, clock


class Starting(LifeCase):
    def test_start_only_begins(self):
        service, clock = self.begin(self.three())
        ready = service.when_ready()
        self.assertEqual((self.told, service.state), ([], "starting"))
        clock.advance(0)
        self.successResultOf(ready)
        self.assertEqual(
            self.told,
            [f"{phase} {name}" for phase in ("setup", "bind") for name in ("Plant", "Pump", "Garden")],
        )
        self.assertEqual(service.state, "running")
        self.assertTrue((self.folder / "state").is_dir())
        self.successResultOf(service.when_ready())

    def test_each_waits_for_the_one_before(self):
        pump = waiting()
        service, clock = self.begin(self.three(waits={"setup": pump}))
        clock.advance(5)
        self.assertEqual(self.told, ["setup Plant", "setup Pump"])
        pump.callback(None)
        self.assertEqual(service.state, "running")

    def test_a_failure_is_rolled_back_in_reverse_the_failed_one_too(self):
        service, clock = self.begin(self.three(fails={"setup": ValueError("no water")}))
        ready = service.when_ready()
        clock.advance(0)
        self.failureResultOf(ready, ValueError)
        self.assertEqual(self.told, ["setup Plant", "setup Pump", "teardown Pump", "teardown Plant"])
        self.assertEqual((service.state, len(self.failures)), ("failed", 1))
        self.failureResultOf(service.when_ready(), ValueError)
        self.successResultOf(service.stopService())
        self.assertEqual(len(self.told), 4)

    def test_a_failing_bind_is_rolled_back(self):
        _, clock = self.begin(self.three(fails={"bind": ValueError("x")}))
        clock.advance(0)
        self.assertEqual(self.told[-3:], ["teardown Garden", "teardown Pump", "teardown Plant"])
        self.assertEqual(len(self.failures), 1)

    def test_a_tear_down_that_fails_or_hangs_does_not_keep_the_others_up(self):
        plugins = self.three(fails={"setup": ValueError("x"), "teardown": KeyError("y")})
        plugins[0].waits = {"teardown": waiting()}
        service, clock = self.begin(plugins)
        clock.advance(0)
        self.assertEqual((service.state, self.told[-1]), ("starting", "teardown Plant"))
        clock.advance(lifecycle.TEAR_DOWN_S)
        self.assertEqual((service.state, len(self.failures)), ("failed", 1))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertEqual(len(self.flushLoggedErrors(DeadlinePassed)), 1)

    def test_a_set_up_without_end_fails_by_name(self):
        _, clock = self.begin(self.three(waits={"setup": waiting()}))
        clock.advance(lifecycle.SET_UP_S)
        self.assertIn("set-up of Pump", str(self.failures[0].value))

    def test_a_plugin_that_does_not_offer_what_it_lists(self):
        _, clock = self.begin(self.three(gives=()))
        clock.advance(0)
        self.assertIsInstance(self.failures[0].value, NotOffered)
        self.assertIn("Pump lists IWater", str(self.failures[0].value))

    def test_a_state_folder_that_cannot_be_made(self):
        (self.folder / "state").write_text("a file")
        _, clock = self.begin(self.three())
        clock.advance(0)
        self.assertEqual(self.told, [])
        self.assertIsInstance(self.failures[0].value, FileExistsError)


class Stopping(LifeCase):
    def test_drain_then_hold_then_tear_down_in_reverse(self):
        service, clock = self.begin(self.three(drains=True))
        clock.advance(0)
        self.told.clear()
        self.successResultOf(service.stopService())
        self.assertEqual(self.told, ["drain Pump", "teardown Garden", "teardown Pump", "teardown Plant"])
        self.assertEqual(service.state, "stopped")

    def test_all_drains_begin_at_once_and_all_are_awaited(self):
        first, second = waiting(), waiting()
        service, clock = self.begin(
            [
                self.toy("One", drains=True, waits={"drain": first}),
                self.toy("Two", drains=True, waits={"drain": second}),
            ]
        )
        clock.advance(0)
        self.told.clear()
        stopped = service.stopService()
        self.assertEqual(self.told, ["drain One", "drain Two"])
        second.callback(None)
        self.assertEqual(len(self.told), 2)
        first.callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.told[2:], ["teardown Two", "teardown One"])

    def test_what_hangs_is_left_after_its_time_and_the_rest_goes_down(self):
        plugins = self.three(drains=True, waits={"drain": waiting()})
        service, clock = self.begin(plugins)
        clock.advance(0)
        stopped = service.stopService()
        clock.advance(lifecycle.DRAIN_S)
        self.successResultOf(stopped)
        self.assertEqual(self.told[-1], "teardown Plant")
        self.assertEqual(len(self.flushLoggedErrors(DeadlinePassed)), 1)

    def test_the_named_fail_safe_runs_between_drain_and_tear_down(self):
        plant, pump, garden = self.three(drains=True)
        park = self.toy("Park", offers=(INodeStop,))
        directlyProvides(park, IPlugin, INodeStop)
        park.run_on_node_stop = lambda: park.phase("park")
        service, clock = self.begin([plant, pump, garden, park])
        clock.advance(0)
        self.told.clear()
        self.successResultOf(service.stopService())
        self.assertEqual(self.told[:3], ["drain Pump", "park Park", "teardown Park"])

    def test_a_stop_during_set_up_cuts_it_short_and_rolls_back(self):
        service, clock = self.begin(self.three(waits={"setup": waiting()}))
        clock.advance(0)
        ready = service.when_ready()
        self.successResultOf(service.stopService())
        self.assertEqual(self.told, ["setup Plant", "setup Pump", "teardown Pump", "teardown Plant"])
        self.assertEqual((service.state, self.failures), ("stopped", []))
        self.failureResultOf(ready, CancelledError)

    def test_a_stop_during_the_roll_back_lets_it_end(self):
        slow = waiting()
        plugins = self.three(fails={"setup": ValueError("x")}, waits={"teardown": slow})
        service, clock = self.begin(plugins)
        clock.advance(0)
        stopped = service.stopService()
        self.assertNoResult(stopped)
        slow.callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.told[-2:], ["teardown Pump", "teardown Plant"])
        self.assertIsInstance(self.failures[0].value, ValueError)

    def test_a_stop_before_the_first_turn_sets_nothing_up(self):
        service, clock = self.begin(self.three())
        self.successResultOf(service.stopService())
        clock.advance(1)
        self.assertEqual(self.told, [])

    def test_services_of_the_parts_stop_and_the_last_step_is_awaited(self):
        last = waiting()
        service, clock = self.begin(self.three(), afterwards=lambda: last)
        clock.advance(0)
        child = Service()
        child.setServiceParent(service)
        stopped = service.stopService()
        self.assertFalse(child.running)
        self.assertNoResult(stopped)
        last.callback(None)
        self.successResultOf(stopped)
