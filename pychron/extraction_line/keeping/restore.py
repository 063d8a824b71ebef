"""What the node's file says of the line, put back after a start (safety rules 16 and 17). Moves nothing."""

from __future__ import annotations

from pychron.extraction_line.claims.leases import Claim
from pychron.extraction_line.keeping.counts import Counts, Shots, Turned
from pychron.extraction_line.keeping.records import count_records, result_of
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.specs import LineSpec
from pychron.extraction_line.states import Action, Kind, Lock, State
from pychron.hardware.interfaces import Evidence
from pychron.store.errors import StoreFailed
from pychron.store.records import AuditEntry, Intent, Outcome, Restored


def restored_counts(spec: LineSpec, restored: Restored) -> Counts:
    """Counts by switch and pipette as they were."""
    turned: dict[str, Turned] = {}
    for switch in spec.switches:
        row = restored.counts.get(f"{switch.kind.prefix}-{switch.name}")
        if row is not None:
            turned[switch.name] = Turned(row.start, row.count, row.timestamp)
    shots = {n: Shots(p.counts, p.last_shot, p.armed) for n, p in restored.pipettes.items()}
    return Counts(spec, turned, shots)


def restore(manager: ExtractionLineManager, restored: Restored) -> Interrupted:
    """Put everything back; the result closes interrupted intents on disk once their switches are settled."""
    now = manager.now
    switches = manager.line.switches
    for name, lock in restored.locks.items():
        if name in switches:
            switches[name].lock = Lock(lock.who, lock.why, lock.wall)
    for name, disabled in restored.disabled.items():
        if name in switches:
            switches[name].disabled = f"disabled by {disabled.who}: {disabled.why}"
    for name, state in restored.states.items():
        if name in switches:
            switches[name].last_known = (State(state.state), state.wall)
    for name, manual in restored.manual.items():
        if name in switches and switches[name].spec.kind is Kind.MANUAL_VALVE:
            switch = switches[name]
            switch.state = State.OPEN if manual.open else State.CLOSED
            switch.evidence, switch.read_wall = Evidence.DECLARED, manual.wall
            switch.read_at = now - max(0.0, manager.world.wall() - manual.wall)
    claims = [
        Claim(c.session, c.address, c.switches, c.token, c.lease_s, now, c.require, c.orphaned)
        for c in restored.claims.values()
    ]
    manager.leases.restore(claims, restored.token, now)
    for claim in claims:
        for name in claim.switches:
            manager.machine.observer.owners[name] = (claim.address, claim.orphaned)
        if claim.orphaned:
            manager.owners.raise_alarm(claim)
    manager.owners.tick()  # each lease runs from now, and its end is seen
    for request_id, outcome in restored.outcomes.items():
        of = (outcome.switch, Action(outcome.action)) if outcome.result == "done" else None
        manager.machine.repeats.restore(request_id, result_of(outcome), outcome.wire, of)
    manager.machine.restarted(
        {intent.request_id or intent.key: intent.steps for intent in restored.intents},
        now,
        [n for n, last in restored.states.items() if last.state in (State.UNKNOWN, State.MOVING)],
    )
    return Interrupted(manager, restored.intents)


class Interrupted:
    """Intents of an earlier start without outcome: unknown, and a shot among them counts as taken.

    Each stays open on disk until every switch of it is settled: a node that dies again before that starts with
    the same doubts again.
    """

    def __init__(self, manager: ExtractionLineManager, intents: tuple[Intent, ...]) -> None:
        self._manager = manager
        self._open = list(intents)
        self._counted: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        """Switches and pipettes that an intent may have turned: their counts are written as they are by then."""
        wall = manager.world.wall()
        for intent in intents:
            known = [(n, Action(a)) for n, a in intent.steps if n in manager.line.switches]
            switches, pipettes = manager.counts.turned(known, wall)
            self._counted[intent.key] = tuple(switches), tuple(pipettes)
            text = f"{intent.action} of {intent.switch} for {intent.peer} was under way when this node ended"
            alarm = manager.machine.observer.alarm(
                f"interrupted:{intent.key}",
                f"{text}; its switches are unknown until read",
                tuple(n for n, _ in known),
            )
            manager.publish(alarm)
        manager.changed.append(self._look)
        # What other nodes drive has no doubt here that anything could settle.
        manager.world.wire.callLater(0, self._look)

    def _look(self) -> None:
        if not self._open:
            return
        switches = self._manager.line.switches
        for intent in list(self._open):
            waiting = [n for n, _ in intent.steps if n in switches and switches[n].doubts]
            if not waiting:
                self._open.remove(intent)
                self._manager.spawner.spawn(self._close(intent), "closing an interrupted intent")

    async def _close(self, intent: Intent) -> None:
        ours = any(n in self._manager.line.switches for n, _ in intent.steps)
        then = "the state was read afterwards" if ours else "another node drives it: look at the state"
        why = f"this node ended while it was under way; {then}"
        outcome = Outcome(
            key=intent.key,
            result="NoResponse",
            changed=False,
            why=why,
            count=0,
            wall=self._manager.world.wall(),
            wire=self._manager.now,
            request_id=intent.request_id,
            peer=intent.peer,
            switch=intent.switch,
            action=intent.action,
        )
        audit = AuditEntry(outcome.wall, intent.peer, f"{intent.action}: NoResponse", intent.switch, why)
        switches, pipettes = self._counted[intent.key]
        counts = self._manager.counts
        counted = count_records(
            self._manager.line,
            {n: counts.switches[n] for n in switches},
            {n: counts.pipettes[n] for n in pipettes},
        )
        try:
            await self._manager.store.commit(outcome, audit, *counted)
        except StoreFailed as problem:
            self._manager.log.error("{switch}: {why}", switch=intent.switch, why=problem.why)
            self._open.append(intent)
            return
        clear = self._manager.machine.observer.clear(f"interrupted:{intent.key}", f"{intent.switch} was read")
        self._manager.publish(clear)
