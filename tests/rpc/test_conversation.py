"""The connection's turn: order, closes that jump, bounds, and what a faulty peer gets."""

import json

from twisted.trial.unittest import SynchronousTestCase

from pychron.rpc.conversation import MOST_A_TURN, MOST_WAITING
from pychron.rpc.verbs import Verb
from pychron.trust.rights import Right
from tests.rpc.bench_of_verbs import BenchOfVerbs


class Order(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()
        self.talk, self.link = self.bench.talk()

    def say(self, text: str) -> None:
        self.bench.say(self.talk, text)

    def test_a_segment_is_answered_in_one_write(self) -> None:
        self.say("State A\r\nState closed\rState ZZ\nNothing\n{0011}State A\r\n")
        self.assertEqual(len(self.link.written), 1)
        self.assertEqual(
            self.link.lines[:3], ["OK", "False", "ERROR 005 : ZZ is not a registered valve name"]
        )
        self.assertTrue(self.link.lines[3].startswith("ERROR 003 : invalid command: Nothing"))
        self.assertIn("}ERROR 004", self.link.lines[4])

    def test_what_follows_an_await_waits_and_is_answered_in_order(self) -> None:
        self.say("Open A\r\nState A\r\nState closed\r\n")
        self.say("State A\r\n")
        self.assertEqual(self.bench.begun, ["Open A"])
        self.assertEqual(self.bench.counters.waiting, 4)
        self.bench.ends["Open A"].callback(True)
        self.assertEqual(self.link.lines, ["OK", "OK", "False", "OK"])
        self.assertEqual(len(self.link.written), 1)
        self.assertEqual(self.bench.counters.waiting, 0)

    def test_one_that_ends_at_once_takes_no_turn(self) -> None:
        self.say("Quick A\r\nState A\r\n")
        self.assertEqual(self.link.lines, ["ok", "OK"])
        self.assertEqual(len(self.link.written), 1)

    def test_a_close_is_begun_at_once_and_answered_in_order(self) -> None:
        self.say("Open A\r\n")
        self.say("State A\r\nClose A\r\nState A\r\n")
        self.assertEqual(self.bench.begun, ["Open A", "Close A"])
        self.bench.ends["Close A"].callback(True)
        self.assertEqual(self.link.lines, [])
        self.bench.ends["Open A"].callback("ok")
        self.assertEqual(self.link.lines, ["ok", "OK", "OK", "OK"])

    def test_closes_keep_the_order_among_themselves(self) -> None:
        self.say("Open X\r\nClose A\r\nClose B\r\nOpen C\r\n")
        self.assertEqual(self.bench.begun, ["Open X", "Close A"])
        self.bench.ends["Close A"].callback(True)
        self.assertEqual(self.bench.begun, ["Open X", "Close A", "Close B"])
        self.bench.ends["Open X"].callback(True)
        self.assertEqual(self.link.lines, ["OK", "OK"])
        self.assertEqual(self.bench.begun[3:], [])
        self.bench.ends["Close B"].callback(True)
        self.assertEqual(self.bench.begun[3:], ["Open C"])

    def test_also_where_the_first_was_begun_at_once(self) -> None:
        self.say("Close A\r\nClose B\r\n")
        self.assertEqual(self.bench.begun, ["Close A"])
        self.bench.ends["Close A"].callback(True)
        self.assertEqual(self.bench.begun, ["Close A", "Close B"])

    def test_no_wish_for_a_switch_takes_the_place_of_making_safe(self) -> None:
        self.bench.verbs.register(Verb("Safe", Right.OPERATE, self.bench.slow, moves=True, jumps=True))
        other, _ = self.bench.talk()
        self.say("Open X\r\nClose A\r\nSafe\r\n")
        self.bench.say(other, "Open B\r\n")
        self.bench.ends["Close A"].callback(True)
        self.assertIn("Safe", self.bench.begun)

    def test_a_close_cancels_the_waiting_opens_of_its_switch(self) -> None:
        self.say("Open X\r\nOpen B\r\nOpen A\r\n")
        self.say('{"command":"Open","description":"Stage"}\n')
        self.say("Close A\r\n")
        self.bench.ends["Close A"].callback(True)
        self.bench.ends["Open X"].callback(True)
        self.assertEqual(self.bench.begun, ["Open X", "Close A", "Open B"])
        self.bench.ends["Open B"].callback(True)
        self.assertEqual(self.link.lines[:2], ["OK", "OK"])
        for line in self.link.lines[2:4]:
            self.assertIn("ERROR 015", line)
            self.assertIn("a newer Close", line)
        self.assertEqual(self.link.lines[4], "OK")
        self.assertEqual(len(self.bench.audited), 2)

    def test_a_newer_contrary_on_another_connection_cancels_what_waits(self) -> None:
        self.say("Open X\r\nOpen A\r\nOpen B\r\n")
        other, _ = self.bench.talk()
        stranger, _ = self.bench.talk("10.0.0.2")
        self.bench.say(stranger, "Close B\r\n")
        self.bench.say(other, "Open B\r\n")
        self.bench.say(other, "Close A\r\n")
        self.bench.ends["Open X"].callback(True)
        self.assertEqual(self.bench.begun[-1], "Open B")
        self.assertNotIn("Open A", self.bench.begun)

    def test_a_broken_verb_is_answered_and_logged(self) -> None:
        self.say("Break\r\nOdd\r\nState A\r\n")
        self.assertEqual([line[:9] for line in self.link.lines], ["ERROR 002", "ERROR 002", "OK"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_one_that_fails_while_it_is_awaited_is_answered(self) -> None:
        self.say("Open A\r\n")
        self.bench.ends["Open A"].errback(ValueError("x"))
        self.assertTrue(self.link.lines[0].startswith("ERROR 002"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_json_with_ids(self) -> None:
        self.say('{"command":"State","value":"A","id":"boot:1","within":0.5}\r\n')
        self.assertEqual(json.loads(self.link.lines[0]), {"id": "boot:1", "result": True})
        call = self.bench.calls[0]
        self.assertEqual((call.id, call.within), ("boot:1", 0.5))


class Bounds(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()
        self.talk, self.link = self.bench.talk()

    def say(self, text: str) -> None:
        self.bench.say(self.talk, text)

    def test_fifty_a_turn(self) -> None:
        self.say("State A\n" * 120)
        self.assertEqual(len(self.link.lines), MOST_A_TURN)
        self.assertEqual(self.link.log, ["stop"])
        self.bench.turn()
        self.assertEqual(len(self.link.lines), 2 * MOST_A_TURN)
        self.bench.turn()
        self.assertEqual(len(self.link.lines), 120)
        self.assertEqual(self.link.log, ["stop", "go"])

    def test_sixty_four_wait_then_reading_stops(self) -> None:
        self.say("Open A\n")
        self.say("State A\n" * 300)
        self.assertEqual(self.bench.counters.waiting, MOST_WAITING)
        self.assertEqual(self.link.log, ["stop"])
        self.bench.ends["Open A"].callback(True)
        for _ in range(8):
            self.bench.turn()
        self.assertEqual(len(self.link.lines), 301)
        self.assertEqual(self.link.log, ["stop", "go"])
        self.assertEqual(self.bench.counters.waiting, 0)

    def test_a_close_behind_a_flood_of_queries_is_begun_when_it_is_read(self) -> None:
        self.say("Open A\n" + "State A\n" * 50 + "Close A\n")
        self.assertEqual(self.bench.begun, ["Open A", "Close A"])

    def test_a_peer_that_does_not_read_gets_nothing_begun(self) -> None:
        self.talk.hold()
        self.say("State A\nOpen A\n")
        self.assertEqual((self.bench.begun, self.link.log), ([], ["stop"]))
        self.talk.release()
        self.assertEqual(self.bench.begun, ["State A", "Open A"])

    def test_large_replies_are_written_in_parts(self) -> None:
        self.say("Big\n" * 10)
        self.assertLess(len(self.link.written[0]), 400_000)
        for _ in range(10):
            self.bench.turn()
        self.assertEqual(len(self.link.lines), 10)

    def test_three_pieces_of_garbage_in_a_row_end_it(self) -> None:
        self.say("\x01\n\x02\nState A\n\x01\n\x02\n")
        self.assertEqual(self.link.log, [])
        self.say("\x03\nOpen A\n")
        self.assertEqual(self.link.log, ["close"])
        self.assertEqual(self.bench.begun, ["State A"])
        self.assertEqual(len(self.link.lines), 6)
        self.assertEqual(self.bench.counters.garbage, 1)

    def test_garbage_behind_an_open_ends_it_too(self) -> None:
        self.say("Open A\n\x01\n\x02\n\x03\nOpen B\n")
        self.assertEqual(self.link.log, ["close"])
        self.bench.ends["Open A"].callback(True)
        self.assertEqual(self.bench.begun, ["Open A"])
        self.assertEqual(self.bench.counters.waiting, 0)

    def test_http_is_aborted_unanswered(self) -> None:
        self.say("POST / HTTP/1.1\r\nHost: x\r\n\r\nOpen A\r\n")
        self.say("Open A\r\n")
        self.assertEqual((self.link.log, self.link.written, self.bench.begun), (["abort"], [], []))
        self.assertEqual(self.bench.counters.hostile, 1)

    def test_one_request_where_the_file_says_so(self) -> None:
        talk, link = self.bench.talk(close_after_reply=True)
        for _ in range(2):
            self.bench.say(talk, "State A\r\nState A\r\n")
        self.assertEqual(link.log, ["close"])
        again, link = self.bench.talk(close_after_reply=True)
        self.bench.say(again, "Open A\r")
        self.assertEqual(link.log, [])
        self.bench.ends["Open A"].callback(True)
        self.assertEqual((link.lines, link.log), (["OK"], ["close"]))


class Leaving(SynchronousTestCase):
    def setUp(self) -> None:
        self.bench = BenchOfVerbs()
        self.talk, self.link = self.bench.talk()

    def test_nothing_is_begun_for_a_peer_that_left_and_what_is_begun_goes_on(self) -> None:
        self.bench.say(self.talk, "Open A\nOpen B\nClose C\n")
        self.talk.lost()
        self.assertFalse(self.bench.calls[0].still_there())
        self.bench.ends["Open A"].callback(True)
        self.bench.ends["Close C"].callback(True)
        self.assertEqual(self.bench.begun, ["Open A", "Close C"])
        self.assertEqual((self.link.written, self.bench.counters.waiting), ([], 0))

    def test_one_that_half_closed_reads_why(self) -> None:
        self.bench.say(self.talk, "Open X\nState A\nOpen A\nOpen B")
        self.talk.input_ended()
        self.assertFalse(self.bench.calls[0].still_there())
        self.assertEqual(self.link.log, [])
        self.bench.ends["Open X"].callback(False)
        self.assertEqual(self.link.lines[:2], ["False", "OK"])
        self.assertIn("ERROR 010", self.link.lines[2])
        self.assertIn("closed its side", self.link.lines[2])
        self.assertEqual(self.link.log, ["close"])
        self.assertEqual(self.bench.begun, ["Open X", "State A"])

    def test_a_fin_that_is_not_read_yet_is_seen(self) -> None:
        self.link.there = False
        self.bench.say(self.talk, "State A\nOpen A\n")
        self.assertEqual(self.bench.begun, ["State A"])
        self.assertIn("ERROR 010", self.link.lines[1])

    def test_a_text_that_the_end_cuts_off_is_no_command(self) -> None:
        self.bench.say(self.talk, "State A\nState B")
        self.talk.input_ended()
        self.assertEqual(self.bench.begun, ["State A"])

    def test_a_drain_awaits_what_is_begun_and_begins_no_more(self) -> None:
        self.bench.say(self.talk, "Open A\nOpen B\n")
        drained = self.bench.dispatcher.drain()
        self.assertNoResult(drained)
        self.bench.ends["Open A"].callback(True)
        self.successResultOf(drained)
        self.assertIn("ERROR 007", self.link.lines[1])
        self.bench.say(self.talk, "State A\n")
        self.assertEqual(self.link.lines[2], "OK")


class RightsOnTheWire(SynchronousTestCase):
    def test_a_stranger_reads_and_is_told_what_to_write(self) -> None:
        bench = BenchOfVerbs()
        talk, link = bench.talk("192.0.2.9")
        bench.say(talk, "State A\nOpen A\nStop\nState A\nClose A\n")
        self.assertEqual(
            [line[:9] for line in link.lines], ["OK", "ERROR 013", "ERROR 013", "OK", "ERROR 013"]
        )
        self.assertIn("add 192.0.2.9 to the list allow: in servers/", link.lines[1])
        self.assertIn("own socket", link.lines[2])
        self.assertEqual(bench.begun, ["State A", "State A"])
        self.assertEqual(len(bench.audited), 2)
        self.assertEqual(bench.counters.faults[13], 3)

    def test_a_listener_for_queries_moves_nothing(self) -> None:
        bench = BenchOfVerbs()
        talk, link = bench.talk()
        talk.may_move = False
        bench.say(talk, "State A\nClose A\n")
        self.assertEqual(bench.begun, ["State A"])
        self.assertIn("actuate: true", link.lines[1])
