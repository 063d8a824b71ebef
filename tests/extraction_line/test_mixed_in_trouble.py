"""Holds across controllers while one is released, lost or not so any more; and a close that overtakes an open."""

from twisted.internet.defer import Deferred

from pychron.extraction_line import errors
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.remote.link import LinkCut
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.once import Once
from pychron.extraction_line.states import Action
from pychron.runtime.deadlines import sleep
from pychron.trust.rights import Peer, Right
from tests.extraction_line.fake_controllers import LOCAL
from tests.extraction_line.test_mixed import SPEC
from tests.extraction_line.test_mixed import MixedLines as _Mixed


class HoldsInTrouble(_Mixed):
    """The same line, other tests."""

    def local(self, name, action, seconds=2.0):
        """Somebody asks this node's own manager, as its own operators do."""
        c = Command(name, Action(action), LOCAL, self.clock.seconds())
        return self.one.run(self.bench.manager.actuate(c), seconds)

    def test_a_hold_that_is_being_released_is_taken_anew(self):
        """B (remote two) tied to L (local). Reopen B while its hold on L is being released on a slow disk."""
        self.line.start()
        assert isinstance(self.ask("B", "open"), Done)
        self.ask("B", "close", seconds=0.0)
        pool = self.bench.world.pool
        pool.at_once = False
        self.advance(1.2)  # tend releases; the disk is slow
        assert pool.jobs
        r = []
        Deferred.fromCoroutine(
            self.line.actuate(Command("B", Action.OPEN, LOCAL, self.clock.seconds()))
        ).addBoth(r.append)
        self.clock.advance(0.01)
        while pool.jobs:
            pool.release()
            self.clock.advance(0.01)
        pool.at_once = True
        self.clock.advance(0.05)
        self.local("L", "open", 0.5)
        both = self.two.controller.valves["B"]["state"] == "open" and self.bench.relays.on.get("101")
        assert not both, "B and L, interlocked, are both open"

    def test_a_hold_that_stands_is_no_proof_of_the_partner(self):
        """B's state unknown for a while => hold on L stays. L found open by hand. B read closed; Open B within a tick."""
        self.line.start()
        assert isinstance(self.ask("B", "open"), Done)
        self.bench.relays.on["101"] = True  # L opened by hand (or found so)
        d = Deferred.fromCoroutine(self.bench.manager.read(self.bench.manager.names()))
        self.clock.advance(0.05)
        self.clock.advance(0.05)
        self.clock.advance(0.05)
        assert d.called and self.bench.states()["L"] == "open", self.bench.states()
        self.ask("B", "close", seconds=0.0)
        moves = list(self.two.controller.moves)
        self.ask("B", "open", seconds=0.0)
        assert self.two.controller.moves == moves, "B was opened though L, its interlock, is open"

    def test_an_open_that_nobody_could_look_at_is_not_shown_closed(self):
        """A is opened; the look after it has no answer. A must not be shown closed, its hold must stay."""
        self.line.start()
        self.one.controller.swallowed = ("ListValves",)
        got = self.ask("A", "open", seconds=3)
        assert isinstance(got, Done)
        self.advance(1.5, looking=False)
        assert str(self.line.view("A").state) != "closed"

    def test_its_hold_stands_too(self):
        self.line.start()
        self.one.controller.swallowed = ("ListValves",)
        got = self.ask("A", "open", seconds=3)
        assert isinstance(got, Done)
        self.advance(1.5, looking=False)
        assert self.held(self.two.controller), "A is open and nobody holds B closed"

    def test_a_claim_whose_answer_was_lost_is_released(self):
        """The claim's reply is lost. A never opens; the hold is released some time later."""
        self.line.start()
        link = self.two.link
        ask = link.ask

        async def lossy(verb, value="", *, timeout_s, actuates=False, **members):
            reply = await ask(verb, value, timeout_s=timeout_s, actuates=actuates, **members)
            if verb == "Claim":
                await sleep(self.clock, timeout_s)
                raise LinkCut("no answer")
            return reply

        link.ask = lossy
        got = self.ask("A", "open", seconds=3)
        assert isinstance(got, errors.PeerLost)
        link.ask = ask
        self.advance(40)
        assert self.held(self.two.controller) == {}, self.held(self.two.controller)

    def test_holds_of_an_earlier_start_are_released(self):
        """This node dies while A is open; A is closed meanwhile; the node returns."""
        self.line.start()
        assert isinstance(self.ask("A", "open"), Done)
        self.line.stop()
        self.one.controller.turn("Close", "A")
        self.advance(1)
        again = self.mixed()
        again.start()
        self.advance(40)
        assert self.held(self.two.controller) == {}, self.held(self.two.controller)


class Overtaken(_Mixed):
    def mixed(self):
        return MixedExtractionLine(
            SPEC,
            self.bench.manager,
            [self.one.line, self.two.line],
            self.world,
            self.bench.bus,
            "pyexp",
            once=Once(self.bench.manager),
        )

    def check(self, ids, valve="A"):
        link, ask = self.two.link, self.two.link.ask

        async def late(verb, value="", *, timeout_s, actuates=False, **members):
            reply = await ask(verb, value, timeout_s=timeout_s, actuates=actuates, **members)
            if verb == "Claim":
                await sleep(self.clock, 0.5)
            return reply

        link.ask = late
        client = Peer("10.0.0.7", 40000, Right.OPERATE)
        opened = []
        c = Command(valve, Action.OPEN, client, self.clock.seconds(), id=ids[0])
        Deferred.fromCoroutine(self.line.actuate(c)).addBoth(opened.append)
        self.advance(0.1, looking=False)
        c = Command(valve, Action.CLOSE, client, self.clock.seconds(), id=ids[1])
        self.one.run(self.line.actuate(c), 0.2)
        self.advance(1, looking=False)
        assert isinstance(opened[0].value, errors.Superseded)
        assert self.one.controller.valves["A"]["state"] == "closed", (
            "opened after the newer close of the same peer"
        )
        assert self.bench.relays.exchanges == []

    def test_a_newer_close_is_the_last_word(self):
        self.check((None, None))

    def test_also_where_commands_have_ids(self):
        self.check(("client:1", "client:2"))

    def test_a_valve_of_this_node_that_waits_for_its_tie(self):
        """Its own manager took the older open for the newer of the two."""
        self.check((None, None), "L")

    def test_and_with_ids(self):
        self.check(("client:1", "client:2"), "L")


for _case in (HoldsInTrouble, Overtaken):
    for _name in [n for n in dir(_Mixed) if n.startswith("test")]:
        setattr(_case, _name, None)
del _Mixed, _case
