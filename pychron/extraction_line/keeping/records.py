"""What goes to disk with an actuation, and how it comes back after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pychron.extraction_line import errors
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.keeping.counts import Shots, Turned
from pychron.extraction_line.machine.actuations import Actuation, Result
from pychron.extraction_line.machine.line_state import Line
from pychron.extraction_line.machine.plans import Step
from pychron.extraction_line.states import Action
from pychron.runtime.world import World
from pychron.store.records import (
    ActuationCount,
    AuditEntry,
    Intent,
    LastState,
    Outcome,
    PipetteCount,
    Record,
)


def intent_record(key: str, command: Command, plan: Iterable[Step], world: World, now: float) -> Intent:
    """What is about to happen."""
    return Intent(
        key=key,
        request_id=command.id,
        peer=str(command.peer.address),
        switch=command.switch,
        action=str(command.action),
        steps=tuple((n, str(t)) for n, t in plan),
        wall=world.wall(),
        wire=now,
        machine_boot=world.machine_boot,
    )


def outcome_record(
    key: str, command: Command, result: Result, wall: float, now: float, failed_children: Sequence[str] = ()
) -> Outcome:
    """What became of it."""
    done = isinstance(result, Done)
    return Outcome(
        key=key,
        result="done" if done else type(result).__name__,
        changed=isinstance(result, Done) and result.changed,
        why="" if isinstance(result, Done) else result.why,
        count=result.count if isinstance(result, Done) else 0,
        wall=wall,
        wire=now,
        request_id=command.id,
        peer=str(command.peer.address),
        switch=command.switch if done else getattr(result, "switch", command.switch),
        action=str(command.action),
        failed_children=tuple(failed_children),
    )


def outcome_records(a: Actuation, result: Result, line: Line, wall: float, now: float) -> list[Record]:
    """Outcome, last states and audit: one transaction."""
    outcome = outcome_record(a.key, a.command, result, wall, now, a.failed_children)
    states = [
        LastState(n, str(s.state), str(s.evidence or ""), wall)
        for n, s in ((n, line.switches[n]) for n, _ in a.plan)
    ]
    return [outcome, *states, audit_entry(a.command, result, wall)]


def unmoved_records(command: Command, result: Result, wall: float, now: float) -> list[Record]:
    """Of what drove nothing: the outcome of its id, where it has one, and the audit of a refusal."""
    found: list[Record] = []
    if command.id is not None:
        found.append(outcome_record(f"id.{command.id}", command, result, wall, now))
    if not isinstance(result, Done):
        found.append(audit_entry(command, result, wall))
    return found


def audit_entry(command: Command, result: Result, wall: float) -> AuditEntry:
    """Who asked for what, and what became of it."""
    done = isinstance(result, Done)
    what = f"{command.action}: {'done' if done else type(result).__name__}"
    return AuditEntry(wall, str(command.peer), what, command.switch, "" if done else str(result))


def count_records(line: Line, switches: Mapping[str, Turned], pipettes: Mapping[str, Shots]) -> list[Record]:
    """Counts that changed."""
    turned: list[Record] = [
        ActuationCount(f"{line.switches[n].spec.kind.prefix}-{n}", t.start, 1, t.count, t.timestamp)
        for n, t in switches.items()
    ]
    return [*turned, *(PipetteCount(n, s.counts, s.last_shot, s.armed) for n, s in pipettes.items())]


def result_of(outcome: Outcome) -> Result:
    """The outcome that a repeated id gets again."""
    action = Action(outcome.action)
    if outcome.result == "done":
        return Done(outcome.switch, action, outcome.changed, outcome.count, outcome.failed_children)
    return error_named(outcome.result, outcome.switch, outcome.why)


def error_named(name: str, switch: str, why: str) -> errors.LineError:
    """A typed error from its class name; an unknown name is no answer, never a success."""
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.LineError)):
        return errors.NoResponse(switch, f"{name}: {why}")
    return kind(switch, why)
