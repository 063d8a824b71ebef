"""The alarms that stand on an acquisition node: its own, and those of its controllers."""

from __future__ import annotations

from pychron.events.bus import EventBus
from pychron.extraction_line.events import UNCOMMANDED, AlarmCleared, AlarmRaised


class Standing:
    """Keys of what was raised and not cleared, in order. What tells of a moment alone does not stand."""

    def __init__(self, bus: EventBus) -> None:
        self._keys: dict[str, None] = {}
        bus.subscribe(self._event, AlarmRaised, AlarmCleared, what="alarms that stand")

    def keys(self) -> list[str]:
        """As `ListValves` and snapshots tell them."""
        return list(self._keys)

    def _event(self, event: object) -> None:
        if isinstance(event, AlarmCleared):
            self._keys.pop(event.key, None)
        elif isinstance(event, AlarmRaised) and UNCOMMANDED not in event.key:
            self._keys[event.key] = None
