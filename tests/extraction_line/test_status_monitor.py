"""The status monitor: its rhythm, its endurance, and what it finds."""

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.events import ChecksumDiffered, PeerChanged
from pychron.extraction_line.remote.file import Polls
from pychron.extraction_line.remote.status_monitor import StatusMonitor, due
from tests.extraction_line.fake_controllers import Controller, Installed, Remote


def asked(tick: int, polls: Polls) -> str:
    wanted = due(tick, polls)
    parts = {"s": wanted.states, "l": wanted.locks, "o": wanted.owners, "c": wanted.checksum}
    return "".join(k for k, v in parts.items() if v)


def test_the_seeds_rates() -> None:
    assert [asked(i, Polls()) for i in range(11)] == [
        "sloc",
        "",
        "",
        "sc",
        "",
        "lo",
        "sc",
        "",
        "",
        "sc",
        "lo",
    ]


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        (Polls(state_freq=0, checksum_freq=0, lock_freq=0, owner_freq=0), ["", "", ""]),
        (Polls(state_freq=1, checksum_freq=0, lock_freq=2, owner_freq=0), ["sl", "s", "sl"]),
        (Polls(state_freq=0, checksum_freq=1, lock_freq=0, owner_freq=0), ["c", "c", "c"]),
    ],
)
def test_every_rate_can_be_set_and_0_never_asks(polls: Polls, expected: list[str]) -> None:
    assert [asked(i, polls) for i in range(3)] == expected


class Monitoring(SynchronousTestCase):
    def start(self, controller, **more):
        self.clock = Clock()
        self.r = Remote(self.clock, controller, **more).start()
        self.there = controller
        self.monitor = StatusMonitor(self.r.line.contact, self.clock)
        self.there.log.clear()
        self.r.events.clear()

    def own(self, **more):
        self.start(Controller(None), **more)

    def test_one_of_ours_is_asked_for_everything_at_once_and_nothing_else(self):
        self.own()
        self.monitor.start()
        self.r.advance(10.5)
        self.assertEqual(self.r.verbs(), ["ListValves"] * 6)  # 0, 3, 5, 6, 9, 10 s
        self.assertEqual(self.monitor.ticks, 11)
        self.monitor.stop()
        self.r.advance(10)
        self.assertEqual(len(self.there.log), 6)

    def test_it_finds_what_no_broadcast_told(self):
        self.own()
        self.monitor.start()
        self.there.set("A", "open")
        self.r.advance(3.5)
        self.assertEqual(self.r.states()["A"], "open")

    def test_it_goes_on_after_failures_and_tries_a_lost_one_each_tick(self):
        self.own()
        self.monitor.start()
        self.r.link.cut()
        self.r.advance(5.5)
        self.assertTrue(self.monitor.running)
        self.assertGreaterEqual(self.r.line.contact.polls_failed, 5)
        self.r.link.is_down = ""
        self.r.advance(1)
        self.assertEqual(self.r.states()["A"], "closed")
        self.assertEqual([e.connected for e in self.r.of(PeerChanged)], [False, True])

    def test_a_silent_controller_is_lost_after_three_polls(self):
        self.own()
        self.there.set("A", "open")
        self.monitor.start()
        self.r.advance(1)
        self.there.swallowed = ("ListValves",)
        self.r.advance(5)
        self.assertEqual(self.r.states()["A"], "open", "older, not another")
        self.r.advance(6)
        self.assertEqual(self.r.states()["A"], "unknown")

    def test_a_tick_while_a_poll_is_under_way_is_left_out(self):
        self.own(timeout_s=10.0)
        self.there.swallowed = ("ListValves",)
        self.monitor.start()
        self.r.advance(9.5)
        self.assertEqual(len(self.there.log), 1)

    def test_an_installed_server_is_asked_by_words(self):
        self.start(Installed())
        self.monitor.start()
        self.r.advance(6.5)
        words = ["GetValveStates", "GetValveLockStates", "GetValveOwners", "GetStateChecksum A,B,V10"]
        again = ["GetValveStates", "GetStateChecksum A,B,V10"]
        rare = ["GetValveLockStates", "GetValveOwners"]
        self.assertEqual(self.there.log, [*words, *again, *rare, *again])

    def test_a_checksum_that_differs_reads_everything_and_is_told_once(self):
        polls = Polls(state_freq=0, lock_freq=0, owner_freq=0, checksum_freq=1)
        self.start(Installed(), polls=polls)
        self.monitor.start()
        self.there.open["B"] = True
        self.r.advance(1.5)
        self.assertEqual(self.r.states()["B"], "open")
        (event,) = self.r.of(ChecksumDiffered)
        self.assertEqual(event.changed, ("B",))
        self.assertNotEqual(event.ours, event.theirs)
        self.r.advance(1)
        self.there.special["GetStateChecksum A,B,V10"] = "garbage"
        self.r.advance(3)
        self.assertEqual([e.theirs for e in self.r.of(ChecksumDiffered)][1:], ["garbage"])
