"""A plain client reads every error as closed: what a lost controller drives is open to its queries."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.extraction_line.picture import Picture
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.verbs import ValveVerbs
from pychron.extraction_line.words import read_state_word
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, VerbTable
from pychron.trust.rights import Peer, Right
from tests.extraction_line.fake_controllers import Controller, Remote, spec


class LostController(SynchronousTestCase):
    def setUp(self):
        self.clock = Clock()
        own = [spec("A", actuator="pyvalve", description="valve A"), spec("N", actuator="nobody")]
        self.r = Remote(self.clock, Controller(self.clock, ("A",)), own[:1])
        self.r.start()
        line = MixedExtractionLine(
            LineSpec(tuple(own)), None, [self.r.line], self.r.world, self.r.bus, "here"
        )
        self.table = VerbTable()
        self.table.register(*ValveVerbs(Picture(line), None).verbs())

    def ask(self, verb, argument="", id=None, seconds=3.0, **members):
        call = Call(verb, argument, Peer("10.0.0.5", right=Right.OPERATE), self.clock.seconds(), members, id)
        found = self.table.get(verb).handler(call)
        return self.r.run(found, seconds) if hasattr(found, "__await__") else found

    def test_it_is_closed_while_the_controller_says_so(self):
        assert self.ask("GetIndicatorState", "A") is False

    def test_every_query_says_open_once_it_is_lost(self):
        self.r.link.cut()
        assert self.ask("GetIndicatorState", "A") is True
        assert self.ask("GetValveState", "A") is True
        assert read_state_word(self.ask("GetValveStates"))["A"] is True

    def test_also_where_it_answers_nothing(self):
        self.r.controller.swallowed = ("GetIndicatorState", "ListValves")
        assert self.ask("GetIndicatorState", "A") is True

    def test_a_client_of_ours_reads_why(self):
        self.r.link.cut()
        asking = self.table.get("GetIndicatorState").handler(
            Call("GetIndicatorState", "A", Peer("10.0.0.5"), self.clock.seconds(), {}, "boot:1")
        )
        results = []
        Deferred.fromCoroutine(asking).addErrback(results.append)
        self.r.advance(3.0)
        fault = results[0].trap(Fault) and results[0].value
        assert (fault.code, fault.data["kind"]) == (10, "PeerLost")

    def test_nobody_drives_it(self):
        assert self.ask("GetIndicatorState", "N") is True
        (why,) = self.ask("Why", "N,open", id="boot:2")
        assert "its actuator nobody is no device that this node can use" in why
