"""A line, its verbs and calls by hand: what a peer writes, what it gets, what the relays do."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from pychron.config.problems import Place
from pychron.extraction_line.claims.claim_verbs import ClaimVerbs
from pychron.extraction_line.picture import LocalPicture
from pychron.extraction_line.specs import LineSpec, PipetteSpec
from pychron.extraction_line.states import Kind
from pychron.extraction_line.verbs import ValveVerbs
from pychron.rpc.faults import Fault
from pychron.rpc.verbs import Call, VerbTable
from pychron.trust.rights import Peer, Right
from tests.extraction_line.bench_of_relays import spec
from tests.extraction_line.clocked_relays import Bench


def peer(address="10.0.0.5", right=Right.OPERATE):
    return Peer(address, 50000, right)


def line():
    return LineSpec(
        (
            spec("A", address="101", interlocks=("B",), description="to the mass spectrometer"),
            spec("B", address="102", settling_s=0.3),
            spec("Inner", address="103"),
            spec("Outer", address="104"),
            spec("T", kind=Kind.MANUAL_VALVE),
        ),
        (PipetteSpec("Air", "Inner", "Outer", Place("valves.yaml", 9)),),
    )


class VerbCase(SynchronousTestCase):
    """`call` answers a Deferred, `answer` its result, `refusal` the Fault that it ended with."""

    spec = staticmethod(line)

    def setUp(self):
        self.clock = Clock()
        self.clock.advance(1000)
        self.path = Path(self.mktemp())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.start()
        self.bench.read_all()

    def start(self, actuators=None, boot="boot1"):
        self.bench = Bench(self.clock, self.path, self.spec(), actuators, boot)
        self.manager, self.relays = self.bench.manager, self.bench.relays
        self.table = VerbTable()
        self.table.register(*ValveVerbs(LocalPicture(self.manager), self.manager).verbs())
        self.table.register(*ClaimVerbs(self.manager).verbs())

    def call(self, verb, argument="", who=None, id=None, **members):
        within = members.pop("within", None)
        call = Call(verb, argument, who or peer(), self.clock.seconds(), members, id, within)

        async def asked():
            if id is None:  # as the dispatcher does
                self.manager.owners.heard(call.peer.address)
            found = self.table.get(verb).handler(call)
            return await found if hasattr(found, "__await__") else found

        return Deferred.fromCoroutine(asked())

    def answer(self, *args, seconds=1, **more):
        asked = self.call(*args, **more)
        self.bench.advance(seconds)
        return self.successResultOf(asked)

    def refusal(self, *args, seconds=1, **more):
        asked = self.call(*args, **more)
        self.bench.advance(seconds)
        return self.failureResultOf(asked, Fault).value
