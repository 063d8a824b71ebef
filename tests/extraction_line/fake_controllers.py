"""Valve controllers at the far end of a link, ours and installed, without a wire: for the remote line's tests."""

from __future__ import annotations

import random

from twisted.internet.defer import Deferred

from pychron.config.problems import Place
from pychron.events.bus import EventBus
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.remote.faults import PeerFault
from pychron.extraction_line.remote.file import Polls, RemoteSettings
from pychron.extraction_line.remote.link import LinkCut, LinkDown, PeerVersion
from pychron.extraction_line.remote.manager import RemoteExtractionLineManager
from pychron.extraction_line.specs import LineSpec, SwitchSpec
from pychron.extraction_line.states import Action, Kind
from pychron.extraction_line.words import owners_word, state_checksum, state_word
from pychron.runtime.deadlines import sleep
from pychron.runtime.world import World
from pychron.trust.rights import Peer, Right

LOCAL = Peer("local", right=Right.OPERATE)


def a_world(clock, boot="here1", simulated=False):
    return World(
        lab=clock,
        wire=clock,
        wall=lambda: clock.seconds() + 1_700_000_000.0,
        boot=boot,
        machine_boot="machine",
        streams=None,
        pool=None,
        zmq=None,
        scripts=None,
        sqlite=None,
        local_addresses=lambda: (),
        random=random.Random(1),
        simulated=simulated,
    )


def settings(name="pyvalve", **more):
    place = Place("setupfiles/devices/extraction_line.yaml", 3)
    return RemoteSettings(
        **{"name": name, "host": "192.0.2.50", "port": 1061, "place": place, "publish_port": 0, **more}
    )


def spec(name, line=0, **more):
    return SwitchSpec(name, more.pop("kind", Kind.VALVE), Place("valves.xml", line), **more)


class Controller:
    """One of ours: valves that act at once, a broadcast number, faults by verb, verbs that are swallowed."""

    def __init__(self, clock, names=("A", "B"), boot="b1", node="pyvalve"):
        self.clock, self.boot, self.node = clock, boot, node
        self.seq = 0
        self.simulated = False
        self.alarms = []
        self.valves = {n: self._valve(n) for n in names}
        self.log = []
        self.moves = []
        self.faults = {}
        self.why = {}
        self.swallowed = ()
        self.claims = {}
        self.token = 0

    def _valve(self, name):
        return {
            "name": name,
            "kind": "valve",
            "description": f"valve {name}",
            "state": "closed",
            "evidence": "relay",
            "read_at": 1_700_000_000.0,
            "age_s": 0.5,
            "lock": None,
            "owner": "",
            "orphaned": False,
            "in_service": True,
            "enabled": True,
            "under_way": "",
            "faults": [],
            "settling_s": 0.0,
            "interlocks": [],
            "positive_interlocks": [],
            "parent": "",
            "parent_inverted": False,
            "last_known": None,
        }

    def tie(self, a, b):
        self.valves[a]["interlocks"].append(b)
        self.valves[b]["interlocks"].append(a)

    def set(self, name, state):
        self.seq += 1
        self.valves[name]["state"] = state
        return {**self.valves[name], "before": "", "commanded": True}

    def held(self, name):
        return next((s for _, require in self.claims.values() for n, s in require.items() if n == name), None)

    def answer(self, verb, value, members):
        self.log.append((verb, value, members))
        if verb in self.faults:
            raise self.faults[verb]
        if verb == "ListValves":
            return {
                "node": self.node,
                "boot": self.boot,
                "seq": self.seq,
                "simulated": self.simulated,
                "valves": [dict(v) for v in self.valves.values()],
                "pipettes": [],
                "alarms": list(self.alarms),
            }
        if verb in ("Open", "Close"):
            return self.turn(verb, value)
        if verb == "GetIndicatorState":
            return dict(self.valves[value])
        if verb == "Lock":
            self.valves[value]["lock"] = lock = {"who": "10.0.0.9", "why": members["why"], "when": 5.0}
            self.seq += 1
            return lock
        if verb == "Unlock":
            self.valves[value]["lock"] = None
            return True
        if verb == "Why":
            return self.why.get((value, members["action"]), [])
        if verb == "Claim":
            return self.claim(members)
        if verb == "Release":
            session = members.get("id", "boot:1").rpartition(":")[0]
            if "token" in members:
                session = next((s for s, (t, _) in self.claims.items() if t == members["token"]), None)
            if session not in self.claims:
                raise PeerFault(4, "no such claim")
            del self.claims[session]
            return {"released": []}
        raise PeerFault(3, f"invalid command: {verb}")

    def turn(self, verb, name):
        wanted = "open" if verb == "Open" else "closed"
        hold = self.held(name)
        if hold is not None and hold != wanted:
            raise PeerFault(15, "", "Interlocked", name, f"held {hold} for somebody")
        changed = self.valves[name]["state"] != wanted
        if changed:
            self.set(name, wanted)
            self.moves.append((name, wanted))
        return "OK" if changed else "ok"

    def claim(self, members):
        session = members.get("id", "boot:1").rpartition(":")[0]
        for name, state in members["require"].items():
            if self.valves[name]["state"] != state:
                is_now = self.valves[name]["state"]
                raise PeerFault(12, "", "NotOwner", name, f"{name} must be confirmed {state} and is {is_now}")
        if session not in self.claims:
            self.token += 1
        token = self.claims[session][0] if session in self.claims else self.token
        self.claims[session] = (token, members["require"])
        return {"token": token, "lease_s": members["lease"], "valves": members["valves"]}


class FakeLink:
    """A link to a controller of ours (or, with `answer_plain`, to an installed server)."""

    def __init__(self, clock, controller):
        self.clock, self.controller = clock, controller
        self.is_down = ""
        self.aborted = []
        self.deadlines = []

    def start(self, up, down):
        self.up, self.down = up, down

    async def stop(self):
        self.is_down = "stopped"

    async def version(self, timeout_s):
        self._there()
        ours = isinstance(self.controller, Controller)
        return PeerVersion(ours, "1", ours and self.controller.simulated)

    def _there(self):
        if self.is_down:
            raise LinkDown(self.is_down)

    async def ask(self, verb, value="", *, timeout_s, actuates=False, **members):
        self._there()
        self.deadlines.append((verb, timeout_s))
        if verb in self.controller.swallowed:
            self.controller.log.append((verb, value, members))
            await sleep(self.clock, timeout_s)
            self.aborted.append(verb)
            raise LinkCut(f"no answer within {timeout_s:g} s")
        return self.controller.answer(verb, value, members)

    async def ask_plain(self, text, *, timeout_s):
        self._there()
        self.deadlines.append((text, timeout_s))
        reply = self.controller.answer(text)
        if reply is None:
            await sleep(self.clock, timeout_s)
            self.aborted.append(text)
            raise LinkCut(f"no answer within {timeout_s:g} s")
        return reply

    def cut(self, why="connection lost"):
        self.is_down = why
        self.down(why)

    def mend(self):
        self.is_down = ""
        self.up()


class Installed:
    """An installed server: words from memory, relays behind it, `special` replies by request (None: silent)."""

    def __init__(self, names=("A", "B", "V10")):
        self.open = dict.fromkeys(names, False)
        self.memory = None
        self.locked = dict.fromkeys(names, False)
        self.owners = dict.fromkeys(names, "")
        self.special = {}
        self.log = []

    def answer(self, text):
        self.log.append(text)
        if text in self.special:
            return self.special[text]
        verb, _, name = text.partition(" ")
        told = self.open if self.memory is None else self.memory
        if verb in ("Open", "Close"):
            if name not in self.open:
                return f"ERROR 004 : invalid arguments: {text}"
            if self.locked[name]:
                return "ok"
            self.open[name] = verb == "Open"
            return "OK"
        if verb == "GetIndicatorState":
            if name not in self.open:
                return f"ERROR 005 : {name} is not a registered valve name"
            return "OK" if self.open[name] else "False"
        if verb == "GetValveLockState":
            return "OK" if self.locked[name] else "False"
        if verb == "GetValveStates":
            return state_word(told.items())
        if verb == "GetValveLockStates":
            return state_word(self.locked.items())
        if verb == "GetValveOwners":
            return owners_word(self.owners)
        if verb == "GetStateChecksum":
            names = name.split(",") if "," in name else list(name)
            return str(state_checksum((Kind.VALVE, n, told[n], self.locked[n]) for n in names if n in told))
        return ""


class Remote:
    """A RemoteExtractionLineManager over a fake link, with its events."""

    def __init__(self, clock, controller, own=None, world=None, **more):
        self.clock, self.controller = clock, controller
        self.world = world or a_world(clock)
        self.bus = EventBus(clock)
        self.events = []
        self.bus.subscribe(self.events.append)
        self.link = FakeLink(clock, controller)
        own = LineSpec(tuple(own)) if own is not None else None
        polls = more.pop("polls", Polls())
        self.line = RemoteExtractionLineManager(
            settings(**more, polls=polls), self.link, self.world, self.bus, own
        )

    def start(self):
        Deferred.fromCoroutine(self.line.start())
        self.clock.advance(0)
        self.clock.advance(0)
        return self

    def run(self, work, seconds=0.0):
        """The result of a coroutine, or its error, after `seconds` of the clock."""
        results = []
        Deferred.fromCoroutine(work).addBoth(results.append)
        self.advance(seconds)
        return getattr(results[0], "value", results[0]) if results else None

    def advance(self, seconds, step=0.05):
        self.clock.advance(0)
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
        self.clock.advance(0)

    def ask(self, name, action, seconds=0.2, **more):
        return self.run(self.line.actuate(self.command(name, action, **more)), seconds)

    def command(self, name, action, **more):
        asked_at = more.pop("asked_at", self.clock.seconds())
        return Command(name, Action(action), LOCAL, asked_at, **more)

    def states(self):
        return {n: str(self.line.view(n).state) for n in self.line.names()}

    def verbs(self):
        return [entry[0] for entry in self.controller.log]

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]
