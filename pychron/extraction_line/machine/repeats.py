"""Exactly once, as far as the wire allows (safety rule 12). Pure; time is an argument.

Our clients name each command; the same id again gets the same outcome for ten minutes. Installed clients name
nothing and send three copies within about two seconds: an identical one from the same address joins the one
under way, or gets its reply within 2.5 s of its end if nothing else turned that switch between.
"""

from __future__ import annotations

from dataclasses import dataclass

from pychron.extraction_line.errors import NotPermitted
from pychron.extraction_line.interfaces import Command
from pychron.extraction_line.machine.actuations import Result
from pychron.extraction_line.states import Action

KEPT_S = 600.0
COPY_S = 2.5


@dataclass(frozen=True, slots=True)
class _Ended:
    result: Result
    at: float
    command: Command | None = None
    of: tuple[str, Action] | None = None
    """Switch and action; None where an earlier start of the node did not keep them."""


def sender(command: Command) -> str:
    """Who a command's copies and contraries come from: our clients by their boot id, others by address."""
    if command.id is not None:
        return "id:" + command.id.rpartition(":")[0]
    return command.peer.address


class Repeats:
    """Outcomes by id, and the last one by sender, switch and action."""

    def __init__(self) -> None:
        self._by_id: dict[str, _Ended] = {}
        self._last: dict[tuple[str, str], tuple[Action, _Ended]] = {}
        self._latest: dict[str, Command] = {}

    def known(self, command: Command, now: float) -> Result | None:
        """The outcome to give again, with nothing driven."""
        if command.id is not None:
            ended = self._by_id.get(command.id)
            if ended is None or now - ended.at >= KEPT_S:
                return None
            if ended.of in (None, (command.switch, command.action)):
                return ended.result
            if command.action is Action.CLOSE:
                return None  # whoever closes gets it closed, and never the other's OK
            why = f"its id {command.id} was that of another command; give each command an id of its own"
            return NotPermitted(command.switch, why)
        last = self._last.get((sender(command), command.switch))
        if last is None or last[0] is not command.action or now - last[1].at > COPY_S:
            return None
        return last[1].result if self.stands(last[1].command) else None

    def newest(self, switch: str) -> Command | None:
        """The last command that was planned to turn it."""
        return self._latest.get(switch)

    def closed_since(self, switch: str, command: Command) -> bool:
        """Somebody has asked for `switch` itself to be closed after `command` was asked: an older open is not begun."""
        newest = self._latest.get(switch)
        if newest is None or newest.action is not Action.CLOSE or newest.switch != switch:
            return False
        return newest.asked_at > command.asked_at

    def stands(self, command: Command | None) -> bool:
        """Nothing else was planned for its switch since `command` was."""
        return command is not None and self._latest.get(command.switch) is command

    def ended(self, command: Command, result: Result, now: float) -> None:
        """Remember an outcome."""
        ended = _Ended(result, now, command, (command.switch, command.action))
        if command.id is not None:
            self._by_id.pop(command.id, None)
            self._by_id[command.id] = ended
        else:
            self._last[(sender(command), command.switch)] = (command.action, ended)
        self._forget(now)

    def planned(self, command: Command, switch: str) -> None:
        """`command` is going to turn `switch`, now or when its turn comes: replies to older ones, of whomever, no longer
        tell how it will be."""
        self._latest[switch] = command

    def restore(
        self, request_id: str, result: Result, at: float, of: tuple[str, Action] | None = None
    ) -> None:
        """An outcome of an earlier start of the node, of a switch and an action."""
        self._by_id[request_id] = _Ended(result, at, of=of)

    def _forget(self, now: float) -> None:
        for key in list(self._by_id):
            if now - self._by_id[key].at < KEPT_S:
                break
            del self._by_id[key]
        for pair in [p for p, (_, e) in self._last.items() if now - e.at > COPY_S]:
            del self._last[pair]
