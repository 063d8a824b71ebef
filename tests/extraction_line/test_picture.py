"""The line as peers get it: words cached until a change, nothing unknown shown as closed."""

from __future__ import annotations

from pychron.extraction_line.errors import UnknownSwitch
from pychron.extraction_line.picture import LocalPicture, Picture
from pychron.extraction_line.words import checked
from tests.extraction_line.verb_bench import VerbCase


class Pictures(VerbCase):
    def start(self, *args, **more):
        super().start(*args, **more)
        self.picture = LocalPicture(self.manager)

    def plain(self):
        return Picture(self.manager)

    def words(self):
        return [self.picture.state_word(), self.picture.lock_word(), self.picture.owners_word()]

    def fresh_words(self):
        plain = self.plain()
        return [plain.state_word(), plain.lock_word(), plain.owners_word()]

    def test_cached_words_are_those_of_now_after_every_change(self):
        changes = (
            lambda: self.answer("Open", "A"),
            lambda: self.answer("Lock", "A,leak test"),
            lambda: self.answer("Claim", "A,Inner", id="boot-a:1", lease=5),
            lambda: self.bench.advance(6),
            lambda: self.answer("Release", "1,gone", id="boot-b:1"),
            lambda: self.answer("Unlock", "A,done"),
            lambda: self.answer("Confirm", "T,open,turned it"),
            lambda: self.relays.on.update({"101": False, "104": True}),
        )
        seen = [self.words()]
        for change in changes:
            change()
            self.bench.read_all()
            assert self.words() == self.fresh_words()
            seen.append(self.words())
        assert len({tuple(w) for w in seen}) == 5

    def test_a_word_is_made_once_until_something_changes(self):
        assert self.picture.state_word() is self.picture.state_word()

    def test_moving_is_open(self):
        self.relays.takes_s = 1.0
        self.call("Open", "A")
        self.bench.advance(0.5)
        assert self.bench.states()["A"] == "moving"
        assert self.picture.is_open("A")
        assert self.picture.state_word() == checked("A1,B0,Inner0,Outer0,T1")
        assert self.picture.valve("A")["under_way"] == "open"

    def test_before_the_first_reading_everything_is_open(self):
        self.start(self.bench.actuators, boot="boot2")
        assert self.picture.state_word() == checked("A1,B1,Inner1,Outer1,T1")
        self.answer("Close", "B")
        assert not self.picture.is_open("B")

    def test_a_switch_that_is_not_there_is_no_state(self):
        self.assertRaises(KeyError, self.picture.is_open, "Nobody")
        self.assertRaises(UnknownSwitch, self.plain().is_open, "Nobody")

    def test_the_heading_comes_first(self):
        self.picture.heading = lambda: {"node": "pyvalve", "seq": 7}
        whole = self.picture.whole()
        assert list(whole)[:2] == ["node", "seq"]
        assert [v["name"] for v in whole["valves"]] == list(self.manager.names())
        assert self.plain().whole()["pipettes"] == []
