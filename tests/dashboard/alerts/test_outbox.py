"""Letters on their way: each channel for itself, kept until its receiver has them."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.dashboard.alerts.channels import NotSent
from pychron.dashboard.alerts.episodes import Episode, Kind
from pychron.dashboard.alerts.memory import Letter
from pychron.dashboard.alerts.outbox import FIRST_S, LONGEST_S, Outbox
from pychron.dashboard.alerts.specs import Program
from pychron.dashboard.events import Level

EPISODE = Episode("k", Level.WARNING, "T", "why", "", "", 1.0)


def letters(channel, *numbers):
    return tuple(Letter(number, channel, Kind.RAISED, EPISODE, 1.0) for number in numbers)


class Memory:
    def __init__(self):
        self.struck = []
        self.fails = None

    def taken(self, letter):
        if self.fails is not None:
            return fail(self.fails)
        self.struck.append(letter.id)
        return succeed(None)


class OutboxTests(SynchronousTestCase):
    def setUp(self):
        self.clock, self.memory = Clock(), Memory()
        self.tried, self.answers = [], {}
        channels = {name: Program(name, ("x",), Place("a", 1)) for name in ("mail", "phone")}
        self.outbox = Outbox(SimpleNamespace(wire=self.clock), self.memory, channels, self.transmit)

    async def transmit(self, channel, letter):
        self.tried.append((channel.name, letter.id))
        answer = self.answers.get(channel.name)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Deferred):
            await answer
        return answer if isinstance(answer, str) else ""

    def test_they_go_in_order_and_are_struck_out(self):
        self.outbox.put(letters("mail", 1, 2, 3))
        self.assertEqual(self.memory.struck, [1, 2, 3])
        self.assertEqual(self.outbox.waiting, 0)

    def test_a_dead_mail_server_holds_up_nobody_else_and_is_tried_again(self):
        self.answers["mail"] = NotSent("smtp.lab: refused")
        self.outbox.put(letters("mail", 1) + letters("phone", 2))
        self.assertEqual(self.memory.struck, [2])
        self.assertEqual(self.outbox.troubles(), {"mail": "smtp.lab: refused"})
        self.assertEqual(len(self.flushLoggedErrors()), 0)
        self.clock.advance(FIRST_S)
        self.assertEqual(self.tried.count(("mail", 1)), 2)
        del self.answers["mail"]
        self.clock.advance(2 * FIRST_S)
        self.assertEqual(self.memory.struck, [2, 1])
        self.assertEqual(self.outbox.troubles(), {})

    def test_it_waits_longer_each_time_up_to_a_bound(self):
        self.answers["mail"] = NotSent("no")
        self.outbox.put(letters("mail", 1))
        for _ in range(12):
            self.clock.advance(LONGEST_S)
        self.assertEqual(self.tried.count(("mail", 1)), 13)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.outbox.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_at_a_time_to_a_channel(self):
        self.answers["mail"] = first = Deferred()
        self.outbox.put(letters("mail", 1, 2))
        self.assertEqual(self.tried, [("mail", 1)])
        del self.answers["mail"]
        first.callback(None)
        self.assertEqual(self.memory.struck, [1, 2])

    def test_a_disk_that_fails_holds_no_letter_up_and_none_is_sent_twice_before_the_next_start(self):
        self.memory.fails = sqlite3.OperationalError("disk I/O error")
        self.outbox.put(letters("mail", 1, 2))
        self.clock.advance(LONGEST_S)
        self.assertEqual(self.tried, [("mail", 1), ("mail", 2)])
        self.assertEqual((self.outbox.waiting, self.outbox.troubles()), (0, {}))

    def test_who_was_refused_for_good_is_told_and_the_next_letter_goes(self):
        self.answers["mail"] = "smtp.lab refused x@lab: 550 no such user"
        self.outbox.put(letters("mail", 1, 2))
        self.assertEqual(self.memory.struck, [1, 2])
        self.assertEqual(self.outbox.troubles(), {"mail": "smtp.lab refused x@lab: 550 no such user"})
        del self.answers["mail"]
        self.outbox.put(letters("mail", 3))
        self.assertEqual(self.outbox.troubles(), {})

    def test_a_fault_of_ours_is_logged_and_it_is_tried_again(self):
        self.answers["mail"] = ZeroDivisionError("ours")
        self.outbox.put(letters("mail", 1))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIn("its log", self.outbox.troubles()["mail"])
        del self.answers["mail"]
        self.clock.advance(FIRST_S)
        self.assertEqual(self.memory.struck, [1])

    def test_a_letter_for_a_channel_that_is_gone_is_kept(self):
        self.outbox.put(letters("fax", 9))
        self.assertEqual(self.memory.struck, [])
