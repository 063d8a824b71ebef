"""What a reading, an acknowledgement or a silence makes of a switch, and which events that is worth. Pure."""

from __future__ import annotations

from pychron.extraction_line.events import UNCOMMANDED, AlarmCleared, AlarmRaised, SwitchChanged
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.machine.doubts import judge, open_until, remaining
from pychron.extraction_line.machine.line_state import Line, Switch
from pychron.extraction_line.states import State
from pychron.hardware.interfaces import Evidence, Reading

Events = list[object]


class Observer:
    """Changes the states of a line and says what changed. `owner_of` tells owner and whether it is orphaned."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._alarms: dict[str, tuple[str, ...]] = {}
        self.owners: dict[str, tuple[str, bool]] = {}

    def become(
        self,
        switch: Switch,
        state: State,
        evidence: Evidence | None,
        now: float,
        wall: float,
        command: Command | None,
    ) -> Events:
        """The switch is `state`, known now by `evidence`. No event where nothing but its age changed."""
        before, known_by = switch.state, switch.evidence
        switch.state, switch.evidence, switch.confirmed = state, evidence, state
        switch.read_at, switch.read_wall = now, wall
        switch.starting = False
        if (before, known_by) == (state, evidence):
            return []
        return [self._changed(switch, before, now, command), *self._pair_alarms()]

    def moving(self, switch: Switch, command: Command, now: float) -> Events:
        """It has begun to be driven."""
        before, switch.state, switch.confirmed = switch.state, State.MOVING, None
        return [self._changed(switch, before, now, command)]

    def unknown(self, switch: Switch, command: Command | None, now: float) -> Events:
        """Nobody can say what it is; its last reading keeps its time."""
        before, switch.state = switch.state, State.UNKNOWN
        if before is State.UNKNOWN:
            return []
        return [self._changed(switch, before, now, command), *self._pair_alarms()]

    def settle(self, switch: Switch, reading: Reading) -> State | None:
        """What a reading settles the switch to, or None while a doubt remains or the answer makes no sense."""
        drive = switch.last_drive
        if drive is not None and reading.mark.epoch == drive.epoch and reading.mark.at < drive.at:
            return None
        if reading.on is None or reading.busy or switch.starved:
            switch.alike = None
            return None
        if not switch.doubts:
            return State.OPEN if reading.on else State.CLOSED
        verdict = judge(switch.doubts, reading, switch.hardware.late_s, switch.alike)
        switch.alike = verdict.alike
        if verdict.settled is None:
            switch.doubts = remaining(switch.doubts, reading.mark, switch.hardware.late_s) or switch.doubts
            return None
        switch.doubts, switch.alike = (), None
        return State.OPEN if verdict.settled else State.CLOSED

    def observed(self, switch: Switch, reading: Reading, now: float, wall: float) -> Events:
        """A reading of no actuation. While one drives the switch it says nothing."""
        if switch.begun:
            return []
        drive = switch.last_drive
        if drive is not None and reading.mark.at < drive.at:
            return []
        state = self.settle(switch, reading)
        if state is None:
            return self.unknown(switch, None, now)
        before = switch.confirmed  # it may have been unreadable since: relays move when their box loses power
        events = self.become(switch, state, switch.hardware.evidence, now, wall, None)
        if before is not None and before is not state:
            text = f"{switch.name} was {before} and reads {state}: nobody commanded that; look at it before going on"
            events.append(AlarmRaised(f"{UNCOMMANDED}{switch.name}:{wall:.3f}", text, (switch.name,)))
        return events

    def doubt_text(self, switch: Switch, now: float) -> str:
        """Why a reading does not settle it yet, and when it can."""
        if switch.starved:
            return switch.starved
        if not switch.doubts:
            return "the answer makes no sense; it is read again by itself"
        until = open_until(switch.doubts, switch.hardware.late_s)
        left = max(0.0, until - now)
        return (
            f"an earlier command that got no answer may still act for {left:.1f} s; "
            "the state stays unknown until then and is read again by itself"
        )

    def alarm(self, key: str, text: str, switches: tuple[str, ...]) -> Events:
        """An alarm that stands until `clear`; raised once."""
        if key in self._alarms:
            return []
        self._alarms[key] = switches
        return [AlarmRaised(key, text, switches)]

    def clear(self, key: str, text: str) -> Events:
        """The reason has gone."""
        if self._alarms.pop(key, None) is None:
            return []
        return [AlarmCleared(key, text)]

    def standing(self) -> tuple[str, ...]:
        """Keys of the alarms that stand."""
        return tuple(self._alarms)

    def _pair_alarms(self) -> Events:
        events: Events = []
        pairs = {f"pair:{a}+{b}": (a, b) for a, b in self._line.pairs_open()}
        for key, (a, b) in pairs.items():
            events += self.alarm(
                key, f"{a} and {b} are interlocked and both open; close one of them now", (a, b)
            )
        for key in [k for k in self._alarms if k.startswith("pair:") and k not in pairs]:
            events += self.clear(key, f"{key[5:]} are no longer both open")
        return events

    def _changed(self, switch: Switch, before: State, now: float, command: Command | None) -> SwitchChanged:
        owner, orphaned = self.owners.get(switch.name, ("", False))
        view = self._line.view(switch.name, now, owner, orphaned)
        return SwitchChanged(
            view,
            str(before),
            command is not None,
            peer=str(command.peer) if command is not None else "",
            command_id=(command.id or "") if command is not None else "",
        )
