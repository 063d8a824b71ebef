"""What the line says on the air: each change once, with the time of its reading (decisions, Broadcast 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pychron.broadcast.interfaces import Announcement, INotifier
from pychron.extraction_line.events import (
    AlarmCleared,
    AlarmRaised,
    LineSteps,
    LockChanged,
    OwnerChanged,
    PeerChanged,
    ShotCounted,
    SwitchChanged,
)
from pychron.extraction_line.states import State

KNOWN = (State.OPEN, State.CLOSED)
Valve = Callable[[str], dict[str, Any]]
"""A switch as JSON peers get it, by name."""


def announce(notifier: INotifier, valve: Valve) -> None:
    """Tell the notifier how each event of this area goes out."""

    def switch_changed(event: SwitchChanged) -> Announcement:
        view = event.view
        payload = {
            **valve(view.name),
            "state": str(view.state),
            "evidence": str(view.evidence) if view.evidence is not None else None,
            "read_at": view.read_at,
            "under_way": view.under_way,
            "before": event.before,
            "commanded": event.commanded,
            "peer": event.peer,
        }
        # A state that was read has the time of its reading; moving and unknown begin when they are told.
        return Announcement("valve", payload, view.read_at if view.state in KNOWN else None)

    def lock_changed(event: LockChanged) -> Announcement:
        return Announcement("lock", {**valve(event.view.name), "who": event.who, "why": event.why})

    def owner_changed(event: OwnerChanged) -> Announcement:
        payload = {
            "switches": list(event.switches),
            "owner": event.owner,
            "orphaned": event.orphaned,
            "why": event.why,
        }
        return Announcement("owner", payload)

    def raised(event: AlarmRaised) -> Announcement:
        payload = {"key": event.key, "text": event.text, "switches": list(event.switches), "raised": True}
        return Announcement("alarm", payload)

    def cleared(event: AlarmCleared) -> Announcement:
        return Announcement("alarm", {"key": event.key, "text": event.text, "switches": [], "raised": False})

    def shot(event: ShotCounted) -> Announcement:
        return Announcement("shot", {"pipette": event.pipette, "counts": event.counts}, event.wall)

    def steps(event: LineSteps) -> Announcement:
        taken = [{"number": s.number, "text": s.text, "time": s.wall} for s in event.steps]
        return Announcement("steps", {"steps": taken})

    def peer(event: PeerChanged) -> Announcement:
        return Announcement("peer", {"peer": event.peer, "connected": event.connected, "why": event.why})

    notifier.announce(SwitchChanged, switch_changed)
    notifier.announce(LockChanged, lock_changed)
    notifier.announce(OwnerChanged, owner_changed)
    notifier.announce(AlarmRaised, raised)
    notifier.announce(AlarmCleared, cleared)
    notifier.announce(ShotCounted, shot)
    notifier.announce(LineSteps, steps)
    notifier.announce(PeerChanged, peer)
