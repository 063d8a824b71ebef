"""Commands with an id for switches of other nodes: once, over a restart of this node and on a disk that fails."""

import sqlite3
from contextlib import closing
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line import errors
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine.repeats import COPY_S
from pychron.extraction_line.remote.faults import PeerFault
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.once import Once
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action
from pychron.trust.rights import Peer, Right
from tests.extraction_line.clocked_relays import Bench
from tests.extraction_line.fake_controllers import Controller, Remote, a_world, spec

CLIENT = Peer("10.0.0.7", 40000, Right.OPERATE)


class RemoteIds(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.controller = Controller(self.clock, ("A", "B"))
        self.path = Path(self.mktemp())
        self.start()

    def start(self, boot="here1"):
        """This node, again on what its disk holds."""
        self.bench = Bench(self.clock, self.path, LineSpec(), boot=boot)
        world = a_world(self.clock, boot)
        self.remote = Remote(
            self.clock,
            self.controller,
            (spec("A", description="valve A"), spec("B", description="valve B")),
            world=world,
        ).start()
        self.line = MixedExtractionLine(
            None, None, [self.remote.line], world, self.bench.bus, "pyexp", once=Once(self.bench.manager)
        )
        self.clock.advance(0)

    def ask(self, name, action, id=None, seconds=0.3):
        return self.remote.run(self.line.actuate(self.command(name, action, id)), seconds)

    def command(self, name, action, id):
        return Command(name, Action(action), CLIENT, self.clock.seconds(), id=id)

    def test_the_same_id_is_sent_once_and_answered_alike_after_a_restart_too(self):
        opened = self.ask("A", "open", "client:1")
        self.assertEqual(opened, Done("A", Action.OPEN, changed=True))
        self.ask("A", "close", "client:2")
        self.assertEqual(self.ask("A", "open", "client:1"), opened)
        self.start("here2")
        self.assertEqual(self.ask("A", "open", "client:1"), opened)
        self.assertEqual(self.controller.moves, [("A", "open"), ("A", "closed")])
        self.ask("A", "open", "client:3")
        self.assertEqual(self.controller.moves[-1], ("A", "open"))

    def test_without_an_id_each_is_a_new_command(self):
        for action in ("open", "close", "open"):
            self.ask("A", action)
        self.assertEqual(len(self.controller.moves), 3)

    def test_copies_without_an_id_are_sent_once(self):
        gate, actuate = Deferred(), self.remote.line.actuate

        async def slowly(command):
            await gate
            return await actuate(command)

        self.remote.line.actuate = slowly
        first = Deferred.fromCoroutine(self.line.actuate(self.command("A", "open", None)))
        copy = Deferred.fromCoroutine(self.line.actuate(self.command("A", "open", None)))
        gate.callback(None)
        self.remote.advance(0.3)
        self.remote.line.actuate = actuate
        self.assertEqual(self.successResultOf(copy), self.successResultOf(first))
        self.assertEqual(self.ask("A", "open"), Done("A", Action.OPEN, changed=True))
        self.assertEqual(self.sent("Open"), 1)
        self.remote.advance(COPY_S)
        self.assertFalse(self.ask("A", "open").changed)
        self.assertEqual(self.sent("Open"), 2)

    def test_one_of_another_address_is_no_copy(self):
        self.ask("A", "open")
        other = Peer("10.0.0.8", 40000, Right.OPERATE)
        command = Command("A", Action.OPEN, other, self.clock.seconds())
        self.assertFalse(self.remote.run(self.line.actuate(command), 0.3).changed)
        self.assertEqual(self.sent("Open"), 2)

    def test_after_somebody_else_has_turned_it_the_same_is_a_new_command(self):
        self.ask("A", "open")
        self.controller.valves["A"]["state"] = "closed"
        self.remote.run(self.line.refresh("A"), 0.3)
        self.assertTrue(self.ask("A", "open").changed)
        self.assertEqual(self.sent("Open"), 2)

    def test_after_a_contrary_one_the_same_is_a_new_command(self):
        self.ask("A", "open")
        self.ask("A", "close", "client:1")
        self.ask("A", "open")
        self.assertEqual([state for _, state in self.controller.moves], ["open", "closed", "open"])

    def test_a_copy_of_what_may_have_moved_gets_its_answer_and_one_of_a_refusal_is_looked_at(self):
        self.controller.faults["Open"] = PeerFault(15, "", "Mismatch", "A", "it reads closed")
        self.assertIsInstance(self.ask("A", "open"), errors.Mismatch)
        self.controller.faults["Open"] = PeerFault(15, "", "Interlocked", "A", "B is open")
        self.assertIsInstance(self.ask("A", "open"), errors.Mismatch)
        self.remote.advance(COPY_S)
        self.assertIsInstance(self.ask("A", "open"), errors.Interlocked)
        del self.controller.faults["Open"]
        self.assertTrue(self.ask("A", "open").changed)

    def sent(self, verb):
        return len([one for one in self.controller.log if one[0] == verb])

    def test_who_asked_is_in_the_audit_of_this_node(self):
        self.ask("A", "open")
        self.ask("A", "close", "client:1")
        self.controller.faults["Open"] = PeerFault(15, "", "Interlocked", "A", "B is open")
        self.ask("A", "open")
        with closing(sqlite3.connect(self.path)) as file:
            rows = file.execute("SELECT peer, what, switch, why FROM audit ORDER BY seq").fetchall()
        self.assertEqual(
            rows,
            [
                ("10.0.0.7:40000", "open: done", "A", ""),
                ("10.0.0.7:40000", "close: done", "A", ""),
                ("10.0.0.7:40000", "open: Interlocked", "A", "A: B is open"),
            ],
        )

    def test_a_refusal_stays_one(self):
        self.controller.faults["Open"] = PeerFault(15, "", "Interlocked", "A", "B is open")
        first = self.ask("A", "open", "client:1")
        self.assertIsInstance(first, errors.Interlocked)
        del self.controller.faults["Open"]
        self.assertEqual(str(self.ask("A", "open", "client:1")), str(first))
        self.start("here2")
        self.assertEqual(str(self.ask("A", "open", "client:1")), str(first))
        self.assertEqual(self.controller.moves, [])

    def test_an_id_used_for_another_command_is_not_answered_by_the_first(self):
        self.ask("A", "open", "client:1")
        self.assertIsInstance(self.ask("B", "open", "client:1"), errors.NotPermitted)
        self.assertEqual(self.ask("A", "close", "client:1"), Done("A", Action.CLOSE, changed=True))
        self.assertEqual(self.controller.moves, [("A", "open"), ("A", "closed")])

    def test_the_same_id_under_way_joins(self):
        self.bench.world.pool.at_once = False
        both = [Deferred.fromCoroutine(self.line.actuate(self.command("A", "open", "c:1"))) for _ in range(2)]
        while self.bench.world.pool.jobs:
            self.bench.world.pool.release()
            self.remote.advance(0.2)
        self.assertEqual([self.successResultOf(one).changed for one in both], [True, True])
        self.assertEqual(self.controller.moves, [("A", "open")])

    def test_what_was_under_way_when_this_node_died_is_unknown_and_not_sent_again(self):
        self.controller.swallowed = ("Open",)
        dying = Deferred.fromCoroutine(self.line.actuate(self.command("A", "open", "client:1")))
        self.remote.advance(0.1)
        self.assertNoResult(dying)
        sent = self.sent("Open")
        self.bench.store.commit = lambda *records: Deferred()  # nothing more of this node reaches the disk
        self.controller.swallowed = ()
        self.start("here2")
        again = self.ask("A", "open", "client:1")
        self.assertIsInstance(again, errors.NoResponse)
        self.assertIn("this node ended while it was under way", str(again))
        self.assertEqual(self.sent("Open"), sent)
        # Its intent is closed: the next start finds an outcome.
        self.start("here3")
        self.assertEqual(self.bench.manager.machine.observer.standing(), ())
        self.assertIsInstance(self.ask("A", "open", "client:1"), errors.NoResponse)
        dying.addErrback(lambda _: None)

    def test_a_disk_that_hangs_refuses_an_open_and_holds_no_close_back(self):
        self.bench.world.pool.at_once = False
        opening = Deferred.fromCoroutine(self.line.actuate(self.command("A", "open", "client:1")))
        closing = Deferred.fromCoroutine(self.line.actuate(self.command("B", "close", "client:2")))
        self.controller.valves["B"]["state"] = "open"
        self.remote.advance(1.5)
        self.assertEqual(self.controller.moves, [("B", "closed")])
        self.remote.advance(5.0)
        self.failureResultOf(opening, errors.NotStored)
        self.assertTrue(self.successResultOf(closing).changed)
        self.assertIn("store", self.bench.manager.machine.observer.standing())
