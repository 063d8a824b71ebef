"""The whole line as one JSON object: what `ListValves`, snapshots and events carry. Words are cached until a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pychron.extraction_line import words
from pychron.extraction_line.interfaces import IExtractionLine
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
    """A line for peers. Plain clients know no third state: what is not closed is open to them."""

    def __init__(self, line: IExtractionLine) -> None:
        self.line = line
        self.heading: Callable[[], dict[str, Any]] = dict
        """The node's name and the number of its last broadcast."""

    def is_open(self, name: str) -> bool:
        """As a plain client reads it: unknown and moving are open. KeyError where there is no such switch."""
        return self.line.view(name).state is not State.CLOSED

    def state_word(self) -> str:
        """v0 state word."""
        views = [self.line.view(n) for n in self.line.names()]
        return words.state_word([(v.name, v.state is not State.CLOSED) for v in views])

    def lock_word(self) -> str:
        """v0 lock word."""
        views = [self.line.view(n) for n in self.line.names()]
        return words.state_word([(v.name, v.lock is not None) for v in views])

    def owners_word(self) -> str:
        """Owners by group."""
        return words.owners_word({n: self.line.view(n).owner for n in self.line.names()})

    def checksum(self, names: list[str]) -> str:
        """CRC-32 over the named switches that exist."""
        known = [self.line.view(n) for n in names if n in self.line.names()]
        return str(
            words.state_checksum(
                [(v.kind, v.name, v.state is not State.CLOSED, v.lock is not None) for v in known]
            )
        )

    def valve(self, name: str) -> dict[str, Any]:
        """One switch."""
        return {**view_json(self.line.view(name)), "settling_s": self.line.settling_s(name)}

    def pipettes(self) -> list[dict[str, Any]]:
        """Name, valves, shots and time of the last one, where this node counts them."""
        return []

    def whole(self) -> dict[str, Any]:
        """Every switch and pipette."""
        valves = [self.valve(name) for name in self.line.names()]
        return {**self.heading(), "valves": valves, "pipettes": self.pipettes()}


class LocalPicture(Picture):
    """The line of this node's own manager; its words are cached until a change."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        super().__init__(IExtractionLine(manager))
        self._manager = manager
        self._words: dict[str, str] = {}
        manager.changed.append(self._words.clear)

    def is_open(self, name: str) -> bool:
        """From memory, without building a view."""
        return self._manager.line.switches[name].state is not State.CLOSED

    def _cached(self, key: str, make: Callable[[], str]) -> str:
        word = self._words.get(key)
        if word is None:
            word = self._words[key] = make()
        return word

    def state_word(self) -> str:
        """v0 state word, cached."""
        return self._cached("state", super().state_word)

    def lock_word(self) -> str:
        """v0 lock word, cached."""
        return self._cached("lock", super().lock_word)

    def owners_word(self) -> str:
        """Owners by group, cached."""
        return self._cached("owners", super().owners_word)

    def valve(self, name: str) -> dict[str, Any]:
        """One switch with what a client needs to compare its own file."""
        manager = self._manager
        switch = manager.line.switches[name]
        known = switch.last_known
        return {
            **super().valve(name),
            "interlocks": list(manager.line.partners[name]),
            "positive_interlocks": list(switch.spec.positive_interlocks),
            "parent": switch.spec.parent,
            "parent_inverted": switch.spec.parent_inverted,
            "last_known": {"state": str(known[0]), "wall": known[1]} if known is not None else None,
        }

    def pipettes(self) -> list[dict[str, Any]]:
        """With their shots."""
        shots = self._manager.counts.pipettes
        return [
            {
                "name": p.name,
                "inner": p.inner,
                "outer": p.outer,
                "counts": shots[p.name].counts,
                "last_shot_time": shots[p.name].last_shot,
            }
            for p in self._manager.line.spec.pipettes
        ]

    def whole(self) -> dict[str, Any]:
        """With the boot, and the alarms that stand."""
        world = self._manager.world
        alarms = list(self._manager.machine.observer.standing())
        return {**super().whole(), "boot": world.boot, "simulated": world.simulated, "alarms": alarms}
