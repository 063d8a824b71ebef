"""Intent and outcome of an actuation on their way to the node's file, and what follows once they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twisted.python.failure import Failure

from pychron.extraction_line.errors import NotStored
from pychron.extraction_line.events import ShotCounted
from pychron.extraction_line.interfaces import Done
from pychron.extraction_line.keeping.records import (
    count_records,
    intent_record,
    outcome_record,
    outcome_records,
)
from pychron.extraction_line.machine import rules
from pychron.extraction_line.machine.actuations import Phase, StoreIntent, StoreOutcome
from pychron.extraction_line.states import Action
from pychron.runtime.deadlines import DeadlinePassed, within
from pychron.store.errors import StoreFailed

if TYPE_CHECKING:
    from pychron.extraction_line.manager import ExtractionLineManager


CLOSE_WAITS_S = 1.0
"""Wire seconds that what makes safe waits for its intent: a disk that takes longer holds no close back until it is too late
for it."""


class Recording:
    """By callbacks: every actuation waits for this twice, and a coroutine more would be felt."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager

    def intent(self, output: StoreIntent) -> None:
        """What is about to happen."""
        line, a = self._manager, output.actuation

        def stored(_: None) -> None:
            line.publish(line.machine.observer.clear("store", "intents are written again"))
            line.carry(line.machine.intent_stored(a.key, line.now))

        def failed(failure: Failure) -> None:
            why = _why(failure)
            text = f"{a.parent}: the intent of {a.command.action} could not be written ({why}); mend the disk"
            line.publish(line.machine.observer.alarm("store", text, (a.parent,)))
            line.carry(line.machine.intent_failed(a.key, why, line.now))
            if not a.begun and a.phase is Phase.ENDED:  # it was given up, and may be on disk all the same
                refused = NotStored(a.parent, f"its intent could not be written ({why})")
                line.in_its_own_time(outcome_record(a.key, a.command, refused, line.world.wall(), line.now))

        written = line.store.commit(intent_record(a.key, a.command, a.plan, line.world, line.now))
        if all(rules.privileged(line.line.switches[n], t) or t is Action.CLOSE for n, t in a.plan):
            within(line.world.wire, CLOSE_WAITS_S, written, "a worn disk")
        line.spawner.keep(written.addCallbacks(stored, failed), "storing an intent")

    def outcome(self, output: StoreOutcome) -> None:
        """How it ended, with the counts."""
        line, a, result = self._manager, output.actuation, output.result
        wall = line.world.wall()
        turns = [(n, t) for n, t in a.plan if n in a.perhaps]
        switches, pipettes = line.counts.turned(turns, wall)
        line.actuations += len(turns)
        if isinstance(result, Done) and result.switch in switches:
            count = switches[result.switch].count
            result = Done(result.switch, result.action, result.changed, count, result.failed_children)

        def ended(why: str) -> None:
            for name, shots in pipettes.items():
                if not shots.armed:
                    line.bus.publish(ShotCounted(name, shots.counts, wall))
            line.carry(line.machine.outcome_stored(a.key, result, line.now, why))

        def stored(_: None) -> None:
            ended("")

        def failed(failure: Failure) -> None:
            ended(_why(failure))

        written = line.store.commit(
            *outcome_records(a, result, line.line, wall, line.now),
            *count_records(line.line, switches, pipettes),
        )
        line.spawner.keep(written.addCallbacks(stored, failed), "storing an outcome")


def _why(failure: Failure) -> str:
    """Why it could not be written; what is no failure of the store is raised again."""
    if failure.trap(StoreFailed, DeadlinePassed) is DeadlinePassed:
        return f"not on disk after {CLOSE_WAITS_S:g} s"
    assert isinstance(failure.value, StoreFailed), "trapped"
    return failure.value.why
