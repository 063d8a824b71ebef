"""A dispatcher with verbs that answer when the test says so, and a link that keeps what is written."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from pychron.rpc.conversation import Conversation
from pychron.rpc.counters import Counters
from pychron.rpc.dispatch import Dispatcher
from pychron.rpc.faults import Fault
from pychron.rpc.loop_watch import LoopWatch
from pychron.rpc.verbs import Call, Verb, VerbTable
from pychron.trust.addresses import Rights, read_network
from pychron.trust.rights import Peer, Right


class FakeLink:
    """What a Conversation asks of its transport, as a list."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.log: list[str] = []
        self.there = True

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def stop_reading(self) -> None:
        self.log.append("stop")

    def go_on_reading(self) -> None:
        self.log.append("go")

    def close(self) -> None:
        self.log.append("close")

    def abort(self) -> None:
        self.log.append("abort")

    def is_there(self) -> bool:
        return self.there

    @property
    def lines(self) -> list[str]:
        return b"".join(self.written).decode().split("\r\n")[:-1]


class BenchOfVerbs:
    """`calls` has every call that was begun; `ends` the Deferreds of those that await, by their text."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.watch = LoopWatch(self.clock)
        self.calls: list[Call] = []
        self.ends: dict[str, Deferred[object]] = {}
        self.audited: list[str] = []
        self.verbs = VerbTable()
        self.verbs.register(
            Verb("State", Right.OBSERVE, self.state),
            Verb("Ask", Right.OBSERVE, self.slow),
            Verb("Open", Right.OPERATE, self.slow, moves=True),
            Verb("Close", Right.OPERATE, self.slow, moves=True, jumps=True),
            Verb("Quick", Right.OPERATE, self.coroutine, moves=True),
            Verb("Break", Right.OBSERVE, self.breaks),
            Verb("Odd", Right.OBSERVE, lambda call: object()),
            Verb("Stop", Right.ADMINISTER, self.state),
            Verb("Big", Right.OBSERVE, lambda call: "x" * 100_000),
        )
        network = read_network("10.0.0.0/8")
        assert network is not None
        self.dispatcher = Dispatcher(
            self.verbs, self.clock, self.counters, self.watch, Rights((network,), said=True)
        )
        self.dispatcher.audit = lambda call, why: self.audited.append(f"{call.verb} {call.argument}: {why}")

    def talk(
        self, address: str = "10.0.0.1", close_after_reply: bool = False
    ) -> tuple[Conversation, FakeLink]:
        link = FakeLink()
        peer = Peer(address, 1, self.dispatcher.rights.of(address))
        return Conversation(self.dispatcher, peer, link, close_after_reply), link

    def say(self, conversation: Conversation, text: str) -> None:
        conversation.received(text.encode(), self.clock.seconds())

    def turn(self) -> None:
        """One reactor turn: what is due now, and nothing that it schedules."""
        for call in [c for c in self.clock.getDelayedCalls() if c.getTime() <= self.clock.seconds()]:
            work, arguments = call.func, call.args
            call.cancel()
            work(*arguments)

    def state(self, call: Call) -> object:
        self.calls.append(call)
        if call.argument == "ZZ":
            raise Fault(5, name="ZZ")
        return call.argument != "closed"

    def slow(self, call: Call) -> Deferred[object]:
        self.calls.append(call)
        ended: Deferred[object] = Deferred()
        self.ends[f"{call.verb} {call.argument}"] = ended
        return ended

    async def coroutine(self, call: Call) -> object:
        self.calls.append(call)
        return "ok"

    def breaks(self, call: Call) -> object:
        raise RuntimeError("what a program may do")

    @property
    def begun(self) -> list[str]:
        return [f"{call.verb} {call.argument}".strip() for call in self.calls]
