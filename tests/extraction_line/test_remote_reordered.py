"""Words that come late, errors after an OK, a peer that is full: no state is known that nobody read."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.remote.contact import Due
from pychron.extraction_line.remote.link import LinkCut, PeerVersion
from pychron.runtime.deadlines import sleep
from tests.extraction_line.fake_controllers import Controller, Installed, Remote, spec


def slow(remote, which, seconds):
    """The reply to `which` is made at once and comes `seconds` later (each has a connection of its own)."""
    ask = remote.link.ask_plain

    async def late(text, *, timeout_s):
        reply = await ask(text, timeout_s=timeout_s)
        if text in which:
            await sleep(remote.clock, seconds)
        return reply

    remote.link.ask_plain = late


def test_a_late_word_overwrites_no_read_back():
    clock = Clock()
    server = Installed(("A", "B"))
    r = Remote(clock, server, own=[spec("A"), spec("B")]).start()
    r.advance(1)
    slow(r, ("GetValveStates",), 0.5)
    Deferred.fromCoroutine(r.line.contact.look())
    r.advance(0.05)
    r.ask("A", "open", seconds=0.2)
    assert r.states()["A"] == "open"
    r.advance(0.4)
    assert r.states()["A"] == "open", "a word from before the actuation came after it"


def test_words_make_no_reading_younger():
    clock = Clock()
    server = Installed(("A", "B"))
    r = Remote(clock, server, own=[spec("A"), spec("B")]).start()
    r.advance(1)
    r.ask("A", "open", seconds=0.3)
    server.memory = dict(server.open)
    server.open["A"] = False  # by hand; the server's memory says open
    r.advance(600, step=1)
    r.run(r.line.contact.look(), 0.1)
    v = r.line.view("A")
    assert not (v.state.value == "open" and v.evidence.value == "relay" and v.age_s < 60), (
        "relay evidence of now, that nobody read"
    )


def test_one_of_ours_taken_for_another_once_is_known_again():
    clock = Clock()
    c = Controller(clock)
    r = Remote(clock, c).start()
    r.advance(1)
    assert r.states() == {"A": "closed", "B": "closed"}
    # For a moment its node is full: it closes the first connection and answers the second.
    version = r.link.version

    async def installed(timeout_s):
        return PeerVersion(False, "")

    words = Installed(("A", "B"))

    async def plain(text, *, timeout_s):
        return words.answer(text)

    r.link.version, r.link.ask_plain = installed, plain
    r.link.cut()
    r.link.mend()
    r.advance(0.5)
    r.link.version = version
    r.link.cut()
    r.link.mend()
    r.advance(5)
    assert r.states() == {"A": "closed", "B": "closed"}


def test_a_lock_word_makes_no_state_known_again():
    clock = Clock()
    server = Installed(("A", "B"))
    r = Remote(clock, server, own=[spec("A"), spec("B")]).start()
    r.advance(1)
    slow(r, ("GetValveLockStates",), 0.5)
    Deferred.fromCoroutine(r.line.contact.look(Due(states=False, locks=True, owners=False)))
    r.advance(0.1)
    r.line.contact.lose("connection refused")
    assert r.states()["A"] == "unknown"
    server.open["A"] = True  # whatever happens while it is lost
    r.advance(0.6)
    assert r.states()["A"] != "closed", "known again, and nobody has asked for a state since it was lost"


def test_an_open_whose_read_back_is_an_error_is_unknown():
    clock = Clock()
    server = Installed(("A", "B"))
    server.memory = {"A": False, "B": False}
    r = Remote(clock, server, own=[spec("A"), spec("B")]).start()
    r.advance(1)
    server.special["GetIndicatorState A"] = "ERROR 004 : invalid arguments: GetIndicatorState A"
    r.ask("A", "open", seconds=0.3)
    assert r.states()["A"] == "unknown"


def test_close_over_the_connection_that_stands():
    clock = Clock()
    c = Controller(clock)
    r = Remote(clock, c).start()
    r.advance(1)
    r.ask("A", "open")

    async def full(timeout_s):
        raise LinkCut("it closes each connection without an answer", closed=True)

    r.link.version = full
    r.line.contact.lose("its broadcasts: nothing was heard of it for 6 s")
    got = r.ask("A", "close")
    assert isinstance(got, Done), got
