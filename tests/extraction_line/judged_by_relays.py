"""What the relays were told, judged by what clients asked and were answered (safety rules 8, 9, 12, 13, 17, 20)."""

from __future__ import annotations

from tests.extraction_line.asked_and_told import ADDRESS, CHILDREN, CLIENT_S, WHERE, Asked, Told
from tests.extraction_line.lines_in_trouble import Lines

NEVER_AGAINST_A_CLOSE = ("Interlocked", "Disabled", "NotPermitted", "OutOfService", "Starting")
MARGIN_S = 0.05
"""A request, a commit and the way to a relay take less."""
PASSED_ON_S = 2.0
"""What an acquisition node has passed on may wait for so long at its controller, which does not know who asked there."""
ARRIVES_S = 8.0
"""A request whose client gave it up comes to a node no later."""
STEPS_S = 8.0
"""The steps of a plan after the first are begun within this."""


class Judge:
    """`look` after each event; it returns what was wrong since the last look."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.wrongs: list[str] = []
        self._told = 0
        self._answers: set[int] = set()
        self._tokens: dict[str, list[tuple[float, int, str]]] = {name: [] for name in ADDRESS}
        self._counts: dict[tuple[str, str], int] = {}
        self._armed = False
        self.shots = 0

    @property
    def asked(self) -> list[Asked]:
        return [a for client in self.lines.clients.values() for a in client.asked]

    def look(self) -> list[str]:
        self.lines.look_at_disks()
        found = self.wrongs = []
        for relays in self.lines.relays.values():
            found += relays.wrongs
            relays.wrongs.clear()
        new = self.lines.told[self._told :]
        self._told += len(new)
        for told in new:
            self._judge(told)
        for valve, opens in {(t.valve, t.opens) for t in new}:
            self._once_each(valve, opens)
        ended = [a for a in self.asked if a.answered and id(a) not in self._answers]
        for asked in sorted(ended, key=lambda a: a.done or 0.0):
            self._answers.add(id(asked))
            self._answer(asked)
        self._views()
        self._counted()
        return found

    # ---- commands to relays

    def _judge(self, told: Told) -> None:
        begun = any(told.valve in CHILDREN.get(t.valve, ()) for t in self.lines.told if t.at < told.at)
        if (
            told.opens
            and not begun
            and any(
                stop + MARGIN_S < told.at
                and not any(stop < s <= told.at for s in self.lines.starts[told.node])
                for stop in self.lines.stops[told.node]
            )
        ):
            self.wrongs.append(f"{told} came after its node began to stop")
        if told.opens:
            for session in self.lines.clients:
                end = self._lost_at(told.node, session, told.valve, told.at)
                if end is not None and told.at > end + 2 * MARGIN_S:
                    self.wrongs.append(f"{told}: {session} had lost its lease at {end:.3f}")

    def _once_each(self, valve: str, opens: bool) -> None:
        """Each command to a relay has a request of its own; copies of one id are one request."""
        groups: dict[int, list[Asked]] = {}
        for asked in self.asked:
            if asked.verb == ("Open" if opens else "Close"):
                groups.setdefault(id(asked.copy_of or asked), []).append(asked)
        given: dict[int, Told] = {}

        def give(told: Told, seen: set[int]) -> bool:
            for key, copies in groups.items():
                if key not in seen and any(self._asks(a, told, copies) for a in copies):
                    seen.add(key)
                    if key not in given or give(given[key], seen):
                        given[key] = told
                        return True
            return False

        for told in self.lines.told:
            if (told.valve, told.opens) == (valve, opens) and not give(told, set()):
                self.wrongs.append(f"{told} was asked for by nobody who might; " + self._near(told))

    def _near(self, told: Told) -> str:
        return "; ".join(str(a) for a in self.asked if self._names(a, told) and a.at > told.at - 20)

    @staticmethod
    def _names(asked: Asked, told: Told) -> bool:
        turned = {*asked.valves, *(c for v in asked.valves for c in CHILDREN.get(v, ()))}
        return told.valve in turned and asked.node in (told.node, "above")

    def _stands(self, copy: Asked) -> bool:
        """Its outcome is kept under its id. An `ok`, which turned nothing, is lost by a disk that takes nothing."""
        if not copy.ok or copy.done is None:
            return False
        return copy.result != "ok" or self.lines.bad_disk[copy.node] < copy.at - 3

    def _asks(self, asked: Asked, told: Told, copies: list[Asked]) -> bool:
        """Whether this request may be the one that a relay was told by."""
        lines = self.lines
        if not self._names(asked, told) or asked.at > told.at:
            return False
        if any(self._stands(c) and c is not asked and c.done < asked.at for c in copies):
            return False
        held_up = lines.was_cut(asked.host, asked.node, asked.at, told.at) or lines.was_cut(
            "above", told.node, asked.at, told.at
        )
        late = ARRIVES_S if held_up else 0.0
        late += STEPS_S if CHILDREN.get(asked.valves[0]) else 0.0
        if told.at > asked.at + asked.within + MARGIN_S + late:
            return False
        waits = PASSED_ON_S if asked.node != told.node else 0.0
        if asked.left is not None and not late and told.at > asked.left + MARGIN_S + waits:
            return False
        if asked.answered and asked.done is not None and told.at > asked.done + MARGIN_S:
            return False
        if not told.opens:
            return True
        closed_at = max(
            (
                c.at
                for c in self.asked
                if c.verb == "Close" and c.ok and c.valves == (told.valve,) and c.copy_of is None
                if c.done is not None and c.done + MARGIN_S / 5 < told.at
            ),
            default=-1.0,
        )
        if not held_up and asked.at < closed_at - 0.03:
            return False
        for session in lines.clients:
            claim = self._claim(told.node, session, told.valve, told.at)
            if claim is None:
                continue
            if asked.session != session or asked.node != told.node:
                return False
            if asked.token is not None and claim.done is not None and claim.done < asked.at:
                return bool(asked.token >= claim.result["token"])  # type: ignore[index]
        return True

    # ---- claims

    def _claim(self, node: str, session: str, valve: str, at: float) -> Asked | None:
        """The newest claim of a session that surely stands and names the valve; None also where that is not sure."""
        asked = [a for a in self.lines.clients[session].asked if a.node == node]
        claims = [
            a for a in asked if a.verb == "Claim" and a.ok and a.done is not None and a.done < at - 0.01
        ]
        claims = [c for c in claims if valve in c.result["valves"]]  # type: ignore[index]
        if not claims:
            return None
        newest = max(claims, key=lambda c: c.done or 0.0)
        for other in self.asked:
            if other.verb == "Release" and other.node == node and (other.ok or not other.answered):
                hits = other.session == session or other.token == newest.result["token"]  # type: ignore[index]
                if hits and (newest.at <= other.at <= at or (other.done or at) >= newest.at):
                    return None
        return newest

    def _lost_at(self, node: str, session: str, valve: str, at: float) -> float | None:
        """When its lease was surely lost, if it was, nobody freed it and it did not come back."""
        claim = self._claim(node, session, valve, at)
        if claim is None:
            return None
        client = self.lines.clients[session]
        renewals = [
            a
            for a in client.asked
            if a.node == node and a.at <= at and (a.verb == "Claim" or client.plain) and a.at >= claim.at
        ]
        end = max((a.done if a.answered and a.done else a.at + ARRIVES_S) + a.lease for a in renewals)
        lease = max(a.lease for a in renewals)
        for start in self.lines.starts[node]:
            kept = end < start - 3 and self.lines.bad_disk[node] < end - 3
            if claim.at < start <= at and not kept:
                end = max(end, start + 5 + lease)
        return end

    # ---- answers

    def _answer(self, asked: Asked) -> None:
        if asked.verb == "Claim" and asked.ok:
            self._token(asked)
        if asked.verb not in ("Open", "Close"):
            return
        (valve,) = asked.valves
        assert asked.done is not None
        opens = asked.verb == "Open"
        if asked.ok and asked.copy_of is None:
            others = [
                t for t in self.lines.told
                if t.valve == valve and t.opens is not opens and t.at > asked.at - MARGIN_S
            ]  # fmt: skip
            if self._truth_at(valve, asked.done) is not opens and not others:
                self.wrongs.append(f"{asked} was answered, and {valve} is not so")
        if asked.ok and opens and asked.result == "OK" and asked.copy_of is None:
            self._armed = self._armed or valve == "I"
            if valve == "O" and self._armed:
                self.shots, self._armed = self.shots + 1, False
        if asked.error is not None and not opens and "kind" in asked.error and asked.copy_of is None:
            kind = asked.error["kind"]
            owned = any(word in asked.error["why"] for word in ("claimed by", "locked by", "is stopping"))
            refuses = kind in NEVER_AGAINST_A_CLOSE and not (owned and asked.node == "above")
            orphan = kind == "NotOwner" and any(
                (end := self._lost_at(WHERE[valve], s, valve, asked.at)) is not None
                and end < asked.at - MARGIN_S
                for s in self.lines.clients
            )
            if refuses or orphan:
                self.wrongs.append(f"{asked} was refused")

    def _token(self, asked: Asked) -> None:
        token = asked.result["token"]  # type: ignore[index]
        before = self._tokens[asked.node]
        mine = [t for _, t, session in before if session == asked.session]
        for at, other, session in before:
            older = at < asked.at and token < other and token not in mine
            if older or (other == token and session != asked.session):
                self.wrongs.append(f"{asked} after token {other} of {session}")
        before.append((asked.done or 0.0, token, asked.session))

    def _truth_at(self, valve: str, at: float) -> bool:
        done = [t for t in self.lines.told if t.valve == valve and t.done_at is not None and t.done_at <= at]
        return max(done, key=lambda t: t.done_at or 0.0).opens if done else False

    # ---- what is shown and counted

    def _views(self) -> None:
        lines = self.lines
        for node in ADDRESS:
            line = lines.line(node)
            for valve in line.names() if line is not None else ():
                view = line.view(valve)
                if str(view.state) not in ("open", "closed") or view.under_way or view.stale:
                    continue
                relays = lines.relays[WHERE[valve]]
                shown, true = str(view.state) == "open", relays.on[valve]
                if WHERE[valve] == node:
                    if shown is not true or (not shown and valve in relays.pending):
                        self.wrongs.append(f"{node} shows {valve} {view.state} at {lines.now:.3f}")
                elif view.age_s is not None and shown is not true:
                    if lines.now - view.age_s <= relays.changed_at[valve] + 0.01:
                        continue
                    self.wrongs.append(f"{node} shows {valve} {view.state}, age {view.age_s:.3f}")

    def _counted(self) -> None:
        lines = self.lines
        for node in ADDRESS:
            line = lines.line(node)
            manager = getattr(line, "local", line)
            if manager is None:
                continue
            counts = {n: t.count for n, t in manager.counts.switches.items()}
            shots = {f"pipette {n}": s.counts for n, s in manager.counts.pipettes.items()}
            for name, count in (counts if lines.bad_disk[node] < 0 else {} | shots).items():
                if count < self._counts.get((node, name), 0):
                    self.wrongs.append(f"{node}: the count of {name} went back to {count}")
                self._counts[node, name] = count
            if node == "one" and shots and shots["pipette Air"] < self.shots:
                self.wrongs.append(f"{shots} counted of {self.shots}")


assert CLIENT_S < ARRIVES_S
