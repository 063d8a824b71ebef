"""Clients that ask and relays that are told, each with its log; an instrument that hangs, forgets or says nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from twisted.internet.protocol import Factory, Protocol

from pychron.rpc.replies import read_reply
from pychron.simulation.virtual_clock import NodeClock
from pychron.simulation.virtual_lab import VirtualLab
from pychron.simulation.virtual_network import Process
from pychron.simulation.virtual_streams import ClientEndpoint

VALVES = {
    "one": {"101": "A", "102": "G", "103": "I", "104": "O"},
    "two": {"101": "B", "102": "P", "103": "C", "104": "K"},
    "above": {"101": "L"},
}
WHERE = {valve: node for node, valves in VALVES.items() for valve in valves.values()}
INTERLOCKED = (("I", "O"), ("C", "K"), ("A", "B"), ("L", "B"))
NEEDS_OPEN = (("P", "G"),)
CHILDREN = {"P": ("K",), "A": ("C",)}
ADDRESS = {"one": "10.0.0.50", "two": "10.0.0.51", "above": "10.0.0.10"}
CLIENT_S = 3.0
"""Then a client gives up."""


@dataclass(eq=False)
class Told:
    """A command that came to a relay."""

    node: str
    valve: str
    opens: bool
    at: float
    done_at: float | None = None
    """None: lost, or not yet carried out."""


@dataclass(eq=False)
class Asked:
    """A request of a client."""

    session: str
    node: str
    verb: str
    valves: tuple[str, ...]
    at: float
    id: str | None = None
    within: float = 2.0
    token: int | None = None
    lease: float = 5.0
    done: float | None = None
    """When it was answered, or its client gave it up."""
    result: object = None
    error: dict | None = None
    answered: bool = False
    copy_of: Asked | None = None
    host: str = ""
    left: float | None = None

    @property
    def ok(self) -> bool:
        return self.answered and self.error is None


class Relays(Protocol):
    """An instrument: it does one thing after the other; now and then it hangs, forgets or says nothing."""

    def __init__(self, lab, node, log):
        self.lab, self.node, self.log = lab, node, log
        self.on = dict.fromkeys(VALVES[node].values(), False)
        self.wrongs = []
        self.others = []
        self.hang_s, self.forget, self.mute = 0.0, 0, 0
        self.changed_at = dict.fromkeys(self.on, 0.0)
        self._hung_until = -9.0
        self._enabled, self._rest, self._queue = "0", b"", []

    @property
    def pending(self):
        return [t.valve for t in self._queue if isinstance(t, Told) and t.opens]

    def dataReceived(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            text = line.decode("ascii", "replace").strip()
            turned = re.fullmatch(r"ROUT:(OPEN|CLOSE) \(@(\d+)\)", text)
            if turned:
                valve = VALVES[self.node][turned[2]]
                told = Told(self.node, valve, turned[1] == "OPEN", self.lab.clock.seconds())
                self.log.append(told)
                self._may_it(told)
                self._queue.append(told)
            else:
                self._queue.append(text)
        if self.lab.clock.seconds() >= self._hung_until:
            self._work()

    def _work(self):
        while self._queue:
            if self.hang_s and self.lab.clock.seconds() > self._hung_until + 3:
                self._hung_until = self.lab.clock.seconds() + self.hang_s
                self.lab.clock.callLater(self.hang_s, self._work)
                self.hang_s = 0.0
                return
            item = self._queue.pop(0)
            if isinstance(item, Told):
                self._turn(item)
            else:
                self._answer(item)

    def _turn(self, told):
        if self.forget:
            self.forget -= 1
            return
        now = told.done_at = self.lab.clock.seconds()
        self._may_it(told)
        if self.on[told.valve] != told.opens:
            self.on[told.valve], self.changed_at[told.valve] = told.opens, now
        self.lab.trace.note("relay", told.valve, str(told.opens))

    def _may_it(self, told):
        """Safety rule 9 and positive interlocks, by the true positions of all relays."""
        truth = {v: on for relays in self.others for v, on in relays.on.items()}
        pending = [v for relays in self.others for v in relays.pending]
        for pair in INTERLOCKED:
            if told.opens and told.valve in pair:
                (partner,) = set(pair) - {told.valve}
                if truth[partner] or partner in pending:
                    self.wrongs.append(f"{told.valve} was opened beside {partner} at {told.at:.3f}")
        for needs, needed in NEEDS_OPEN:
            if told.opens and told.valve == needs and not truth[needed]:
                self.wrongs.append(f"{needs} was opened while {needed} is closed at {told.at:.3f}")
            if not told.opens and told.valve == needed and (truth[needs] or needs in pending):
                self.wrongs.append(f"{needed} was closed while {needs} is open at {told.at:.3f}")

    def _answer(self, text):
        asked = re.fullmatch(r"ROUT:OPEN\? \(@([\d,]+)\)(.*)", text)
        if text.startswith("*ESE "):
            self._enabled = text[5:]
            return
        if asked:
            answer = ",".join("1" if self.on[VALVES[self.node][a]] else "0" for a in asked[1].split(","))
        elif text == "*ESE?":
            answer = self._enabled
        elif text == "SYST:ERR?":
            answer = '+0,"No error"'
        else:
            answer = "TEST,RELAYS,0,1"
        if self.mute:
            self.mute -= 1
        else:
            self.transport.write(answer.encode() + b"\n")


class Talk(Protocol):
    """One connection of a client to a node."""

    def __init__(self, client, node):
        self.client, self.node = client, node
        self.waiting = []
        self.gone = False
        self._rest = b""

    def dataReceived(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.strip())

    def _line(self, line):
        if not line or not self.waiting:
            return
        if self.client.plain:
            asked, text = self.waiting.pop(0), line.decode()
            asked.error = {"text": text} if text.startswith("ERROR") else None
            asked.result = json.loads(text) if text.startswith("{") else text
        else:
            reply = read_reply(line)
            asked = next(a for a in self.waiting if a.id == reply.id)
            self.waiting.remove(asked)
            asked.result, asked.error = reply.result, dict(reply.error) if reply.error else None
        asked.answered, asked.done = True, self.client.lab.clock.seconds()
        self.client.answered(asked)

    def connectionLost(self, reason=None):
        self.gone = True
        for asked in self.waiting:
            asked.done = self.client.lab.clock.seconds()
        self.waiting.clear()
        if self.client.talks.get(self.node) is self:
            del self.client.talks[self.node]


@dataclass(eq=False)
class Client:
    """A session. A plain one has no ids: it is known by its address."""

    lab: VirtualLab
    session: str
    host: str
    plain: bool = False
    asked: list = field(default_factory=list)
    talks: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    number: int = 0

    def __post_init__(self):
        self._process = Process(
            self.lab.network, self.lab.network.host(self.host), NodeClock(self.lab.clock), self.session
        )

    def connect(self, node):
        if node not in self.talks:
            self.talks[node] = talk = Talk(self, node)
            made = ClientEndpoint(self._process, ADDRESS[node], 1061, 3.0).connect(
                Factory.forProtocol(lambda: talk)
            )
            made.addErrback(lambda _: talk.connectionLost())

    def ask(self, node, verb, valves=(), copy_of=None, token=None, within=2.0, lease=5.0, **members):
        talk = self.talks.get(node)
        if talk is None or talk.transport is None or talk.gone:
            return None
        now = self.lab.clock.seconds()
        token = None if self.plain else token
        asked = Asked(self.session, node, verb, tuple(valves), now, None, within, token, lease)
        asked.copy_of, asked.host = copy_of, self.host
        if self.plain:
            text = f"{verb} {','.join(valves)}\r\n".encode()
        else:
            self.number += copy_of is None
            asked.id = copy_of.id if copy_of else f"{self.session}:{self.number}"
            value = "" if verb in ("Claim", "Release") else ",".join(valves)
            said = {"command": verb, "value": value, "id": asked.id, "within": within, **members}
            if verb == "Claim":
                said |= {"valves": list(valves), "lease": lease}
            if token is not None:
                said["token"] = token
            text = json.dumps(said).encode() + b"\r\n"
        self.asked.append(asked)
        talk.waiting.append(asked)
        talk.transport.write(text)
        self.lab.clock.callLater(CLIENT_S, self._gives_up, talk, asked)
        return asked

    @staticmethod
    def _gives_up(talk, asked):
        if asked in talk.waiting:
            talk.transport.abortConnection()
            talk.connectionLost()

    def leave(self, node):
        """The process of this client is gone from there."""
        talk = self.talks.get(node)
        if talk is not None and talk.transport is not None and not talk.gone:
            for asked in talk.waiting:
                asked.left = self.lab.clock.seconds()
            talk.transport.abortConnection()
            talk.connectionLost()

    def answered(self, asked):
        if asked.verb == "Claim" and asked.ok and isinstance(asked.result, dict):
            self.tokens[asked.node] = asked.result["token"]
