"""Owners, leases, holds across controllers, cut links, deaths, worn disks, late relays: judged by the true relays."""

from __future__ import annotations

import os
import shutil
import tempfile

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.extraction_line.asked_and_told import ADDRESS, WHERE
from tests.extraction_line.judged_by_relays import Judge
from tests.extraction_line.lines_in_trouble import Lines

CLIENTS = st.sampled_from(["alpha", "beta", "gamma", "10.0.0.7", "alpha"])
NODES = st.sampled_from(["one", "two", "above"])
OPENS = [("one", v) for v in "IOG"] + [("two", v) for v in "BCK"] + [("above", v) for v in "ABLPGCKIO"]
CLOSES = [("one", v) for v in "AGIO"] + [("two", v) for v in "BPCK"] + [("above", v) for v in "ABLPGCKIO"]
TURNS = st.sampled_from([("Open", *t) for t in OPENS] + [("Close", *t) for t in CLOSES])
CLAIMED = {"one": ["I", "O", "IO", "A", "G"], "two": ["B", "K", "C", "BK"], "above": ["L"]}
GAPS = st.sampled_from([0.0, 0.002, 0.01, 0.1, 0.5])
HANGS = st.sampled_from([0.0, 1.2, 1.2, 2.5])
LINKS = [("above", "one"), ("above", "two"), ("bench5", "one"), ("bench6", "two"), ("bench7", "one")]
LINKS += [("bench5", "above"), ("bench6", "above")]


class OwnersAndHolds(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.lines = Lines("owners", self.folder)
        self.judge = Judge(self.lines)
        assert self.lines.lab.until(self.lines.known, 20)
        self.lines.connect()
        self.lines.lab.advance(0.1)

    def client(self, name):
        return self.lines.clients[name]

    def go_on(self, seconds):
        self.lines.lab.advance(seconds)

    # ---- clients

    @rule(
        who=CLIENTS,
        turn=TURNS,
        within=st.sampled_from([2.0, 2.0, 0.3, 10.0]),
        token=st.sampled_from(["", "", "mine", "old"]),
        gap=GAPS,
    )
    def turn(self, who, turn, within, token, gap):
        verb, node, valve = turn
        client = self.client(who)
        carried = client.tokens.get(node) if token == "mine" else 0 if token == "old" else None
        client.ask(node, verb, [valve], within=2.0 if client.plain else within, token=carried)
        self.go_on(gap)

    @rule(
        place=st.sampled_from(sorted(set(OPENS) & set(CLOSES))),
        deeds=st.lists(
            st.tuples(st.sampled_from(["Open", "Open", "Close"]), CLIENTS, st.sampled_from([0.3, 10.0])),
            min_size=2,
            max_size=4,
        ),
        gap=st.sampled_from([0.0, 0.005, 0.05, 0.05]),
        hang=HANGS,
        then=st.sampled_from(["wait", "leave", "leave", "stop", "restart"]),
    )
    def crowd(self, place, deeds, gap, hang, then):
        """Several want the same valve, hardly apart, while its instrument is busy."""
        node, valve = place
        where = WHERE[valve]
        if hang:
            self.lines.relays[where].hang_s = hang
            others = [v for n, v in OPENS if n == where and v != valve]
            self.client("gamma").ask(where, "Close", others[-1:] or [valve])
            self.go_on(0.03)
        for verb, who, within in deeds:
            client = self.client(who)
            client.ask(node, verb, [valve], within=2.0 if client.plain else within)
            self.go_on(gap)
        if then == "leave":
            for _, who, _ in deeds:
                self.client(who).leave(node)
        elif then != "wait":
            self.ends(where, then == "stop")
        self.go_on(3.2)
        self.begins()

    @rule(
        pair=st.sampled_from(["AB", "BA", "LB", "BL", "PG", "GP", "CK", "IO", "AK"]),
        who=CLIENTS,
        gap=st.sampled_from([0.0, 0.005, 0.1, 0.8, 1.8]),
        hang=HANGS,
        ends=st.sampled_from([None, None, None, "one", "two", "above"]),
    )
    def race(self, pair, who, gap, hang, ends):
        """Two that may not be open together, over the acquisition node and past it."""
        self.lines.relays[WHERE[pair[0]]].hang_s = hang
        self.client(who).ask("above", "Open", [pair[0]])
        self.go_on(gap)
        if ends:
            self.ends(ends, False)
            self.go_on(0.1)
            self.begins()
        verb = "Close" if pair == "PG" else "Open"
        self.client("beta").ask("above", verb, [pair[1]])
        if pair[1] in "BGCK":
            self.client("beta").ask(WHERE[pair[1]], verb, [pair[1]])
        self.go_on(gap)

    @rule(
        who=CLIENTS,
        by=CLIENTS,
        node=st.sampled_from(["one", "two"]),
        number=st.integers(0, 4),
        token=st.sampled_from([None, None, 0]),
        pause=st.sampled_from([0.05, 5.5, 5.5, "restart"]),
    )
    def own(self, who, by, node, number, token, pause):
        """Claimed, perhaps lost or restarted, then somebody opens."""
        self.claim(who, node, number, 0.0, 0.05)
        if pause == "restart":
            self.ends(node, False)
            self.begins()
            pause = 1.5
        self.go_on(pause)
        for valve in CLAIMED[node][number % len(CLAIMED[node])]:
            if (node, valve) in OPENS:
                self.client(by if token is None else who).ask(node, "Open", [valve], token=token)
                self.go_on(0.05)

    @rule(valve=st.sampled_from("IOG"), closes=st.booleans())
    def open_while_it_hangs(self, valve, closes):
        """Behind an instrument that says nothing for a while; then its client leaves, or another closes."""
        self.lines.relays["one"].hang_s = 1.2
        self.client("gamma").ask("one", "Close", ["A"])
        self.go_on(0.03)
        self.client("alpha").ask("one", "Open", [valve], within=10.0)
        self.go_on(0.06)
        if closes:
            self.client("beta").ask("one", "Close", [valve])
        else:
            self.client("alpha").leave("one")
        self.go_on(3.2)
        self.lines.connect()
        self.go_on(0.02)

    @rule(place=st.sampled_from([("one", "I"), ("two", "B"), ("above", "L"), ("above", "G")]))
    def remember(self, place):
        """Opened, closed by another; its node dies and comes back; the first asks again."""
        node, valve = place
        asked = self.client("alpha").ask(node, "Open", [valve])
        self.go_on(0.6)
        self.client("beta").ask(node, "Close", [valve])
        self.go_on(0.6)
        self.ends(node, False)
        self.begins()
        self.go_on(4.0)
        if asked:
            self.client("alpha").ask(node, "Open", [valve], copy_of=asked)
        self.go_on(0.3)

    @rule(restart=st.booleans())
    def shot(self, restart):
        for verb, valve in (("Open", "I"), ("Close", "I"), ("Open", "O"), ("Close", "O")):
            self.client("beta").ask("one", verb, [valve])
            self.go_on(0.3)
        if restart:
            self.ends("one", False)
            self.begins()

    def ends(self, node, orderly):
        if self.lines.nodes[node].alive:
            if not orderly:
                self.lines.lab.kill(self.lines.nodes[node])
            elif len(self.lines.stops[node]) < len(self.lines.starts[node]):
                self.lines.stop(node)

    def begins(self):
        self.nothing_is_wrong()
        for name in ADDRESS:
            if not self.lines.nodes[name].alive:
                self.lines.start(name)
        self.go_on(0.3)
        self.lines.connect()
        self.go_on(0.02)

    @rule(back=st.integers(1, 4), who=st.sampled_from(["alpha", "beta"]), gap=GAPS)
    def again(self, back, who, gap):
        """The same id once more."""
        client = self.client(who)
        turned = [a for a in client.asked if a.verb in ("Open", "Close") and a.copy_of is None]
        if len(turned) >= back:
            old = turned[-back]
            client.ask(old.node, old.verb, old.valves, copy_of=old, token=old.token, within=old.within)
        self.go_on(gap)

    @rule(who=CLIENTS, node=NODES, number=st.integers(0, 4), wait=st.sampled_from([0.0, 0.0, 1.5]), gap=GAPS)
    def claim(self, who, node, number, wait, gap):
        wanted = CLAIMED[node][number % len(CLAIMED[node])]
        client = self.client(who)
        client.ask(node, "Claim", wanted, lease=30.0 if client.plain else 5.0, wait=wait)
        self.go_on(gap)

    @rule(
        who=CLIENTS, node=NODES, what=st.sampled_from(["renew", "renew", "release", "an operator"]), gap=GAPS
    )
    def go_on_with_a_claim(self, who, node, what, gap):
        client, token = self.client(who), self.client(who).tokens.get(node)
        if what == "release":
            client.ask(node, "Release")
        elif token is not None and what == "renew":
            client.ask(node, "Claim", (), lease=30.0 if client.plain else 5.0)
        elif token is not None:
            self.client("oper").ask(node, "Release", token=token, why="it was lost")
        self.go_on(gap)

    @rule(
        who=CLIENTS, valve=st.sampled_from(sorted(WHERE)), verb=st.sampled_from(["Lock", "Unlock", "Unlock"])
    )
    def lock(self, who, valve, verb):
        self.client(who).ask(WHERE[valve], verb, [valve])
        self.go_on(0.01)

    # ---- time and trouble

    @rule(seconds=st.sampled_from([0.5, 1.5, 2.7, 5.2, 12.0, 31.0]))
    def wait(self, seconds):
        self.go_on(seconds)
        self.lines.connect()
        self.go_on(0.01)

    @rule(link=st.sampled_from(LINKS), gap=GAPS)
    def cut(self, link, gap):
        self.lines.cut(*link)
        self.go_on(gap)

    @precondition(lambda self: any(c[3] is None for c in self.lines.cuts))
    @rule(gap=GAPS)
    def mend(self, gap):
        self.lines.mend()
        self.go_on(gap)

    @rule(node=NODES, orderly=st.booleans(), gap=GAPS)
    def end(self, node, orderly, gap):
        self.ends(node, orderly)
        self.go_on(gap)

    @precondition(lambda self: any(not n.alive for n in self.lines.nodes.values()))
    @rule(gap=st.sampled_from([0.01, 0.5, 1.5, 4.0]))
    def start(self, gap):
        self.begins()
        self.go_on(gap)

    @rule(node=NODES, state=st.sampled_from(["well", "full", "hangs"]))
    def disk(self, node, state):
        self.lines.disk(node, state)

    @rule(
        node=NODES,
        how=st.sampled_from(["hangs", "hangs", "forgets", "says nothing"]),
        s=st.sampled_from([0.3, 1.2, 2.5]),
    )
    def relays(self, node, how, s):
        relays = self.lines.relays[node]
        if how == "hangs":
            relays.hang_s = s
        elif how == "forgets":
            relays.forget = 1
        else:
            relays.mute = 1

    @invariant()
    def nothing_is_wrong(self):
        wrongs = self.judge.look()
        if wrongs:
            for asked in sorted(self.judge.asked, key=lambda a: a.at):
                note(f"{asked}")
            for told in self.lines.told:
                note(f"{told}")
        assert not wrongs, "\n".join(wrongs)

    def teardown(self):
        """Left alone and mended, everything is known and true again."""
        lines = self.lines
        try:
            for relays in lines.relays.values():
                relays.hang_s, relays.forget, relays.mute = 0.0, 0, 0
            for name in ADDRESS:
                lines.disk(name, "well")
            lines.mend()
            self.go_on(21.0 if any(lines.stops.values()) else 0.5)
            for name in ADDRESS:
                if not lines.nodes[name].alive:
                    lines.start(name)
            self.go_on(8.0)
            settled = lines.lab.until(lines.known, 60)
            self.nothing_is_wrong()
            shown = {n: str(lines.line("above").view(n).state) for n in WHERE}
            assert settled, shown
            assert shown == {n: "open" if lines.truth(n) else "closed" for n in WHERE}
        finally:
            lines.close()
            shutil.rmtree(self.folder, ignore_errors=True)


OwnersAndHolds.TestCase.settings = settings(
    max_examples=int(os.environ.get("OWNERS_EXAMPLES", "25")),
    stateful_step_count=int(os.environ.get("OWNERS_STEPS", "20")),
    phases=(Phase.generate,) if os.environ.get("OWNERS_RAW") else (Phase.generate, Phase.shrink),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestOwnersAndHolds = OwnersAndHolds.TestCase


def test_an_open_behind_an_instrument_that_hangs_is_not_begun_for_a_client_that_left(tmp_path):
    lines = Lines("left", tmp_path)
    judge = Judge(lines)
    assert lines.lab.until(lines.known, 20)
    lines.connect()
    lines.lab.advance(0.1)
    lines.relays["one"].hang_s = 1.2
    lines.clients["gamma"].ask("one", "Close", ["G"])
    lines.lab.advance(0.03)
    lines.clients["alpha"].ask("one", "Open", ["I"], within=10.0)
    lines.lab.advance(0.02)
    lines.clients["alpha"].leave("one")
    lines.lab.advance(3.2)
    assert judge.look() == [] and lines.told == []
    lines.close()
