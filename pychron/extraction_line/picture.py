"""The whole line as one JSON object: what `ListValves`, snapshots and events carry. Words are cached until a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pychron.extraction_line import words
from pychron.extraction_line.manager import ExtractionLineManager
from pychron.extraction_line.states import State, SwitchView


def view_json(view: SwitchView) -> dict[str, Any]:
    """One switch as JSON peers get it. Ages in seconds, times in seconds since the epoch."""
    lock = view.lock
    return {
        "name": view.name,
        "kind": str(view.kind),
        "description": view.description,
        "state": str(view.state),
        "evidence": str(view.evidence) if view.evidence is not None else None,
        "read_at": view.read_at,
        "age_s": round(view.age_s, 3) if view.age_s is not None else None,
        "lock": {"who": lock.who, "why": lock.why, "when": lock.when} if lock is not None else None,
        "owner": view.owner,
        "orphaned": view.orphaned,
        "in_service": view.in_service,
        "enabled": view.enabled,
        "under_way": view.under_way,
        "faults": list(view.faults),
        "node": view.node,
        "stale": view.stale,
    }


class Picture:
    """The line of one manager, for peers. Plain clients know no third state: what is not closed is open to them."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager
        self._words: dict[str, str] = {}
        manager.changed.append(self._words.clear)
        self.heading: Callable[[], dict[str, Any]] = dict
        """The node's name and the number of its last broadcast."""

    def is_open(self, name: str) -> bool:
        """As a plain client reads it: unknown and moving are open."""
        return self._manager.line.switches[name].state is not State.CLOSED

    def state_word(self) -> str:
        """v0 state word."""
        word = self._words.get("state")
        if word is None:
            pairs = [(s.name, s.state is not State.CLOSED) for s in self._manager.line]
            word = self._words["state"] = words.state_word(pairs)
        return word

    def lock_word(self) -> str:
        """v0 lock word."""
        word = self._words.get("lock")
        if word is None:
            word = self._words["lock"] = words.state_word(
                [(s.name, s.lock is not None) for s in self._manager.line]
            )
        return word

    def owners_word(self) -> str:
        """Owners by group."""
        word = self._words.get("owners")
        if word is None:
            owners = {s.name: self._manager.owners.of(s.name)[0] for s in self._manager.line}
            word = self._words["owners"] = words.owners_word(owners)
        return word

    def checksum(self, names: list[str]) -> str:
        """CRC-32 over the named switches that exist."""
        known = [self._manager.line.switches[n] for n in names if n in self._manager.line.switches]
        return str(
            words.state_checksum(
                [(s.spec.kind, s.name, s.state is not State.CLOSED, s.lock is not None) for s in known]
            )
        )

    def valve(self, name: str) -> dict[str, Any]:
        """One switch with what a client needs to compare its own file."""
        manager = self._manager
        switch = manager.line.switches[name]
        known = switch.last_known
        return {
            **view_json(manager.view(name)),
            "settling_s": manager.settling_s(name),
            "interlocks": list(manager.line.partners[name]),
            "positive_interlocks": list(switch.spec.positive_interlocks),
            "parent": switch.spec.parent,
            "parent_inverted": switch.spec.parent_inverted,
            "last_known": {"state": str(known[0]), "wall": known[1]} if known is not None else None,
        }

    def whole(self) -> dict[str, Any]:
        """Every switch and pipette, and the alarms that stand."""
        manager = self._manager
        pipettes = [
            {
                "name": p.name,
                "inner": p.inner,
                "outer": p.outer,
                "counts": manager.counts.pipettes[p.name].counts,
            }
            for p in manager.line.spec.pipettes
        ]
        return {
            **self.heading(),
            "boot": manager.world.boot,
            "simulated": manager.world.simulated,
            "valves": [self.valve(name) for name in manager.names()],
            "pipettes": pipettes,
            "alarms": list(manager.machine.observer.standing()),
        }
