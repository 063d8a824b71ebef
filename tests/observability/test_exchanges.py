"""What instruments were asked and answered, kept by the day: equal ones once, bounded, readable after a cut."""

from __future__ import annotations

import gzip
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import ensureDeferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.hardware.channel import Channel
from pychron.hardware.interfaces import NoAnswer
from pychron.observability import exchanges
from pychron.observability.exchanges import ExchangeLog, read
from tests.hardware.wired import Ends, a_world, pump, start

NOON = 1_764_158_400.0
DAY = 86_400.0


class AtOnce:
    """A pool whose jobs end at once."""

    def run(self, function, *args):
        return maybeDeferred(function, *args)


class ExchangeLogTest(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        self.ends = Ends(self.clock)
        self.wall = NOON
        self.folder = Path(self.mktemp()) / "exchanges"
        self.world = replace(a_world(self.clock), wall=lambda: self.wall, pool=AtOnce())
        self.channel = Channel(self.world, self.ends, "box", 1.0)
        self.kept = ExchangeLog(self.world, self.folder, 7.0, 20.0)
        self.kept.follow("box", self.channel)
        pump(self.clock)

    def exchange(self, question=b"A?\n", answer=b"1\n"):
        done = start(self.channel.turn(lambda turn: turn.ask(question)))
        if answer is not None:
            self.ends.wire.say(answer)
        else:
            self.clock.advance(1.0)
            pump(self.clock, 1)
        return done

    def written(self):
        self.successResultOf(ensureDeferred(self.kept.flush()))
        return list(read(self.folder, 0, NOON + 30 * DAY))

    def test_equal_exchanges_are_one_line_with_their_number(self):
        for second, answer in enumerate((b"1\n", b"1\n", b"0\n", b"1\n")):
            self.wall = NOON + second
            self.exchange(answer=answer)
        assert self.written() == [
            {"wall": NOON, "device": "box", "sent": "A?\n", "answer": "1", "times": 3, "last": NOON + 3},
            {"wall": NOON + 2, "device": "box", "sent": "A?\n", "answer": "0"},
        ]

    def test_what_has_no_answer_says_why(self):
        failed = self.successResultOf(self.exchange(answer=None))
        assert isinstance(failed, NoAnswer)
        (line,) = self.written()
        assert "answer" not in line
        assert line["failed"] == "box did not answer within 1 s"

    def test_what_awaits_no_answer_is_heard_too(self):
        async def work(turn):
            turn.write(b"OPEN 1\n")

        self.successResultOf(start(self.channel.turn(work)))
        assert self.written() == [{"wall": NOON, "device": "box", "sent": "OPEN 1\n"}]

    def test_a_flood_is_counted_and_not_kept(self):
        self.patch(exchanges, "MOST", 3)
        for number in range(5):
            self.exchange(answer=b"%d\n" % number)
        *kept, last = self.written()
        assert [line["answer"] for line in kept] == ["0", "1", "2"]
        assert last == {"wall": NOON, "device": "box", "left_out": 2}

    def test_days_that_are_over_go(self):
        for day in range(12):
            self.wall = NOON + day * DAY
            self.exchange()
            self.successResultOf(ensureDeferred(self.kept.flush()))
        assert len(list(self.folder.iterdir())) == 8

    def test_a_folder_that_cannot_be_written_is_told_once_and_the_channel_goes_on(self):
        self.folder.parent.mkdir()
        self.folder.write_text("no folder")
        for _ in range(2):
            self.successResultOf(self.exchange())
            self.successResultOf(ensureDeferred(self.kept.flush()))
        assert "exchanges" in self.kept.failing
        self.folder.unlink()
        self.exchange()
        assert len(self.written()) == 1
        assert self.kept.failing == ""

    def test_after_the_end_nothing_is_heard(self):
        self.exchange()
        self.successResultOf(ensureDeferred(self.kept.stop()))
        self.exchange()
        assert len(self.written()) == 1


@given(st.lists(st.binary(max_size=40), min_size=2, max_size=6), st.data())
def test_a_batch_cut_off_by_a_power_failure_costs_that_batch_alone(answers, data):
    whole = [
        gzip.compress((json.dumps({"wall": float(n), "answer": one.hex()}) + "\n").encode())
        for n, one in enumerate(answers)
    ]
    torn = data.draw(st.integers(0, len(answers) - 1))
    whole[torn] = whole[torn][: data.draw(st.integers(0, len(whole[torn]) - 1))]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "1970-01-01.jsonl.gz").write_bytes(b"".join(whole))
        found = {line["wall"] for line in read(Path(folder), 0, 100)}
    assert {float(n) for n in range(len(answers)) if n != torn} <= found


@pytest.mark.parametrize("start_, end", [(5, 10), (0, 5), (8, 8)])
def test_a_line_belongs_to_each_moment_that_it_covers(tmp_path, start_, end):
    line = json.dumps({"wall": 5.0, "last": 8.0, "times": 4}) + "\n"
    (tmp_path / "1970-01-01.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    assert len(list(read(tmp_path, start_, end))) == 1
    assert list(read(tmp_path, 8.5, 20)) == []
    assert list(read(tmp_path, 0, 4.5)) == []
