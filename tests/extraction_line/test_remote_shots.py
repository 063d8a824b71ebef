"""Shots that other controllers count: asked for, by name where only a name can be asked, and never guessed."""

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line import errors
from pychron.extraction_line.remote.link import LinkCut
from pychron.extraction_line.remote.mixed import MixedExtractionLine
from pychron.extraction_line.remote.own import Shots, read_shots
from pychron.extraction_line.remote.verbs import MixedVerbs
from pychron.extraction_line.specs import LineSpec, PipetteSpec
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call
from pychron.trust.rights import Peer
from tests.extraction_line.fake_controllers import a_world, spec

SPEC = LineSpec(
    (spec("A", 1, actuator="one"), spec("B", 2, actuator="one"), spec("C", 3, actuator="two")),
    (
        PipetteSpec("Air", "A", "B", Place("valves.xml", 4)),
        PipetteSpec("Odd", "A", "C", Place("valves.xml", 5)),
    ),
)
LOST = errors.PeerLost("two", "two is gone")


class Remote:
    """A controller that counts."""

    def __init__(self, name, *answers):
        self.name = name
        self.answers = list(answers)
        self.asked = 0

    def names(self):
        return ()

    async def pipettes(self):
        self.asked += 1
        return await self.answers.pop(0)


@pytest.mark.parametrize(
    "row",
    [None, 3, [], {}, {"name": "Air"}, {"name": 3, "counts": 1}, {"name": "Air", "counts": "1"}, {"name": "Air", "counts": True}, {"name": "Air", "counts": -1}],
)  # fmt: skip
def test_a_row_without_a_count_is_no_zero(row):
    with pytest.raises(LinkCut):
        read_shots(row)


def test_a_row_of_a_controller():
    row = {"name": "Air", "inner": "A", "outer": "B", "counts": 3, "last_shot_time": "2026-01-01 10:00:00"}
    assert read_shots(row) == Shots("Air", 3, "2026-01-01 10:00:00", "A", "B")


class MixedShots(SynchronousTestCase):
    def verbs(self, *remotes):
        self.clock = Clock()
        self.line = MixedExtractionLine(SPEC, None, remotes, a_world(self.clock), None, "pyexp")
        picture = type("Picture", (), {"line": self.line})()
        return {v.name: v for v in MixedVerbs(picture, None, self.line).verbs()}

    def answer(self, verbs, verb, argument=""):
        call = Call(verb, argument, Peer("192.0.2.7"), 0.0)
        return self.successResultOf(Deferred.fromCoroutine(verbs[verb].handler(call)))

    def refused(self, verbs, verb, argument=""):
        call = Call(verb, argument, Peer("192.0.2.7"), 0.0)
        return self.failureResultOf(Deferred.fromCoroutine(verbs[verb].handler(call)), Fault).value

    def test_one_is_asked_for_what_is_its_own(self):
        one, two = Remote("one", succeed([Shots("Air", 4)])), Remote("two")
        self.assertEqual(self.answer(self.verbs(one, two), "GetPipetteCount", "air"), 4)
        self.assertEqual((one.asked, two.asked), (1, 0))
        self.assertEqual(self.line.pipettes_of, {"Air": "one"}, "whose valves are apart is nobody's")

    def test_all_are_asked_for_what_no_file_places(self):
        one, two = Remote("one", succeed([])), Remote("two", succeed([Shots("Odd", 2)]))
        self.assertEqual(self.answer(self.verbs(one, two), "GetPipetteCount", "Odd"), 2)

    def test_one_that_is_lost_is_a_fault_and_no_shorter_list(self):
        verbs = self.verbs(
            Remote("one", succeed([Shots("Air", 4)]), succeed([])), Remote("two", fail(LOST), fail(LOST))
        )
        for verb, argument in (("GetPipetteCounts", ""), ("GetPipetteCount", "Odd")):
            fault = self.refused(verbs, verb, argument)
            self.assertEqual((fault.code, fault.data["kind"]), (10, "PeerLost"))
