"""What only a person can do or know: manual valves, and switches that cannot be read (safety rules 3 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pychron.extraction_line.errors import Mismatch, NoResponse, NotConfirmed
from pychron.extraction_line.interfaces import Command, Done
from pychron.extraction_line.machine import rules
from pychron.extraction_line.machine.doubts import BEING_WRITTEN, open_until
from pychron.extraction_line.machine.line_state import is_manual, target
from pychron.extraction_line.states import Action, SwitchView
from pychron.store.records import ManualState
from pychron.trust.rights import Peer

if TYPE_CHECKING:
    from pychron.extraction_line.manager import ExtractionLineManager


class ByHand:
    """Declarations by people, and the alarm that asks for one."""

    def __init__(self, manager: ExtractionLineManager) -> None:
        self._manager = manager

    def actuate(self, name: str, command: Command) -> Done:
        """A manual valve: only what a person declared counts; a wish for it is an alarm until then."""
        if self._manager.line.switches[name].state is target(command.action):
            return Done(name, command.action, changed=False)
        blockers = rules.blockers(
            self._manager.line, name, command.action, self._manager.grounds(command, self._manager.now)
        )
        if blockers:
            raise blockers[0]
        text = f"{command.peer} waits for a person to {command.action} {name} by hand"
        remedy = f"turn it, then `pychron valve confirm ... {name} {target(command.action)} --why TEXT`"
        self._manager.publish(
            self._manager.machine.observer.alarm(f"manual:{name}", f"{text}: {remedy}", (name,))
        )
        raise NotConfirmed(name, f"a manual valve: {remedy}")

    async def confirm(self, name: str, opened: bool, who: Peer, why: str) -> SwitchView:
        """A person declares the state of a manual valve, or of a switch that cannot be read. Audited."""
        self._manager.resolve(name)
        switch = self._manager.line.switches[name]
        if switch.hardware.readable:
            raise Mismatch(name, "its position can be read: GetIndicatorState asks the hardware")
        self._can_no_longer_move(name)
        record = ManualState(name, opened, str(who), why, self._manager.world.wall())
        await self._manager.kept(
            name, record, self._manager.audit(who, f"confirm {'open' if opened else 'closed'}", name, why)
        )
        self._can_no_longer_move(name)
        self._manager.carry(
            self._manager.machine.declared(name, opened, self._manager.now, self._manager.world.wall())
        )
        self._manager.publish(self._manager.machine.observer.clear(f"manual:{name}", f"{who} declared it"))
        return self._manager.view(name)

    def _can_no_longer_move(self, name: str) -> None:
        """A command that may still act would make a lie of what somebody saw."""
        switch, manager = self._manager.line.switches[name], self._manager
        overtaken = any(
            doubt.epoch == BEING_WRITTEN for doubt in switch.doubts
        )  # and on its way all the same
        if switch.begun or overtaken:
            raise NoResponse(name, "it is being driven; look at it when that has ended")
        if open_until(switch.doubts, switch.hardware.late_s) > manager.now:
            raise NoResponse(name, manager.machine.observer.doubt_text(switch, manager.now))

    def missing(self, name: str, action: Action) -> list[str]:
        """What a person has still to do before a manual valve counts as turned."""
        switch = self._manager.line.switches[name]
        if not is_manual(switch) or switch.state is target(action):
            return []
        return [f"{name}: a manual valve: turn it by hand, then declare it with `pychron valve confirm`"]
